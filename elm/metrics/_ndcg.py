"""Normalised discounted cumulative gain (Jarvelin and Kekalainen 2002), under the conventions in use."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt

from elm._errors import CallError
from elm._typing import Floats
from elm.metrics._check import counts, cutoff, matrix, pair


def ndcg(
    ranked_relevance: npt.ArrayLike,
    k: int,
    n_relevant: npt.ArrayLike | None = None,
    ideal: Literal["relevant", "all"] = "relevant",
) -> Floats:
    """NDCG@k of ranked lists whose gains are given in ranked order: (n, L) -> (n,).

    DCG = sum over places p = 1..k of gain / log2(p + 1); gains are linear (1 for relevant, or a grade).
    ideal "relevant": the list that puts its relevant items first, over min(k, n_relevant) places (TEARS). Binary
    gains: n_relevant says how many items are relevant in the whole catalogue (default: those in the list). Graded
    gains: the ideal sorts the list's own gains, so the list must hold them all, and n_relevant must be left out.
    ideal "all": all k places relevant with gain 1 (the genre-wise NDCG of TEARS, equation 8), n_relevant unused.

    Nothing relevant: 0. A list shorter than k: missing places gain nothing, the ideal is not shortened by them.

    >>> ndcg([[1, 0, 1, 0]], k=2).round(4).tolist(), ndcg([[1, 0]], k=2, ideal="all").round(4).tolist()
    ([0.6131], [0.6131])
    """
    gains, k = matrix(ranked_relevance, "ranked_relevance"), cutoff(k)
    if gains.size and gains.min() < 0:
        raise CallError("gains must be zero or more; map low ratings to 0 first")
    binary = bool(np.isin(gains, (0.0, 1.0)).all())
    dcg = _dcg(gains, k)
    if ideal == "all":
        if not binary:
            raise CallError("ideal='all' is defined for gains of 0 and 1")
        best = np.full(len(gains), _discounts(k).sum())
    elif ideal == "relevant" and binary:
        number = counts(gains.sum(1) if n_relevant is None else n_relevant, len(gains))
        if (number < gains.sum(1)).any():
            raise CallError("n_relevant is less than the relevant items in a list; count the whole catalogue's")
        best = np.concatenate([[0.0], np.cumsum(_discounts(k))])[np.minimum(number, k).astype(np.int64)]
    elif ideal == "relevant":
        if n_relevant is not None:
            raise CallError("n_relevant goes with gains of 0 and 1; for graded gains pass the whole list")
        best = _dcg(-np.sort(-gains, axis=1), k)
    else:
        raise CallError(f"ideal must be 'relevant' or 'all', got {ideal!r}")
    result: Floats = np.divide(dcg, best, out=np.zeros_like(dcg), where=best > 0)
    return result


def ndcg_graded(scores: npt.ArrayLike, gains: npt.ArrayLike, k: int | None = None) -> Floats:
    """NDCG@k of graded gains under the order of scores, both (n, m) -> (n,). k None: the whole list.

    Linear gains, log2 discount. Tied scores share the mean gain of their group, as scikit-learn's ndcg_score does,
    so that the order in which ties come cannot change the figure. All gains zero: 0. k beyond m: m.
    """
    score, gain = pair(scores, gains, "scores and gains")
    if gain.size and gain.min() < 0:
        raise CallError("gains must be zero or more; shift or clip them first")
    places = score.shape[1] if k is None else min(cutoff(k), score.shape[1])
    order = np.argsort(-score, axis=1, kind="stable")
    ranked, sorted_score = np.take_along_axis(gain, order, 1), np.take_along_axis(score, order, 1)
    dcg = _dcg(_mean_within_ties(ranked, sorted_score), places)
    best = _dcg(-np.sort(-gain, axis=1), places)
    result: Floats = np.divide(dcg, best, out=np.zeros_like(dcg), where=best > 0)
    return result


def _mean_within_ties(ranked: Floats, sorted_score: Floats) -> Floats:
    """Every gain replaced by the mean over the entries of equal score in its row, all (n, m)."""
    if not ranked.size:
        return ranked
    starts = np.ones(ranked.shape, dtype=bool)
    starts[:, 1:] = sorted_score[:, 1:] != sorted_score[:, :-1]
    group = np.cumsum(starts.ravel()) - 1  # (n * m,): a number for each run of ties, none of which crosses rows
    result: Floats = (np.bincount(group, ranked.ravel()) / np.bincount(group))[group].reshape(ranked.shape)
    return result


def _dcg(gains: Floats, k: int) -> Floats:
    head = gains[:, :k]
    return head @ _discounts(head.shape[1])


def _discounts(k: int) -> Floats:
    return 1.0 / np.log2(np.arange(2, k + 2))
