"""Another entity for each: the partners of a shuffled control."""

from __future__ import annotations

import numpy as np

from elm._errors import CallError
from elm._typing import Integers


def partners(n: int, seed: int) -> Integers:
    """For each of n entities another one, everybody's partner once: a permutation without fixed points, (n,).

    One random cycle over all (Sattolo's algorithm has the same law). Raises `CallError` for fewer than two.

    >>> sorted(partners(5, seed=0).tolist()), (partners(5, seed=0) != range(5)).all()
    ([0, 1, 2, 3, 4], np.True_)
    """
    if n < 2:
        raise CallError(f"the shuffled control needs at least two held-out entities, got {n}")
    order = np.random.default_rng(seed).permutation(n)
    partner = np.empty(n, dtype=np.int64)
    partner[order] = np.roll(order, -1)
    return partner
