"""WALS (Hu et al. 2008) as a recommender: fixed item factors, and every user folded in from the history."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import sparse

from elm._errors import CallError
from elm.embeddings import VectorTable, fold_in, wals
from elm.recommend._ratings import as_histories, as_ratings, masked


class WalsRanker:
    """Rank items by the product of their factors with those of a user, who is placed by `elm.embeddings.fold_in`.

    `factors` is the table of items that `elm.embeddings.wals` made; its ids are the numbers of the columns.
    """

    def __init__(self, factors: VectorTable, items: int) -> None:
        self.factors, self.items = factors, items
        self._columns = np.array([int(i) for i in factors.ids])

    @classmethod
    def fit(
        cls,
        ratings: sparse.csr_matrix,
        factors: int = 64,
        regularization: float = 0.1,
        alpha: float = 20.0,
        seed: int = 0,
    ) -> WalsRanker:
        """`ratings` (users, items), raw; the other arguments are those of `elm.embeddings.wals`."""
        ratings = as_ratings(ratings)
        if ratings.nnz == 0:
            raise CallError(f"WALS needs at least one rating, got a matrix of shape {ratings.shape}")
        _, table = wals(_frame(ratings), factors, regularization, alpha, min_item_ratings=1, seed=seed)
        return cls(table, ratings.shape[1])

    def scores(self, histories: sparse.csr_matrix) -> np.ndarray:
        """Scores (users, items) float32; the items of a history are -inf. Unknown items and users score 0."""
        histories = as_histories(histories, self.items)
        found = np.zeros(histories.shape, dtype=np.float32)
        frame = _frame(histories)
        frame = frame[frame["item"].isin(self.factors.ids)]
        if len(frame):
            users = fold_in(self.factors, frame)
            rows = np.array([int(user) for user in users.ids])
            found[np.ix_(rows, self._columns)] = users.vectors @ self.factors.vectors.T
        return masked(found, histories)


def _frame(ratings: sparse.csr_matrix) -> pd.DataFrame:
    users = np.repeat(np.arange(ratings.shape[0]), np.diff(ratings.indptr)).astype(str)
    return pd.DataFrame({"user": users, "item": ratings.indices.astype(str), "rating": ratings.data})
