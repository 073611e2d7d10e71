"""How well profiles recommend: NDCG a user on held-out targets."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import sparse

from elm.recommend._held_out import ndcg_at
from elm.recommend._protocols import Scorer


def evaluate_profiles(
    recommender: Scorer,
    histories: sparse.csr_matrix | None,
    profiles: Sequence[str] | None,
    targets: sparse.csr_matrix,
    alpha: float,
    k: int = 20,
) -> np.ndarray:
    """NDCG@k a user, (n,), the ideal being min(k, targets) hits; NaN where a user has no targets.

    Args:
        histories: (n, items) what the recommender may see, and masks; None for profiles alone.
        profiles: one text per user; None for histories alone.
        targets: (n, items) ones where an item should be ranked high.
    """
    return ndcg_at(recommender.scores(histories, profiles, alpha), targets, k)
