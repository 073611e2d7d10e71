import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import kendalltau

from elm.metrics import pair_agreement

SCORES = st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=30, unique=True)


@given(SCORES, st.randoms(use_true_random=False))
def test_over_all_pairs_of_lists_without_ties_gamma_is_kendalls_tau(scores, random):
    truth = list(range(len(scores)))
    random.shuffle(truth)
    low, high = zip(*((i, j) for i in range(len(truth)) for j in range(len(truth)) if truth[i] < truth[j]), strict=True)
    values = np.array(scores)
    found = pair_agreement(values[list(low)], values[list(high)])
    assert found.gamma == pytest.approx(kendalltau(values, truth).statistic, abs=1e-9)
    assert found.accuracy == pytest.approx((found.gamma + 1) / 2)


@given(SCORES, SCORES)
def test_turning_every_pair_turns_the_sign(low, high):
    n = min(len(low), len(high))
    there, back = pair_agreement(low[:n], high[:n]), pair_agreement(high[:n], low[:n])
    assert there.gamma == -back.gamma
    assert there.accuracy == pytest.approx(1 - back.accuracy)


def test_ties_count_half_in_accuracy_and_not_in_gamma():
    assert pair_agreement([1, 1, 1], [1, 1, 2]) == (1.0, pytest.approx(2 / 3), 3)
    assert pair_agreement([1.0], [1.0]) == (0.0, 0.5, 1)


@pytest.mark.parametrize(
    ("low", "high", "message"),
    [([], [], "at least 1"), ([1.0], [1.0, 2.0], "got 1 and 2"), ([np.nan], [1.0], "finite")],
)
def test_bad_pairs(low, high, message):
    with pytest.raises(ValueError, match=message):
        pair_agreement(low, high)
