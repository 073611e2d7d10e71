"""Spaces and tables: statistics, checks with clear messages, and folders that load whole or not at all."""

import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from elm._errors import CallError, DataFileError, OutsideDataWarning, UnknownNameError, VectorError
from elm.embeddings import EmbeddingSpace, VectorTable


@pytest.fixture
def table() -> VectorTable:
    vectors = np.random.default_rng(0).normal([1, -2, 0, 5], [1, 2, 3, 0.1], size=(50, 4)).astype(np.float32)
    space = EmbeddingSpace.fit("toy", vectors, "dot", {"by": "test"}, "abc")
    return VectorTable([f"item {i}" for i in range(50)], vectors, space)


def test_fit_standardises_its_own_data(table: VectorTable) -> None:
    normal = table.space.normalise(table.vectors)
    assert normal.mean(0) == pytest.approx(np.zeros(4), abs=1e-4)
    assert normal.std(0) == pytest.approx(np.ones(4), abs=1e-4)
    assert np.quantile(table.space.distance(table.vectors), 0.999) == pytest.approx(table.space.reach)


@given(arrays(np.float32, (6, 3), elements=st.floats(-100, 100, width=32)))
@settings(max_examples=60, deadline=None)
def test_scale_is_positive_and_normalised_values_stay_small_for_any_data(vectors: np.ndarray) -> None:
    vectors[:, 1] = 7.25
    space = EmbeddingSpace.fit("any", vectors, "dot", {}, "f")
    assert (space.scale > 0).all()
    assert np.abs(space.normalise(vectors)).max() < 3  # no more than sqrt(n) deviations, and constants do not blow up


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (np.zeros(3), "vectors of space 'toy' have 4 numbers, got 3"),
        (np.zeros((2, 2, 2)), r"shape \(dim,\) or \(n, dim\)"),
        (np.zeros((0, 4)), "not be empty"),
        ([[0, 0, 0, np.nan]], "NaN or infinity .first: row 0"),
        ([[0, 0, 0, 0], [0, np.inf, 0, 0]], "1 of 2 rows hold NaN or infinity .first: row 1"),
        (["a", "b", "c", "d"], "must be numbers"),
        ([[1.0], [1.0, 2.0]], "must be numbers of one length"),
        (np.zeros(4, dtype=complex), "real numbers"),
        (np.full(4, 1e300), "NaN or infinity"),
    ],
)
@pytest.mark.filterwarnings("ignore:overflow encountered")
def test_check_refuses_what_is_no_vector_of_the_space(table: VectorTable, value, message: str) -> None:
    with pytest.raises(VectorError, match=message):
        table.space.check(value)


def test_check_warns_far_outside_the_data_only(table: VectorTable) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        checked = table.space.check(table.vectors)
        table.space.check(np.full(4, 1e4), warn_far=False)
    assert checked.dtype == np.float32
    assert table.space.check(table.vectors[0]).shape == (1, 4)
    with pytest.warns(OutsideDataWarning, match="1 of 2 vectors lie far outside the data of space 'toy'"):
        table.space.check(np.stack([table.vectors[0], np.full(4, 1e4)]))


def test_a_space_must_be_sound(table: VectorTable) -> None:
    space = table.space
    with pytest.raises(CallError, match="'cosine' or 'dot', got 'l2'"):
        replace(space, metric="l2")  # type: ignore[arg-type]
    with pytest.raises(CallError, match="scale must be positive"):
        replace(space, scale=np.zeros(4))
    with pytest.raises(CallError, match="mean must hold 4 finite numbers"):
        replace(space, mean=np.zeros(3))
    with pytest.raises(CallError, match="reach must be a positive number"):
        replace(space, reach=float("nan"))


def test_a_space_survives_json_bit_for_bit(table: VectorTable) -> None:
    again = EmbeddingSpace.from_dict(table.space.to_dict())
    assert again == table.space
    assert again.mean.tobytes() == table.space.mean.tobytes()
    assert again.scale.tobytes() == table.space.scale.tobytes()
    assert hash(again) == hash(table.space)


def test_spaces_match_by_what_made_them(table: VectorTable) -> None:
    other_statistics = replace(table.space, mean=np.ones(4))
    assert table.space.matches(other_statistics)
    assert table.space != other_statistics
    assert not table.space.matches(replace(table.space, fingerprint="xyz"))


