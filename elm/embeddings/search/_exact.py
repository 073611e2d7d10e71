"""Exact search: every product is computed, one block of the table at a time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from elm._errors import CallError

BLOCK = 4096
_NUMBERS = 2**20
"""Products of a block and the queries: they stay near the processor, where picking the best costs next to nothing."""


@runtime_checkable
class Index(Protocol):
    """Finds the rows of a table whose vectors have the largest products with given ones."""

    def search(self, requests: npt.ArrayLike, k: int) -> tuple[np.ndarray, np.ndarray]:
        """Vectors (n, dim) -> the k best rows (n, k) int64, best first, and their products (n, k) float32; -1 and
        -inf where fewer are found."""
        ...


class Best:
    """The k best products so far of each of n queries; ties go to the lower row."""

    def __init__(self, queries: int, k: int) -> None:
        self.products = np.full((queries, k), -np.inf, dtype=np.float32)
        self.rows = np.full((queries, k), -1, dtype=np.int64)

    def take(self, scores: np.ndarray, start: int) -> None:
        """Products (n, block) of the rows from `start` on; blocks come in order."""
        # Only queries of which some row beats the k-th place so far are looked at: soon there are few of them.
        for place in np.flatnonzero(scores.max(axis=1) > self.products[:, -1]):
            best, line = self.products[place], scores[place]
            mine = np.flatnonzero(line > best[-1])
            if len(mine) > 4 * len(best):  # the first blocks: what is not among their own best cannot stay
                edge = np.partition(line[mine], len(mine) - len(best))[len(mine) - len(best)]
                mine = mine[line[mine] >= edge]
            values = np.concatenate([best, line[mine]])
            ids = np.concatenate([self.rows[place], mine + start])
            order = np.lexsort((ids, -values))[: len(best)]
            self.products[place], self.rows[place] = values[order], ids[order]


class ExactIndex:
    """Every product is computed; one block of rows is in memory at a time beside the table itself.

    >>> ExactIndex([[1.0, 0.0], [0.0, 1.0], [0.7, 0.7]]).search([[1.0, 0.1]], 2)[0].tolist()
    [[0, 2]]
    """

    def __init__(self, vectors: npt.ArrayLike, block: int | None = None) -> None:
        """vectors: (rows, dim), or memory-mapped. block: rows of a block, by default as many as suit the processor.

        Raises `CallError` for another shape or a block below 1.
        """
        self.vectors = vectors if isinstance(vectors, np.ndarray) else np.asarray(vectors, dtype=np.float32)
        if self.vectors.ndim != 2 or not len(self.vectors) or (block is not None and block < 1):
            raise CallError(f"an index holds vectors (items, dim), got shape {self.vectors.shape} and block {block}")
        self.block = block

    def search(self, requests: npt.ArrayLike, k: int) -> tuple[np.ndarray, np.ndarray]:
        """See `Index`; ties go to the lower row."""
        queries = checked_queries(requests, self.vectors.shape[1], k)
        found = Best(len(queries), min(k, len(self.vectors)))
        block = self.block or max(BLOCK, _NUMBERS // len(queries))
        room = np.empty((len(queries), min(block, len(self.vectors))), dtype=np.float32)  # written over and over
        for start, rows in self._blocks(block):
            scores = room[:, : len(rows)]
            if len(queries) == 1 and rows.dtype == scores.dtype:
                np.matmul(rows, queries[0], out=scores[0])
            else:
                scores[...] = queries @ rows.T
            found.take(scores, start)
        return found.rows, found.products

    def _blocks(self, block: int) -> Iterator[tuple[int, np.ndarray]]:
        for start in range(0, len(self.vectors), block):
            yield start, self.vectors[start : start + block]


def checked_queries(requests: npt.ArrayLike, dim: int, k: int) -> np.ndarray:
    """The vectors of requests (n, dim) float32; `CallError` for another size, NaN, or a k below 1."""
    queries = np.atleast_2d(np.ascontiguousarray(requests, dtype=np.float32))
    if queries.ndim != 2 or queries.shape[1] != dim or not np.isfinite(queries).all():
        raise CallError(f"requests to an index are finite vectors of {dim} numbers, got shape {queries.shape}")
    if isinstance(k, bool) or not isinstance(k, int | np.integer) or k < 1:
        raise CallError(f"k must be a whole number of at least 1, got {k!r}")
    return queries
