"""What is asked about the vectors of a table, and what a worker needs to write the texts of a part of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from elm._errors import CallError, VectorError
from elm._typing import Array
from elm.embeddings import VectorStream, VectorTable, open_stream
from elm.tasks import Task


@dataclass(frozen=True)
class Order:
    """The options of `EmbeddingLanguageModel.describe` that hold for all rows; `batch_size` is how many texts are
    written at a time, or, by an endpoint, how many calls are under way.

    Raises `CallError` for numbers that cannot be.
    """

    task: str | Task
    space: str | None = None
    seed: int = 0
    temperature: float | None = None
    batch_size: int = 64
    allow_space_mismatch: bool = False

    def __post_init__(self) -> None:
        if self.batch_size < 1 or self.seed < 0 or not (self.temperature is None or self.temperature >= 0):
            raise CallError(
                "batch_size must be at least 1, seed and temperature 0 or more, "
                f"got {self.batch_size}, {self.seed} and {self.temperature}"
            )

    @property
    def about(self) -> dict[str, Any]:
        """What decides the texts, as JSON."""
        task = self.task if isinstance(self.task, str) else [self.task.id, self.task.prompt, self.task.max_new_tokens]
        return {**vars(self), "task": task}


Texts = Callable[[Array | VectorTable, Order], Iterator[str]]
"""Vectors (n, dim) -> their n texts, in order, as they are written."""


@dataclass(frozen=True)
class Work:
    """A table, cut into shards of `shard_rows` rows, and what is asked about each row.

    source: as `elm.embeddings.open_stream` takes it; a worker opens it for itself. skip_bad: whether a row that cannot
    be read is told of instead of being an error; repeats: the rows whose id an earlier row has.
    """

    source: Any
    order: Order
    shard_rows: int
    skip_bad: bool = False
    repeats: frozenset[int] = frozenset()

    @cached_property
    def stream(self) -> VectorStream:
        return self.source if isinstance(self.source, VectorStream) else open_stream(self.source)

    def rows_of(self, number: int) -> int:
        """How many rows shard `number` has."""
        return min(self.shard_rows, len(self.stream) - number * self.shard_rows)

    @property
    def shards(self) -> int:
        """How many shards there are."""
        return -(-len(self.stream) // self.shard_rows)

    def table(self, number: int, write: Texts, told: Callable[[int], object] = lambda rows: None) -> Any:
        """The texts of a shard as an Arrow table of columns row, id, text and problem.

        Which texts are written together follows from the shard's rows alone, so that a shard that is written again has
        the same bits. told: is called with the number of rows that were done since. Raises `VectorError` for a row that
        cannot be read, unless it is to be skipped.
        """
        import pyarrow as pa

        rows = self.stream.read(number * self.shard_rows, (number + 1) * self.shard_rows)
        problems = {
            place: "its id is that of an earlier row"
            for place in range(len(rows))
            if rows.start + place in self.repeats
        } | rows.problems
        if problems and not self.skip_bad:
            place = min(problems)
            raise VectorError(
                f"each row of the table holds an id and a vector, and row {rows.start + place} ({rows.ids[place]!r}) "
                f"does not: {problems[place]}; mend it, or write what is wrong with such rows (skip_bad, --skip-bad)"
            )
        good = np.array([place for place in range(len(rows)) if place not in problems], dtype=np.int64)
        texts: list[str | None] = [None] * len(rows)
        told(len(problems))
        for place, text in zip(good.tolist(), write(self._readable(rows.vectors[good]), self.order), strict=True):
            texts[place] = text
            told(1)
        columns = {
            "row": pa.array(range(rows.start, rows.start + len(rows)), pa.int64()),
            "id": pa.array(rows.ids, pa.string()),
            "text": pa.array(texts, pa.string()),
            "problem": pa.array([problems.get(place) for place in range(len(rows))], pa.string()),
        }
        return pa.table(columns)

    def _readable(self, vectors: Array) -> Array | VectorTable:
        """The vectors, in their space where it is known, so that a model of another space refuses them."""
        space = self.stream.space
        return vectors if space is None else VectorTable([str(row) for row in range(len(vectors))], vectors, space)
