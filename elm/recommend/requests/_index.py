"""The k best items of many vectors for requests: exactly, block by block, or nearly, by an approximate index."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from elm._errors import CallError
from elm.metrics import top_k

_BLOCK = 4096


@runtime_checkable
class Index(Protocol):
    """Finds the items whose vectors have the largest products with those of requests."""

    def search(self, requests: npt.ArrayLike, k: int) -> tuple[np.ndarray, np.ndarray]:
        """Vectors of requests (n, dim) -> rows of the k best items (n, k) int64, best first, and their products (n, k)
        float32; -1 and -inf where fewer are found."""
        ...


class ExactIndex:
    """Every product is computed; one block of items is in memory at a time beside the table itself.

    >>> ExactIndex([[1.0, 0.0], [0.0, 1.0], [0.7, 0.7]]).search([[1.0, 0.1]], 2)[0].tolist()
    [[0, 2]]
    """

    def __init__(self, vectors: npt.ArrayLike, block: int = _BLOCK) -> None:
        """vectors: (items, dim), or memory-mapped. Raises `CallError` for another shape or a block below 1."""
        self.vectors = vectors if isinstance(vectors, np.ndarray) else np.asarray(vectors, dtype=np.float32)
        if self.vectors.ndim != 2 or not len(self.vectors) or block < 1:
            raise CallError(f"an index holds vectors (items, dim), got shape {self.vectors.shape} and block {block}")
        self.block = block

    def search(self, requests: npt.ArrayLike, k: int) -> tuple[np.ndarray, np.ndarray]:
        """See `Index`; ties go to the lower row."""
        queries = checked_queries(requests, self.vectors.shape[1], k)
        k = min(k, len(self.vectors))
        if len(queries) == 1:  # one product over the whole table is as fast as memory
            scores = (self.vectors @ queries[0])[None]
            rows = top_k(scores, k)
            return rows, np.take_along_axis(scores, rows, 1)
        best = np.full((len(queries), k), -np.inf, dtype=np.float32)
        rows = np.full((len(queries), k), -1, dtype=np.int64)
        room = np.empty((len(queries), min(self.block, len(self.vectors))), dtype=np.float32)  # written over and over
        for start, block in self._blocks():
            scores = np.matmul(queries, block.T, out=room) if len(block) == room.shape[1] else queries @ block.T
            # Only requests of which some item beats the k-th place so far are looked at: soon there are few of them.
            for place in np.flatnonzero(scores.max(axis=1) > best[:, -1]):
                self._take(best[place], rows[place], scores[place], start)
        return rows, best

    def _blocks(self) -> Iterator[tuple[int, np.ndarray]]:
        for start in range(0, len(self.vectors), self.block):
            yield start, self.vectors[start : start + self.block]

    @staticmethod
    def _take(best: np.ndarray, rows: np.ndarray, scores: np.ndarray, start: int) -> None:
        """Take what beats a list's last place, of one request and block, into the list, in place."""
        mine = np.flatnonzero(scores > best[-1])
        values = np.concatenate([best, scores[mine]])
        ids = np.concatenate([rows, mine + start])
        order = np.lexsort((ids, -values))[: len(best)]
        best[:], rows[:] = values[order], ids[order]


class FaissIndex:
    """An approximate index by faiss (extra `index`): items in cells, of which a few are searched, 8 bits a number."""

    def __init__(self, vectors: npt.ArrayLike, cells: int | None = None, probes: int = 32, seed: int = 0) -> None:
        """vectors: (items, dim). cells: by default about 4 times the root of the number of items. probes: cells that
        are searched for a request. Raises `CallError` where faiss is not installed or the shape is another.
        """
        try:
            import faiss
        except ImportError as error:
            raise CallError("an approximate index needs faiss: pip install 'elm-toolkit[index]'") from error
        table = np.ascontiguousarray(vectors, dtype=np.float32)
        if table.ndim != 2 or not len(table) or probes < 1:
            raise CallError(f"an index holds vectors (items, dim), got shape {table.shape} and probes {probes}")
        count = min(len(table), cells or max(1, int(4 * len(table) ** 0.5)))
        self.dim, self.size = table.shape[1], len(table)
        coarse = faiss.IndexFlatIP(self.dim)
        self._index = faiss.IndexIVFScalarQuantizer(
            coarse, self.dim, count, faiss.ScalarQuantizer.QT_8bit, faiss.METRIC_INNER_PRODUCT
        )
        self._index.cp.seed = seed
        drawn = np.random.default_rng(seed).permutation(len(table))[: max(40 * count, 1)]
        self._index.train(table[np.sort(drawn)])
        self._index.add(table)
        self.probes = probes

    @property
    def probes(self) -> int:
        """Cells that are searched for a request; can be set anew."""
        return int(self._index.nprobe)

    @probes.setter
    def probes(self, count: int) -> None:
        self._index.nprobe = min(count, self._index.nlist)

    def search(self, requests: npt.ArrayLike, k: int) -> tuple[np.ndarray, np.ndarray]:
        """See `Index`."""
        queries = checked_queries(requests, self.dim, k)
        products, rows = self._index.search(queries, min(k, self.size))
        return rows.astype(np.int64), np.where(rows < 0, -np.inf, products).astype(np.float32)


def index_recall(exact: np.ndarray, found: np.ndarray) -> float:
    """The share of the exact k best that an index found: rows (n, k) of both -> a number in [0, 1].

    >>> index_recall(np.array([[1, 2]]), np.array([[2, 9]]))
    0.5
    """
    hits = [len(set(one) & set(other)) for one, other in zip(exact.tolist(), found.tolist(), strict=True)]
    return float(np.sum(hits) / exact.size)


def checked_queries(requests: npt.ArrayLike, dim: int, k: int) -> np.ndarray:
    """The vectors of requests (n, dim) float32; `CallError` for another size, NaN, or a k below 1."""
    queries = np.atleast_2d(np.ascontiguousarray(requests, dtype=np.float32))
    if queries.ndim != 2 or queries.shape[1] != dim or not np.isfinite(queries).all():
        raise CallError(f"requests to an index are finite vectors of {dim} numbers, got shape {queries.shape}")
    if isinstance(k, bool) or not isinstance(k, int | np.integer) or k < 1:
        raise CallError(f"k must be a whole number of at least 1, got {k!r}")
    return queries
