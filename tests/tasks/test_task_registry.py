"""Tasks have one id each and a prompt with one place for a vector."""

from __future__ import annotations

import pytest

import elm.tasks
from elm._errors import CallError, UnknownNameError
from elm.tasks import VECTOR, Task, all_tasks, get, register

FILM_TASKS = {"summary", "positive_review", "negative_review", "five_positive"}
USER_TASKS = {"user_profile", "user_summary"}


def task(**changes: object) -> Task:
    return Task(**{"id": "t", "reads": "item", "prompt": f"Tell {VECTOR}.", "write": lambda f, r: "", **changes})  # type: ignore[arg-type]


def test_the_six_tasks_are_there_and_say_what_they_read() -> None:
    assert {t.id for t in all_tasks("item")} == FILM_TASKS
    assert {t.id for t in all_tasks("user")} == USER_TASKS
    assert {t.id for t in all_tasks()} == FILM_TASKS | USER_TASKS


def test_get_takes_an_id_or_a_task() -> None:
    assert get("summary") is elm.tasks.SUMMARY
    other = task()
    assert get(other) is other


def test_an_unknown_id_suggests_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match=r"unknown task 'sumary'; did you mean 'summary'\?"):
        get("sumary")
    with pytest.raises(UnknownNameError, match="unknown task 'zzz'; known: five_positive, "):
        get("zzz")


def test_an_id_is_taken_once() -> None:
    before = all_tasks()
    with pytest.raises(CallError, match="task ids are unique and 'summary' is taken; choose another id"):
        register(task(id="summary"))
    assert all_tasks() == before


@pytest.mark.parametrize("prompt", ["Tell me.", f"{VECTOR} and {VECTOR}", ""])
def test_a_prompt_holds_one_vector(prompt: str) -> None:
    with pytest.raises(CallError, match=r"a task's prompt holds <\|vector\|> once; that of 't' is "):
        task(prompt=prompt)
