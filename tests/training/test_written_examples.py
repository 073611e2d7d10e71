"""Lessons from texts that were written beforehand: each row once per epoch, its own vectors, nothing held out."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
import tiny_elm
import torch
from datasets import Dataset

from elm._errors import CallError, LeakageError, UnknownNameError
from elm.data import EntitySplit
from elm.tasks import SECOND, VECTOR, ExamplePlan, ExampleSource, ItemFacts, Task, TemplateTeacher, build_examples
from elm.training import LoopConfig, TwoStage, WrittenLessons, train_two_stage
from elm.training.data._sampler import LessonBatches

SAY = Task("say", "item", f"Say {VECTOR}.", lambda facts, rng: str(facts))
BOTH = Task("both", "pair", f"Say {VECTOR} and {SECOND}.", lambda pair, rng: pair[0].text)


def rows(table: Any, space: str = "") -> Dataset:
    """A text for each vector, of very different lengths, and pairs of neighbours in the table."""
    said = [{"task": "say", "entities": [id], "text": f"text {id} " * (1 + 3 * n)} for n, id in enumerate(table.ids)]
    pairs = zip(table.ids, table.ids[1:], strict=False)
    said += [{"task": "both", "entities": [a, b], "text": f"{a} beside {b}"} for a, b in pairs]
    return Dataset.from_list([row | ({"space": space} if space else {}) for row in said])


def lessons(table: Any, **settings: Any) -> WrittenLessons:
    given: dict[str, Any] = {"examples": rows(table), "tasks": (SAY, BOTH)}
    return WrittenLessons(table.space.name, table, **given | settings)


def test_every_row_comes_once_an_epoch_with_its_own_vectors() -> None:
    table = tiny_elm.table(name="a")
    model, own = tiny_elm.model(table), lessons(table)
    batches = LessonBatches(model, [own], 120, seed=0)
    seen: Counter[str] = Counter()
    for step in range(60):
        lesson, batch = batches.at(step)
        assert lesson is own
        assert batch.ids.numel() <= 120 or len(batch.ids) == 1
        for found, labels in zip(batch.rows.tolist(), batch.labels, strict=True):
            text = model.tokenizer.decode(labels[labels >= 0], skip_special_tokens=True)
            names = [f"v{row}" for row in found]
            assert text.startswith(f"text {names[0]}" if len(names) == 1 else f"{names[0]} beside {names[1]}")
            seen[",".join(names)] += 1
    assert set(seen) == {*table.ids, *(f"{a},{b}" for a, b in zip(table.ids, table.ids[1:], strict=False))}
    for single in (True, False):  # of one kind, none comes twice more often than another in the same epochs
        counts = [count for name, count in seen.items() if ("," not in name) == single]
        assert max(counts) - min(counts) <= 1


def test_a_late_step_is_the_same_whether_or_not_the_earlier_ones_were_drawn() -> None:
    table = tiny_elm.table(name="a")
    model = tiny_elm.model(table)
    slow, quick = (LessonBatches(model, [lessons(table)], 120, seed=3) for _ in range(2))
    for step in range(31):
        last = slow.at(step)[1]
    assert torch.equal(last.ids, quick.at(30)[1].ids)
    assert torch.equal(slow.at(4)[1].ids, quick.at(4)[1].ids)


def test_examples_of_a_teacher_train_both_stages() -> None:
    table = tiny_elm.table(name="minilm")
    facts = {id: ItemFacts(("Drama",), text=f"the sea of {id}.") for id in table.ids}
    told = replace(SAY, write=lambda facts, rng: facts.text)
    split = EntitySplit(table.ids[:-3], [], table.ids[-3:])
    source = ExampleSource(table, TemplateTeacher(facts), (told, BOTH), split)
    examples = build_examples([source], ExamplePlan(train=40))
    model = tiny_elm.model(table)
    written = WrittenLessons("minilm", table, examples["train"], held_out=tuple(split.test), tasks=(SAY, BOTH))
    assert set(written.ids) <= set(split.train)
    assert {task.id for task in written.learned} == {"say", "both"}
    stage = LoopConfig(steps=12, lr=1e-2, warmup=1)
    result = train_two_stage(model, [written], TwoStage(one=stage, two=stage, batch_tokens=400), progress=False)
    assert result.two.losses[-1] < result.one.losses[0]
    assert set(model.tasks) >= {"say", "both"}
    with pytest.raises(LeakageError, match="also trained on"):
        WrittenLessons("minilm", table, examples["test"], held_out=tuple(split.test))


def test_rows_of_other_spaces_are_passed_over() -> None:
    table = tiny_elm.table(name="a")
    assert len(lessons(table, examples=rows(table, space="a")).rows) == 2 * len(table) - 1
    with pytest.raises(CallError, match="needs a row of space 'a' to learn from"):
        lessons(table, examples=rows(table, space="b"))


def test_rows_that_cannot_be_learned_from() -> None:
    table = tiny_elm.table(name="a")
    with pytest.raises(CallError, match="and lack text"):
        lessons(table, examples=rows(table).remove_columns("text"))
    with pytest.raises(UnknownNameError, match="unknown task 'say'"):
        lessons(table, tasks=(BOTH,))
    short = [{"task": "both", "entities": ["v0"], "text": "alone"}]
    with pytest.raises(CallError, match=r"about the 2 entities of its task, and row 0 \(both\) has 1 entities"):
        lessons(table, examples=Dataset.from_list(short))
    with pytest.raises(CallError, match="a text of 0 letters"):
        lessons(table, examples=Dataset.from_list([{"task": "say", "entities": ["v0"], "text": ""}]))
    with pytest.raises(UnknownNameError, match="unknown id 'v99'"):
        lessons(table, examples=Dataset.from_list([{"task": "say", "entities": ["v99"], "text": "who?"}]))
