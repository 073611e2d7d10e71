"""Tables of vectors of one's own: from arrays, frames and files; what cannot be a table."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from elm._errors import CallError, DataFileError, VectorError
from elm.embeddings import EmbeddingSpace, VectorTable

Elm = Callable[..., tuple[int, str, str]]
ROWS = np.array([[0.0, 1.0, 2.0], [3.0, 4.5, 5.0], [6.0, 7.0, 8.25], [1.0, 0.0, 1.0]], np.float32)
IDS = ["01", "b", "c d", "é"]


def same(table: VectorTable, ids: list[str] = IDS) -> None:
    assert table.ids == ids
    np.testing.assert_array_equal(table.vectors, ROWS)


def test_a_table_of_ids_and_vectors_alone() -> None:
    table = VectorTable(IDS, ROWS.tolist())
    same(table)
    assert (table.space.dim, table.space.metric, table.space.made) == (3, "cosine", {"by": "given"})
    assert table.space.matches(VectorTable(IDS[:2], ROWS[:2] * 2).space)  # another table of the same source
    assert not table.space.matches(VectorTable(IDS, ROWS[:, :2]).space)
    assert not table.space.matches(EmbeddingSpace.of_name("mine", ROWS))
    same(table.subset(IDS))


def test_it_is_saved_and_read_as_any_other(tmp_path: Path) -> None:
    again = VectorTable.load(VectorTable(IDS, ROWS).save(tmp_path / "table"))
    same(again)
    assert again.space == VectorTable(IDS, ROWS).space


@pytest.mark.parametrize(
    ("ids", "rows", "message"),
    [
        (IDS[:3], ROWS, r"a table of 3 ids needs vectors of shape \(3, dim\), got \(4, 3\)"),
        (IDS, ROWS[0], r"needs vectors of shape \(4, dim\), got \(3,\)"),
        ([], np.zeros((0, 3)), "not be empty"),
        (["a", "a", "b", "c"], ROWS, "ids of a table must be unique"),
        (IDS, np.where(ROWS == 3, np.nan, ROWS), "must be finite"),
    ],
)
def test_what_is_no_table(ids: list[str], rows: Any, message: str) -> None:
    with pytest.raises(CallError, match=message):
        VectorTable(ids, rows)


def test_frames_with_a_column_of_lists_or_one_number_a_column() -> None:
    lists = pd.DataFrame({"id": IDS, "vector": [row.tolist() for row in ROWS]})
    numbers = pd.DataFrame(ROWS, columns=["x", "y", "z"])
    same(VectorTable.from_frame(lists))
    same(VectorTable.from_frame(numbers.assign(id=IDS)))
    same(VectorTable.from_frame(numbers.set_axis(IDS)))
    same(VectorTable.from_frame(lists.assign(title="t", n=1), vectors="vector"))
    same(VectorTable.from_frame(numbers.assign(key=IDS, title="t"), id="key", vectors=["x", "y", "z"]))
    table = VectorTable.from_frame(lists, name="mine", metric="dot")
    assert (table.space.name, table.space.metric) == ("mine", "dot")


@pytest.mark.parametrize(
    ("frame", "options", "message"),
    [
        ({"vector": [[1.0], [2.0]]}, {}, "the frame has no column 'id': name the column; it has vector"),
        ({"id": ["a", "b"]}, {}, "the frame has no other column"),
        ({"id": ["a", "b"], "x": [1.0, 2.0]}, {"vectors": "y"}, "no column 'y'; it has id, x"),
        ({"id": ["a", "b"], "x": [1.0, 2.0], "title": ["s", "t"]}, {}, "'title' of the frame is neither"),
        ({"id": ["a", "b"], "vector": [[1.0], [2.0, 3.0]]}, {}, "must be numbers of one length each"),
        ({"id": ["a", "b"], "vector": ["[one]", "[2]"]}, {}, "a list of numbers"),
        ({"id": ["a", "b"], "x": [1.0, None]}, {}, "none in row 1 of column 'x'"),
        ({"id": ["a", "b"], "x": [1j, 2j]}, {}, "'x' of the frame is neither"),
        ({"id": [], "x": []}, {}, "has no other row"),
    ],
)
def test_frames_that_hold_no_vectors(frame: dict[str, Any], options: dict[str, Any], message: str) -> None:
    with pytest.raises(CallError, match=message):
        VectorTable.from_frame(pd.DataFrame(frame), **options)


def test_files(tmp_path: Path) -> None:
    numbers = pd.DataFrame(ROWS, columns=["x", "y", "z"])
    pd.DataFrame({"id": IDS, "vector": list(ROWS)}).to_parquet(tmp_path / "lists.parquet")
    numbers.assign(id=IDS).to_csv(tmp_path / "numbers.csv", index=False)
    pd.DataFrame({"id": IDS, "vector": list(ROWS.tolist())}).to_csv(tmp_path / "lists.csv", index=False)
    np.save(tmp_path / "rows.npy", ROWS)
    (tmp_path / "ids.txt").write_text("\n".join(IDS) + "\n", encoding="utf-8")
    pd.DataFrame({"title": "t", "id": IDS}).to_csv(tmp_path / "ids.csv", index=False)
    same(VectorTable.from_parquet(tmp_path / "lists.parquet"))
    same(VectorTable.from_parquet(tmp_path / "lists.csv"))
    same(VectorTable.from_parquet(tmp_path / "numbers.csv"))
    for ids in (IDS, tmp_path / "ids.txt", str(tmp_path / "ids.csv")):
        same(VectorTable.from_npy(tmp_path / "rows.npy", ids))
    same(VectorTable.from_npy(tmp_path / "rows.npy"), ["0", "1", "2", "3"])


def test_files_that_are_none(tmp_path: Path) -> None:
    np.save(tmp_path / "one.npy", ROWS[0])
    np.save(tmp_path / "rows.npy", ROWS)
    (tmp_path / "cut.npy").write_bytes((tmp_path / "rows.npy").read_bytes()[:-9])
    (tmp_path / "ids.csv").write_text("a,b\n1,2\n")
    (tmp_path / "bad.parquet").write_bytes(b"PAR1")
    with pytest.raises(VectorError, match=r"shape \(n, dim\), and those of .*one\.npy have \(3,\)"):
        VectorTable.from_npy(tmp_path / "one.npy")
    with pytest.raises(CallError, match="there are 4 vectors and 2 ids"):
        VectorTable.from_npy(tmp_path / "rows.npy", ["a", "b"])
    cases: list[Callable[[], Any]] = [
        lambda: VectorTable.from_npy(tmp_path / "cut.npy"),
        lambda: VectorTable.from_npy(tmp_path / "gone.npy"),
        lambda: VectorTable.from_npy(tmp_path / "rows.npy", tmp_path / "gone.txt"),
        lambda: VectorTable.from_npy(tmp_path / "rows.npy", tmp_path / "ids.csv"),
        lambda: VectorTable.from_parquet(tmp_path / "bad.parquet"),
        lambda: VectorTable.from_parquet(tmp_path / "gone.csv"),
    ]
    for case in cases:
        with pytest.raises(DataFileError):
            case()


def test_the_command_makes_a_table_that_others_read(elm: Elm, tmp_path: Path) -> None:
    np.save(tmp_path / "mine.npy", ROWS)
    (tmp_path / "ids.txt").write_text("\n".join(IDS), encoding="utf-8")
    words = ("embed", "--vectors", tmp_path / "mine.npy", "--ids", tmp_path / "ids.txt", "--out", tmp_path / "out")
    code, out, err = elm(*words, "--json")
    assert (code, err) == (0, "")
    told = json.loads(out)["tables"]["mine"]
    assert (told["n"], told["dim"], told["space"]) == (4, 3, "mine")
    same(VectorTable.load(told["folder"]))


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--ids", "x.txt"), "go with --vectors FILE"),
        (("--vectors", "x.npy", "--name", "a/b"), "'a/b' is not: give --name"),
        (("--vectors", "x.txt"), "takes a .npy, .parquet or .csv file, got x.txt"),
        (("--vectors", "x.csv", "--ids", "y.txt"), "--ids goes with a .npy file"),
        (("--vectors", "gone.npy"), "gone.npy does not exist"),
    ],
)
def test_wrong_calls_of_the_command(elm: Elm, words: tuple[str, ...], message: str) -> None:
    code, out, err = elm("embed", *words)
    assert code in (1, 2)
    assert out == ""
    assert err.count("\n") == 1
    assert message in err
