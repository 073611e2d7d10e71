"""The honest competitor of a language model on users: a linear probe that reads tastes for the template teacher."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from elm._errors import CallError, VectorError
from elm._typing import Floats, Integers
from elm.tasks import UserFacts

_ALPHAS = np.logspace(-3, 3, 13)
_SIDES = (operator.attrgetter("likes"), operator.attrgetter("dislikes"))
_GRADES = (1.0, 0.5)  # what a taste counts in the regression: strong, mild


class TraitProbe:
    """Reads `UserFacts` from vectors by a ridge for each trait, fitted on training users.

    A liked trait counts as 1 (strong) or 0.5 (mild), a disliked one as the negative, any other as 0. Named are as many
    likes and dislikes as training users have (the median), those with the largest and the smallest answers; a taste is
    strong above the level that as many training answers pass as there are strong tastes.

    >>> rng = np.random.default_rng(0)
    >>> vectors = rng.normal(size=(40, 2))
    >>> tastes = [("War", "Drama") if v[0] > 0 else ("Drama", "War") for v in vectors]
    >>> facts = [UserFacts(((liked, 0),), ((hated, 0),)) for liked, hated in tastes]
    >>> TraitProbe.fit(vectors, facts).read([[3.0, 0.0]])[0].likes
    (('War', 0),)
    """

    def __init__(self, ridge: Any, traits: list[str], likes: int, dislikes: int, strong: float, domain: str) -> None:
        self._ridge, self.traits, self._strong, self._domain = ridge, traits, strong, domain
        self._likes, self._dislikes = likes, dislikes

    @classmethod
    def fit(cls, vectors: npt.ArrayLike, facts: Sequence[UserFacts]) -> TraitProbe:
        """Fit on training users: vectors (n, dim) and what the teacher knows of them (n).

        The ridge's strength is the one with the least leave-one-out error. Raises `CallError` for another number of
        facts, fewer than twenty users or no taste at all, `VectorError` for vectors that are not finite.
        """
        from sklearn.linear_model import RidgeCV

        rows, users = _rows(vectors), list(facts)
        traits = sorted({trait for user in users for trait, _ in (*user.likes, *user.dislikes)})
        if len(users) != len(rows) or len(users) < 20 or not traits:
            raise CallError(
                f"a probe needs one user's tastes per vector and twenty users; got {len(users)}, {len(rows)}, and "
                f"{len(traits)} traits"
            )
        grades, column = np.zeros((len(users), len(traits))), {trait: number for number, trait in enumerate(traits)}
        for row, user in enumerate(users):
            for sign, side in zip((1.0, -1.0), _SIDES, strict=True):
                for trait, level in side(user):
                    grades[row, column[trait]] = sign * _GRADES[level]
        ridge = RidgeCV(alphas=_ALPHAS).fit(rows, grades)
        answers = np.abs(ridge.predict(rows).reshape(grades.shape))
        strong = float(np.quantile(answers, 1 - (np.abs(grades) == _GRADES[0]).mean()))
        likes, dislikes = (int(np.median([len(side(user)) for user in users])) for side in _SIDES)
        return cls(ridge, traits, likes, dislikes, strong, users[0].domain)

    def read(self, vectors: npt.ArrayLike) -> list[UserFacts]:
        """The tastes that the vectors (n, dim) seem to hold."""
        answers = self._ridge.predict(_rows(vectors)).reshape(-1, len(self.traits))  # (n, traits)
        order = np.argsort(-answers, axis=1, kind="stable")

        def named(row: int, chosen: Integers) -> tuple[tuple[str, int], ...]:
            return tuple((self.traits[c], int(abs(answers[row, c]) <= self._strong)) for c in chosen)

        return [
            UserFacts(named(row, best[: self._likes]), named(row, best[::-1][: self._dislikes]), self._domain)
            for row, best in enumerate(order)
        ]


def _rows(vectors: npt.ArrayLike) -> Floats:
    rows = np.atleast_2d(np.asarray(vectors, dtype=np.float64))
    if rows.ndim != 2 or not np.isfinite(rows).all():
        raise VectorError(f"a probe reads finite vectors (n, dim), got NaN, infinity or shape {rows.shape}")
    return rows
