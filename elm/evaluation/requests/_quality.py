"""How well what was distilled follows its judge (Figure 6), and whether negations are heeded."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.stats import pearsonr, spearmanr

from elm.recommend import Wish


def distillation_quality(predicted: np.ndarray, judged: np.ndarray, wishes: Sequence[Wish]) -> dict[str, Any]:
    """Pearson and Spearman over all pairs of request and item, (requests, items) both; pairs that are not known in
    either are left out.

    `per_request` is the mean Spearman within a request, where the judge tells items apart; `kinds` the same by kind.
    """
    known = np.isfinite(predicted) & np.isfinite(judged)
    each = np.array([_rank(one[here], other[here]) for one, other, here in zip(predicted, judged, known, strict=True)])
    kinds = np.array([wish.kind for wish in wishes])
    return {
        "pairs": int(known.sum()),
        "pearson": float(pearsonr(predicted[known], judged[known])[0]),
        "spearman": float(spearmanr(predicted[known], judged[known])[0]),
        "per_request": float(np.nanmean(each)),
        "kinds": {str(kind): float(np.nanmean(each[kinds == kind])) for kind in dict.fromkeys(kinds.tolist())},
    }


def _rank(one: np.ndarray, other: np.ndarray) -> float:
    if len(one) < 2 or np.ptp(one) == 0 or np.ptp(other) == 0:
        return float("nan")
    return float(spearmanr(one, other)[0])


def unwanted_share(lists: np.ndarray, wishes: Sequence[Wish], masks: dict[str, np.ndarray]) -> float:
    """The mean share of places that hold what a request asked to leave out; lists (requests, k) of columns."""
    found = [
        masks[wish.unwanted[0]][row].mean()
        for row, wish in zip(lists, wishes, strict=True)
        if wish.unwanted and wish.unwanted[0] in masks
    ]
    return float(np.mean(found)) if found else float("nan")
