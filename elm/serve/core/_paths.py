"""The way along concepts: vectors from where an entity is to where it was moved, with scores and lists."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from elm._errors import CallError
from elm._typing import Array
from elm.cav import CAVs
from elm.embeddings import VectorTable
from elm.serve._answers import Neighbour, Point
from elm.serve.core._entities import Given, neighbours
from elm.serve.core._requests import Move
from elm.serve.core._served import Served


@dataclass(frozen=True)
class Way:
    """table: a row a point. shares, scores, outside, items: of each point."""

    table: VectorTable
    shares: list[float]
    scores: list[dict[str, float]]
    outside: list[bool]
    items: list[list[Neighbour]]

    def points(self, texts: Sequence[str | None]) -> list[Point]:
        """The points with their texts."""
        each = zip(self.shares, self.scores, self.outside, self.items, texts, strict=True)
        return [Point(*one) for one in each]


def kind_of(served: Served, given: Given) -> str:
    """The kind of table whose concepts move an entity; `CallError` where no table is of its space."""
    if isinstance(given.vectors, VectorTable):
        for kind in ("films", "users"):
            if kind in served.tables and served.tables[kind].space.matches(given.vectors.space):
                return kind
    else:
        for kind in ("films", "users"):
            if kind in served.tables and served.tables[kind].space.dim == given.rows.shape[1]:
                return kind
    raise CallError("concepts are known in the spaces of this run's vectors alone; name an item, a user or a history")


def walked(served: Served, given: Given, kind: str, cavs: CAVs, asked: Move) -> Way:
    """The points between a vector and its move, evenly spaced; errors of `CAVs.move`."""
    table = served.table(kind)
    start = given.rows[0]
    shares = np.linspace(0.0, 1.0, asked.steps)
    way = [start]
    for share in shares[1:]:
        amounts = {name: amount * float(share) for name, amount in asked.amounts.items()}
        way.append(cavs.move(start, amounts, asked.keep))
    rows = np.stack(way).astype(np.float32)
    named = [*asked.amounts, *asked.keep]
    scores = [{name: float(cavs[name].score(row)) for name in named} for row in rows]
    outside = [bool(far) for far in table.space.far(rows)]
    return Way(
        VectorTable([str(number) for number in range(len(rows))], rows, table.space),
        [float(share) for share in shares],
        scores,
        outside,
        _lists(served, given, kind, rows, asked),
    )


def _lists(served: Served, given: Given, kind: str, rows: Array, asked: Move) -> list[list[Neighbour]]:
    """The items that each point is nearest to: of a user those not rated, of an item all others."""
    table = served.table("items" if kind == "users" and "items" in served.tables else kind)
    own = given.own[0]
    known = [own] if own is not None and own in table else []
    if kind == "users":
        rated = asked.entity.history or (served.history(own) if own is not None and served.data is not None else {})
        known = [item for item in rated if item in table]
    return neighbours(served, table, rows, min(asked.k, len(table) - len(known)), [known] * len(rows))
