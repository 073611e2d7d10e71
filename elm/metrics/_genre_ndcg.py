"""Genre-wise NDCG: how much of a list lies on one genre."""

from __future__ import annotations

import numpy as np

from elm._errors import CallError
from elm._typing import Floats


def genre_ndcg(ranked: np.ndarray, has_genre: np.ndarray, k: int = 20) -> np.ndarray:
    """Genre-wise NDCG@k, (n,): how much of the list's weight lies on one genre (TEARS, equation 8).

    The ideal counts all k places as hits, so 1 means a list of that genre only.

    Args:
        ranked: (n, L) item indices, best first; -1 is an empty place.
        has_genre: which items are of the genre, (items,) for one genre or (n, items) for one per user: boolean, or in
            [0, 1] how much they have of a soft attribute.

    >>> genre_ndcg(np.array([[0, 1], [1, 0]]), np.array([True, False]), k=2).round(3)
    array([0.613, 0.387])
    >>> genre_ndcg(np.array([[0, 1]]), np.array([0.5, 0.5])).round(3), genre_ndcg(np.array([[0, 1]]), np.ones(2), k=2)
    (array([0.116]), array([1.]))
    """
    ranked, weights = np.atleast_2d(ranked)[:, :k], np.asarray(has_genre, dtype=np.float64)
    if weights.size and not (weights.min() >= 0 and weights.max() <= 1):
        raise CallError("an item has between 0 and 1 of a genre or attribute; scale the scores to that range")
    gains = weights[ranked] if weights.ndim == 1 else np.take_along_axis(weights, ranked, axis=1)
    discounts = 1 / np.log2(np.arange(2, k + 2))
    found: Floats = np.where(ranked >= 0, gains, 0) @ discounts[: gains.shape[1]] / discounts.sum()
    return found
