"""A few entities prove nothing, however far apart they are."""

from __future__ import annotations

import numpy as np
import pytest

from elm.metrics import entity_p_value, paired_test


@pytest.mark.parametrize("n", [1, 2, 4])
def test_fewer_than_five_entities_have_no_p_value(n: int) -> None:
    assert np.isnan(entity_p_value(np.arange(n) + 1.0, np.zeros(n)))


def test_from_five_on_it_is_the_paired_t_test() -> None:
    a, b = np.random.default_rng(0).normal(size=(2, 5))
    assert entity_p_value(a, b) == paired_test(a, b).p_value
