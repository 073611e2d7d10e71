"""The interval of a mean's place between two others."""

import numpy as np
import pytest

from elm.metrics import ratio_interval


def test_the_interval_holds_the_ratio_of_the_means() -> None:
    rng = np.random.default_rng(0)
    low = rng.normal(1.0, 0.05, 400)
    high, score = low + 1 + rng.normal(0, 0.05, 400), low + 0.25 + rng.normal(0, 0.05, 400)
    below, above = ratio_interval(score, low, high, seed=0)
    assert below < 0.25 < above
    assert above - below < 0.05
    assert ratio_interval(score, low, high, seed=0) == (below, above)
    assert ratio_interval(low, low, low + 1, seed=0) == pytest.approx((0, 0))


def test_it_says_nothing_where_the_ceiling_is_not_above_its_control() -> None:
    values = np.random.default_rng(0).normal(size=(3, 50))
    assert np.isnan(ratio_interval(values[0], values[1], values[1] - 1, seed=0)).all()
