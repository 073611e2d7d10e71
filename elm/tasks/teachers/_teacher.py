"""Teachers write the texts that are learned; the template teacher does so from known facts, with seeded variation."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np

from elm._errors import CallError, UnknownNameError
from elm.tasks._task import Task, get
from elm.tasks.facts._facts import UserFacts

Entity = str | tuple[str, str]
"""The id of an item or a user, or those of two items."""


class Teacher(Protocol):
    """What writes training texts; the same text for the same entity, task and variant."""

    def write(self, entity: Entity, task: str | Task, variant: int = 0) -> str: ...


class TemplateTeacher:
    """Writes the text of a task from the facts of an entity: the same text for the same seed, id and task.

    >>> from elm.tasks import ItemFacts
    >>> facts = {"f1": ItemFacts(kinds=("War",), text="Two armies meet at a bridge.")}
    >>> TemplateTeacher(facts, seed=0).write("f1", "summary")
    'A film of the kind war. Two armies meet at a bridge.'
    """

    def __init__(self, facts: Mapping[str, Any], seed: int = 0) -> None:
        self.facts = facts
        self.seed = seed

    def write(self, entity: Entity, task: str | Task, variant: int = 0) -> str:
        """The text for one entity, or for a pair of ids; another `variant` gives another wording of the same facts.

        Raises `UnknownNameError` for an entity without facts or an unknown task, `CallError` for a user's task about
        an item or the other way round, and where a task about two items does not get two.
        """
        ids = (entity,) if isinstance(entity, str) else entity
        known = [self._facts_of(one) for one in ids]
        task = get(task, getattr(known[0], "domain", "films"))  # a task of one's own may know facts of any kind
        if len(ids) != len(task.marks):
            raise CallError(f"task {task.id!r} is about {len(task.marks)} entities, got {len(ids)}: {', '.join(ids)}")
        for one, facts in zip(ids, known, strict=True):
            if isinstance(facts, UserFacts) != (task.reads == "user"):
                raise CallError(
                    f"task {task.id!r} reads {'users' if task.reads == 'user' else 'items'}, but {one!r} is of the "
                    f"other "
                    "kind; choose another task"
                )
        key = zlib.crc32(f"{task.id}/{'/'.join(ids)}".encode())
        rng = np.random.default_rng([self.seed, key, variant])
        return task.write(known[0] if len(known) == 1 else tuple(known), rng)

    def _facts_of(self, entity: str) -> Any:
        if entity not in self.facts:
            raise UnknownNameError("entity", entity, self.facts, "(the teacher has no facts of it)")
        return self.facts[entity]
