"""Approximate indexes by faiss (extra `index`): cells, compressed cells, and a graph."""

from __future__ import annotations

from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt

from elm._errors import CallError
from elm.embeddings.search._exact import checked_queries

Kind = Literal["ivf-sq8", "ivf-pq", "hnsw"]
_LINKS = 32  # of a node of the graph
_SPARE = 10  # times as many candidates of compressed vectors
_CHUNK = 2**18  # rows that are added at a time


class FaissIndex:
    """An approximate index by faiss (extra `index`); `measured_recall` says what it misses before it is used.

    kind: "ivf-sq8", items in cells of which a few are searched, 8 bits a number; "ivf-pq", the same with a byte for
    every two to four numbers, for tables beyond memory: ten times as many are found as asked, and their exact products
    decide, read from the table where it lies; "hnsw", a graph, which is quick and keeps the whole table.
    """

    def __init__(
        self,
        vectors: npt.ArrayLike,
        cells: int | None = None,
        probes: int = 32,
        seed: int = 0,
        kind: Kind = "ivf-sq8",
    ) -> None:
        """vectors: (items, dim), or memory-mapped: it is read in pieces. cells: by default about 4 times the root of
        the number of items. probes: cells that are searched for a request, or of a graph the nodes that are kept in
        view. Raises `CallError` where faiss is not installed, for another kind or shape.
        """
        try:
            import faiss
        except ImportError as error:
            raise CallError("an approximate index needs faiss: pip install 'elm-toolkit[index]'") from error
        table = vectors if isinstance(vectors, np.ndarray) else np.asarray(vectors, dtype=np.float32)
        if table.ndim != 2 or not len(table) or probes < 1:
            raise CallError(f"an index holds vectors (items, dim), got shape {table.shape} and probes {probes}")
        if kind not in get_args(Kind):
            raise CallError(f"kind must be one of {', '.join(map(repr, get_args(Kind)))}, got {kind!r}")
        self.size, self.dim = table.shape
        self.kind = kind
        self._table = table if kind == "ivf-pq" else None
        if kind == "hnsw":
            self._index: Any = faiss.IndexHNSWFlat(self.dim, _LINKS, faiss.METRIC_INNER_PRODUCT)
            self._index.hnsw.efConstruction = 4 * _LINKS
        else:
            self._index = self._cells(faiss, table, cells, seed)
        for start in range(0, len(table), _CHUNK):
            self._index.add(np.ascontiguousarray(table[start : start + _CHUNK], dtype=np.float32))
        self.probes = probes

    def _cells(self, faiss: Any, table: np.ndarray, cells: int | None, seed: int) -> Any:
        count = min(len(table), cells or max(1, int(4 * len(table) ** 0.5)))
        coarse = faiss.IndexFlatIP(self.dim)
        # Of as many bytes as quarter the vectors, or halve them where they cannot be parted by four.
        parts = next((self.dim // each for each in (4, 2) if self.dim % each == 0), self.dim)
        if self.kind == "ivf-pq" and len(table) >= 256:  # a byte tells 256 kinds of a part, each drawn from the data
            index = faiss.IndexIVFPQ(coarse, self.dim, count, parts, 8, faiss.METRIC_INNER_PRODUCT)
            index.pq.cp.min_points_per_centroid = 1
        else:
            form = faiss.ScalarQuantizer.QT_8bit
            index = faiss.IndexIVFScalarQuantizer(coarse, self.dim, count, form, faiss.METRIC_INNER_PRODUCT)
        index.cp.seed, index.cp.min_points_per_centroid = seed, 1  # a small table is no cause for a warning
        drawn = np.random.default_rng(seed).permutation(len(table))[: max(40 * count, 10_000)]
        index.train(np.ascontiguousarray(table[np.sort(drawn)], dtype=np.float32))
        return index

    @property
    def probes(self) -> int:
        """Cells that are searched for a request, or nodes in view; can be set anew."""
        return int(self._index.hnsw.efSearch if self.kind == "hnsw" else self._index.nprobe)

    @probes.setter
    def probes(self, count: int) -> None:
        if self.kind == "hnsw":
            self._index.hnsw.efSearch = count
        else:
            self._index.nprobe = min(count, self._index.nlist)

    def search(self, requests: npt.ArrayLike, k: int) -> tuple[np.ndarray, np.ndarray]:
        """See `Index`."""
        queries = checked_queries(requests, self.dim, k)
        spare = 1 if self._table is None else _SPARE
        products, rows = self._index.search(queries, min(k * spare, self.size))
        if self._table is not None:
            rows, products = _best_by_product(self._table, queries, rows, min(k, self.size))
        return rows.astype(np.int64), np.where(rows < 0, -np.inf, products).astype(np.float32)


def _best_by_product(table: np.ndarray, queries: np.ndarray, rows: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Of candidate rows (n, m), -1 for none, the k with the largest products, best first."""
    products = np.stack([table[np.maximum(mine, 0)] @ query for mine, query in zip(rows, queries, strict=True)])
    products = np.where(rows < 0, -np.inf, products)
    order = np.lexsort((rows, -products), axis=1)[:, :k]
    return np.take_along_axis(rows, order, 1), np.take_along_axis(products, order, 1)
