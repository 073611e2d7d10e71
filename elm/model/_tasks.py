"""Tasks as a folder stores them: asked as in training, whatever this version of the registry says."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

from elm._errors import CallError
from elm.tasks import Task, all_tasks


def stored_task(
    name: str, *, reads: Literal["item", "user"], prompt: str, max_new_tokens: int, temperature: float
) -> Task:
    """The task with its stored prompt; the teacher of the registered one of that name, where there is one.

    Raises `CallError` for a prompt that has no place for a vector.
    """
    known = {task.id: task for task in all_tasks()}.get(name) or Task(name, reads, prompt, _no_teacher)
    return replace(known, reads=reads, prompt=prompt, max_new_tokens=max_new_tokens, temperature=temperature)


def _no_teacher(facts: Any, rng: Any) -> str:
    raise CallError("this task came with a model, which says how it is asked but not how its training text is made")
