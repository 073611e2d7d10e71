"""BC as a reward: does what a ranker makes of a profile order items as the user's vector does?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from elm._errors import CallError
from elm._typing import Floats, Integers
from elm.embeddings import VectorTable
from elm.evaluation.rankers._rankers import Ranker, scored
from elm.metrics import spearman


class BehaviouralReward:
    """The rank correlation, over some items, of a ranker's scores of a profile with user . item; 0 where one is flat.

    users: one vector a prompt, in their order. items: of the same space, in the order of the ranker's scores. drawn: on
    so many items the orders are compared, the same for all, by `seed`. Raises `CallError` for fewer than two items.
    """

    def __init__(self, ranker: Ranker, users: VectorTable, items: VectorTable, drawn: int = 200, seed: int = 0) -> None:
        if min(len(items), drawn) < 2:
            raise CallError(f"an order is of at least two items, got {min(len(items), drawn)}")
        rng = np.random.default_rng(seed)
        self._columns: Integers = np.sort(rng.permutation(len(items))[:drawn])
        self._entries = len(items)
        self._ranker, self._users, self._items = ranker, users.vectors, items.vectors[self._columns]

    def __call__(self, rows: Sequence[int], texts: Sequence[str]) -> Floats:
        wanted = self._users[list(rows)].astype(np.float64) @ self._items.T
        return spearman(scored(self._ranker, list(texts), self._entries)[:, self._columns], wanted)
