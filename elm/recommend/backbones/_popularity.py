"""The baseline that every recommender has to beat: the same popular items for everyone."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from scipy import sparse

from elm._storage.fields import strictly
from elm._storage.weights import read_exactly
from elm.recommend._held_out import HeldOut
from elm.recommend._ratings import as_histories, as_ratings, masked, positives
from elm.recommend.backbones._spec import BackboneSpec, Fitting, Settings
from elm.recommend.backbones._tensors import EXACT, as_tensor, rows_of


class Popularity:
    """Rank items by how many training users liked them.

    >>> ranker = Popularity.fit(sparse.csr_matrix([[5.0, 4.0, 0.0], [5.0, 0.0, 1.0]]))
    >>> ranker.counts
    array([2., 1., 0.], dtype=float32)
    """

    def __init__(self, counts: np.ndarray) -> None:
        self.counts = np.asarray(counts, dtype=np.float32)  # (items,)

    @property
    def items(self) -> int:
        return len(self.counts)

    @classmethod
    def fit(cls, ratings: sparse.csr_matrix) -> Popularity:
        """`ratings` (users, items), raw; a rating of at least 4 is a like."""
        liked = positives(as_ratings(ratings))
        return cls(np.asarray(liked.sum(axis=0)).ravel())

    def scores(self, histories: sparse.csr_matrix) -> np.ndarray:
        """Scores (users, items), float32; the items in a user's history are -inf."""
        histories = as_histories(histories, len(self.counts))
        return masked(np.repeat(self.counts[None], histories.shape[0], axis=0), histories)


class PopularitySpec(BackboneSpec):
    """Counts of likes: no setting, one vector on disk."""

    def settings(self) -> Mapping[str, Any]:
        return {}

    def fit(self, ratings: sparse.csr_matrix, validation: HeldOut, settings: Settings, how: Fitting) -> Popularity:
        return Popularity.fit(ratings)

    def packed(self, model: Popularity) -> tuple[dict[str, Any], dict[str, torch.Tensor]]:
        return {}, {"counts": as_tensor(model.counts)}

    def unpacked(self, config: Any, weights: Path) -> Popularity:
        strictly(config, {})
        counts = read_exactly(weights, {"counts": (rows_of(weights, "counts"),)}, EXACT)["counts"]
        if (counts < 0).any():
            raise ValueError("counts of likes must not be negative")
        return Popularity(counts)


SPEC = PopularitySpec(name="popularity", network=Popularity)
