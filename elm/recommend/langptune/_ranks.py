"""Where a list has the items that are to be found, and what that is worth."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from elm._errors import CallError
from elm._typing import Floats, Integers

CUTOFFS = (5, 10, 20)


def target_ranks(scores: npt.ArrayLike, targets: npt.ArrayLike) -> Integers:
    """The places of targets (n, f) under scores (n, items), 1 for the best; of equal scores the target's is the last,
    so that scores that say nothing earn nothing.

    >>> target_ranks([[0.1, 0.9, 0.5], [0.0, 0.0, 0.0]], [[2, 1], [0, 1]]).tolist()
    [[2, 1], [3, 3]]
    """
    table = np.asarray(scores, dtype=np.float64)
    wanted = np.asarray(targets, dtype=np.int64)
    if table.ndim != 2 or wanted.ndim != 2 or len(table) != len(wanted) or np.isnan(table).any():
        raise CallError(f"targets of each row of scores that are numbers, got {table.shape} and {wanted.shape}")
    own = np.take_along_axis(table, wanted, 1)
    found: Integers = np.stack([(table >= column[:, None]).sum(1) for column in own.T], axis=1)
    return found


def quality(places: npt.ArrayLike, kind: str, k: int | None = None) -> Floats:
    """NDCG, MRR or recall (n,) of lists with right items at `places` (n, f), within the first k, or the whole list.

    "ndcg": the sum of 1 / log2(place + 1) over that of the best list; "mrr": 1 / the first place; "recall": the share
    of min(f, k) that is there. What lies beyond k earns 0.

    >>> quality([[1], [3], [9]], "ndcg", 5).round(3).tolist(), quality([[1, 9]], "recall", 5).tolist()
    ([1.0, 0.5, 0.0], [0.5])
    """
    place = np.asarray(places, dtype=np.float64)
    most = place.shape[1] if k is None else min(place.shape[1], k)
    counted = np.ones_like(place) if k is None else place <= k
    best = 1 / np.log2(np.arange(2, most + 2))
    worth: dict[str, Floats] = {
        "ndcg": (counted / np.log2(place + 1)).sum(1) / best.sum(),
        "mrr": (counted / place).max(1),
        "recall": counted.sum(1) / most,
    }
    if kind not in worth:
        raise CallError(f"the quality of a list is {', '.join(worth)}, got {kind!r}")
    return worth[kind]


def list_measures(places: npt.ArrayLike, cutoffs: Sequence[int] = CUTOFFS) -> dict[str, Floats]:
    """Name -> a value a user (n,): NDCG, MRR and recall at each cutoff, and NDCG of the whole list ("ndcg")."""
    at = {f"{kind}@{k}": quality(places, kind, k) for k in cutoffs for kind in ("ndcg", "mrr", "recall")}
    return {"ndcg": quality(places, "ndcg"), **at}
