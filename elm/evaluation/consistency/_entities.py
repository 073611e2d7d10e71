"""Which entities a task is scored on: every held-out item, and for tasks over two the item that each is paired with."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from elm._typing import Integers
from elm.embeddings import VectorTable, nearest
from elm.metrics import partners
from elm.tasks import Task
from elm.tasks import get as get_task

Rows = Integers


def entities_asked(
    task_ids: Sequence[str], table: VectorTable, held_out_ids: Sequence[str], seed: int = 0, domain: str = "films"
) -> dict[str, list[str]]:
    """Task -> the ids that `item_consistency` asks a text about with the same arguments, in its order.

    An entity of a task over two items is written "a,b". This is what a system has to write about whose texts are given.
    Raises `UnknownNameError` for an unknown task or item, `CallError` for fewer than two items.
    """
    held_out = list(held_out_ids)
    asked = {}
    for task in (get_task(id, domain) for id in task_ids):
        second = paired_with(task, table, held_out, seed)
        asked[task.id] = (
            held_out if second is None else [f"{a},{held_out[b]}" for a, b in zip(held_out, second, strict=True)]
        )
    return asked


def paired_with(task: Task, table: VectorTable, held_out: list[str], seed: int) -> Rows | None:
    """Which held-out item, by row, each is paired with, (n,); None for tasks over one item.

    Another one at random, or the nearest. The random pairs are two steps on the one cycle of `partners`, so that the
    shuffled text, a step further, is about another pair.
    """
    if len(task.marks) == 1:
        return None
    if task.reads == "pair":
        apart = partners(len(held_out), seed)
        return apart[apart] if len(held_out) > 2 else apart
    held, place = table.subset(held_out), {id: row for row, id in enumerate(held_out)}
    lists, _ = nearest(held, held.vectors, 2)
    return np.array([next(place[i] for i in found if place[i] != own) for own, found in enumerate(lists)])
