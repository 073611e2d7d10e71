"""A stream gives the rows of its source, whatever run of them is asked for, and says what cannot be read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import save_file

from elm._errors import CallError, DataFileError, VectorError
from elm.embeddings import VectorTable, open_stream

ROWS, DIM = 500, 6
VECTORS = np.random.default_rng(0).normal(size=(ROWS, DIM)).astype(np.float32)
IDS = [f"v{row}" for row in range(ROWS)]


def listed(kind: pa.DataType | None = None) -> pa.Table:
    return pa.table({"id": IDS, "vector": pa.array(list(VECTORS), kind or pa.list_(pa.float32()))})


def as_table(folder: Path) -> object:
    VectorTable(IDS, VECTORS).save(folder / "table")
    return folder / "table"


def as_parquet(folder: Path) -> object:
    pq.write_table(listed(), folder / "a.parquet", row_group_size=70)
    return folder / "a.parquet"


def as_shards(folder: Path) -> object:
    for number, start in enumerate(range(0, ROWS, 120)):
        pq.write_table(listed().slice(start, 120), folder / f"shard-{number}.parquet", row_group_size=50)
    (folder / "_SUCCESS").touch()
    return folder


def as_feather(folder: Path) -> object:
    feather.write_feather(listed(pa.list_(pa.float32(), DIM)), folder / "a.feather", chunksize=64)
    return folder / "a.feather"


def as_arrow_stream(folder: Path) -> object:
    with pa.ipc.new_stream(str(folder / "a.arrow"), listed().schema) as writer:
        writer.write_table(listed(), 60)
    return folder / "a.arrow"


def as_columns(folder: Path) -> object:
    pd.DataFrame(VECTORS, columns=[f"x{i}" for i in range(DIM)], index=IDS).to_parquet(folder / "a.parquet")
    return folder / "a.parquet"


def as_npy(folder: Path) -> object:
    np.save(folder / "a.npy", VECTORS)
    return folder / "a.npy"


def as_safetensors(folder: Path) -> object:
    save_file({"rows": VECTORS}, folder / "a.safetensors")
    return folder / "a.safetensors"


def in_memory(folder: Path) -> object:
    return VectorTable(IDS, VECTORS)


WITHOUT_IDS = (as_npy, as_safetensors)


@pytest.mark.parametrize(
    "make",
    [
        as_table,
        as_parquet,
        as_shards,
        as_feather,
        as_arrow_stream,
        as_columns,
        as_npy,
        as_safetensors,
        in_memory,
    ],
)
def test_any_run_of_rows_of_any_source(make: Callable[[Path], object], tmp_path: Path) -> None:
    source = make(tmp_path)
    stream = open_stream(source)
    assert (len(stream), stream.dim) == (ROWS, DIM)
    ids = [str(row) for row in range(ROWS)] if make in WITHOUT_IDS else IDS

    @settings(deadline=None, max_examples=30)
    @given(st.lists(st.tuples(st.integers(0, ROWS), st.integers(0, ROWS)).map(sorted), max_size=6))
    def holds(runs: list[tuple[int, int]]) -> None:
        for start, stop in runs:
            found = stream.read(start, stop)
            assert np.array_equal(found.vectors, VECTORS[start:stop])
            assert found.ids == ids[start:stop]
            assert not found.problems

    holds()
    assert not stream.repeats()
    assert open_stream(source).fingerprint() == stream.fingerprint()
    assert (stream.space is not None) == (make in (as_table, in_memory))


def test_rows_that_cannot_be_read_are_told_of(tmp_path: Path) -> None:
    rows = {
        "id": ["a", None, "c", "d", "e", "f"],
        "vector": [[1.0, 2.0], [3.0, 4.0], [5.0], None, [float("nan"), 1.0], [1e300, 1.0]],
    }
    pq.write_table(pa.table(rows), tmp_path / "a.parquet")
    found = open_stream(tmp_path / "a.parquet").read(0, 6)
    assert found.problems == {
        1: "it has no id",
        2: "its vector has 1 numbers, not 2",
        3: "it has no vector",
        4: "its vector holds NaN, infinity or a number too large for float32",
        5: "its vector holds NaN, infinity or a number too large for float32",
    }
    assert found.vectors[0].tolist() == [1.0, 2.0]


@settings(deadline=None, max_examples=30)
@given(st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=40), st.integers(1, 50))
def test_ids_that_come_again(ids: list[str], at_once: int) -> None:
    table = pa.table({"id": ids, "vector": [[1.0, 2.0]] * len(ids)})
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        for start in range(0, len(ids), 7):
            pq.write_table(table.slice(start, 7), Path(folder) / f"{start:03}.parquet")
        found = open_stream(folder).repeats(at_once)
    assert found == [row for row, name in enumerate(ids) if name in ids[:row]]


def test_the_fingerprint_is_that_of_numbers_and_ids(tmp_path: Path) -> None:
    marks = set()
    for number, (ids, vectors) in enumerate(((IDS, VECTORS), (IDS[::-1], VECTORS), (IDS, VECTORS + 1))):
        pq.write_table(
            pa.table({"id": ids, "vector": list(vectors)}), tmp_path / "a.parquet", row_group_size=70 + number
        )
        marks.add(open_stream(tmp_path / "a.parquet").fingerprint())
        marks.add(open_stream(VectorTable(ids, vectors)).fingerprint())
    assert len(marks) == 6


def test_a_shard_that_is_cut_off(tmp_path: Path) -> None:
    as_shards(tmp_path)
    cut = tmp_path / "shard-2.parquet"
    cut.write_bytes(cut.read_bytes()[:-200])
    with pytest.raises(DataFileError, match=r"shard-2\.parquet is cut off or damaged"):
        open_stream(tmp_path)


def test_a_shard_with_damaged_rows_is_found_where_they_are_read(tmp_path: Path) -> None:
    as_shards(tmp_path)
    path = tmp_path / "shard-2.parquet"
    data = bytearray(path.read_bytes())
    data[4:400] = bytes(396)
    path.write_bytes(data)
    stream = open_stream(tmp_path)
    assert len(stream.read(0, 240)) == 240
    with pytest.raises(DataFileError, match=r"shard-2\.parquet is cut off or damaged"):
        stream.read(240, 360)


def test_a_shard_of_other_columns(tmp_path: Path) -> None:
    as_shards(tmp_path)
    pq.write_table(listed(pa.list_(pa.float64())), tmp_path / "shard-3.parquet")
    with pytest.raises(DataFileError, match=r"have the same columns, and .*shard-3\.parquet has .*double"):
        open_stream(tmp_path)


def test_a_few_bytes_that_say_they_are_billions(tmp_path: Path) -> None:
    pq.write_table(pa.table({"vector": [[0.0] * 200_000]}), tmp_path / "a.parquet")
    with pytest.raises(DataFileError, match="more than 65536 numbers in a row"):
        open_stream(tmp_path / "a.parquet")


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("a.npy", np.zeros(3), r"shape \(n, dim\), and those of .*a\.npy have \(3,\)"),
        ("a.npy", np.array([["a", "b"]]), "real numbers"),
        ("a.npy", b"\x93NUMPY broken", r"a whole \.npy file"),
        ("a.safetensors", b"broken", "cut off or damaged"),
        ("a.parquet", b"broken", "cut off or damaged"),
        ("a.parquet", pa.table({"id": ["a"], "text": ["b"]}), "one column of lists of numbers"),
        ("a.parquet", pa.table({"one": [[1.0]], "two": [[1.0]]}), "one column of lists of numbers"),
    ],
)
def test_files_that_are_no_vectors(tmp_path: Path, name: str, data: object, message: str) -> None:
    path = tmp_path / name
    if isinstance(data, np.ndarray):
        np.save(path, data)
    elif isinstance(data, pa.Table):
        pq.write_table(data, path)
    else:
        path.write_bytes(data)  # type: ignore[arg-type]
    with pytest.raises((DataFileError, CallError, VectorError), match=message):
        open_stream(path)


def test_a_saved_table_whose_file_was_changed(tmp_path: Path) -> None:
    as_table(tmp_path)
    path = tmp_path / "table" / "vectors.safetensors"
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    with pytest.raises(DataFileError, match="is not the file that is described beside it"):
        open_stream(tmp_path / "table")
