"""A world of two taste groups whose right answer is known: who likes the cats films, and who the dogs films."""

from __future__ import annotations

import itertools
import zlib
from typing import NamedTuple

import numpy as np
from scipy import sparse

from elm.recommend import HeldOut, fold_in

ITEMS = 40  # the first half belongs to group 0, the second half to group 1
TEXTS = (
    "Likes comedy films.\nDislikes horror films.\nWatches at night.",
    "Likes horror films.\nDislikes comedy films.\nWatches at night.",
)


class HashedWords:
    """A tiny sentence encoder without weights: every word and word pair adds its own fixed random vector."""

    name = "hashed-words"
    fingerprint = "hashed-words-1"

    def __init__(self, dim: int = 32) -> None:
        self.dim = dim

    def encode(self, texts: list[str]) -> np.ndarray:
        return np.stack([self._one(text) for text in texts])

    def _one(self, text: str) -> np.ndarray:
        words = text.lower().replace(".", " ").split()
        keys = words + [" ".join(pair) for pair in itertools.pairwise(words)]
        rows = [np.random.default_rng(zlib.crc32(key.encode())).normal(size=self.dim) for key in keys]
        return (np.sum(rows, axis=0) / np.linalg.norm(np.sum(rows, axis=0))).astype(np.float32)


class World(NamedTuple):
    """Training users, validation users, and users for the tests, all with their group."""

    train: sparse.csr_matrix
    profiles: list[str]
    validation: HeldOut
    test: HeldOut
    test_groups: np.ndarray


def two_groups(users: int, seed: int) -> tuple[sparse.csr_matrix, np.ndarray]:
    """Every user rates 10 items of the own group with 5 and 2 of the other with 1."""
    rng = np.random.default_rng(seed)
    groups = rng.integers(0, 2, users)
    ratings = np.zeros((users, ITEMS), np.float32)
    for user, group in enumerate(groups):
        own = np.arange(ITEMS // 2) + group * ITEMS // 2
        other = np.arange(ITEMS // 2) + (1 - group) * ITEMS // 2
        ratings[user, rng.choice(own, 10, replace=False)] = 5
        ratings[user, rng.choice(other, 2, replace=False)] = 1
    return sparse.csr_matrix(ratings), groups


def held_out(users: int, seed: int) -> tuple[HeldOut, np.ndarray]:
    ratings, groups = two_groups(users, seed)
    return HeldOut(*fold_in(ratings, seed=seed), profiles=[TEXTS[group] for group in groups]), groups
