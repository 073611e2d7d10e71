"""Generated ratings of any number: exact counts, one seed one set, marked as generated wherever they are read."""

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from elm._errors import CallError
from elm.data import load, rating_blocks, write_generated


@given(st.integers(1, 3000), st.integers(0, 3))
@settings(max_examples=15, deadline=None)
def test_there_are_exactly_as_many_as_asked_and_no_pair_twice(count: int, seed: int) -> None:
    frame, again = (pd.concat(list(rating_blocks(count, seed))) for _ in range(2))
    assert len(frame) == count
    assert not frame.duplicated(["user", "item"]).any()
    assert frame["rating"].isin(np.arange(0.5, 5.5, 0.5)).all()
    pd.testing.assert_frame_equal(frame, again)


def test_the_shape_is_that_of_movielens() -> None:
    frame = pd.concat(list(rating_blocks(300_000)))
    each = frame["user"].value_counts().iloc[:-1]  # the last user may be cut short
    assert 40 < each.median() < 110
    assert 1.4 * each.median() < each.mean()
    films = frame["item"].value_counts()
    assert films.iloc[: len(films) // 10].sum() > 0.4 * len(frame), "a tenth of the films has much of the ratings"


def test_they_are_marked_and_read_as_generated(tmp_path: Path) -> None:
    data = load(write_generated(tmp_path / "films", 5000))
    assert data.name == "generated"
    assert "no person made them" in data.notes[0]
    assert len(data.interactions) == 5000
    shards = write_generated(tmp_path / "shards", 5000, shards=3)
    assert (shards / "GENERATED.txt").is_file()
    sizes = [pq.read_metadata(path).num_rows for path in sorted(shards.glob("*.parquet"))]
    assert sizes == [1667, 1667, 1666]
    for wrong in ((0, 0), (10, -1)):
        with pytest.raises(CallError, match="1 or more"):
            write_generated(tmp_path / "none", *wrong)
