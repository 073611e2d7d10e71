"""LightGCN (He et al. 2020): vectors of users and items, averaged over their neighbours in the graph of likes.

    e_u^(k+1) = sum_i e_i^(k) / sqrt(|N_u| |N_i|), and the same for items;  e = mean of e^(0) ... e^(layers)

Trained by Bayesian personalised ranking. A user who was not trained on has no vector of his own: his are those of
his items (the layers above the first), which is a linear map of the history.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from scipy import sparse
from torch.nn import functional

from elm._errors import CallError
from elm._storage.fields import is_count, strictly
from elm._storage.weights import read_exactly
from elm.recommend._held_out import HeldOut, seeded
from elm.recommend._ratings import as_histories, as_ratings, masked, positives
from elm.recommend.backbones._spec import BackboneSpec, Fitting, Settings, setting_types
from elm.recommend.backbones._tensors import as_tensor, rows_of


class LightGCN:
    """Scores are (x G / sqrt(|x|)) F', x the likes of a history; readers: G, vectors: F, both (items, dim) float32."""

    def __init__(self, readers: np.ndarray, vectors: np.ndarray) -> None:
        self.readers, self.vectors = (np.asarray(part, dtype=np.float32) for part in (readers, vectors))

    @property
    def items(self) -> int:
        return len(self.vectors)

    @classmethod
    def fit(
        cls,
        ratings: sparse.csr_matrix,
        dim: int = 64,
        layers: int = 3,
        epochs: int = 40,
        batch: int = 2048,
        rate: float = 5e-3,
        penalty: float = 1e-4,
        seed: int = 0,
    ) -> LightGCN:
        """`ratings` (users, items), raw; a rating of at least 4 is a like. penalty: of the squared first vectors.

        Raises `CallError` for no like, or sizes below 1.
        """
        liked = positives(as_ratings(ratings))
        if min(dim, layers, epochs, batch) < 1 or not rate > 0 or not liked.nnz:
            raise CallError(
                f"LightGCN takes likes, and dim, layers, epochs and batch of at least 1, got {liked.nnz} likes, {dim}, "
                f"{layers}, {epochs} and {batch}"
            )
        graph, own = _graph(liked), torch.nn.Parameter(torch.empty(sum(liked.shape), dim))
        with seeded(seed):
            torch.nn.init.normal_(own, std=0.1)
        optimiser = torch.optim.Adam([own], lr=rate)
        rng, pairs = np.random.default_rng(seed), np.stack(liked.nonzero(), axis=1)
        for _ in range(epochs):
            order = rng.permutation(len(pairs))
            for start in range(0, len(order), batch):
                users, chosen = pairs[order[start : start + batch]].T
                others = rng.integers(liked.shape[1], size=len(users))
                loss = _loss(own, graph, layers, (users, chosen, others), liked.shape[0], penalty)
                optimiser.zero_grad()
                loss.backward()
                optimiser.step()
        return cls(*_of_items(own.detach(), graph, layers, liked))

    def scores(self, histories: sparse.csr_matrix) -> np.ndarray:
        """Scores (users, items), float32; the items in a user's history are -inf."""
        histories = as_histories(histories, self.items)
        liked = positives(histories)
        counts = np.maximum(np.diff(liked.indptr), 1)[:, None]
        users = (liked @ self.readers / np.sqrt(counts)).astype(np.float32)
        found = np.zeros(histories.shape, dtype=np.float32)
        for row, user in enumerate(users):  # one by one: a product of matrices rounds by what else is in them
            found[row] = self.vectors @ user
        return masked(found, histories)


def _graph(liked: sparse.csr_matrix) -> torch.Tensor:
    """The normalised graph of users and items, (users + items, users + items)."""
    users, items = (torch.from_numpy(side.astype(np.int64)) for side in liked.nonzero())
    of_user, of_item = torch.bincount(users, minlength=liked.shape[0]), torch.bincount(items, minlength=liked.shape[1])
    weights = (of_user[users] * of_item[items]).float().rsqrt()
    there = torch.stack([users, items + liked.shape[0]])
    where, size = torch.cat([there, there.flip(0)], dim=1), (sum(liked.shape),) * 2
    return torch.sparse_coo_tensor(where, weights.repeat(2), size, check_invariants=True).coalesce()


def _layers(own: torch.Tensor, graph: torch.Tensor, layers: int) -> list[torch.Tensor]:
    found = [own]
    for _ in range(layers):
        found.append(torch.sparse.mm(graph, found[-1]))
    return found


def _loss(
    own: torch.Tensor,
    graph: torch.Tensor,
    layers: int,
    drawn: tuple[np.ndarray, np.ndarray, np.ndarray],
    users: int,
    penalty: float,
) -> torch.Tensor:
    """-mean log sigmoid of how much a user prefers what he chose to another item, and the penalty."""
    vectors = torch.stack(_layers(own, graph, layers)).mean(0)
    user, chosen, other = (torch.from_numpy(part.astype(np.int64)) for part in drawn)
    ahead = (vectors[user] * (vectors[users + chosen] - vectors[users + other])).sum(1)
    first = own[user].square().sum() + own[users + chosen].square().sum() + own[users + other].square().sum()
    return -functional.logsigmoid(ahead).mean() + penalty * first / len(user) / 2


@torch.no_grad()
def _of_items(
    own: torch.Tensor, graph: torch.Tensor, layers: int, liked: sparse.csr_matrix
) -> tuple[np.ndarray, np.ndarray]:
    """(G, F): what an item gives to a user who chose it, and its own vector."""
    every = [layer[liked.shape[0] :] for layer in _layers(own, graph, layers)]
    degrees = torch.from_numpy(np.maximum(np.asarray(liked.sum(0)).ravel(), 1).astype(np.float32))
    readers = torch.stack(every[:-1]).sum(0) / degrees.sqrt()[:, None] / (layers + 1)
    return readers.numpy(), torch.stack(every).mean(0).numpy()


class LightGCNSpec(BackboneSpec):
    """Two matrices of the items on disk."""

    def settings(self) -> Mapping[str, Any]:
        return setting_types(LightGCN.fit)

    def fit(self, ratings: sparse.csr_matrix, validation: HeldOut, settings: Settings, how: Fitting) -> LightGCN:
        return LightGCN.fit(ratings, seed=how.seed, **settings)

    def packed(self, model: LightGCN) -> tuple[dict[str, Any], dict[str, torch.Tensor]]:
        tensors = {"readers": as_tensor(model.readers), "vectors": as_tensor(model.vectors)}
        return {"dim": int(model.vectors.shape[1])}, tensors

    def unpacked(self, config: Any, weights: Path) -> LightGCN:
        told = strictly(config, {"dim": is_count})
        shape = (rows_of(weights, "vectors"), told["dim"])
        found = read_exactly(weights, {"readers": shape, "vectors": shape})
        return LightGCN(found["readers"], found["vectors"])


SPEC = LightGCNSpec(name="lightgcn", network=LightGCN)
