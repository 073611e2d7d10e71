"""Where a list has the one item that is to be found, and what that is worth."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from elm._errors import CallError
from elm._typing import Floats, Integers

CUTOFFS = (5, 10, 20)


def target_ranks(scores: npt.ArrayLike, targets: npt.ArrayLike) -> Integers:
    """The place of each target (n,) under scores (n, items), 1 for the best; of equal scores the target's is the last,
    so that scores that say nothing earn nothing.

    >>> target_ranks([[0.1, 0.9, 0.5], [0.0, 0.0, 0.0]], [2, 0]).tolist()
    [2, 3]
    """
    table = np.asarray(scores, dtype=np.float64)
    places = np.asarray(targets, dtype=np.int64)
    if table.ndim != 2 or places.shape != table.shape[:1] or np.isnan(table).any():
        raise CallError(f"one target a row of scores that are numbers, got {table.shape} and {places.shape}")
    own = table[np.arange(len(table)), places]
    found: Integers = (table >= own[:, None]).sum(1)
    return found


def quality(places: npt.ArrayLike, kind: str, k: int | None = None) -> Floats:
    """NDCG, MRR or recall of lists with one right item at `places` (n,), within the first k, or the whole list.

    "ndcg": 1 / log2(place + 1); "mrr": 1 / place; "recall": 1; each 0 beyond k.

    >>> quality([1, 3, 9], "ndcg", 5).round(3).tolist()
    [1.0, 0.5, 0.0]
    """
    place = np.asarray(places, dtype=np.float64)
    worth = {"ndcg": 1 / np.log2(place + 1), "mrr": 1 / place, "recall": np.ones_like(place)}
    if kind not in worth:
        raise CallError(f"the quality of a list is {', '.join(worth)}, got {kind!r}")
    found: Floats = worth[kind] if k is None else np.where(place <= k, worth[kind], 0.0)
    return found


def list_measures(places: npt.ArrayLike, cutoffs: Sequence[int] = CUTOFFS) -> dict[str, Floats]:
    """Name -> a value a user (n,): NDCG, MRR and recall at each cutoff, and NDCG of the whole list ("ndcg")."""
    at = {f"{kind}@{k}": quality(places, kind, k) for k in cutoffs for kind in ("ndcg", "mrr", "recall")}
    return {"ndcg": quality(places, "ndcg"), **at}
