"""What a task is, and the registry that names them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from elm._errors import CallError, UnknownNameError

VECTOR = "<|vector|>"
"""Where the soft tokens go in a prompt: a mark in the text, not a token of any tokenizer."""


@dataclass(frozen=True)
class Task:
    """A named prompt over one item or one user, with how its training text is made from facts.

    `prompt` holds exactly one `VECTOR`; `write(facts, rng)` is the template teacher's text for it.
    The film tasks are decoded at temperature 0.5: many wordings are equally right, and always taking the likeliest
    would give every film the same one. Facts, of which one is right, are hardly touched by it.
    """

    id: str
    reads: Literal["item", "user"]
    prompt: str
    write: Callable[[Any, np.random.Generator], str]
    max_new_tokens: int = 128
    temperature: float = 0.0  # of decoding, where the caller names none

    def __post_init__(self) -> None:
        if self.prompt.count(VECTOR) != 1:
            raise CallError(f"a task's prompt holds {VECTOR} once; that of {self.id!r} is {self.prompt!r}")


_REGISTRY: dict[str, Task] = {}


def register(task: Task) -> Task:
    """Make a task known by its id and return it; an id that is taken is a `CallError`."""
    if task.id in _REGISTRY:
        raise CallError(f"task ids are unique and {task.id!r} is taken; choose another id")
    _REGISTRY[task.id] = task
    return task


def get(task: str | Task) -> Task:
    """The task of that id; an unknown id raises `UnknownNameError` with the nearest one.

    >>> get("summary").reads
    'item'
    """
    if isinstance(task, Task):
        return task
    try:
        return _REGISTRY[task]
    except KeyError:
        raise UnknownNameError("task", task, _REGISTRY) from None


def all_tasks(reads: Literal["item", "user"] | None = None) -> list[Task]:
    """The registered tasks that read items or users, or all of them, in the order of registration."""
    return [t for t in _REGISTRY.values() if reads is None or t.reads == reads]
