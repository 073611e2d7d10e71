"""The baseline that every recommender has to beat: the same popular items for everyone."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from elm.recommend._ratings import as_histories, as_ratings, masked, positives


class Popularity:
    """Rank items by how many training users liked them.

    >>> ranker = Popularity.fit(sparse.csr_matrix([[5.0, 4.0, 0.0], [5.0, 0.0, 1.0]]))
    >>> ranker.counts
    array([2., 1., 0.], dtype=float32)
    """

    def __init__(self, counts: np.ndarray) -> None:
        self.counts = np.asarray(counts, dtype=np.float32)  # (items,)

    @classmethod
    def fit(cls, ratings: sparse.csr_matrix) -> Popularity:
        """`ratings` (users, items), raw; a rating of at least 4 is a like."""
        liked = positives(as_ratings(ratings))
        return cls(np.asarray(liked.sum(axis=0)).ravel())

    def scores(self, histories: sparse.csr_matrix) -> np.ndarray:
        """Scores (users, items), float32; the items in a user's history are -inf."""
        histories = as_histories(histories, len(self.counts))
        return masked(np.repeat(self.counts[None], histories.shape[0], axis=0), histories)
