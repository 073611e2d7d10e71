"""The batches of two-stage training: each a function of seed and step, of one adapter and one number of vectors."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from elm._errors import CallError
from elm.model import EmbeddingLanguageModel, PromptIds, plain_ids, prompt_ids
from elm.tasks import Task
from elm.training.data._collate import Batch, Example, collate
from elm.training.data._dataset import WrittenLessons
from elm.training.data._generated import Lessons
from elm.training.data._length_buckets import LengthBuckets

_MOST = 256  # rows of a batch


class LessonBatches:
    """Batches of up to `batch_tokens` tokens, padding included; lessons come up as often as their weights say."""

    def __init__(
        self, model: EmbeddingLanguageModel, lessons: Sequence[Lessons | WrittenLessons], batch_tokens: int, seed: int
    ) -> None:
        if not lessons:
            raise CallError("training needs at least one lesson, got none")
        self._pad, self._seed = model.tokenizer.pad_token_id or 0, seed
        self._kinds = [kind for lesson in lessons for kind in _kinds(model, lesson, batch_tokens, seed)]
        weights = np.array([kind.weight for kind in self._kinds])
        self._weights = weights / weights.sum()
        self._turns: list[list[int]] = [[] for _ in self._kinds]  # the steps of each kind, in order
        self._known = 0

    def at(self, step: int) -> tuple[Lessons | WrittenLessons, Batch]:
        """The batch of a step, and the lesson that it is of."""
        rng = np.random.default_rng([self._seed, step])
        number = int(rng.choice(len(self._kinds), p=self._weights))
        kind = self._kinds[number]
        turn = self._turn(number, step) if isinstance(kind, _Written) else 0
        return kind.lesson, collate(kind.examples(rng, turn), self._pad)

    def _turn(self, number: int, step: int) -> int:
        """How many steps before this one were of its kind; a resumed run asks for a late step first."""
        for known in range(self._known, step):
            drawn = np.random.default_rng([self._seed, known]).choice(len(self._kinds), p=self._weights)
            self._turns[int(drawn)].append(known)
        self._known = max(self._known, step)
        return int(np.searchsorted(self._turns[number], step))


class _Drawn:
    """Tasks over as many vectors, whose entities and wordings are drawn for every example."""

    def __init__(
        self, model: EmbeddingLanguageModel, lesson: Lessons, tasks: Sequence[Task], batch_tokens: int
    ) -> None:
        self.lesson, self.weight = lesson, lesson.weight * len(tasks) / len(lesson.learned)
        self._tasks, self._tokenizer, self._tokens = tasks, model.tokenizer, batch_tokens
        self._prompts = _prompts(model, lesson)

    def examples(self, rng: np.random.Generator, turn: int) -> list[Example]:
        found: list[Example] = []
        longest = 0
        while len(found) < _MOST:
            task = self._tasks[int(rng.integers(len(self._tasks)))]
            entity, rows = self.lesson.draw(task, rng)
            text = self.lesson.teacher.write(entity, task, variant=int(rng.integers(self.lesson.variants)))
            prompt = self._prompts[task.id]
            target = [*plain_ids(self._tokenizer, text), self._tokenizer.eos_token_id]
            longest = max(longest, len(prompt.ids) + len(target))
            if found and longest * (len(found) + 1) > self._tokens:
                break
            found.append(Example(prompt.ids, target, tuple(prompt.slots), rows))
        return found


class _Written:
    """Rows of tasks over as many vectors, all of which come once in an epoch."""

    def __init__(
        self, model: EmbeddingLanguageModel, lesson: WrittenLessons, marks: int, batch_tokens: int, seed: int
    ) -> None:
        own = {task.id for task in lesson.learned if len(task.marks) == marks}
        rows = [number for number, task in enumerate(lesson.rows["task"]) if task in own]
        self.lesson, self.weight = lesson, lesson.weight * len(rows) / len(lesson.rows)
        self._rows, self._tokenizer = lesson.rows.select(rows), model.tokenizer
        self._prompts = _prompts(model, lesson)
        texts = zip(self._rows["task"], self._rows["text"], strict=True)
        lengths = [len(self._prompts[task].ids) + len(plain_ids(self._tokenizer, text)) + 1 for task, text in texts]
        self._buckets = LengthBuckets(lengths, batch_tokens, seed, rows=_MOST)

    def examples(self, rng: np.random.Generator, turn: int) -> list[Example]:
        found = self._rows[self._buckets.at(turn).tolist()]
        return [
            Example(
                self._prompts[task].ids,
                [*plain_ids(self._tokenizer, text), self._tokenizer.eos_token_id],
                tuple(self._prompts[task].slots),
                tuple(self.lesson.table.row_numbers(entities)),
            )
            for task, entities, text in zip(found["task"], found["entities"], found["text"], strict=True)
        ]


def _kinds(
    model: EmbeddingLanguageModel, lesson: Lessons | WrittenLessons, batch_tokens: int, seed: int
) -> Iterator[_Drawn | _Written]:
    """The lesson's parts that make batches of their own, by how many vectors a prompt holds."""
    for count in sorted({len(task.marks) for task in lesson.learned}):
        if isinstance(lesson, WrittenLessons):
            yield _Written(model, lesson, count, batch_tokens, seed)
        else:
            tasks = [task for task in lesson.learned if len(task.marks) == count]
            yield _Drawn(model, lesson, tasks, batch_tokens)


def _prompts(model: EmbeddingLanguageModel, lesson: Lessons | WrittenLessons) -> dict[str, PromptIds]:
    soft = model.adapter(lesson.adapter).config.soft_tokens
    return {task.id: prompt_ids(model.tokenizer, task.prompt, [soft] * len(task.marks)) for task in lesson.learned}
