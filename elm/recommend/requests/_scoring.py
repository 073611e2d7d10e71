"""Equations 1 and 2 of CTRL-Rec: signals of engagement weighed, and a request's value beside them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeAlias, get_args

import numpy as np
import numpy.typing as npt
from scipy.stats import rankdata

from elm._errors import CallError

Aggregation: TypeAlias = Literal["ranks", "scores", "filter"]
"""How engagement and value become one number: by their ranks (the paper's choice), by the scores themselves, or by
letting engagement order what the request lets through."""

_DECIMALS = 12  # sums of ranks that are equal on paper are equal here


def check_w_control(w_control: float) -> float:
    """The weight of the request as a float; `CallError` unless it is a number from 0 to 1."""
    number = isinstance(w_control, int | float | np.number) and not isinstance(w_control, bool)
    if not number or not 0 <= w_control <= 1:
        raise CallError(f"w_control is the weight of the request and lies between 0 and 1, got {w_control!r}")
    return float(w_control)


def base_scores(signals: Mapping[str, npt.ArrayLike], weights: Mapping[str, float] | None = None) -> np.ndarray:
    """Equation 1: the weighted sum of signals (n, items) each -> (n, items). An item that any signal gives -inf is out.

    weights: of each signal; 1 where none is given. Raises `CallError` for no signal, for signals of several shapes, a
    NaN, an infinite score, a weight without its signal, or one that is not finite.

    >>> base_scores({"click": [[0.5, 1.0]], "like": [[1.0, 0.0]]}, {"like": 2.0}).tolist()
    [[2.5, 1.0]]
    """
    if not signals:
        raise CallError("engagement needs at least one signal, got none")
    weights = dict(weights or {})
    if odd := sorted(set(weights) - set(signals)):
        raise CallError(f"a weight goes with a signal, but {odd[0]!r} is none of {', '.join(signals)}")
    found = {name: _signal(name, scores) for name, scores in signals.items()}
    if len({scores.shape for scores in found.values()}) > 1:
        shapes = ", ".join(f"{name} {scores.shape}" for name, scores in found.items())
        raise CallError(f"signals must score the same users and items, got {shapes}")
    total = np.zeros(next(iter(found.values())).shape)
    out = np.zeros(total.shape, dtype=bool)
    for name, scores in found.items():
        weight = float(weights.get(name, 1.0))
        if not np.isfinite(weight):
            raise CallError(f"the weight of a signal must be finite, got {weight} for {name!r}")
        gone = np.isneginf(scores)
        total += weight * np.where(gone, 0.0, scores)
        out |= gone
    return np.where(out, -np.inf, total)


def places(scores: npt.ArrayLike) -> np.ndarray:
    """The place of each item in its list, from 1: (n, items) -> (n, items) int64; items of -inf have place 0.

    Tied items share the last of their places, as in Table 2 of the paper (1, 3, 3, 4, ...).

    >>> places([[0.9, 0.2, 0.2, 0.1, -np.inf]]).tolist()
    [[1, 3, 3, 4, 0]]
    """
    table = np.atleast_2d(np.asarray(scores, dtype=np.float64))
    found = np.zeros(table.shape, dtype=np.int64)
    for row, line in enumerate(table):
        here = ~np.isneginf(line)
        found[row, here] = rankdata(-line[here], method="max").astype(np.int64)
    return found


def combined_places(engagement: npt.ArrayLike, value: npt.ArrayLike, w_control: float) -> np.ndarray:
    """The combined rank that Table 2 shows: (1 - w_control) * place by engagement + w_control * place by value.

    >>> combined_places([41], [66], 0.5).tolist()
    [53.5]
    """
    w = check_w_control(w_control)
    return np.round((1 - w) * np.asarray(engagement, float) + w * np.asarray(value, float), _DECIMALS)


def shares(scores: npt.ArrayLike) -> np.ndarray:
    """Places normalised to [0, 1]: 1 for the first of the list, 0 for the last; -inf stays -inf; (n, items).

    >>> shares([[5.0, 1.0, 3.0, -np.inf]]).tolist()
    [[1.0, 0.0, 0.5, -inf]]
    """
    found = places(scores)
    most = found.max(axis=1, keepdims=True)
    normal = (most - found) / np.maximum(most - 1, 1)
    return np.where(found == 0, -np.inf, np.where(most == 1, 1.0, normal))


def combine(engagement: npt.ArrayLike, value: npt.ArrayLike, w_control: float, by: Aggregation = "ranks") -> np.ndarray:
    """Equation 2 with w_engagement = 1 - w_control: two tables (n, items) -> one (n, items), higher is better.

    Args:
        engagement: -inf leaves an item out. value: how well items meet the request; NaN where that is not known, which
            counts as the lowest value there is.
        by: "ranks": both as places normalised to [0, 1]. "scores": both as they are where they lie in [0, 1], else
            stretched to it. "filter": the share 1 - w_control of the items that meets the request best goes first, in
            the order of engagement; the others follow in the order of the request.

    Sums are exact where ranks are: items that tie on paper tie here (rounded to twelve decimals).

    >>> combine([[3.0, 2.0, 1.0]], [[0.1, 0.2, 0.9]], 0.75).tolist()
    [[0.25, 0.5, 0.75]]
    """
    w = check_w_control(w_control)
    if by not in get_args(Aggregation):
        raise CallError(f"scores are aggregated by {', '.join(get_args(Aggregation))}, got {by!r}")
    first, second = _signal("engagement", engagement), np.atleast_2d(np.asarray(value, dtype=np.float64))
    if first.shape != second.shape:
        raise CallError(f"engagement and value must be of one shape, got {first.shape} and {second.shape}")
    out = np.isneginf(first)
    second = np.where(out, -np.inf, _known(second))
    if by == "scores":
        mixed = (1 - w) * _unit(first) + w * _unit(second)
    elif by == "ranks":
        mixed = (1 - w) * np.where(out, 0, shares(first)) + w * np.where(out, 0, shares(second))
    else:
        e, v = np.where(out, 0, shares(first)), np.where(out, 0, shares(second))
        mixed = np.where(v >= w, 1 + e, v)
    return np.where(out, -np.inf, np.round(mixed, _DECIMALS))


def ordered(combined: np.ndarray, engagement: np.ndarray, k: int) -> np.ndarray:
    """Columns of one list, (k or fewer,), best first: by the combined score, then by engagement, then by column."""
    best = np.lexsort((-np.nan_to_num(engagement, neginf=-1e300), -combined))[:k]
    return best[~np.isneginf(combined[best])]


def _signal(name: str, scores: npt.ArrayLike) -> np.ndarray:
    table = np.atleast_2d(np.asarray(scores, dtype=np.float64))
    missing = np.isnan(table)
    if missing.any():
        user, item = np.argwhere(missing)[0]
        raise CallError(
            f"a signal scores every item, but {name!r} returned NaN {int(missing.sum())} times (first: row {user}, "
            f"column {item}); return -inf for an item that is to be left out, or a low score for one that is not known"
        )
    if np.isposinf(table).any():
        raise CallError(f"scores must be finite, or -inf to leave an item out, but {name!r} returned infinity")
    return table


def _known(value: np.ndarray) -> np.ndarray:
    """Unknown values as the lowest known of their list."""
    lowest = np.where(np.isnan(value), np.inf, value).min(axis=1, keepdims=True, initial=np.inf)
    return np.where(np.isnan(value), np.where(np.isfinite(lowest), lowest, 0.0), value)


def _unit(table: np.ndarray) -> np.ndarray:
    """Scores in [0, 1]: as they are where they lie there, else stretched from the lowest to the highest of a list."""
    finite = np.isfinite(table)
    low = np.where(finite, table, np.inf).min(axis=1, keepdims=True, initial=np.inf)
    high = np.where(finite, table, -np.inf).max(axis=1, keepdims=True, initial=-np.inf)
    within = (low >= 0) & (high <= 1)
    width = np.where(high > low, high - low, 1.0)
    return np.where(finite, np.where(within, table, (table - low) / width), 0.0)
