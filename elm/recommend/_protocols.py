"""What others need of a recommender: its scores, or all that a recommender does."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
from scipy import sparse

from elm.recommend._lists import ListDiff, Recommendation


class Scorer(Protocol):
    """Scores of users by history and profile: `Recommender` reads texts, GERS shares of genres."""

    @property
    def items(self) -> Sequence[str]:
        """The ids of the items, in the order of the scores."""
        ...

    def scores(self, histories: sparse.csr_matrix | None, profiles: Any, alpha: float | None) -> np.ndarray:
        """(n, items), items of the history -inf."""
        ...


@runtime_checkable
class AnyRecommender(Scorer, Protocol):
    """What every recommender does, and `elm.recommend.load` gives for any folder.

    `Recommender` (TEARS, which reads texts, and GERS, which reads shares of genres) and `BackboneRecommender` (any
    backbone, which reads histories alone) are such. A new kind of recommender fits where one of them does once it has
    these, and a `kind` of its own in the config of its folders.
    """

    @property
    def titles(self) -> Sequence[str]:
        """What people call the items, in the order of `items`."""
        ...

    def recommend(
        self, history: Any = None, profile: Any = None, alpha: float | None = None, k: int = 20
    ) -> list[Recommendation]:
        """The k best items that are not in the history, best first; `CallError` for a profile where none is read."""
        ...

    def diff(self, before: Any, after: Any, *, k: int = 20) -> ListDiff:
        """What an edit changes in the list: of the profile or, where none is read, of the history."""
        ...

    def save(self, folder: str | Path) -> None:
        """Write a folder that `elm.recommend.load` reads."""
        ...
