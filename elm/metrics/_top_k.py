"""The k best columns of a matrix of scores."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from elm._errors import CallError
from elm._typing import Integers
from elm.metrics._check import cutoff


def top_k(scores: npt.ArrayLike, k: int, exclude: sp.csr_matrix | sp.csr_array | None = None) -> Integers:
    """Indices (n, k) of the k highest scores of each row of (n, m), best first; ties go to the lower index.

    exclude: sparse (n, m), its stored entries are never returned (items already seen). Where fewer than k columns
    remain, the row is filled up with -1. k beyond m gives m columns. Scores must not be NaN; -inf ranks last.

    >>> top_k([[0.1, 0.9, 0.9]], 2).tolist()
    [[1, 2]]
    """
    array = np.asarray(scores)
    if not np.issubdtype(array.dtype, np.floating):
        array = array.astype(np.float64)
    if array.ndim != 2:
        raise CallError(f"scores must have two dimensions (lists, items), got shape {array.shape}")
    if np.isnan(array).any():
        raise CallError("scores must not be NaN")
    k = min(cutoff(k), array.shape[1])
    if exclude is None:
        return _head(array, k)
    if exclude.shape != array.shape:
        raise CallError(f"exclude must have the shape of scores, {array.shape}, got {exclude.shape}")
    pairs, gone = exclude.tocoo(), np.zeros(array.shape, dtype=bool)
    gone[pairs.row, pairs.col] = True
    array = np.where(gone, -np.inf, array)
    best = np.lexsort((gone, -array), axis=1)[:, :k]  # the excluded go behind real scores of -inf too
    return np.where(np.take_along_axis(gone, best, 1), -1, best)


def _head(array: npt.NDArray[np.floating], k: int) -> Integers:
    """The first k of a stable descending sort, without sorting whole rows: all above the k-th score, then ties."""
    if k == array.shape[1]:
        return np.argsort(-array, axis=1, kind="stable")
    edge = np.partition(array, array.shape[1] - k, axis=1)[:, array.shape[1] - k]
    out = np.empty((len(array), k), dtype=np.int64)
    for row, line in enumerate(array):
        among = np.flatnonzero(line >= edge[row])
        out[row] = among[np.argsort(-line[among], kind="stable")[:k]]
    return out
