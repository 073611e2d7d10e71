"""Exact and approximate search over vectors of items."""

from __future__ import annotations

import importlib.util

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from elm._errors import CallError
from elm.metrics import top_k
from elm.recommend import ExactIndex, FaissIndex, Index, index_recall


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
