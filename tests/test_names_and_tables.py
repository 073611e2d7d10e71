"""What every reader has in common: names of files, parquet within bounds, tables that a spreadsheet opens."""

from __future__ import annotations

import io
import os
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from elm._errors import DataFileError
from elm._storage import parquet
from elm._storage.csv import bare, disarmed, read_csv_texts, write_csv
from elm._storage.names import is_own_name
from elm._storage.parquet import read_parquet, read_texts
from elm.data.loaders._download import _unpack
from elm.runs import card_problems

WRONG = [
    "",
    ".",
    "..",
    "../a",
    "/a",
    "a/../../b",
    "a//b",
    "a\\b",
    "c:a",
    "C:\\a",
    "a\0b",
    "a\n",
    ".hidden",
    "x/.y",
    "nul",
    "x/CON.txt",
    "a.",
    "a ",
    "~/a",
    "\\\\host\\share",
    "%2e%2e/a",
    "a" * 300,
    "/".join("a" * 9),
]


@pytest.mark.parametrize("name", [*WRONG, None, 3, b"a"])
def test_a_name_that_leads_elsewhere_is_none(name: object) -> None:
    assert not is_own_name(name, depth=8)


@given(st.text("a./\\:\0-_ nul\u2026", max_size=12))
def test_an_own_name_stays_in_its_folder_on_every_system(name: str) -> None:
    if is_own_name(name, depth=8):
        assert os.path.normpath(name) == name.replace("/", os.sep)
        assert not os.path.isabs(name)
        assert not set(name) & set('\0\\:*?"<>|\n')


@pytest.mark.parametrize("name", ["../out.txt", "/tmp/out.txt", "a/../../out.txt", "c:\\out.txt", "x\\..\\..\\out"])
def test_an_archive_unpacks_into_its_folder_alone(name: str, tmp_path: Path) -> None:
    archive = tmp_path / "in" / "a.zip"
    archive.parent.mkdir()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr(name, "x")
    with pytest.raises(DataFileError, match="files of its own folder only"):
        _unpack(archive, tmp_path / "in" / "ml")
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["a.zip", "in"]


def test_an_archive_that_unpacks_to_far_more_is_refused(tmp_path: Path) -> None:
    archive = tmp_path / "a.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("ml/u.data", bytes(10**7))
    with pytest.raises(DataFileError, match="unpacks to 10,000,000 bytes"):
        _unpack(archive, tmp_path / "ml")


def test_a_card_shows_files_of_its_folder(tmp_path: Path) -> None:
    (tmp_path / "secret.png").write_bytes(b"x")
    (tmp_path / "model").mkdir()
    told = card_problems("---\nlicense: mit\n---\n![x](../secret.png)", tmp_path / "model")
    assert "it shows ../secret.png, which is not in its folder" in told


BOMBS = {
    "a text that repeats": lambda: pa.DictionaryArray.from_arrays(pa.array(np.zeros(10**5, np.int32)), ["a" * 10**5]),
    "nothing, often": lambda: pa.nulls(4 * 10**8),
    "a number, often": lambda: pa.array(np.zeros(1, np.int64)).take(pa.array(np.zeros(2 * 10**7, np.int32))),
    "a text in lists": lambda: pa.ListArray.from_arrays(
        pa.array(np.arange(10**5 + 1, dtype=np.int32)),
        pa.DictionaryArray.from_arrays(pa.array(np.zeros(10**5, np.int32)), ["a" * 10**5]),
    ),
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_small_file_that_takes_much_memory_is_refused(
    bomb: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parquet, "FREE", 2**27)
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"id": BOMBS[bomb]()}), path)
    assert path.stat().st_size < 2**20
    with pytest.raises(DataFileError, match="more than 134,217,728 bytes"):
        read_parquet(path)


def test_a_table_of_another_length_is_refused_before_it_is_read(tmp_path: Path) -> None:
    pd.DataFrame({"id": ["a", "b"]}).to_parquet(tmp_path / "a.parquet")
    with pytest.raises(DataFileError, match="should hold 3 rows but has 2"):
        read_parquet(tmp_path / "a.parquet", rows=3)


def test_a_table_is_read_as_pandas_reads_it(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {
            "text": ["a", None],
            "list": [["x", "y"], []],
            "deep": [[["x"]], [[], ["y"]]],
            "kind": pd.Categorical(["p", "q"]),
            "whole": pd.array([1, None], dtype="Int64"),
            "struct": [{"a": "q"}, {"a": "r"}],
            "bytes": [b"a", b"b"],
            "half": np.array([1, 2], np.float16),
            "flag": [True, False],
            "when": pd.to_datetime(["2020-01-01"] * 2),
        }
    )
    frame.to_parquet(tmp_path / "a.parquet")
    pd.testing.assert_frame_equal(read_parquet(tmp_path / "a.parquet"), pd.read_parquet(tmp_path / "a.parquet"))


@pytest.mark.parametrize(
    ("column", "message"),
    [
        (pa.array(["a", None]), "must hold text in each row of id, but some are missing"),
        (pa.array([1, 2]), "some are missing or int64"),
        (pa.array([b"a", b"b"]), "some are missing or binary"),
        (pa.array(["a", "a"]), "each id once, but some repeat"),
    ],
)
def test_ids_are_texts_each_of_them_once(column: pa.Array, message: str, tmp_path: Path) -> None:
    pq.write_table(pa.table({"id": column}), tmp_path / "a.parquet")
    with pytest.raises(DataFileError, match=message):
        read_texts(tmp_path / "a.parquet", ("id",), 2)


CELLS = [
    "=1+1",
    "+cmd|' /C calc'!A0",
    "-2+3",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "- likes war",
    "'Tis",
    "'=1",
    "''",
    "-1.5",
    "+3e4",
    "plain",
    "",
    "NA",
    "a,b",
    'a "b"',
    "two\nlines",
    "\uff1d1",
    "007",
    "nan",
]


def test_a_table_for_a_spreadsheet_holds_no_formula_and_reads_back(tmp_path: Path) -> None:
    frame = pd.DataFrame({"text": CELLS, "number": np.linspace(-1, 1, len(CELLS)), "=name": CELLS[::-1]})
    write_csv(tmp_path / "a.csv", frame)
    raw = pd.read_csv(tmp_path / "a.csv", dtype=str, keep_default_na=False)
    cells = [*raw.columns, *raw["text"], *raw["'=name"]]
    assert not [cell for cell in cells if cell[:1] in tuple("=+-@\t\r") and cell not in ("-1.5", "+3e4")]
    assert raw["number"].astype(float).tolist() == frame["number"].tolist()
    again = read_csv_texts(tmp_path / "a.csv")
    assert again[["text", "=name"]].equals(frame[["text", "=name"]].astype(again["text"].dtype))


def test_a_table_without_a_formula_is_written_as_pandas_writes_it(tmp_path: Path) -> None:
    frame = pd.DataFrame({"id": ["a", "b"], "kind": pd.Categorical(["x", None]), "n": [1, -2], "f": [0.5, np.nan]})
    write_csv(tmp_path / "a.csv", frame, float_format="%.2f")
    plain = io.StringIO()
    frame.to_csv(plain, index=False, lineterminator="\n", float_format="%.2f")
    assert (tmp_path / "a.csv").read_text() == plain.getvalue()


@pytest.mark.slow
@given(st.text())
def test_disarming_can_be_undone(cell: str) -> None:
    assert bare(disarmed(cell)) == cell
