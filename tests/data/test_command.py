from __future__ import annotations

import json

import pytest
import typer
from movielens_files import write_csv
from typer.testing import CliRunner

from elm._errors import CallError, UnknownNameError
from elm.cli._data import data
from elm.data import load


def run(*arguments: str):
    app = typer.Typer()
    app.command()(data)
    return CliRunner().invoke(app, list(arguments))


def test_the_command_prints_and_saves(tmp_path) -> None:
    write_csv(tmp_path)
    result = run("ml-latest-small", "--folder", str(tmp_path), "--out", str(tmp_path / "out"))
    assert result.exit_code == 0, result.output
    for words in (
        "2 users, 3 items, 3 ratings",
        "density 50.00%, with times",
        "most rated: Toy Story (1995)",
        "saved in",
    ):
        assert words in result.stdout.replace("\n", " ").replace("  ", " ")
    assert load(tmp_path / "out").name == "ml-latest-small"


def test_the_command_speaks_json(tmp_path) -> None:
    write_csv(tmp_path)
    value = json.loads(run(str(tmp_path), "--json").stdout)
    assert (value["users"], value["items"], value["ratings"]) == (2, 3, 3)
    assert value["histogram"] == {"0.5": pytest.approx(1 / 3), "3": pytest.approx(1 / 3), "4.5": pytest.approx(1 / 3)}


def test_wrong_calls_raise_what_the_main_program_turns_into_one_line() -> None:
    assert isinstance(run("ml-100").exception, UnknownNameError)
    assert isinstance(run("demo", "--texts").exception, CallError)
