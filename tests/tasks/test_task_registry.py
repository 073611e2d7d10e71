"""Tasks have one id each and a prompt with one place for a vector."""

from __future__ import annotations

import pytest

from elm._errors import CallError, UnknownNameError
from elm.tasks import VECTOR, Task, all_tasks, get, register

FILM_TASKS = set(
    "summary positive_review negative_review neutral_review five_positive five_negative long_description funnier "
    "sadder "
    "scarier improve movie_to_viewer pitch criticize convince1 convince2 convince3 dissuade1 dissuade2".split()
)
PAIR_TASKS = {"similarities", "interpolation", "why_like_nn", "diff_than_nn", "common_with_nn"}
USER_TASKS = {"user_profile", "user_summary"}


def task(**changes: object) -> Task:
    return Task(**{"id": "t", "reads": "item", "prompt": f"Tell {VECTOR}.", "write": lambda f, r: "", **changes})  # type: ignore[arg-type]


def test_the_24_film_tasks_of_the_paper_and_two_of_users_say_what_they_read() -> None:
    assert len(FILM_TASKS | PAIR_TASKS) == 24
    assert {t.id for t in all_tasks("item")} >= FILM_TASKS
    assert {t.id for t in all_tasks("pair", "neighbours")} >= PAIR_TASKS
    assert {t.id for t in all_tasks("user")} >= USER_TASKS


@pytest.mark.parametrize("task", all_tasks(), ids=lambda t: t.id)
def test_each_says_how_a_language_model_and_a_rater_are_asked(task: Task) -> None:
    places = {"user": ("{liked}", "{disliked}"), "item": ("{first}",)}.get(task.reads, ("{first}", "{second}"))
    assert all(task.ask.count(place) == 1 for place in places)
    assert len(task.questions) >= 3
    assert not any("{item" in text or "{person}" in text for text in (task.prompt, task.ask, *task.questions))
    assert task.scored_by == ("vector" if len(task.marks) == 1 else "mixture" if task.id == "interpolation" else "text")


def test_get_takes_an_id_or_a_task() -> None:
    assert get("summary") == next(t for t in all_tasks() if t.id == "summary")
    other = task()
    assert get(other) is other


def test_an_unknown_id_suggests_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match=r"unknown task 'sumary'; did you mean 'summary'\?"):
        get("sumary")
    with pytest.raises(UnknownNameError, match=r"unknown task 'zzz'; there are \d+ of them, such as "):
        get("zzz")


def test_an_id_is_taken_once() -> None:
    before = all_tasks()
    with pytest.raises(CallError, match="task ids are unique and 'summary' is taken; choose another id"):
        register(task(id="summary"))
    assert all_tasks() == before


@pytest.mark.parametrize("prompt", ["Tell me.", f"{VECTOR} and {VECTOR}", ""])
def test_a_prompt_holds_one_vector(prompt: str) -> None:
    with pytest.raises(CallError, match=r"the prompt of a task that reads item holds <\|vector\|> once: "):
        task(prompt=prompt)
