"""Batches of like length: each row once per epoch, within the budget, with little padding, and the same each time."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from elm._errors import CallError
from elm.training import LengthBuckets

LENGTHS = st.lists(st.integers(1, 400), min_size=1, max_size=120)


@given(LENGTHS, st.integers(1, 900), st.integers(0, 5), st.floats(1.05, 3.0), st.integers(0, 3))
def test_an_epoch_goes_through_each_row_once_within_the_budget(
    lengths: list[int], tokens: int, seed: int, ratio: float, epoch: int
) -> None:
    buckets = LengthBuckets(lengths, tokens, seed, ratio, rows=16)
    steps = range(epoch * buckets.per_epoch, (epoch + 1) * buckets.per_epoch)
    batches = [buckets.at(step) for step in steps]
    assert sorted(np.concatenate(batches).tolist()) == list(range(len(lengths)))
    for rows in batches:
        longest = max(lengths[row] for row in rows)
        assert len(rows) == 1 or len(rows) * longest <= tokens
        assert len(rows) <= 16
        assert buckets.padding(rows) < 1 - 1 / ratio
        assert buckets.padding(rows) == pytest.approx(1 - sum(lengths[r] for r in rows) / (longest * len(rows)))


@given(LENGTHS, st.integers(0, 500))
def test_a_batch_follows_from_its_step_alone(lengths: list[int], step: int) -> None:
    fresh, used = (LengthBuckets(lengths, 500, seed=3) for _ in range(2))
    used.at(step + 7)
    assert used.at(step).tolist() == fresh.at(step).tolist()


def test_epochs_and_seeds_differ_in_their_order() -> None:
    lengths = np.random.default_rng(0).integers(20, 60, size=200)
    buckets = LengthBuckets(lengths, 400, seed=0)
    orders = [
        [buckets.at(step).tolist() for step in range(e * buckets.per_epoch, (e + 1) * buckets.per_epoch)]
        for e in range(2)
    ]
    other = LengthBuckets(lengths, 400, seed=1)
    assert orders[0] != orders[1]
    assert [other.at(step).tolist() for step in range(other.per_epoch)] != orders[0]


def test_it_saves_most_of_the_padding_of_batches_drawn_at_random() -> None:
    rng = np.random.default_rng(0)
    lengths = np.exp(rng.normal(4, 0.8, size=2000)).astype(int) + 5
    buckets = LengthBuckets(lengths, 4000, seed=0)
    sorted_by_length = [buckets.padding(buckets.at(step)) for step in range(buckets.per_epoch)]
    at_random = [buckets.padding(rng.permutation(2000)[:20]) for _ in range(200)]
    assert np.mean(sorted_by_length) < 0.12 < 0.5 < np.mean(at_random)


@pytest.mark.parametrize(
    ("lengths", "options"),
    [([], {}), ([3, 0], {}), ([[1]], {}), ([1], {"ratio": 1.0}), ([1], {"batch_tokens": 0}), ([1], {"rows": 0})],
)
def test_what_cannot_be(lengths: list[int], options: dict[str, float]) -> None:
    with pytest.raises(CallError, match=r"at least (1|one row)"):
        LengthBuckets(lengths, **({"batch_tokens": 10} | options))  # type: ignore[arg-type]
