"""What an approximate index misses, measured against exact search before it is used."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from elm._errors import CallError
from elm.embeddings.search._exact import ExactIndex, Index
from elm.embeddings.search._faiss import FaissIndex

_ASKED = 200  # queries that recall is measured on


def index_recall(exact: np.ndarray, found: np.ndarray) -> float:
    """The share of the exact k best that an index found: rows (n, k) of both -> a number in [0, 1].

    >>> index_recall(np.array([[1, 2]]), np.array([[2, 9]]))
    0.5
    """
    hits = [len(set(one) & set(other)) for one, other in zip(exact.tolist(), found.tolist(), strict=True)]
    return float(np.sum(hits) / exact.size)


def measured_recall(index: Index, vectors: npt.ArrayLike, queries: npt.ArrayLike, k: int = 20) -> float:
    """Recall of an index of `vectors` (items, dim) on queries (n, dim), against exact search over all of them."""
    return index_recall(ExactIndex(vectors).search(queries, k)[0], index.search(queries, k)[0])


def tuned(
    index: FaissIndex, vectors: npt.ArrayLike, queries: npt.ArrayLike, k: int = 20, recall: float = 0.95, seed: int = 0
) -> float:
    """Set the fewest probes, doubled from 1, by which an index reaches a recall on at most 200 of the queries.

    Returns the recall reached. Raises `CallError` where no number of probes reaches it (of "ivf-pq" a rougher code
    than the data needs): the message says what was reached.
    """
    if not 0 < recall <= 1:
        raise CallError(f"recall is a share above 0 and up to 1, got {recall}")
    rows = np.atleast_2d(np.asarray(queries, dtype=np.float32))
    asked = rows[np.sort(np.random.default_rng(seed).permutation(len(rows))[:_ASKED])]
    truth = ExactIndex(vectors).search(asked, k)[0]
    probes, reached = 1, -1.0
    while True:
        index.probes = probes
        reached = index_recall(truth, index.search(asked, k)[0])
        if reached >= recall:
            return reached
        if index.probes < probes or probes >= index.size:
            raise CallError(
                f"recall {recall} is not reached by an index of kind {index.kind!r}: with {index.probes} probes it is "
                f"{reached:.3f}; take another kind, or search exactly"
            )
        probes *= 2
