"""What an adapter learns from where the texts were written beforehand."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from elm._errors import CallError
from elm.data import guard_disjoint
from elm.embeddings import VectorTable
from elm.tasks import Task
from elm.tasks import get as get_task

if TYPE_CHECKING:
    from datasets import Dataset


@dataclass(frozen=True)
class WrittenLessons:
    """What one adapter learns from texts that any teacher wrote: rows as `elm.tasks.build_examples` makes them.

    examples: a part of them, such as `load_examples(folder)["train"]`, with the columns `task`, `entities` and `text`;
    rows of another `space` than the table's are passed over. Each epoch goes once through all of them, in batches of
    like length. tasks: those that are not registered. held_out, weight, domain: as in `Lessons`.

    Raises `LeakageError` where something held out is in a row, `CallError` for no rows, a row without a text or with
    more or fewer entities than its task reads, `UnknownNameError` for a task or an entity that is not known.
    """

    adapter: str
    table: VectorTable
    examples: Dataset
    held_out: tuple[str, ...] = ()
    weight: float = 1.0
    domain: str = "films"
    tasks: tuple[Task, ...] = ()

    def __post_init__(self) -> None:
        columns = ("task", "entities", "text")
        if missing := [name for name in columns if name not in self.examples.column_names]:
            raise CallError(f"written lessons have the columns {', '.join(columns)}, and lack {', '.join(missing)}")
        if not len(self.rows):
            raise CallError(f"adapter {self.adapter!r} needs a row of space {self.table.space.name!r} to learn from")
        guard_disjoint(self.ids, self.held_out, f"training of adapter {self.adapter!r}")
        self.table.row_numbers(self.ids)
        marks = {task.id: len(task.marks) for task in self.learned}
        for number, (task, entities, text) in enumerate(zip(*(self.rows[name] for name in columns), strict=True)):
            if len(entities) != marks[task] or not text:
                raise CallError(
                    f"a row holds a text about the {marks[task]} entities of its task, and row {number} ({task}) has "
                    f"{len(entities)} entities and a text of {len(text or '')} letters"
                )

    @cached_property
    def rows(self) -> Dataset:
        """The rows of the table's space."""
        if "space" not in self.examples.column_names:
            return self.examples
        own = [number for number, space in enumerate(self.examples["space"]) if space == self.table.space.name]
        return self.examples.select(own)

    @cached_property
    def ids(self) -> list[str]:
        """The entities that the rows are about."""
        return list(dict.fromkeys(entity for entities in self.rows["entities"] for entity in entities))

    @cached_property
    def learned(self) -> tuple[Task, ...]:
        """The tasks of the rows, in the words of the domain."""
        own = {task.id: task for task in self.tasks}
        return tuple(get_task(own.get(id, id), self.domain) for id in dict.fromkeys(self.rows["task"]))
