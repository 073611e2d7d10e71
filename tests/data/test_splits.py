from __future__ import annotations

import random

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from elm._errors import CallError, DataFileError, LeakageError
from elm.data import EntitySplit, guard_disjoint, split_entities, split_ratings

ids = st.lists(st.text("abc123", min_size=1, max_size=4), unique=True, max_size=60)


@given(ids, st.floats(0, 0.45), st.floats(0, 0.45), st.integers(0, 5))
@settings(max_examples=80, deadline=None)
def test_parts_are_disjoint_complete_and_independent_of_order(entities, validation, test, seed) -> None:
    split = split_entities(entities, validation, test, seed)
    assert sorted([*split.train, *split.validation, *split.test]) == sorted(entities)
    shuffled = entities[:]
    random.Random(seed).shuffle(shuffled)
    assert split_entities(shuffled, validation, test, seed) == split
    if len(entities) >= 3:
        assert bool(split.validation) == (validation > 0)
        assert bool(split.test) == (test > 0)


def test_shares_and_seeds() -> None:
    entities = [str(k) for k in range(1000)]
    split = split_entities(entities)
    assert (len(split.train), len(split.validation), len(split.test)) == (800, 100, 100)
    assert split_entities(entities, seed=1).test != split.test
    assert split.test != sorted(split.test)


@pytest.mark.parametrize("parts", [(["a"], ["a"], []), (["a"], [], ["a"]), (["b"], ["a"], ["a"])])
def test_no_two_parts_overlap(parts) -> None:
    with pytest.raises(LeakageError, match="also trained on"):
        EntitySplit(*parts)


@pytest.mark.parametrize("shares", [(-0.1, 0.1), (0.5, 0.5), (0.9, 0.2)])
def test_impossible_shares_are_refused(shares) -> None:
    with pytest.raises(CallError, match="leave a training part"):
        split_entities(["a", "b"], *shares)


def test_repeated_ids_are_refused() -> None:
    with pytest.raises(CallError, match="some repeat"):
        split_entities(["a", "b", "a"])


def test_a_split_saves_and_loads(tmp_path) -> None:
    split = split_entities([f"f{k}" for k in range(20)])
    assert EntitySplit.load(split.save(tmp_path / "split.json")) == split
    (tmp_path / "split.json").write_text('{"train": ["a"], "test": []}')
    with pytest.raises(DataFileError, match="should hold the parts train, validation, test"):
        EntitySplit.load(tmp_path / "split.json")
    (tmp_path / "split.json").write_text('{"train": ["a"], "validation": [1], "test": []}')
    with pytest.raises(DataFileError, match="lists of ids as strings"):
        EntitySplit.load(tmp_path / "split.json")
    (tmp_path / "split.json").write_text('{"train": ["a"], "val')
    with pytest.raises(DataFileError, match="not valid JSON"):
        EntitySplit.load(tmp_path / "split.json")
    with pytest.raises(DataFileError, match="is missing"):
        EntitySplit.load(tmp_path / "other.json")


def test_the_guard_names_examples_and_the_count() -> None:
    guard_disjoint(["a"], ["b"], "films")
    with pytest.raises(LeakageError, match=r"films: 4 held out are also trained on \('a', 'b', 'c', \.\.\.\)"):
        guard_disjoint(list("abcde"), list("abcdz"), "films")
    with pytest.raises(LeakageError, match=r"train and test\): 1 held out"):
        EntitySplit(["a", "b"], [], ["b"])


@given(st.lists(st.integers(1, 12), min_size=1, max_size=12), st.floats(0.05, 0.95), st.integers(0, 3))
@settings(max_examples=60, deadline=None)
def test_rating_splits_keep_both_sides(counts, fraction, seed) -> None:
    rows = [(f"u{u}", f"i{i}", 3.0) for u, n in enumerate(counts) for i in range(n)]
    frame = pd.DataFrame(rows, columns=["user", "item", "rating"])
    kept, held = split_ratings(frame, fraction, seed)
    pairs = [set(zip(part["user"], part["item"], strict=True)) for part in (kept, held)]
    assert not pairs[0] & pairs[1]
    assert pairs[0] | pairs[1] == set(zip(frame["user"], frame["item"], strict=True))
    for u, n in enumerate(counts):
        inside = int((kept["user"] == f"u{u}").sum())
        assert inside == 1 if n == 1 else 1 <= inside <= n - 1
        assert abs(inside - fraction * n) <= 1
    mixed = frame.sample(frac=1, random_state=seed)
    again, _ = split_ratings(mixed, fraction, seed)
    assert set(zip(again["user"], again["item"], strict=True)) == pairs[0]


def test_rating_splits_read_categoricals_and_refuse_bad_fractions() -> None:
    frame = pd.DataFrame({"user": ["b", "b", "a", "a"], "item": ["1", "2", "1", "2"], "rating": 1.0})
    plain = split_ratings(frame, 0.5)
    coded = split_ratings(frame.astype({"user": "category", "item": "category"}), 0.5)
    assert coded[0].astype({"user": str, "item": str}).equals(plain[0].astype({"user": str, "item": str}))
    assert not len(split_ratings(frame.iloc[:0])[0])
    for fraction in (0, 1, 1.5):
        with pytest.raises(CallError, match="fraction must lie between 0 and 1"):
            split_ratings(frame, fraction)
