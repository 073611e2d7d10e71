"""What each metric does at its edges: empty truth, ties, k beyond the list; and values that other libraries give."""

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats
from sklearn.metrics import ndcg_score
from sklearn.metrics.pairwise import cosine_similarity

from elm.metrics import (
    auc,
    bootstrap_interval,
    cosine,
    holm,
    ndcg,
    ndcg_graded,
    recall,
    spearman,
    top_k,
)

binary = arrays(np.int64, (3, 9), elements=st.integers(0, 1))


def test_empty_truth_scores_zero() -> None:
    nothing = [[0, 0, 0]]
    assert ndcg(nothing, k=2).tolist() == ndcg(nothing, k=2, ideal="all").tolist() == [0.0]
    assert ndcg_graded([[3.0, 2.0, 1.0]], nothing).tolist() == [0.0]
    assert recall(nothing, n_relevant=0, k=2).tolist() == [0.0]
    assert spearman([[1.0, 2.0, 3.0]], nothing).tolist() == [0.0]
    assert cosine([[0.0, 0.0]], [[1.0, 2.0]]).tolist() == [0.0]


def test_no_lists_and_lists_without_entries_give_no_scores_and_zero() -> None:
    for metric in (spearman, cosine, ndcg_graded):
        assert metric(np.zeros((0, 3)), np.zeros((0, 3))).shape == (0,)
        assert metric(np.zeros((2, 0)), np.zeros((2, 0))).tolist() == [0.0, 0.0]
    assert ndcg(np.zeros((0, 3)), k=2).shape == recall(np.zeros((0, 3)), 0, k=2).shape == (0,)
    assert top_k(np.zeros((0, 3)), 2).shape == (0, 2)


def test_k_beyond_the_list() -> None:
    scores, gains = np.array([[3.0, 1.0, 2.0]]), np.array([[1.0, 5.0, 0.0]])
    assert ndcg_graded(scores, gains, k=99) == pytest.approx(ndcg_graded(scores, gains))
    assert ndcg_graded(scores, gains, k=99) == pytest.approx([ndcg_score(gains, scores, k=99)])
    assert ndcg([[1, 0]], k=99)[0] == ndcg([[1, 0]], k=2)[0] == 1.0  # the one relevant item comes first
    assert ndcg([[0, 1]], k=99, n_relevant=2)[0] == pytest.approx((1 / np.log2(3)) / (1 + 1 / np.log2(3)))
    assert recall([[0, 1]], n_relevant=1, k=99).tolist() == [1.0]
    assert recall([[0, 1]], n_relevant=4, k=99).tolist() == [0.25]
    assert top_k(scores, 99).tolist() == [[0, 2, 1]]


@given(arrays(np.float64, (2, 6), elements=st.integers(0, 2).map(float)), st.randoms(use_true_random=False))
@settings(max_examples=40, deadline=None)
def test_the_order_in_which_ties_come_changes_nothing(scores: np.ndarray, random) -> None:
    gains = np.array([[3.0, 0.0, 1.0, 2.0, 0.0, 5.0], [1.0, 1.0, 0.0, 4.0, 2.0, 0.0]])
    order = list(range(6))
    random.shuffle(order)
    assert ndcg_graded(scores[:, order], gains[:, order], 4) == pytest.approx(ndcg_graded(scores, gains, 4))
    assert spearman(scores[:, order], gains[:, order]) == pytest.approx(spearman(scores, gains))
    labels = (gains > 1).astype(int)
    assert auc(scores[0][order], labels[0][order]) == pytest.approx(auc(scores[0], labels[0]))


def test_ties_share_what_they_hold() -> None:
    assert ndcg_graded([[1.0, 1.0]], [[1.0, 0.0]])[0] == pytest.approx((0.5 + 0.5 / np.log2(3)) / 1.0)
    assert auc([1.0, 1.0], [0, 1]) == 0.5
    assert spearman([[1.0, 1.0, 2.0]], [[1.0, 2.0, 3.0]])[0] == pytest.approx(np.sqrt(3) / 2)
    assert top_k([[5.0, 7.0, 7.0, 5.0]], 3).tolist() == [[1, 2, 0]]  # the lower index first


@given(binary, st.integers(1, 12))
@settings(max_examples=40, deadline=None)
def test_recall_and_ndcg_equal_their_definitions_on_sets(gains: np.ndarray, k: int) -> None:
    """Lists of items 0..8 in order; the relevant ones as a set, two of which no list holds."""
    for line, got_recall, got_ndcg in zip(
        gains, recall(gains, gains.sum(1) + 2, k), ndcg(gains, k, gains.sum(1) + 2), strict=True
    ):
        relevant = {item for item, gain in enumerate(line) if gain} | {"missed", "overlooked"}
        hits = [item for item in range(len(line))[:k] if item in relevant]
        assert got_recall == pytest.approx(len(hits) / min(k, len(relevant)))
        best = sum(1 / np.log2(place + 2) for place in range(min(k, len(relevant))))
        assert got_ndcg == pytest.approx(sum(1 / np.log2(item + 2) for item in hits) / best)


@given(arrays(np.float64, (3, 5), elements=st.floats(-9, 9)), arrays(np.float64, (3, 5), elements=st.floats(-9, 9)))
@settings(max_examples=40, deadline=None)
def test_cosine_equals_scikit_learn(a: np.ndarray, b: np.ndarray) -> None:
    a, b = a.round(3), b.round(3)
    assert cosine(a, b) == pytest.approx(np.diag(cosine_similarity(a, b)), abs=1e-9)


def test_holm_gives_the_values_of_statsmodels() -> None:
    p = [0.0011, 0.021, 0.0004, 0.3, 0.021, 0.77, 0.0049]
    want = [0.0066, 0.084, 0.0028, 0.6, 0.084, 0.77, 0.0245]  # multipletests(p, method="holm")[1]
    assert holm(p) == pytest.approx(want, abs=1e-12)


def test_the_bootstrap_interval_is_near_scipys() -> None:
    values = np.random.default_rng(0).gamma(2.0, size=80)
    ours = bootstrap_interval(values, seed=1, resamples=9000)
    theirs = stats.bootstrap((values,), np.mean, method="percentile", n_resamples=9000, rng=2).confidence_interval
    assert ours == pytest.approx((theirs.low, theirs.high), abs=0.02)


def test_an_empty_list_of_excluded_entries_excludes_nothing() -> None:
    assert top_k([[1.0, 2.0]], 2, sp.csr_matrix((1, 2))).tolist() == [[1, 0]]
