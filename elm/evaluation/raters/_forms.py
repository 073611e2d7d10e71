"""Forms for raters: what they are shown, what they are asked, and apart from it the key that says whose text it is.

Five-point questions as the ELM paper asks them (Section 4, Appendix C), and the choice between two (LangPTune, 4.6).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from elm._errors import CallError

Kind = Literal["scale", "choice"]
KEY = ("form", "output", "kind", "task", "system", "id", "questions", "right")
"""Columns of a key. questions: how many are asked about the output; right: 1 or 2 for a choice, 0 else."""


@dataclass(frozen=True)
class FormItem:
    """One text to judge. told: what the rater knows of the entity, on the scale; options: the two of a choice."""

    output: str
    kind: Kind
    task: str
    text: str
    questions: tuple[str, ...]
    told: str = ""
    options: tuple[str, ...] = ()

    @property
    def answers(self) -> tuple[str, ...]:
        """What may be answered: "1" to "5", or "1" and "2"."""
        return tuple("12") if self.kind == "choice" else tuple("12345")


@dataclass(frozen=True)
class Forms:
    """title, the items in the order that raters see them, and the key (columns `KEY`), a row per item."""

    title: str
    items: list[FormItem]
    key: pd.DataFrame

    @property
    def form(self) -> str:
        """A short hash of all that raters see: answers and keys of other forms are refused by it."""
        return form_id(self.items)


def form_id(items: Sequence[FormItem]) -> str:
    """A hash of items and their order; its first letter keeps spreadsheets from reading a number."""
    told = [[i.output, i.kind, i.task, i.text, i.questions, i.told, i.options] for i in items]
    return "f" + hashlib.sha256(json.dumps(told).encode()).hexdigest()[:11]


@dataclass(frozen=True)
class Choice:
    """What two options for each text about an entity is compared with: the right one, and one that is not about it."""

    question: str
    right: str
    other: str


@dataclass(frozen=True)
class FormPlan:
    """How many texts of each task raters see, of all systems together: `outputs` on the scale, in equal parts by each
    of `systems`, and `choices` between two by each of `choice_systems`. Raises `CallError` for fewer than systems.
    """

    systems: Sequence[str] = ("model", "teacher")
    choice_systems: Sequence[str] = ("model", "teacher", "shuffled")
    outputs: int = 40
    choices: int = 30

    def __post_init__(self) -> None:
        if self.outputs < len(self.systems) or 0 < self.choices < len(self.choice_systems):
            raise CallError(
                f"a form shows every system, so outputs are {len(self.systems)} or more, and choices 0 or "
                f"{len(self.choice_systems)} or more; got {self.outputs} and {self.choices}"
            )


def make_forms(
    title: str,
    texts: pd.DataFrame,
    told: Mapping[str, str],
    questions: Mapping[str, Sequence[str]],
    *,
    choice: Callable[[str, str], Choice | None] | None = None,
    plan: FormPlan | None = None,
    seed: int = 0,
) -> Forms:
    """Forms over the texts of a report: as many a task as planned, of each system about the same entities.

    Order within a task, entities and places of the two options are drawn by `seed`; nothing that a rater sees tells the
    systems apart.

    Args:
        texts: columns task, system, id, text (see `BenchReport.texts`).
        told: id ("a,b" for a pair) -> what raters are shown of the entity; entities without are not asked about.
        questions: task -> the statements that raters agree with or not; tasks without any are left out.
        choice: task and id -> the two options, the same whoever wrote the text; None asks no such questions.

    Raises `CallError` where nothing is left to ask about.
    """
    plan = plan or FormPlan()
    systems = plan.systems
    rng = np.random.default_rng(seed)
    rows: list[tuple[FormItem, dict[str, object]]] = []
    for task in dict.fromkeys(texts["task"]):
        by = texts[texts["task"] == task].pivot(index="id", columns="system", values="text")
        if questions.get(task) and set(systems) <= set(by):
            ids = [id for id in _drawn(by, systems, rng) if id in told][: plan.outputs // len(systems)]
            rows += _shuffled(
                [
                    (
                        FormItem("", "scale", task, str(by.at[id, name]), tuple(questions[task]), told[id]),
                        _whose(name, id),
                    )
                    for id in ids
                    for name in systems
                ],
                rng,
            )
        if choice is not None and plan.choices and set(plan.choice_systems) <= set(by):
            rows += _shuffled(_choices(task, by, choice, plan, rng), rng)
    if not rows:
        raise CallError("forms need texts, questions about them and descriptions of the entities; nothing is left")
    return _numbered(title, rows)


def _choices(
    task: str, by: pd.DataFrame, choice: Callable[[str, str], Choice | None], plan: FormPlan, rng: np.random.Generator
) -> list[tuple[FormItem, dict[str, object]]]:
    rows: list[tuple[FormItem, dict[str, object]]] = []
    systems, count = plan.choice_systems, plan.choices
    for id in _drawn(by, systems, rng):
        found = choice(task, id)
        if found is None or len(rows) + len(systems) > count:
            continue
        for name in systems:
            first = bool(rng.integers(2))
            options = (found.right, found.other) if first else (found.other, found.right)
            item = FormItem("", "choice", task, str(by.at[id, name]), (found.question,), options=options)
            rows.append((item, {**_whose(name, id), "right": 1 if first else 2}))
    return rows


def _whose(system: str, id: str) -> dict[str, object]:
    return {"system": system, "id": id, "right": 0}


def _drawn(by: pd.DataFrame, systems: Sequence[str], rng: np.random.Generator) -> list[str]:
    """The entities that every system wrote about, in a drawn order; a text that is empty is a text."""
    ids = list(by[list(systems)].dropna().index)
    return [ids[row] for row in rng.permutation(len(ids))]


def _shuffled(
    rows: list[tuple[FormItem, dict[str, object]]], rng: np.random.Generator
) -> list[tuple[FormItem, dict[str, object]]]:
    return [rows[row] for row in rng.permutation(len(rows))]


def _numbered(title: str, rows: list[tuple[FormItem, dict[str, object]]]) -> Forms:
    items = [FormItem(**{**vars(item), "output": f"o{n:04d}"}) for n, (item, _) in enumerate(rows, 1)]
    form = form_id(items)
    key = [
        {
            "form": form,
            "output": item.output,
            "kind": item.kind,
            "task": item.task,
            "questions": len(item.questions),
            **whose,
        }
        for item, (_, whose) in zip(items, rows, strict=True)
    ]
    return Forms(title, items, pd.DataFrame(key)[list(KEY)])
