"""Ranking metrics: hand-counted cases, parity with scikit-learn, and properties."""

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.metrics import ndcg_score, roc_auc_score

from elm import _errors
from elm.metrics import auc, ndcg, ndcg_graded, recall, top_k

binary = arrays(np.int64, st.tuples(st.integers(1, 5), st.integers(2, 12)), elements=st.integers(0, 1))
grades = arrays(np.float64, (4, 9), elements=st.integers(0, 5).map(float))


def test_ndcg_by_hand() -> None:
    got = ndcg([[1, 0, 1], [0, 0, 0], [1, 1, 0]], k=3)
    assert got == pytest.approx([1.5 / (1 + 1 / np.log2(3)), 0.0, 1.0])


def test_ndcg_ideal_counts_relevant_items_outside_the_list_up_to_k() -> None:
    assert ndcg([[1, 0]], k=2, n_relevant=10)[0] == pytest.approx(1 / (1 + 1 / np.log2(3)))
    assert ndcg([[1, 0]], k=1, n_relevant=10)[0] == pytest.approx(1.0)


def test_ndcg_all_counts_every_place_as_relevant() -> None:
    assert ndcg([[1, 1, 1], [1, 0, 0]], k=3, ideal="all") == pytest.approx([1.0, 1 / (1 + 1 / np.log2(3) + 0.5)])


def test_a_list_shorter_than_k_misses_the_other_places() -> None:
    assert ndcg([[1]], k=2, n_relevant=2)[0] == pytest.approx(1 / (1 + 1 / np.log2(3)))
    assert ndcg([[1]], k=2, ideal="all")[0] == pytest.approx(1 / (1 + 1 / np.log2(3)))
    assert recall([[1]], n_relevant=2, k=2)[0] == 0.5


@given(binary, st.integers(1, 14))
@settings(max_examples=50, deadline=None)
def test_ndcg_and_recall_lie_between_0_and_1_and_a_sorted_list_is_best(gains: np.ndarray, k: int) -> None:
    got, best = ndcg(gains, k), ndcg(-np.sort(-gains, axis=1), k)
    assert ((got >= 0) & (got <= best + 1e-12)).all()
    assert best == pytest.approx((gains.sum(1) > 0).astype(float))
    hits = recall(gains, gains.sum(1), k)
    assert ((hits >= 0) & (hits <= 1)).all()


@given(binary, st.integers(1, 12))
@settings(max_examples=50, deadline=None)
def test_ndcg_of_ranked_gains_equals_scikit_learn(gains: np.ndarray, k: int) -> None:
    scores = np.tile(-np.arange(gains.shape[1], dtype=float), (len(gains), 1))
    want = [ndcg_score(g[None], s[None], k=k) for g, s in zip(gains, scores, strict=True)]
    assert ndcg(gains, k) == pytest.approx(want, abs=1e-9)


@given(grades, grades, st.none() | st.integers(1, 9))
@settings(max_examples=80, deadline=None)
def test_graded_ndcg_with_ties_equals_scikit_learn(scores: np.ndarray, gains: np.ndarray, k: int | None) -> None:
    want = [ndcg_score(g[None], s[None], k=k) for g, s in zip(gains, scores, strict=True)]
    assert ndcg_graded(scores, gains, k) == pytest.approx(want, abs=1e-9)


def test_graded_gains_in_ranked_order_agree_with_scores() -> None:
    gains = np.array([[3.0, 0.0, 2.0, 1.0]])
    assert ndcg(gains, 3) == pytest.approx(ndcg_graded(-np.arange(4.0)[None], gains, 3))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: ndcg([1, 0], k=1), "two dimensions"),
        (lambda: ndcg([[1, np.nan]], k=1), "finite"),
        (lambda: ndcg([[1, 0]], k=0), "k must be at least 1, got 0"),
        (lambda: ndcg([[-1.0, 0]], k=1), "gains must be zero or more"),
        (lambda: ndcg([[1, 1]], k=1, n_relevant=1), "n_relevant is less"),
        (lambda: ndcg([[2.0, 1.0]], k=1, n_relevant=3), "n_relevant goes with gains of 0 and 1"),
        (lambda: ndcg([[2.0, 1.0]], k=1, ideal="all"), "gains of 0 and 1"),
        (lambda: ndcg([[1, 0]], k=1, ideal="best"), "'relevant' or 'all', got 'best'"),  # type: ignore[arg-type]
        (lambda: ndcg_graded([[1.0, 2.0]], [[1.0]]), "one shape"),
        (lambda: recall([[0.5]], 1, 1), "gains of 0 and 1"),
        (lambda: top_k([[np.nan]], 1), "NaN"),
        (lambda: top_k([[1.0, 2.0]], 1, sp.csr_matrix((1, 3))), "shape of scores"),
        (lambda: auc([1.0, 2.0], [1, 1]), "both classes, got 2 positives and 0 negatives"),
        (lambda: auc([1.0, 2.0], [1, 3]), "0 or 1"),
        (lambda: auc([1.0], [1, 0]), "one length"),
    ],
)
def test_bad_input_says_what_is_wrong(call, message: str) -> None:
    with pytest.raises(_errors.CallError, match=message):
        call()


@given(arrays(np.float64, (3, 8), elements=st.integers(-3, 3).map(float)), st.integers(1, 10))
@settings(max_examples=60, deadline=None)
def test_top_k_is_a_stable_sort(scores: np.ndarray, k: int) -> None:
    want = np.argsort(-scores, axis=1, kind="stable")[:, :k]
    assert (top_k(scores, k) == want).all()
    assert (top_k(scores, k, exclude=sp.csr_matrix(scores.shape)) == want).all()


def test_top_k_never_returns_the_excluded_and_pads_with_minus_one() -> None:
    seen = sp.csr_matrix(np.array([[1, 0, 1], [1, 1, 1]]))
    assert top_k([[3.0, 1.0, 2.0], [1.0, 2.0, 3.0]], 2, seen).tolist() == [[1, -1], [-1, -1]]


def test_top_k_keeps_scores_of_minus_infinity_before_the_excluded() -> None:
    assert top_k([[-np.inf, 1.0, -np.inf]], 3, sp.csr_matrix([[1, 0, 0]])).tolist() == [[1, 2, -1]]


def test_an_explicit_zero_in_exclude_excludes_too() -> None:
    zero = sp.csr_matrix((np.zeros(1), ([0], [1])), shape=(1, 2))
    assert top_k([[1.0, 2.0]], 1, zero).tolist() == [[0]]


@given(arrays(np.float64, 20, elements=st.integers(0, 6).map(float)), arrays(np.int64, 20, elements=st.integers(0, 1)))
@settings(max_examples=60, deadline=None)
def test_auc_equals_scikit_learn(scores: np.ndarray, labels: np.ndarray) -> None:
    labels[:2] = [0, 1]
    assert auc(scores, labels) == pytest.approx(roc_auc_score(labels, scores), abs=1e-9)
