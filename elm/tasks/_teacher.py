"""The template teacher: texts from known facts, with seeded variation."""

from __future__ import annotations

import zlib
from collections.abc import Mapping

import numpy as np

from elm._errors import CallError, UnknownNameError
from elm.tasks._facts import FilmFacts, UserFacts
from elm.tasks._task import Task, get


class TemplateTeacher:
    """Writes the text of a task from the facts of an entity: the same text for the same seed, id and task.

    >>> from elm.tasks import FilmFacts
    >>> facts = {"f1": FilmFacts(genres=("War",), plot="Two armies meet at a bridge.")}
    >>> TemplateTeacher(facts, seed=0).write("f1", "summary")
    'A film of the kind war. Two armies meet at a bridge.'
    """

    def __init__(self, facts: Mapping[str, FilmFacts] | Mapping[str, UserFacts], seed: int = 0) -> None:
        self.facts = facts
        self.seed = seed

    def write(self, entity: str, task: str | Task, variant: int = 0) -> str:
        """The text for one entity; another `variant` gives another wording of the same facts.

        Raises `UnknownNameError` for an entity without facts or an unknown task, `CallError` for a user's task about
        a film or the other way round.
        """
        task = get(task)
        if entity not in self.facts:
            raise UnknownNameError("entity", entity, self.facts, "(the teacher has no facts of it)")
        if isinstance(self.facts[entity], FilmFacts if task.reads == "user" else UserFacts):
            raise CallError(
                f"task {task.id!r} reads {task.reads}s, but {entity!r} is of the other kind; choose another task"
            )
        key = zlib.crc32(f"{task.id}/{entity}".encode())
        return task.write(self.facts[entity], np.random.default_rng([self.seed, key, variant]))
