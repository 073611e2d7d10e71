"""Exact nearest neighbours in a table."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from elm._errors import CallError
from elm._typing import Array, Integers
from elm.embeddings._encoder import unit
from elm.embeddings._table import VectorTable


def nearest(
    table: VectorTable,
    vectors: npt.ArrayLike,
    k: int,
    exclude: Sequence[str | Sequence[str]] | None = None,
    block: int = 1024,
) -> tuple[list[list[str]], Array]:
    """The k entries of `table` nearest to each of `vectors`, (dim,) or (n, dim), by the space's metric, best first.

    exclude: for each vector an id, or several, that must not be returned (an item is its own nearest neighbour).
    Ties go to the earlier row of the table. Where fewer than k entries remain, the list is shorter and its scores are
    filled up with -inf. Computed in blocks of `block` vectors.

    Returns ids (n lists) and scores (n, k): cosine, or dot product.
    """
    if not 1 <= k <= len(table):
        raise CallError(f"k must be between 1 and the table's {len(table)} entries, got {k}")
    queries = table.space.check(vectors, warn_far=False)  # users may look for items
    if exclude is not None and (isinstance(exclude, str) or len(exclude) != len(queries)):
        raise CallError(f"exclude must hold one id or list of ids for each of the {len(queries)} vectors")
    base = table.vectors
    if table.space.metric == "cosine":
        base, queries = unit(base), unit(queries)
    ids: list[list[str]] = []
    best = np.empty((len(queries), k), dtype=np.float32)
    for start in range(0, len(queries), block):
        scores = queries[start : start + block] @ base.T
        for row, out in enumerate(exclude[start : start + block] if exclude is not None else ()):
            scores[row, table.row_numbers([out] if isinstance(out, str) else out)] = -np.inf
        for row, line in enumerate(scores, start=start):
            top = _top(line, k)
            best[row] = line[top]
            ids.append([table.ids[i] for i in top if line[i] > -np.inf])
    return ids, best


def _top(scores: Array, k: int) -> Integers:
    """Indices of the k largest, best first, ties by index."""
    if k < len(scores):
        edge = np.partition(scores, len(scores) - k)[len(scores) - k]
        among = np.flatnonzero(scores >= edge)
    else:
        among = np.arange(len(scores))
    return among[np.argsort(-scores[among], kind="stable")[:k]]
