"""What any recommender must beat: an order of chance, of its own for each history."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from scipy import sparse

from elm._errors import CallError
from elm._storage.fields import is_count, is_size, strictly
from elm._storage.weights import read_exactly
from elm.recommend._held_out import HeldOut
from elm.recommend._ratings import as_histories, as_ratings, masked
from elm.recommend.backbones._spec import BackboneSpec, Fitting, Settings


class RandomRanker:
    """Scores drawn by the seed and the items of a history: the same history is given the same list."""

    def __init__(self, items: int, seed: int = 0) -> None:
        if items < 1 or seed < 0:
            raise CallError(f"an order is of at least one item, and a seed 0 or more, got {items} and {seed}")
        self.items, self.seed = items, seed

    def scores(self, histories: sparse.csr_matrix) -> np.ndarray:
        """Scores (users, items) in [0, 1), float32; the items in a user's history are -inf."""
        histories = as_histories(histories, self.items)
        found = np.empty(histories.shape, dtype=np.float32)
        for row in range(len(found)):
            own = histories.indices[histories.indptr[row] : histories.indptr[row + 1]].astype(np.int64)
            found[row] = np.random.default_rng([self.seed, zlib.crc32(np.sort(own).tobytes())]).random(self.items)
        return masked(found, histories)


class RandomSpec(BackboneSpec):
    """A number of items and a seed: no weights, so one zero on disk stands for them."""

    def settings(self) -> Mapping[str, Any]:
        return {}

    def fit(self, ratings: sparse.csr_matrix, validation: HeldOut, settings: Settings, how: Fitting) -> RandomRanker:
        return RandomRanker(as_ratings(ratings).shape[1], how.seed)

    def packed(self, model: RandomRanker) -> tuple[dict[str, Any], dict[str, torch.Tensor]]:
        return {"items": model.items, "seed": model.seed}, {"none": torch.zeros(1)}

    def unpacked(self, config: Any, weights: Path) -> RandomRanker:
        told = strictly(config, {"items": is_count, "seed": is_size})
        read_exactly(weights, {"none": (1,)})
        return RandomRanker(told["items"], told["seed"])


SPEC = RandomSpec(name="random", network=RandomRanker)
