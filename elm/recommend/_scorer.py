"""What benchmarks and attribution need of any recommender."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from scipy import sparse


class Scorer(Protocol):
    """Scores of users by history and profile: `Recommender` reads texts, GERS shares of genres."""

    @property
    def items(self) -> Sequence[str]:
        """The ids of the items, in the order of the scores."""
        ...

    def scores(self, histories: sparse.csr_matrix | None, profiles: Any, alpha: float | None) -> np.ndarray:
        """(n, items), items of the history -inf."""
        ...
