"""Neighbours against brute force and scikit-learn; interpolation on the line and on the sphere."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.neighbors import NearestNeighbors

from elm._errors import CallError, VectorError
from elm.embeddings import EmbeddingSpace, VectorTable, centroid, interpolate, nearest

vectors = np.random.default_rng(0).normal(size=(300, 8)).astype(np.float32)
ids = [str(i) for i in range(300)]
spaces = {metric: EmbeddingSpace.fit("toy", vectors, metric, {}, "f") for metric in ("cosine", "dot")}  # type: ignore[arg-type]


@pytest.mark.parametrize("block", [7, 1024])
def test_cosine_neighbours_equal_scikit_learn(block: int) -> None:
    table = VectorTable(ids, vectors, spaces["cosine"])
    got, scores = nearest(table, vectors[:20] * 3, k=5, block=block)
    distance, want = NearestNeighbors(n_neighbors=5, metric="cosine").fit(vectors).kneighbors(vectors[:20])
    assert got == [[str(i) for i in row] for row in want]
    assert scores == pytest.approx(1 - distance, abs=1e-5)


def test_dot_neighbours_equal_brute_force() -> None:
    table = VectorTable(ids, vectors, spaces["dot"])
    got, scores = nearest(table, vectors[:20], k=300)
    product = vectors[:20] @ vectors.T
    assert got == [[str(i) for i in np.argsort(-row, kind="stable")] for row in product]
    assert scores == pytest.approx(-np.sort(-product, axis=1), abs=1e-5)


def test_excluded_ids_never_come_back() -> None:
    table = VectorTable(ids, vectors, spaces["cosine"]).subset(ids[:4])
    got, scores = nearest(table, vectors[:2], k=4, exclude=["0", ["1", "2", "3"]])
    assert "0" not in got[0]
    assert len(got[0]) == 3
    assert got[1] == ["0"]
    assert np.isneginf(scores[1, 1:]).all()


def test_ties_go_to_the_earlier_row() -> None:
    table = VectorTable(["a", "b", "c"], np.ones((3, 8)), spaces["dot"])
    assert nearest(table, np.ones(8), k=2)[0] == [["a", "b"]]


def test_neighbours_refuse_bad_calls() -> None:
    table = VectorTable(ids, vectors, spaces["dot"])
    with pytest.raises(CallError, match="between 1 and the table's 300 entries, got 301"):
        nearest(table, vectors[0], k=301)
    with pytest.raises(CallError, match="for each of the 2 vectors"):
        nearest(table, vectors[:2], k=1, exclude=["1"])
    with pytest.raises(VectorError, match="have 8 numbers, got 3"):
        nearest(table, np.zeros(3), k=1)


directions = arrays(np.float64, 4, elements=st.floats(-1, 1)).filter(lambda v: np.linalg.norm(v) > 0.1)
sphere = EmbeddingSpace.fit("s", np.eye(4), "cosine", {}, "f")


@given(directions, directions, st.floats(0, 1))
@settings(max_examples=100, deadline=None)
def test_the_great_circle_keeps_length_and_divides_the_angle(a: np.ndarray, b: np.ndarray, t: float) -> None:
    a, b = a / np.linalg.norm(a), b / np.linalg.norm(b)
    angle = np.arccos(np.clip(a @ b, -1, 1))
    if angle > 3.1:
        return
    middle = interpolate(a, b, t, sphere)
    assert np.linalg.norm(middle) == pytest.approx(1, abs=1e-5)
    assert np.arccos(np.clip(a @ middle, -1, 1)) == pytest.approx(t * angle, abs=2e-3)


@pytest.mark.parametrize("space", [None, spaces["dot"]])
def test_without_a_sphere_the_way_is_a_straight_line(space: EmbeddingSpace | None) -> None:
    a, b = vectors[0], vectors[1]
    assert interpolate(a, b, [0, 0.25, 1], space) == pytest.approx(np.stack([a, 0.75 * a + 0.25 * b, b]), abs=1e-6)
    assert interpolate(a, b, 0.5, space).shape == (8,)


def test_interpolation_refuses_bad_calls() -> None:
    with pytest.raises(VectorError, match="opposite"):
        interpolate([1.0, 0, 0, 0], [-1.0, 0, 0, 0], 0.5, sphere)
    with pytest.raises(VectorError, match="zero vector has no direction"):
        interpolate([1.0, 0, 0, 0], np.zeros(4), 0.5, sphere)
    with pytest.raises(VectorError, match="one size, got 2 and 3"):
        interpolate([1.0, 2.0], [1.0, 2.0, 3.0], 0.5)
    with pytest.raises(VectorError, match="finite"):
        interpolate([1.0, np.nan], [1.0, 2.0], 0.5)
    with pytest.raises(VectorError, match="have 4 numbers, got 2"):
        interpolate([1.0, 2.0], [1.0, 2.0], 0.5, sphere)
    with pytest.raises(CallError, match="t must be finite"):
        interpolate([1.0], [2.0], float("inf"))


def test_centroid_weights_and_the_sphere() -> None:
    assert centroid([[0.0, 0.0], [4.0, 8.0]], weights=[3, 1]).tolist() == [1.0, 2.0]
    assert centroid(np.eye(4)[:2], space=sphere) == pytest.approx(np.array([1, 1, 0, 0]) / np.sqrt(2))
    with pytest.raises(VectorError, match="cancel out"):
        centroid([[1.0, 0, 0, 0], [-1.0, 0, 0, 0]], space=sphere)
    with pytest.raises(VectorError, match="n at least 1"):
        centroid(np.zeros((0, 3)))
    with pytest.raises(CallError, match="none negative and not all zero"):
        centroid(np.eye(2), weights=[0, 0])
