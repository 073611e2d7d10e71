"""What both training loops share: a private random state, validation data, and keeping the best epoch."""

from __future__ import annotations

import contextlib
import copy
import dataclasses
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from scipy import sparse
from torch import nn

from elm._errors import CallError
from elm.metrics import ndcg, top_k
from elm.recommend._ratings import as_ratings, fold_in


@contextlib.contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Seed torch inside the block and give the caller's random state back afterwards."""
    devices = list(range(torch.cuda.device_count()))
    with torch.random.fork_rng(devices=devices):
        torch.manual_seed(seed)
        yield


@dataclasses.dataclass(frozen=True)
class HeldOut:
    """Users that training never sees: what is known of them, and what should be ranked high.

    inputs: (users, items) raw ratings; targets: (users, items) ones; profiles: one text per user, where texts are used
    (for GERS shares of genres). The profiles must come from the inputs alone. hidden: (users, items) what else is not
    to be ranked.
    """

    inputs: sparse.csr_matrix
    targets: sparse.csr_matrix
    profiles: Any = None
    hidden: sparse.csr_matrix | None = None

    def __post_init__(self) -> None:
        if self.inputs.shape != self.targets.shape:
            raise CallError(
                f"inputs and targets must be of one shape, got {self.inputs.shape} and {self.targets.shape}"
            )
        if self.profiles is not None and len(self.profiles) != self.inputs.shape[0]:
            raise CallError(f"one profile per user: {self.inputs.shape[0]} users, {len(self.profiles)} profiles")

    @property
    def n_scored(self) -> int:
        """How many users have a target, without which no measure is defined."""
        return int((np.diff(self.targets.indptr) > 0).sum())

    def check(self, items: int) -> None:
        """Raise `CallError` unless these users can be scored over a catalogue of `items`."""
        if self.inputs.shape[1] != items:
            raise CallError(f"validation has {self.inputs.shape[1]} items, training {items}; use one catalogue")
        self.check_targets("validation")

    def check_targets(self, what: str = "held-out data") -> None:
        """Raise `CallError` where no user has a target, since every measure would be NaN."""
        if self.targets.count_nonzero() == 0:
            raise CallError(
                f"{what} needs at least one user with a liked item to rank, but of {self.targets.shape[0]} users none "
                "has a target; hold out more users or lower the thresholds"
            )

    @classmethod
    def fold_in(cls, ratings: sparse.csr_matrix, share: float = 0.8, seed: int = 0) -> HeldOut:
        """Strong generalisation: `share` of each held-out user's ratings go in, the liked rest is to be ranked."""
        return cls(*fold_in(ratings, share=share, seed=seed))


def ndcg_at(scores: np.ndarray, targets: sparse.csr_matrix, k: int = 20) -> np.ndarray:
    """NDCG@k a user, (users,), the ideal being min(k, targets) hits; NaN where a user has no targets.

    >>> ndcg_at(np.array([[3.0, 2.0, 1.0]]), sparse.csr_matrix([[1.0, 0.0, 0.0]]), k=2)
    array([1.])
    """
    gains, counts = ranked_gains(scores, targets, k)
    return np.where(counts > 0, ndcg(gains, k, n_relevant=counts), np.nan)


def ranked_gains(scores: np.ndarray, targets: sparse.csr_matrix, k: int) -> tuple[np.ndarray, np.ndarray]:
    """The targets met by the k best places of each user, (users, k) in ranked order, and each user's targets (users,).

    Where fewer items than k places are left, items of score -inf fill the rest, and gain nothing.
    """
    targets = as_ratings(targets, "targets")
    ranked = top_k(scores, min(k, scores.shape[1]), None)  # (users, k)
    users = np.repeat(np.arange(len(ranked)), ranked.shape[1])
    gains = np.asarray(targets[users, ranked.ravel()]).reshape(ranked.shape)
    gains = np.where(np.isfinite(np.take_along_axis(scores, ranked, 1)), gains, 0)
    return gains, np.diff(targets.indptr)


class Best:
    """Keeps a copy of a module's weights at its best score, and says when to stop."""

    def __init__(self, module: nn.Module, patience: int) -> None:
        self.module, self.patience = module, patience
        self.score, self.epoch, self.since = -np.inf, -1, 0
        self._weights = copy.deepcopy(module.state_dict())

    def update(self, score: float, epoch: int) -> bool:
        """Note this epoch's score; True when `patience` epochs have brought nothing better."""
        if score > self.score:
            self.score, self.epoch, self.since = score, epoch, 0
            self._weights = copy.deepcopy(self.module.state_dict())
        else:
            self.since += 1
        return self.since >= self.patience

    def restore(self) -> None:
        self.module.load_state_dict(self._weights)
