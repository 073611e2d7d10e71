"""`elm describe`: the task that it chooses, the vectors that it takes, and what it refuses."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from elm.cli import _output, main

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
    assert (code, out) == (2, "")
    assert err == "elm: task 'summary' was not trained for wals; learned: user_profile, user_summary\n"
