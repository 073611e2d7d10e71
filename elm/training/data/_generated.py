"""What an adapter learns from where a teacher writes as training goes: entities, tasks, wordings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from elm._errors import CallError
from elm.data import guard_disjoint
from elm.embeddings import VectorTable, nearest
from elm.tasks import Entity, Task, Teacher
from elm.tasks import get as get_task

_NEAR = 64  # neighbours that an item is paired with, the nearer the oftener


@dataclass(frozen=True)
class Lessons:
    """What one adapter learns from: vectors, the teacher who writes about their entities, and the tasks.

    ids: the entities to learn from, each in `table` and known to `teacher`; held_out: those that will be scored. Tasks
    over two items pair `ids` at random, or with one of 64 neighbours, by a rank whose logarithm is drawn evenly, since
    how near the nearest lies depends on how many there are to choose from. The teacher is asked at every step; texts of
    a slow one are written beforehand (`build_examples`, `WrittenLessons`).
    weight: how often this adapter's batches come up, relative to the other lessons'; variants: wordings of each text.
    domain: in whose words tasks are asked.

    Raises `LeakageError` where something held out is among `ids`, `CallError` or `UnknownNameError` where the rest does
    not fit together.
    """

    adapter: str
    table: VectorTable
    teacher: Teacher
    tasks: tuple[str | Task, ...]
    ids: Sequence[str]
    held_out: Sequence[str] = ()
    weight: float = 1.0
    variants: int = 16
    domain: str = "films"

    def __post_init__(self) -> None:
        guard_disjoint(self.ids, self.held_out, f"training of adapter {self.adapter!r}")
        if not len(self.ids):
            raise CallError(f"adapter {self.adapter!r} needs at least one entity to learn from, got none")
        if not self.tasks:
            raise CallError(f"adapter {self.adapter!r} needs at least one task to learn, got none")
        known = getattr(self.teacher, "facts", None)
        if known is not None and (silent := [i for i in self.ids if i not in known]):
            raise CallError(
                f"the teacher must have facts of each entity, but has none of {len(silent)}, such as {silent[0]!r}"
            )
        if any(len(task.marks) > 1 for task in self.learned) and len(self.ids) < 2:
            raise CallError(f"tasks over two items need at least two to learn from, got {self.ids[0]!r} alone")
        self.table.row_numbers(self.ids)

    @cached_property
    def learned(self) -> tuple[Task, ...]:
        """The tasks, in the words of the domain."""
        return tuple(get_task(task, self.domain) for task in self.tasks)

    @cached_property
    def rows(self) -> np.ndarray:
        """The rows of `ids` in the table."""
        return np.asarray(self.table.row_numbers(self.ids))

    @cached_property
    def near(self) -> np.ndarray:
        """(n, k): places in `ids` of the k nearest others, up to 64, nearest first."""
        place = {id: number for number, id in enumerate(self.ids)}
        vectors = self.table.vectors[self.rows]
        count = min(_NEAR, len(self.ids) - 1)
        lists, _ = nearest(self.table.subset(list(self.ids)), vectors, count + 1)
        others = [[place[i] for i in found if place[i] != own][:count] for own, found in enumerate(lists)]
        return np.array(others)

    def draw(self, task: Task, rng: np.random.Generator) -> tuple[Entity, tuple[int, ...]]:
        """An entity for a task, or a pair, and its rows in the table."""
        first = int(rng.integers(len(self.ids)))
        if len(task.marks) == 1:
            return self.ids[first], (int(self.rows[first]),)
        if task.reads == "neighbours":
            rank = int((self.near.shape[1] + 1) ** rng.random()) - 1
            second = int(self.near[first][rank])
        else:
            second = (first + 1 + int(rng.integers(len(self.ids) - 1))) % len(self.ids)
        return (self.ids[first], self.ids[second]), (int(self.rows[first]), int(self.rows[second]))
