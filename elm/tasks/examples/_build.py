"""Training examples as a Hugging Face `DatasetDict`: drawn from tables and splits, written by a teacher."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from elm._errors import CallError, TeacherError
from elm.data import PARTS, EntitySplit
from elm.embeddings import VectorTable, nearest
from elm.tasks._task import Task, get
from elm.tasks.examples._plan import SMALL, ExamplePlan
from elm.tasks.teachers._teacher import Entity, Teacher

if TYPE_CHECKING:
    from datasets import DatasetDict

COLUMNS = ("task", "space", "domain", "entities", "prompt", "text", "variant")


@dataclass(frozen=True)
class ExampleSource:
    """What one space brings: its vectors, the teacher of their entities, the tasks, and the split of the entities.

    Raises `CallError` without tasks, `UnknownNameError` for a task or an entity that is not known.
    """

    table: VectorTable
    teacher: Teacher
    tasks: tuple[str | Task, ...]
    split: EntitySplit
    domain: str = "films"

    def __post_init__(self) -> None:
        if not self.tasks:
            raise CallError(f"space {self.table.space.name!r} needs at least one task, got none")
        for part in PARTS:
            self.table.row_numbers(getattr(self.split, part))
        _ = self.asked

    @cached_property
    def asked(self) -> tuple[Task, ...]:
        """The tasks, in the words of the domain."""
        return tuple(get(task, self.domain) for task in self.tasks)


def build_examples(
    sources: Sequence[ExampleSource], plan: ExamplePlan = SMALL, seed: int = 0, progress: bool = False
) -> DatasetDict:
    """The examples of all sources, in parts train, validation and test; a part without entities is left out.

    One row per example, in a random order: `task` (id), `space` (name of the table's space), `domain`, `entities` (one
    id, or two), `prompt` (with `VECTOR` and `SECOND` in the places of the vectors), `text` (the teacher's), `variant`.
    Parts share no entity, so a pair lies in a part only if both its items do. What a task reads decides how pairs are
    drawn: "pair" at random, "neighbours" with one of the nearest *within the part*. (ELM's Appendix E counts
    `why_like_nn` among the random pairs, its Table 7 among the neighbours, as `Task.reads` does here.)

    The same arguments give the same rows. A slow teacher with a cache goes on where it was stopped; a text that it
    gives up is left out and stands in its `failures`. Raises `CallError` where a task has too few entities,
    `TeacherError` where a task is left without a text, and what the teacher raises.
    """
    from datasets import Dataset, DatasetDict, Features, List, Value

    if not sources:
        raise CallError("examples are made of at least one source, got none")
    rows: dict[str, list[dict[str, Any]]] = {part: [] for part in PARTS}
    for source in sources:
        for part in PARTS:
            if getattr(source.split, part):
                rows[part] += _part(source, part, plan, seed, progress)
    text, whole = Value("string"), Value("int32")
    features = Features(
        {name: List(text) if name == "entities" else whole if name == "variant" else text for name in COLUMNS}
    )
    made = DatasetDict()
    for number, (part, found) in enumerate(rows.items()):
        order = np.random.default_rng([seed, number]).permutation(len(found))
        if found:
            made[part] = Dataset.from_list([found[k] for k in order], features=features)
    return made


def _part(source: ExampleSource, part: str, plan: ExamplePlan, seed: int, progress: bool) -> Iterator[dict[str, Any]]:
    most = plan.count(part)
    for number, task in enumerate(source.asked):
        share = None if most is None else (most + len(source.asked) - 1 - number) // len(source.asked)
        drawn = draw_entities(source.table, getattr(source.split, part), task, share, plan, seed)
        fixed = {"task": task.id, "space": source.table.space.name, "domain": source.domain, "prompt": task.prompt}
        count = 0
        for variant in sorted({variant for _, variant in drawn}):
            entities = [entity for entity, own in drawn if own == variant]
            for entity, text in zip(entities, _texts(source.teacher, entities, task, variant, progress), strict=True):
                if text:
                    ids = [entity] if isinstance(entity, str) else list(entity)
                    row = {**fixed, "entities": ids, "text": text, "variant": variant}
                    yield {column: row[column] for column in COLUMNS}
                    count += 1
        if drawn and not count:
            raise TeacherError(
                f"task {task.id!r} should have texts in part {part}, but the teacher gave up all of them"
            )


def draw_entities(
    table: VectorTable, ids: Sequence[str], task: Task, count: int | None, plan: ExamplePlan, seed: int
) -> list[tuple[Entity, int]]:
    """Up to `count` entities of `ids` for a task, or pairs, each with a variant; no two rows are the same.

    Every entity comes first in its turn, before one comes again. Raises `CallError` for a task over two of fewer.
    """
    ids, two = sorted(ids), len(task.marks) == 2
    if two and len(ids) < 2:
        raise CallError(
            f"task {task.id!r} is about two items, and a part of the split holds {len(ids)}: make it larger"
        )
    near = min(plan.near, len(ids) - 1)
    partners = {"pair": min(plan.variants, len(ids) - 1), "neighbours": plan.variants * near}
    total = len(ids) * partners.get(task.reads, plan.variants)
    if count is not None:
        total = min(count, total)
    rng = np.random.default_rng([seed, zlib.crc32(f"{table.space.name}/{task.id}".encode())])
    order = [ids[k] for k in rng.permutation(len(ids))]
    turns = [divmod(k, len(ids)) for k in range(total)]  # (turn, place in the order)
    if task.reads == "pair":  # a random order, shifted: in a turn each item is once first and once second
        return [((order[place], order[(place + turn + 1) % len(ids)]), 0) for turn, place in turns]
    if task.reads == "neighbours" and turns:
        firsts, among = order[:total], table.subset(ids)
        lists, _ = nearest(among, among.rows(firsts), near, exclude=firsts)
        return [((order[place], lists[place][turn % near]), turn // near) for turn, place in turns]
    return [(order[place], turn) for turn, place in turns]


def _texts(teacher: Any, entities: list[Entity], task: Task, variant: int, progress: bool) -> list[str]:
    """A teacher that can writes them all at once, and "" where it gave up."""
    if hasattr(teacher, "write_all"):
        texts: list[str] = teacher.write_all(entities, task, variant, progress=progress, on_failure="skip")
        return texts
    return [teacher.write(entity, task, variant) for entity in entities]
