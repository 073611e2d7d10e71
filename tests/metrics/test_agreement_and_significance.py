"""Row-wise agreement, the place between control and ceiling, and tests of significance: parity with scipy."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from elm._errors import CallError
from elm.metrics import PairedTest, bootstrap_interval, cosine, holm, paired_test, rank_between, spearman

rows = arrays(np.float64, (3, 7), elements=st.integers(-4, 4).map(float))


@given(rows, rows)
@settings(max_examples=80, deadline=None)
def test_spearman_equals_scipy_and_is_0_for_constant_rows(a: np.ndarray, b: np.ndarray) -> None:
    for got, x, y in zip(spearman(a, b), a, b, strict=True):
        constant = np.ptp(x) == 0 or np.ptp(y) == 0
        assert got == pytest.approx(0.0 if constant else stats.spearmanr(x, y)[0], abs=1e-9)


@given(rows, rows)
@settings(max_examples=50, deadline=None)
def test_spearman_sees_order_only(a: np.ndarray, b: np.ndarray) -> None:
    assert spearman(np.exp(a), b) == pytest.approx(spearman(a, b))
    assert spearman(-a, b) == pytest.approx(-spearman(a, b))


def test_cosine_by_hand_and_at_extreme_sizes() -> None:
    assert cosine([[1, 0], [3, 4], [0, 0]], [[0, 1], [3, 4], [1, 1]]).tolist() == [0.0, 1.0, 0.0]
    assert cosine([[1e200, 0], [1e-200, 0]], [[1e200, 0], [1e-200, 0]]) == pytest.approx([1.0, 1.0])


def test_rank_between_is_0_at_the_control_and_1_at_the_ceiling() -> None:
    got = rank_between([0.2, 0.8, 0.5, 0.9], 0.2, 0.8)
    assert got == pytest.approx([0.0, 1.0, 0.5, 7 / 6])


def test_rank_between_says_nothing_where_the_ceiling_is_not_above_the_control() -> None:
    assert np.isnan(rank_between(0.5, [0.8, 0.5], [0.2, 0.5])).all()


def test_paired_test_equals_scipy() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=40), rng.normal(0.5, size=40)
    t = paired_test(a, b)
    assert (t.difference, t.p_value, t.n) == pytest.approx((np.mean(a - b), stats.ttest_rel(a, b).pvalue, 40))
    assert paired_test(a, b, "wilcoxon").p_value == pytest.approx(stats.wilcoxon(a, b).pvalue)


def test_paired_test_without_spread() -> None:
    assert paired_test([1, 2], [1, 2], "wilcoxon") == PairedTest(0.0, 1.0, 2)
    assert paired_test([2, 3, 4], [1, 2, 3]) == PairedTest(1.0, 0.0, 3)


def test_bootstrap_interval_covers_the_mean_and_reproduces() -> None:
    values = np.random.default_rng(1).normal(3, 1, size=200)
    low, high = bootstrap_interval(values, seed=4)
    assert low < values.mean() < high
    assert (high - low) / 2 == pytest.approx(1.96 * values.std() / np.sqrt(200), rel=0.15)
    assert (low, high) == bootstrap_interval(values, seed=4) != bootstrap_interval(values, seed=5)


def test_bootstrap_interval_covers_as_often_as_it_says() -> None:
    rng = np.random.default_rng(2)
    inside = 0
    for trial in range(200):
        low, high = bootstrap_interval(rng.normal(size=50), seed=trial, level=0.8, resamples=300)
        inside += low < 0 < high
    assert 0.7 < inside / 200 < 0.9


def test_holm_by_hand() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.9, 0.8]).tolist() == [1.0, 1.0]


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
@settings(max_examples=60, deadline=None)
def test_holm_lies_between_the_p_values_and_bonferroni(p: list[float]) -> None:
    adjusted = holm(p)
    assert (adjusted >= np.array(p) - 1e-12).all()
    assert (adjusted <= np.minimum(np.array(p) * len(p), 1) + 1e-12).all()
    assert (np.diff(adjusted[np.argsort(p, kind="stable")]) >= 0).all()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: spearman([1, 2], [1, 2]), "two dimensions"),
        (lambda: cosine([[1.0]], [[1.0, 2.0]]), "one shape"),
        (lambda: paired_test([1.0], [1.0]), "at least 2 numbers"),
        (lambda: paired_test([1.0, 2.0], [1.0, 2.0, 3.0]), "got 2 and 3"),
        (lambda: paired_test([1.0, 2.0], [1.0, 3.0], "z"), "'t' or 'wilcoxon', got 'z'"),  # type: ignore[arg-type]
        (lambda: bootstrap_interval([]), "at least 1"),
        (lambda: bootstrap_interval([1.0, np.inf]), "finite"),
        (lambda: bootstrap_interval([1.0], level=1.0), "level"),
        (lambda: holm([1.2]), "between 0 and 1"),
    ],
)
def test_bad_input_says_what_is_wrong(call, message: str) -> None:
    with pytest.raises(CallError, match=message):
        call()
