"""The honest competitor of a language model: linear probes that read facts from vectors, for the template teacher."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from elm._errors import CallError, VectorError
from elm._typing import Array, Flags, Floats
from elm.embeddings import unit
from elm.tasks import ItemFacts

_ALPHAS = np.logspace(-3, 2, 11)
_KINDS, _QUALITIES = "kinds", "qualities"
_LEVELS = (1.0, 0.5)  # what a quality counts in the regression: strong, in part
_FOLDS = 5


class LinearProbe:
    """Reads `ItemFacts` from vectors by ridges that were fitted on training films; nothing of it is a network.

    Aspects (a film's setting, protagonist and conflict): one-vs-all ridge, the largest answer. Kinds (genres): a ridge
    each, all above one threshold, and always the largest. Qualities (moods): a ridge each on 1 (strong), 0.5 (in part)
    or 0, the two largest above a threshold. Ridge weights are chosen by leave-one-out error, thresholds by
    `_FOLDS`-fold predictions; both see training items only. Real items (no aspect known) get kinds, and text and themes
    of the nearest training item.

    >>> rng = np.random.default_rng(0)
    >>> vectors = rng.normal(size=(40, 6))
    >>> films = [ItemFacts(("War",) if v[0] > 0 else ("Drama",), text="Once.") for v in vectors]
    >>> LinearProbe.fit(vectors, films).read([[3.0, 0, 0, 0, 0, 0]])[0].kinds
    ('War',)
    """

    def __init__(
        self, vectors: Array, facts: list[ItemFacts], ridges: dict[str, Any], thresholds: dict[str, Any]
    ) -> None:
        self._vectors, self._facts, self._ridges, self._thresholds = vectors, facts, ridges, thresholds
        self.kinds: list[str] = sorted({kind for item in facts for kind in item.kinds})
        self.qualities: list[str] = sorted({quality for item in facts for quality, _ in item.qualities})

    @classmethod
    def fit(cls, vectors: npt.ArrayLike, facts: Sequence[ItemFacts], seed: int = 0) -> LinearProbe:
        """Fit on training films: vectors (n, dim), normalised to length 1 here, and their facts (n).

        Raises `CallError` for another number of facts or fewer than 20 films, `VectorError` for NaN or infinity.
        """
        from sklearn.linear_model import RidgeClassifierCV

        rows = _rows(vectors)
        films = list(facts)
        if len(films) != len(rows) or len(films) < 20:
            raise CallError(
                f"a probe needs one film's facts per vector and twenty films; got {len(films)}, {len(rows)}"
            )
        probe = cls(rows, films, {}, {})
        for aspect in films[0].aspects:
            values = [film.aspects[aspect] for film in films]
            if len(set(values)) > 1:
                probe._ridges[aspect] = RidgeClassifierCV(alphas=_ALPHAS).fit(rows, values)
        if probe.kinds:
            kinds = np.array([[float(kind in film.kinds) for kind in probe.kinds] for film in films])
            probe._fit_graded(_KINDS, kinds, _best_threshold, seed)
        if probe.qualities:
            probe._fit_graded(_QUALITIES, _grades(films, probe.qualities), _best_quality_thresholds, seed)
        return probe

    def read(self, vectors: npt.ArrayLike) -> list[ItemFacts]:
        """The facts that the vectors (n, dim) seem to hold, one film each."""
        rows = _rows(vectors)
        if rows.shape[1] != self._vectors.shape[1]:
            raise VectorError(f"this probe reads vectors of {self._vectors.shape[1]} numbers, got {rows.shape[1]}")
        first = self._facts[0]
        items = [ItemFacts(tuple(found), domain=first.domain) for found in self._kinds_of(rows)]
        if first.aspects:
            values = {aspect: self._values(aspect, rows) for aspect in first.aspects}
            items = [
                replace(item, aspects={aspect: found[row] for aspect, found in values.items()})
                for row, item in enumerate(items)
            ]
        if self.qualities:
            grades = self._ridges[_QUALITIES].predict(rows)
            found = [_qualities_of(row, self.qualities, *self._thresholds[_QUALITIES]) for row in grades]
            items = [replace(item, qualities=qualities) for item, qualities in zip(items, found, strict=True)]
        if not first.aspects:
            nearest = [self._facts[row] for row in (rows @ self._vectors.T).argmax(1)]
            items = [replace(i, text=near.text, themes=near.themes) for i, near in zip(items, nearest, strict=True)]
        return items

    def _fit_graded(self, name: str, targets: Floats, choose: Any, seed: int) -> None:
        """A ridge with many outputs, and its thresholds chosen on predictions for films left out of the fit."""
        from sklearn.linear_model import Ridge, RidgeCV
        from sklearn.model_selection import KFold, cross_val_predict

        targets = targets.reshape(len(targets), -1)  # (n, 1) for a single target
        ridge = RidgeCV(alphas=_ALPHAS).fit(self._vectors, targets)
        folds = KFold(_FOLDS, shuffle=True, random_state=seed)
        unseen = cross_val_predict(Ridge(alpha=ridge.alpha_), self._vectors, targets, cv=folds)
        self._ridges[name] = Ridge(alpha=ridge.alpha_).fit(self._vectors, targets)
        self._thresholds[name] = choose(unseen.reshape(targets.shape), targets)

    def _kinds_of(self, rows: Array) -> list[list[str]]:
        if not self.kinds:
            return [[] for _ in rows]
        scores = self._ridges[_KINDS].predict(rows).reshape(len(rows), -1)
        stated = _above(scores, self._thresholds[_KINDS])
        return [[self.kinds[column] for column in np.flatnonzero(row)] for row in stated]

    def _values(self, aspect: str, rows: Array) -> list[str]:
        if aspect in self._ridges:
            return [str(value) for value in self._ridges[aspect].predict(rows)]
        return [self._facts[0].aspects[aspect]] * len(rows)


def _rows(vectors: npt.ArrayLike) -> Array:
    rows = np.atleast_2d(np.asarray(vectors, dtype=np.float32))
    if rows.ndim != 2 or not np.isfinite(rows).all():
        raise VectorError(f"a probe reads finite vectors (n, dim), got NaN, infinity or shape {rows.shape}")
    return unit(rows)


def _above(scores: Floats, threshold: float) -> Flags:
    """All above the threshold, and the largest of each row in any case: a film has a genre."""
    result: Flags = (scores > threshold) | (scores == scores.max(1, keepdims=True))
    return result


def _best_threshold(scores: Floats, truth: Floats) -> float:
    """The threshold with the best F1 over all genres and films."""
    grid = np.linspace(0.1, 0.7, 31)
    hits = [(_above(scores, t) & (truth > 0)).sum() / (_above(scores, t).sum() + truth.sum()) for t in grid]
    return float(grid[int(np.argmax(hits))])


def _grades(items: Sequence[ItemFacts], qualities: list[str]) -> Floats:
    grades = np.zeros((len(items), len(qualities)))
    for row, item in enumerate(items):
        for quality, level in item.qualities:
            grades[row, qualities.index(quality)] = _LEVELS[level]
    return grades


def _best_quality_thresholds(scores: Floats, truth: Floats) -> tuple[float, float]:
    """(from which a quality is named, from which it is strong): most of them right with their level, fewest wrong."""
    grid = [(low, high) for low in np.linspace(0.1, 0.45, 8) for high in np.linspace(low, 0.8, 8)]

    def agreement(low: float, high: float) -> float:
        top = scores >= np.sort(scores, axis=1)[:, -2:-1] if scores.shape[1] > 1 else np.ones_like(scores, bool)
        named = top & (scores > low)
        level = np.where(scores > high, *_LEVELS)
        return float((named & (level == truth)).sum() / max(1, named.sum() + (truth > 0).sum()))

    low, high = max(grid, key=lambda pair: agreement(*pair))
    return float(low), float(high)


def _qualities_of(grades: Floats, names: list[str], low: float, high: float) -> tuple[tuple[str, int], ...]:
    order = np.argsort(-grades, kind="stable")[:2]
    return tuple((names[c], 0 if grades[c] > high else 1) for c in order if grades[c] > low)
