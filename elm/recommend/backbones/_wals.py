"""WALS (Hu et al. 2008) as a recommender: fixed item factors, and every user folded in from the history."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from scipy import sparse

from elm._errors import CallError
from elm._storage.fields import is_count, is_object, is_positive, strictly
from elm._storage.weights import read_exactly
from elm.embeddings import EmbeddingSpace, VectorTable, fold_in, wals
from elm.recommend._held_out import HeldOut
from elm.recommend._ratings import as_histories, as_ratings, masked
from elm.recommend.backbones._spec import BackboneSpec, Fitting, Settings, setting_types
from elm.recommend.backbones._tensors import as_tensor, rows_of


class WalsRanker:
    """Rank items by the product of their factors with those of a user, who is placed by `elm.embeddings.fold_in`.

    `factors` is the table of items that `elm.embeddings.wals` made; its ids are the numbers of their `columns`.
    """

    def __init__(self, factors: VectorTable, items: int) -> None:
        self.factors, self.items = factors, items
        self.columns = np.array([int(i) for i in factors.ids], dtype=np.int64)

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
            found[np.ix_(rows, self.columns)] = users.vectors @ self.factors.vectors.T
        return masked(found, histories)


class WalsSpec(BackboneSpec):
    """The factors of the rated items, which columns they are, and the space that folds users in."""

    def settings(self) -> Mapping[str, Any]:
        return setting_types(WalsRanker.fit)

    def fit(self, ratings: sparse.csr_matrix, validation: HeldOut, settings: Settings, how: Fitting) -> WalsRanker:
        return WalsRanker.fit(ratings, seed=how.seed, **settings)

    def packed(self, model: WalsRanker) -> tuple[dict[str, Any], dict[str, torch.Tensor]]:
        config = {"items": model.items, "space": model.factors.space.to_dict()}
        return config, {"factors": as_tensor(model.factors.vectors), "columns": as_tensor(model.columns)}

    def unpacked(self, config: Any, weights: Path) -> WalsRanker:
        told = strictly(config, {"items": is_count, "space": is_object})
        space, rated = EmbeddingSpace.from_dict(told["space"]), rows_of(weights, "factors")
        made = space.made
        if (made.get("by"), made.get("kind")) != ("wals", "items") or not all(
            is_positive(made.get(name)) for name in ("alpha", "penalty")
        ):
            raise ValueError("its space must be that of items by wals, with the alpha and penalty that fold users in")
        found = read_exactly(weights, {"factors": (rated, space.dim), "columns": (rated,)}, ("F32", "I64"))
        factors, columns = found["factors"], found["columns"]
        if factors.dtype != np.float32 or columns.dtype != np.int64:
            raise ValueError("factors must be F32 numbers, and columns I64")
        if columns.min(initial=0) < 0 or columns.max(initial=0) >= told["items"]:
            raise ValueError(f"columns must be numbers of its {told['items']} items")
        return WalsRanker(VectorTable([str(column) for column in columns.tolist()], factors, space), told["items"])


SPEC = WalsSpec(name="wals", network=WalsRanker)


def _frame(ratings: sparse.csr_matrix) -> pd.DataFrame:
    users = np.repeat(np.arange(ratings.shape[0]), np.diff(ratings.indptr)).astype(str)
    return pd.DataFrame({"user": users, "item": ratings.indices.astype(str), "rating": ratings.data})
