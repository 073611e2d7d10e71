"""Satisfaction and engagement of lists over w_control, and fronts (Table 1, Figures 4 and 7 to 9 of CTRL-Rec)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from scipy import sparse

from elm.metrics import ndcg, recall, top_k
from elm.recommend import combine, places

GRID = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 0.97, 0.99, 1.0)
"""The weights of the request that are tried."""

Satisfaction = Callable[[np.ndarray], np.ndarray]
"""Lists (users, k) of columns, -1 where there is none -> the satisfaction of each user, (users,) in [0, 1]."""


def rank_shares(scores: np.ndarray) -> np.ndarray:
    """Places as numbers from 0 (last) to 1, (users, items); -inf stays."""
    found = places(scores)
    most = np.maximum(found.max(axis=1, keepdims=True), 2)
    return np.where(found == 0, -np.inf, (most - found) / (most - 1))


def sweep(
    engagement: np.ndarray,
    values: np.ndarray,
    later: sparse.csr_matrix,
    satisfied: Satisfaction,
    k: int,
    grid: Sequence[float] = GRID,
) -> list[dict[str, Any]]:
    """One row a weight: satisfaction, precision, recall and NDCG at k, means over users, with standard errors.

    engagement: (users, items), -inf for what is not recommended. values: of each user's request. later: (users, items),
    the ratings of the later half; whatever is rated there counts as relevant, as in the paper.
    """
    out = np.isneginf(engagement)
    first = rank_shares(engagement)
    second = rank_shares(np.where(out, -np.inf, np.where(np.isnan(values), -1e9, values)))
    relevant = (later > 0).astype(float)
    rows = []
    for w in grid:
        mixed = combine(first, np.where(out, 0.0, second), w, "scores")
        mixed = mixed + np.where(out, 0.0, 1e-9 * np.where(out, 0.0, first))  # ties go to what engages more
        best = top_k(mixed, k)
        users = np.repeat(np.arange(len(best)), k)
        gains = np.asarray(relevant[users, best.ravel()]).reshape(best.shape)
        counts = np.diff(relevant.indptr)
        measured = {
            "satisfaction": satisfied(best),
            "precision": gains.mean(axis=1),
            "recall": recall(gains, counts, k),
            "ndcg": ndcg(gains, k, n_relevant=counts),
        }
        row: dict[str, Any] = {"w_control": float(w)}
        for name, each in measured.items():
            row[name] = float(np.mean(each))
            row[f"{name}_se"] = float(np.std(each, ddof=1) / np.sqrt(len(each)))
        rows.append(row)
    return rows


def has_genre(masks: np.ndarray) -> Satisfaction:
    """Genre accuracy: masks (users, items) of bool -> the share of each list that has the user's genre."""
    return lambda best: np.take_along_axis(masks, best, 1).mean(axis=1)


def judged(values: np.ndarray) -> Satisfaction:
    """A judge's satisfaction with a feed: its values (users, items) in [0, 1], the mean over each list."""
    known = np.nan_to_num(values, nan=0.0)
    return lambda best: np.take_along_axis(known, best, 1).mean(axis=1)


def best_row(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The row with the highest satisfaction (Table 1); of equal ones the lowest weight."""
    return max(rows, key=lambda row: (round(row["satisfaction"], 9), -row["w_control"]))


def front(rows: Sequence[dict[str, Any]], by: str = "ndcg") -> list[tuple[float, float]]:
    """The Pareto front of satisfaction against an engagement measure: (measure, satisfaction), from high measure on."""
    found: list[tuple[float, float]] = []
    for row in sorted(rows, key=lambda row: (-row[by], -row["satisfaction"])):
        if not found or row["satisfaction"] > found[-1][1]:
            found.append((row[by], row["satisfaction"]))
    return found


def above(first: Sequence[dict[str, Any]], second: Sequence[dict[str, Any]], by: str = "ndcg") -> dict[str, float]:
    """Where one front lies against another, wherever both are defined: the share of points at which the first is at
    least as high, and the smallest difference of satisfaction."""
    one, other = (np.array(front(rows, by))[::-1] for rows in (first, second))
    low, high = max(one[0, 0], other[0, 0]), min(one[-1, 0], other[-1, 0])
    if high < low:
        return {"share": float("nan"), "smallest": float("nan")}
    at = np.linspace(low, high, 50)
    gap = np.interp(at, one[:, 0], one[:, 1]) - np.interp(at, other[:, 0], other[:, 1])
    return {"share": float((gap >= -1e-9).mean()), "smallest": float(gap.min())}


def price(rows: Sequence[dict[str, Any]], satisfaction: float = 0.9) -> dict[str, float] | None:
    """The least precision that is lost, against w_control 0, for this much satisfaction; None where it is not met."""
    start = next(row for row in rows if row["w_control"] == 0)
    met = [row for row in rows if row["satisfaction"] >= satisfaction]
    if not met:
        return None
    best = max(met, key=lambda row: row["precision"])
    return {
        "w_control": best["w_control"],
        "from": start["satisfaction"],
        "lost": start["precision"] - best["precision"],
    }
