"""The k-core of a table of ratings: every user and every item that is left has at least k of them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from elm._errors import CallError
from elm._typing import Flags, Integers
from elm.data._checks import positions
from elm.data._dataset import Dataset

Codes = NDArray[np.int32] | Integers


def core_rows(users: Codes, items: Codes, k: int) -> Flags:
    """Which ratings (n,) stay, given the numbers of their users and items (n,): the largest set that is a k-core."""
    kept = np.ones(len(users), dtype=bool)
    while True:
        enough = kept.copy()
        for codes in (users, items):
            count = np.bincount(codes[kept], minlength=int(codes.max(initial=-1)) + 1)
            enough &= count[codes] >= k
        if enough.sum() == kept.sum():
            return kept
        kept = enough


def k_core(dataset: Dataset, k: int) -> Dataset:
    """The data set with those users and items alone that have at least `k` ratings among each other.

    Raises `CallError` for a `k` below one, and where nothing is left.

    >>> from elm.data import demo
    >>> k_core(demo(n_films=60, n_users=200), 3).interactions["item"].value_counts().min() >= 3
    np.True_
    """
    if k < 1:
        raise CallError(f"a core has at least 1 rating per user and item, but k={k} came")
    users = positions(dataset.interactions["user"], dataset.users.index)
    items = positions(dataset.interactions["item"], dataset.items.index)
    kept = core_rows(users, items, k)
    if not kept.any():
        raise CallError(f"no users and items have {k} ratings among each other; choose a smaller core")
    some = np.unique(users[kept]), np.unique(items[kept])
    return dataset.restrict(dataset.users.index[some[0]], dataset.items.index[some[1]])
