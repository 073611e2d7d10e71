"""The learning-rate schedules, and examples padded into batches."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from elm._errors import CallError, UnknownNameError
from elm.training import SCHEDULES, LoopConfig, warmup_constant, warmup_cosine, warmup_linear
from elm.training.data._collate import IGNORED, Example, collate

ids = st.lists(st.integers(3, 500), min_size=1, max_size=9)


@given(st.integers(1, 2000), st.integers(0, 300), st.floats(0, 0.5))
def test_the_factor_rises_and_then_falls_to_the_floor(steps: int, warmup: int, floor: float) -> None:
    factors = [warmup_cosine(s, steps, warmup, floor) for s in range(steps + 1)]
    assert all(0 < f <= 1 + 1e-12 or floor == 0 for f in factors)
    rise, fall = factors[:warmup], factors[warmup:]
    assert rise == sorted(rise)
    assert all(a >= b - 1e-12 for a, b in pairwise(fall))
    if warmup < steps:
        assert warmup_cosine(warmup, steps, warmup, floor) == pytest.approx(1)
        assert factors[-1] == pytest.approx(floor)


def test_the_middle_of_the_cosine() -> None:
    assert warmup_cosine(55, 100, 10, floor=0.1) == pytest.approx(0.1 + 0.9 / 2)
    assert warmup_cosine(40, 100, 10, floor=0.0) == pytest.approx((1 + math.cos(math.pi / 3)) / 2)
    assert warmup_cosine(500, 100, 10) == pytest.approx(0.05)  # past the end it stays at the floor


@given(st.sampled_from(sorted(SCHEDULES)), st.integers(1, 500), st.integers(0, 100))
def test_every_schedule_warms_up_alike_and_never_rises_again(name: str, steps: int, warmup: int) -> None:
    factors = [LoopConfig(steps, 1.0, warmup=warmup, schedule=name).factor(s) for s in range(steps)]
    assert factors[:warmup] == [(s + 1) / warmup for s in range(min(warmup, steps))]
    assert all(a >= b - 1e-12 > 0 for a, b in pairwise(factors[warmup:]))


def test_the_line_and_the_level() -> None:
    assert warmup_linear(55, 100, 10, floor=0.1) == pytest.approx(0.1 + 0.9 / 2)
    assert warmup_linear(100, 100, 10, floor=0.1) == pytest.approx(0.1)
    assert [warmup_constant(s, 10, 4) for s in (3, 4, 9, 1000)] == [1.0] * 4


def test_options_that_cannot_be() -> None:
    with pytest.raises(UnknownNameError, match=r"unknown schedule 'cosin'; did you mean 'cosine'\?"):
        LoopConfig(10, 1.0, schedule="cosin")
    with pytest.raises(CallError, match="accumulate and log_every of at least 1, got 10, 50, 200, 0 and 50"):
        LoopConfig(10, 1.0, accumulate=0)


@given(st.lists(st.tuples(ids, ids), min_size=1, max_size=6))
def test_a_batch_holds_every_token_once(pairs: list[tuple[list[int], list[int]]]) -> None:
    batch = collate([Example(p, t) for p, t in pairs], pad=0)
    length = max(len(p) + len(t) for p, t in pairs)
    assert batch.ids.shape == batch.mask.shape == batch.labels.shape == (len(pairs), length)
    for (prompt, target), row, mask, labels in zip(pairs, batch.ids, batch.mask, batch.labels, strict=True):
        n = len(prompt) + len(target)
        assert row[mask.bool()].tolist() == prompt + target
        assert mask.tolist() == [1] * n + [0] * (length - n)  # padding is on the right
        assert labels[labels != IGNORED].tolist() == target
        assert row[n:].tolist() == [0] * (length - n)
    assert batch.tokens == sum(len(p) + len(t) for p, t in pairs)


def test_slots_and_rows_stand_beside_the_ids() -> None:
    batch = collate([Example([1, 2, 2], [5], (1, 2), (7,)), Example([1, 2, 2, 9], [6, 2], (1, 2), (3,))], pad=0)
    assert batch.slots.tolist() == [[1, 2], [1, 2]]
    assert batch.rows.tolist() == [[7], [3]]
    assert collate([Example([1], [2])], pad=0).slots.shape == (1, 0)
