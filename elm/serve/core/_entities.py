"""What a request names - items, users, histories, vectors - as vectors that the model reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from elm._errors import CallError, VectorError
from elm._typing import Matrix
from elm.embeddings import VectorTable, nearest
from elm.model import TextRequest
from elm.runs import folded_history
from elm.serve._answers import Neighbour
from elm.serve.core._requests import Entity
from elm.serve.core._served import Served


@dataclass(frozen=True)
class Given:
    """The entities of a request. vectors: a table where their space is known, else an array (n, dim). space: as it was
    named. own: the id of each, None for a vector or a new user."""

    vectors: VectorTable | Matrix
    space: str | None
    own: list[str | None]

    @property
    def rows(self) -> Matrix:
        """(n, dim)."""
        found: Matrix = self.vectors.vectors if isinstance(self.vectors, VectorTable) else self.vectors
        return found

    @property
    def one(self) -> Any:
        """The first vector: a table of one row, or an array (dim,)."""
        return self.vectors.vectors[0] if isinstance(self.vectors, VectorTable) else self.vectors[0]


def vector_of(served: Served, entity: Entity) -> VectorTable:
    """The vector of an entity that has a table; errors of `Served.vector` and `folded_history`."""
    if entity.history is not None:
        return folded_history(served.table("items"), served.table("users"), entity.history)
    if entity.user is not None:
        return served.vector("users", entity.user)
    return served.vector("films", str(entity.item))


def together(served: Served, entities: Sequence[Entity]) -> Given:
    """The vectors of entities of one space; `CallError` where they are of several, `VectorError` for other sizes."""
    bare = [entity.vector for entity in entities if entity.vector is not None]
    own = [entity.item or entity.user for entity in entities]
    if bare and len(bare) != len(entities):
        raise CallError("the entities of one request are all vectors, or all have ids or histories; send two requests")
    if bare:
        if len({len(row) for row in bare}) > 1:
            raise VectorError(f"vectors of one request have one size, got {sorted({len(row) for row in bare})}")
        if len(spaces := {entity.space for entity in entities}) > 1:
            raise CallError("vectors of one request are of one space; send a request for each space")
        return Given(np.array(bare, dtype=np.float32), spaces.pop(), own)
    tables = [vector_of(served, entity) for entity in entities]
    first = tables[0].space
    if not all(table.space.matches(first) for table in tables):
        raise CallError("the entities of one request are all items, or all users; send a request for each")
    rows = np.concatenate([table.vectors for table in tables])
    return Given(VectorTable([str(number) for number in range(len(rows))], rows, first), None, own)


def outside(request: TextRequest) -> list[bool]:
    """Whether each vector (of a pair: one of both) lies far from the data of the adapter that reads it."""
    far = [part.adapter.space().far(part.vectors) for part in request.read.parts]
    return [bool(one) for one in np.any(far, axis=0)]


def near(served: Served, given: Given, k: int) -> list[list[Neighbour]]:
    """The nearest k entities of a table of the same space, for each vector, itself left out; none where there is no
    such table."""
    space = given.vectors.space if isinstance(given.vectors, VectorTable) else None
    for kind in ("films", "users"):
        table = served.tables.get(kind)
        if table is None or table.space.dim != given.rows.shape[1] or (space and not table.space.matches(space)):
            continue
        return neighbours(
            served, table, given.rows, k, [[name] if name and name in table else [] for name in given.own]
        )
    return [[] for _ in given.own]


def neighbours(
    served: Served, table: VectorTable, rows: Matrix, k: int, without: Sequence[list[str]]
) -> list[list[Neighbour]]:
    """The nearest k rows of a table for each vector, but for the ids to leave out."""
    ids, scores = nearest(table, rows, min(k, len(table)), exclude=without)
    return [
        [Neighbour(id, served.title(id), float(score)) for id, score in zip(row, own, strict=False)]
        for row, own in zip(ids, scores, strict=True)
    ]
