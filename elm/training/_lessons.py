"""What adapters learn from, and the batches that are drawn from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from elm._errors import CallError
from elm.data import guard_disjoint
from elm.embeddings import VectorTable, nearest
from elm.model import EmbeddingLanguageModel, plain_ids, prompt_ids
from elm.tasks import Entity, Task, TemplateTeacher
from elm.tasks import get as get_task
from elm.training._batch import Batch, Example, collate

_NEAR = 4  # neighbours that an item is paired with


@dataclass(frozen=True)
class Lessons:
    """What one adapter learns from: vectors, the teacher who writes about their entities, and the tasks.

    ids: the entities to learn from, each in `table` and known to `teacher`; held_out: those that will be scored. Tasks
    over two items pair `ids` at random, or with one of their four nearest among `ids`.
    weight: how often this adapter's batches come up, relative to the other lessons'; variants: wordings of each text.
    domain: in whose words tasks are asked.

    Raises `LeakageError` where something held out is among `ids`, `CallError` or `UnknownNameError` where the rest does
    not fit together.
    """

    adapter: str
    table: VectorTable
    teacher: TemplateTeacher
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
        if silent := [i for i in self.ids if i not in self.teacher.facts]:
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
        """(n, k): places in `ids` of the k nearest others, up to four."""
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
            second = int(self.near[first][rng.integers(self.near.shape[1])])
        else:
            second = (first + 1 + int(rng.integers(len(self.ids) - 1))) % len(self.ids)
        return (self.ids[first], self.ids[second]), (int(self.rows[first]), int(self.rows[second]))


class LessonBatches:
    """Batches of examples, each a function of (seed, step); one adapter and one number of vectors a batch."""

    def __init__(self, model: EmbeddingLanguageModel, lessons: Sequence[Lessons], batch_tokens: int, seed: int) -> None:
        if not lessons:
            raise CallError("training needs at least one lesson, got none")
        self._tokenizer, self._tokens, self._seed = model.tokenizer, batch_tokens, seed
        self._kinds: list[tuple[Lessons, list[Task]]] = []
        weights = []
        for lesson in lessons:
            for count in sorted({len(task.marks) for task in lesson.learned}):
                tasks = [task for task in lesson.learned if len(task.marks) == count]
                self._kinds.append((lesson, tasks))
                weights.append(lesson.weight * len(tasks) / len(lesson.learned))
        self._weights = np.array(weights) / np.sum(weights)
        self._prompts = {
            (lesson.adapter, task.id): prompt_ids(
                model.tokenizer, task.prompt, [model.adapter(lesson.adapter).config.soft_tokens] * len(task.marks)
            )
            for lesson, tasks in self._kinds
            for task in tasks
        }

    def at(self, step: int) -> tuple[Lessons, Batch]:
        """The batch of a step, up to `batch_tokens` padding included, and the lesson that it is of."""
        rng = np.random.default_rng([self._seed, step])
        lesson, tasks = self._kinds[int(rng.choice(len(self._kinds), p=self._weights))]
        examples: list[Example] = []
        longest = 0
        while len(examples) < 256:
            task = tasks[int(rng.integers(len(tasks)))]
            entity, rows = lesson.draw(task, rng)
            text = lesson.teacher.write(entity, task, variant=int(rng.integers(lesson.variants)))
            prompt = self._prompts[lesson.adapter, task.id]
            target = [*plain_ids(self._tokenizer, text), self._tokenizer.eos_token_id]
            longest = max(longest, len(prompt.ids) + len(target))
            if examples and longest * (len(examples) + 1) > self._tokens:
                break
            examples.append(Example(prompt.ids, target, tuple(prompt.slots), rows))
        return lesson, collate(examples, self._tokenizer.pad_token_id or 0)