def test_table_lookups(table: VectorTable) -> None:
    assert (table["item 7"] == table.vectors[7]).all()
    assert (table.rows(["item 3", "item 1"]) == table.vectors[[3, 1]]).all()
    assert len(table) == 50
    assert "item 7" in table
    assert "item 99" not in table
    part = table.subset(["item 2", "item 0"])
    assert part.ids == ["item 2", "item 0"]
    assert part.space == table.space


def test_unknown_id_suggests_the_nearest(table: VectorTable) -> None:
    with pytest.raises(UnknownNameError, match=r"unknown id 'itm 7'; did you mean 'item 7'\?"):
        table["itm 7"]


def test_ids_that_are_numbers_are_found_as_they_were_given(table: VectorTable) -> None:
    numbered = VectorTable(range(4), table.vectors[:4], table.space)  # type: ignore[arg-type]
    assert numbered.ids == ["0", "1", "2", "3"]
    assert 3 in numbered
    assert "3" in numbered
    assert 4 not in numbered
    for number in (3, np.int64(3)):
        assert (numbered[number] == numbered["3"]).all()  # type: ignore[index]
    with pytest.raises(UnknownNameError, match="unknown id '7'"):
        numbered.rows([1, 7])  # type: ignore[list-item]


def test_a_table_must_be_sound(table: VectorTable) -> None:
    with pytest.raises(VectorError, match=r"needs vectors of shape \(2, 4\), got \(1, 4\)"):
        VectorTable(["a", "b"], table.vectors[:1], table.space)
    with pytest.raises(CallError, match="'a' comes more than once"):
        VectorTable(["a", "a"], table.vectors[:2], table.space)
    with pytest.raises(VectorError, match="the one of 'b' holds NaN"):
        VectorTable(["a", "b"], np.array([[0, 0, 0, 0], [np.nan, 0, 0, 0]]), table.space)


def test_save_and_load_are_equal(table: VectorTable, tmp_path: Path) -> None:
    table.save(tmp_path / "t")
    again = VectorTable.load(tmp_path / "t")
    assert again.ids == table.ids
    assert again.vectors.tobytes() == table.vectors.tobytes()
    assert again.space == table.space
    assert sorted(p.name for p in (tmp_path / "t").iterdir()) == ["ids.parquet", "space.json", "vectors.safetensors"]


def test_half_precision_is_half_the_size_and_close(table: VectorTable, tmp_path: Path) -> None:
    table.save(tmp_path, dtype="float16")
    again = VectorTable.load(tmp_path)
    assert again.vectors.dtype == np.float32
    assert again.vectors == pytest.approx(table.vectors, rel=1e-3)
    big = VectorTable(["a"], np.full((1, 4), 1e5), table.space)
    with np.errstate(over="ignore"), pytest.raises(VectorError, match="too large for float16"):
        big.save(tmp_path, dtype="float16")
    with pytest.raises(CallError, match="'float32' or 'float16', got 'int8'"):
        table.save(tmp_path, dtype="int8")  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["vectors.safetensors", "ids.parquet", "space.json"])
def test_a_missing_or_cut_off_file_is_named(table: VectorTable, tmp_path: Path, name: str) -> None:
    table.save(tmp_path)
    path = tmp_path / name
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(DataFileError, match=name):
        VectorTable.load(tmp_path)
    path.unlink()
    with pytest.raises(DataFileError, match=f"{name} is missing"):
        VectorTable.load(tmp_path)


def test_an_interrupted_save_leaves_the_old_table_and_a_mixture_never_loads(
    table: VectorTable, tmp_path: Path, monkeypatch
) -> None:
    table.save(tmp_path)
    flipped = VectorTable(table.ids, table.vectors[::-1], table.space)

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("elm.embeddings._table.write_json", stop)
    with pytest.raises(KeyboardInterrupt):
        flipped.save(tmp_path)
    assert np.array_equal(VectorTable.load(tmp_path).vectors, table.vectors)
    (tmp_path / "ids.parquet").write_bytes(b"of another save")
    with pytest.raises(DataFileError, match="interrupted save"):
        VectorTable.load(tmp_path)


def test_load_wants_a_table_folder(table: VectorTable, tmp_path: Path) -> None:
    with pytest.raises(DataFileError, match="is not a folder"):
        VectorTable.load(tmp_path / "none")
    (tmp_path / "space.json").write_text("{}")
    with pytest.raises(DataFileError, match="no checksums"):
        VectorTable.load(tmp_path)
    with pytest.raises(DataFileError, match="does not describe an embedding space: it has no field 'name'"):
        EmbeddingSpace.from_dict({})
