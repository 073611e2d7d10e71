"""The honest competitor of a language model: linear probes that read facts from vectors, for the template teacher."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from elm._errors import CallError, VectorError
from elm.evaluation._texts import unit
from elm.tasks import FilmFacts

Array = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float64]

_ALPHAS = np.logspace(-3, 2, 11)
_KINDS = ("setting", "protagonist", "conflict")
_LEVELS = (1.0, 0.5)  # what a mood counts in the regression: strong, in part
_FOLDS = 5


class LinearProbe:
    """Reads `FilmFacts` from vectors by ridges that were fitted on training films; nothing of it is a network.

    Setting, protagonist and conflict: one-vs-all ridge, the largest answer. Genres: a ridge each, all above one
    threshold, and always the largest. Moods: a ridge each on 1 (strong), 0.5 (in part) or 0, the two largest above a
    threshold. Ridge weights are chosen by leave-one-out error, thresholds by `_FOLDS`-fold predictions; both see
    training films only. Real films (no setting known) get genres, and plot and themes of the nearest training film.

    >>> rng = np.random.default_rng(0)
    >>> vectors = rng.normal(size=(40, 6))
    >>> films = [FilmFacts(genres=("War",) if v[0] > 0 else ("Drama",), plot="Once.") for v in vectors]
    >>> LinearProbe.fit(vectors, films).read([[3.0, 0, 0, 0, 0, 0]])[0].genres
    ('War',)
    """

    def __init__(
        self, vectors: Array, facts: list[FilmFacts], ridges: dict[str, Any], thresholds: dict[str, Any]
    ) -> None:
        self._vectors, self._facts, self._ridges, self._thresholds = vectors, facts, ridges, thresholds
        self.genres: list[str] = sorted({genre for film in facts for genre in film.genres})
        self.moods: list[str] = sorted({mood for film in facts for mood, _ in film.moods})

    @classmethod
    def fit(cls, vectors: npt.ArrayLike, facts: Sequence[FilmFacts], seed: int = 0) -> LinearProbe:
        """Fit on training films: vectors (n, dim), normalised to length 1 here, and their facts (n).

        Raises `CallError` for another number of facts or fewer than 20 films, `VectorError` for NaN or infinity.
        """
        from sklearn.linear_model import RidgeClassifierCV

        rows = _rows(vectors)
        films = list(facts)
        if len(films) != len(rows) or len(films) < 20:
            raise CallError(f"a probe needs one film's facts a vector and twenty films; got {len(films)}, {len(rows)}")
        probe = cls(rows, films, {}, {})
        for kind in _KINDS if films[0].setting is not None else ():
            values = [str(getattr(film, kind)) for film in films]
            if len(set(values)) > 1:
                probe._ridges[kind] = RidgeClassifierCV(alphas=_ALPHAS).fit(rows, values)
        genres = np.array([[float(g in film.genres) for g in probe.genres] for film in films])
        probe._fit_graded("genres", genres, _best_threshold, seed)
        if probe.moods:
            probe._fit_graded("moods", _mood_grades(films, probe.moods), _best_mood_thresholds, seed)
        return probe

    def read(self, vectors: npt.ArrayLike) -> list[FilmFacts]:
        """The facts that the vectors (n, dim) seem to hold, one film each."""
        rows = _rows(vectors)
        if rows.shape[1] != self._vectors.shape[1]:
            raise VectorError(f"this probe reads vectors of {self._vectors.shape[1]} numbers, got {rows.shape[1]}")
        films = [FilmFacts(genres=tuple(found)) for found in self._genres_of(rows)]
        places, leads, troubles = (self._values(kind, rows) for kind in _KINDS)
        films = [
            replace(film, setting=place, protagonist=lead, conflict=trouble)
            for film, place, lead, trouble in zip(films, places, leads, troubles, strict=True)
        ]
        if self.moods:
            grades = self._ridges["moods"].predict(rows)
            found = [_moods_of(row, self.moods, *self._thresholds["moods"]) for row in grades]
            films = [replace(film, moods=moods) for film, moods in zip(films, found, strict=True)]
        if self._facts[0].setting is None:
            nearest = [self._facts[row] for row in (rows @ self._vectors.T).argmax(1)]
            films = [replace(f, plot=near.plot, themes=near.themes) for f, near in zip(films, nearest, strict=True)]
        return films

    def _fit_graded(self, name: str, targets: Floats, choose: Any, seed: int) -> None:
        """A ridge with many outputs, and its thresholds chosen on predictions for films left out of the fit."""
        from sklearn.linear_model import Ridge, RidgeCV
        from sklearn.model_selection import KFold, cross_val_predict

        targets = targets.reshape(len(targets), -1)
        ridge = RidgeCV(alphas=_ALPHAS).fit(self._vectors, targets)
        folds = KFold(_FOLDS, shuffle=True, random_state=seed)
        unseen = cross_val_predict(Ridge(alpha=ridge.alpha_), self._vectors, targets, cv=folds)
        self._ridges[name] = Ridge(alpha=ridge.alpha_).fit(self._vectors, targets)
        self._thresholds[name] = choose(unseen.reshape(targets.shape), targets)

    def _genres_of(self, rows: Array) -> list[list[str]]:
        if not self.genres:
            return [[] for _ in rows]
        scores = self._ridges["genres"].predict(rows).reshape(len(rows), -1)
        stated = _above(scores, self._thresholds["genres"])
        return [[self.genres[column] for column in np.flatnonzero(row)] for row in stated]

    def _values(self, kind: str, rows: Array) -> list[str | None]:
        if kind in self._ridges:
            return [str(value) for value in self._ridges[kind].predict(rows)]
        return [getattr(self._facts[0], kind)] * len(rows)


def _rows(vectors: npt.ArrayLike) -> Array:
    rows = np.atleast_2d(np.asarray(vectors, dtype=np.float32))
    if rows.ndim != 2 or not np.isfinite(rows).all():
        raise VectorError(f"a probe reads finite vectors (n, dim), got NaN, infinity or shape {rows.shape}")
    return unit(rows)


def _above(scores: Floats, threshold: float) -> npt.NDArray[np.bool_]:
    """All above the threshold, and the largest of each row in any case: a film has a genre."""
    return (scores > threshold) | (scores == scores.max(1, keepdims=True))


def _best_threshold(scores: Floats, truth: Floats) -> float:
    """The threshold with the best F1 over all genres and films."""
    grid = np.linspace(0.1, 0.7, 31)
    hits = [(_above(scores, t) & (truth > 0)).sum() / (_above(scores, t).sum() + truth.sum()) for t in grid]
    return float(grid[int(np.argmax(hits))])


def _mood_grades(films: Sequence[FilmFacts], moods: list[str]) -> Floats:
    grades = np.zeros((len(films), len(moods)))
    for row, film in enumerate(films):
        for mood, level in film.moods:
            grades[row, moods.index(mood)] = _LEVELS[level]
    return grades


def _best_mood_thresholds(scores: Floats, truth: Floats) -> tuple[float, float]:
    """(from which a mood is named, from which it is strong): most moods right with their level, fewest wrong."""
    grid = [(low, high) for low in np.linspace(0.1, 0.45, 8) for high in np.linspace(low, 0.8, 8)]

    def agreement(low: float, high: float) -> float:
        top = scores >= np.sort(scores, axis=1)[:, -2:-1] if scores.shape[1] > 1 else np.ones_like(scores, bool)
        named = top & (scores > low)
        level = np.where(scores > high, *_LEVELS)
        return float((named & (level == truth)).sum() / max(1, named.sum() + (truth > 0).sum()))

    low, high = max(grid, key=lambda pair: agreement(*pair))
    return float(low), float(high)


def _moods_of(grades: Floats, moods: list[str], low: float, high: float) -> tuple[tuple[str, int], ...]:
    order = np.argsort(-grades, kind="stable")[:2]
    return tuple((moods[c], 0 if grades[c] > high else 1) for c in order if grades[c] > low)
