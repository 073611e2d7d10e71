"""Exact and approximate search over vectors of items."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from elm._errors import CallError
from elm.embeddings import (
    ExactIndex,
    FaissIndex,
    Index,
    LanceIndex,
    VectorTable,
    index_recall,
    measured_recall,
    nearest,
    tuned,
    unit,
)
from elm.metrics import top_k

needs_faiss = pytest.mark.skipif(importlib.util.find_spec("faiss") is None, reason="the extra index is not installed")


def clustered(seed: int = 0, rows: int = 2000, dim: int = 16) -> np.ndarray:
    rng = np.random.default_rng(seed)
    centres = rng.standard_normal((50, dim))
    return (centres[rng.integers(50, size=rows)] + 0.3 * rng.standard_normal((rows, dim))).astype(np.float32)


@given(st.integers(1, 40), st.integers(1, 6), st.integers(1, 9), st.integers(1, 12), st.integers(0, 5))
@settings(max_examples=40, deadline=None)
def test_blocks_find_what_one_product_finds(items: int, requests: int, block: int, k: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    vectors, queries = (rng.integers(-2, 3, (n, 3)).astype(np.float32) for n in (items, requests))
    rows, products = ExactIndex(vectors, block).search(queries, k)
    scores = queries @ vectors.T
    assert np.array_equal(rows, top_k(scores, k)), "ties go to the lower row"
    assert np.array_equal(products, np.take_along_axis(scores, rows, 1))


def test_a_table_on_disk_is_searched_without_being_read_whole(tmp_path) -> None:
    vectors = np.random.default_rng(0).standard_normal((50, 4)).astype(np.float32)
    np.save(tmp_path / "v.npy", vectors)
    mapped = np.load(tmp_path / "v.npy", mmap_mode="r")
    assert np.array_equal(
        ExactIndex(mapped, 7).search(vectors[:3], 5)[0], ExactIndex(vectors).search(vectors[:3], 5)[0]
    )
    assert isinstance(ExactIndex(vectors), Index)


@pytest.mark.skipif(importlib.util.find_spec("faiss") is None, reason="faiss is not installed (extra index)")
def test_the_approximate_index_finds_nearly_all_with_all_cells_probed() -> None:
    rng = np.random.default_rng(0)
    vectors = rng.standard_normal((2000, 16)).astype(np.float32)
    exact = ExactIndex(vectors).search(vectors[:20], 10)[0]
    assert index_recall(exact, FaissIndex(vectors, cells=16, probes=16).search(vectors[:20], 10)[0]) > 0.9


@pytest.mark.skipif(importlib.util.find_spec("faiss") is not None, reason="faiss is installed here")
def test_without_faiss_the_approximate_index_says_what_to_install() -> None:
    with pytest.raises(CallError, match=r"elm-toolkit\[index\]"):
        FaissIndex(np.eye(3))


@needs_faiss
@pytest.mark.parametrize("kind", ["ivf-sq8", "ivf-pq", "hnsw"])
def test_an_index_is_set_to_a_recall_that_exact_search_confirms(kind: str) -> None:
    vectors = clustered()
    index = FaissIndex(vectors, cells=32, kind=kind)
    reached = tuned(index, vectors, vectors[:100], k=10, recall=0.8)
    assert reached >= 0.8
    assert measured_recall(index, vectors, vectors[:100], k=10) == pytest.approx(reached, abs=0.02)
    assert isinstance(index, Index)


@needs_faiss
def test_a_recall_that_no_number_of_probes_reaches_is_told() -> None:
    rng = np.random.default_rng(0)
    vectors = rng.standard_normal((5000, 32)).astype(np.float32)
    index = FaissIndex(vectors, cells=8, kind="ivf-pq")
    with pytest.raises(CallError, match=r"recall 1\.0 is not reached .*'ivf-pq': with 8 probes it is 0\."):
        tuned(index, vectors, vectors[:50], k=10, recall=1.0)
    with pytest.raises(CallError, match="kind must be"):
        FaissIndex(vectors, kind="lsh")
    with pytest.raises(CallError, match="recall is a share"):
        tuned(index, vectors, vectors[:50], recall=0)


class Counted(ExactIndex):
    """An index that counts its searches."""

    searches = 0

    def search(self, requests: object, k: int) -> tuple[np.ndarray, np.ndarray]:
        self.searches += 1
        return super().search(requests, k)


def test_neighbours_are_found_through_an_index() -> None:
    table = VectorTable([f"v{i}" for i in range(60)], clustered(rows=60))
    index = Counted(unit(table.vectors))
    exclude = [[name, "v3"] for name in table.ids]
    plain, scores = nearest(table, table.vectors, 5, exclude=exclude)
    ids, found = nearest(table, table.vectors, 5, exclude=exclude, block=25, index=index)
    assert ids == plain
    np.testing.assert_allclose(found, scores, atol=1e-6)
    assert index.searches == 3
    assert not any(name in out for name, out in zip(table.ids, ids, strict=True))


def test_a_lance_table_is_searched_in_place(tmp_path: Path) -> None:
    lancedb = pytest.importorskip("lancedb", reason="lancedb is not installed")
    vectors = clustered(rows=9000, dim=8)
    rows = [{"id": str(i), "vector": row.tolist()} for i, row in enumerate(vectors)]
    lancedb.connect(str(tmp_path)).create_table("films", rows)
    index = LanceIndex(tmp_path / "films.lance")
    assert np.array_equal(index.search(vectors[:4], 7)[0], ExactIndex(vectors).search(vectors[:4], 7)[0])
    with pytest.raises(CallError, match="needs a column 'emb'"):
        LanceIndex(tmp_path / "films.lance", "emb")


@pytest.mark.skipif(importlib.util.find_spec("lancedb") is not None, reason="lancedb is installed here")
def test_without_lancedb_its_index_says_what_to_install(tmp_path: Path) -> None:
    with pytest.raises(CallError, match="pip install lancedb"):
        LanceIndex(tmp_path / "films.lance")


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda: ExactIndex(np.zeros((0, 3))), "holds vectors"),
        (lambda: ExactIndex([1.0, 2.0]), "holds vectors"),
        (lambda: ExactIndex(np.eye(3)).search([[1.0, 2.0]], 1), "vectors of 3 numbers"),
        (lambda: ExactIndex(np.eye(3)).search([[1.0, np.nan, 0.0]], 1), "finite"),
        (lambda: ExactIndex(np.eye(3)).search(np.eye(3), 0), "k must be"),
    ],
)
def test_wrong_calls_say_what_must_hold(call, told: str) -> None:
    with pytest.raises(CallError, match=told):
        call()
