"""`elm describe`: the task that it chooses, the vectors that it takes, and what it refuses."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from elm.cli import _output, main
from elm.embeddings import EmbeddingSpace, VectorTable
from elm.model import shipped_vectors

Command = Callable[..., tuple[int, str, str]]


@pytest.fixture
def describe(capsys: pytest.CaptureFixture[str]) -> Command:
    """(exit code, standard output, standard error) of `elm describe` with the shipped model, likeliest words only."""

    def call(*words: object) -> tuple[int, str, str]:
        code = main(["describe", "--quiet", "--json", "--temperature", "0", *map(str, words)])
        _output.set_quiet(False)
        return code, *capsys.readouterr()

    return call


def value(result: tuple[int, str, str]) -> dict[str, Any]:
    code, out, err = result
    assert (code, err) == (0, "")
    found: dict[str, Any] = json.loads(out)
    return found


@pytest.mark.parametrize(("words", "task"), [(("--item", "f7"), "summary"), (("--user", "u7"), "user_summary")])
def test_the_task_is_chosen_by_what_is_described(describe: Command, words: tuple[str, str], task: str) -> None:
    chosen = value(describe(*words))
    assert chosen["task"] == task
    assert chosen == value(describe(*words, "--task", task))


def test_a_task_of_films_is_refused_for_a_user(describe: Command) -> None:
    code, out, err = describe("--user", "u7", "--task", "summary")
    assert (code, json.loads(out)["error"]["exit_code"]) == (2, 2)
    assert err == "elm: task 'summary' was not trained for wals; learned: user_profile, user_summary\n"


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """Three films of those that ship, saved as a table."""
    return shipped_vectors("films").subset(["f3", "f7", "f11"]).save(tmp_path / "tables" / "semantic")


@pytest.mark.slow
def test_a_saved_table_is_described_row_by_row(
    describe: Command, table: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    texts = value(describe("--vectors", table))["texts"]
    assert [row["id"] for row in texts] == ["f3", "f7", "f11"]
    one = value(describe("--vectors", table, "--item", "f7"))
    assert one["texts"] == [texts[1]]
    assert one == value(describe("--item", "f7"))
    assert main(["describe", "--temperature", "0", "--vectors", str(table)]) == 0
    assert capsys.readouterr() == ("\n\n".join(f"{row['id']}\n{row['text']}" for row in texts) + "\n", "")


def test_a_user_of_a_saved_table(describe: Command, tmp_path: Path) -> None:
    users = shipped_vectors("users").subset(["u7", "u8"]).save(tmp_path / "users")
    assert value(describe("--vectors", users, "--user", "u7")) == value(describe("--user", "u7"))


def test_what_a_saved_table_is_refused_for(describe: Command, table: Path) -> None:
    np.save(table.parent / "v.npy", np.zeros((2, 384)))
    cases: list[tuple[tuple[object, ...], str]] = [
        ((table, "--item", "f8"), r"unknown id 'f8'; did you mean 'f\d+'\? \(in space 'minilm'\)"),
        ((table, "--item", "f7", "--user", "u7"), "say what to read: one of --item, --user or --vectors"),
        ((table.parent / "v.npy", "--item", "f7"), "rows of an array have no names, so --item and --user go with"),
        ((table.parent,), "--vectors takes one table, and .*tables is a folder of tables: name semantic in it"),
    ]
    for words, message in cases:
        code, out, err = describe("--vectors", *words)
        assert (code, json.loads(out)["error"]["exit_code"], err.count("\n")) == (2, 2, 1)
        assert re.search(message, err), err


def test_a_table_of_another_space_is_refused(describe: Command, table: Path) -> None:
    films = VectorTable.load(table)
    other = EmbeddingSpace.fit("mine", films.vectors, "cosine", {}, "0123456789abcdef")
    VectorTable(films.ids, films.vectors, other).save(table)
    code, out, err = describe("--vectors", table)
    assert (code, json.loads(out)["error"]["exit_code"], err.count("\n")) == (2, 2, 1)
    assert (
        "must be of a space that the model was trained on; the table's is mine 0123456789abcdef; nearest: minilm "
        in err
    )
