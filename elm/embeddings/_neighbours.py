"""Nearest neighbours in a table: exact, or by an index."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from elm._errors import CallError
from elm._typing import Array
from elm.embeddings._encoder import unit
from elm.embeddings._table import VectorTable
from elm.embeddings.search._exact import ExactIndex, Index


def nearest(
    table: VectorTable,
    vectors: npt.ArrayLike,
    k: int,
    exclude: Sequence[str | Sequence[str]] | None = None,
    block: int = 1024,
    index: Index | None = None,
) -> tuple[list[list[str]], Array]:
    """The k entries of `table` nearest to each of `vectors`, (dim,) or (n, dim), by the space's metric, best first.

    exclude: for each vector an id, or several, that must not be returned (an item is its own nearest neighbour).
    Ties go to the earlier row of the table. Where fewer than k entries remain, the list is shorter and its scores are
    filled up with -inf. Computed in blocks of `block` vectors. index: of the table's vectors, in a cosine space of
    `unit(table.vectors)`; by default every product is computed.

    Returns ids (n lists) and scores (n, k): cosine, or dot product.
    """
    if not 1 <= k <= len(table):
        raise CallError(f"k must be between 1 and the table's {len(table)} entries, got {k}")
    queries = table.space.check(vectors, warn_far=False)  # users may look for items
    if exclude is not None and (isinstance(exclude, str) or len(exclude) != len(queries)):
        raise CallError(f"exclude must hold one id or list of ids for each of the {len(queries)} vectors")
    cosine = table.space.metric == "cosine"
    queries = unit(queries) if cosine else queries
    if index is None:
        index = ExactIndex(unit(table.vectors) if cosine else table.vectors)
    ids: list[list[str]] = []
    best = np.full((len(queries), k), -np.inf, dtype=np.float32)
    for start in range(0, len(queries), block):
        part = queries[start : start + block]
        without = exclude[start : start + block] if exclude is not None else [()] * len(part)
        gone = [table.row_numbers([out] if isinstance(out, str) else out) for out in without]
        found, scores = index.search(part, min(k + max(map(len, gone)), len(table)))
        for row, (rows, line, out) in enumerate(zip(found, scores, gone, strict=True), start=start):
            kept = np.flatnonzero((rows >= 0) & ~np.isin(rows, out))[:k]
            best[row, : len(kept)] = line[kept]
            ids.append([table.ids[i] for i in rows[kept]])
    return ids, best
