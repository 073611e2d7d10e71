"""Batches of rows of like length, so that little of a batch is padding."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cached_property

import numpy as np
import numpy.typing as npt

from elm._errors import CallError


class LengthBuckets:
    """Which rows a step's batch holds: a function of lengths, seed and step alone.

    Rows whose lengths differ by less than `ratio` share a bucket, and a batch is drawn from one bucket; so at most
    1 - 1 / ratio of it is padding. Each epoch, of `per_epoch` steps, goes through all rows once, in an order of its
    own. A batch holds up to `batch_tokens` tokens, padding included, and up to `rows` rows; a row that is longer stands
    alone. lengths: tokens of each row's prompt and target together, 1 or more. Raises `CallError` for what cannot be.

    >>> buckets = LengthBuckets([10, 11, 40, 10, 42, 10], batch_tokens=90, seed=0)
    >>> buckets.per_epoch
    2
    >>> sorted(sorted(buckets.at(step).tolist()) for step in (2, 3))
    [[0, 1, 3, 5], [2, 4]]
    """

    def __init__(
        self, lengths: npt.ArrayLike, batch_tokens: int, seed: int = 0, ratio: float = 1.25, rows: int = 256
    ) -> None:
        self._lengths = np.asarray(lengths)
        if self._lengths.ndim != 1 or not len(self._lengths) or self._lengths.min() < 1:
            raise CallError("lengths are whole numbers of at least 1, one per row, and there is at least one row")
        if batch_tokens < 1 or rows < 1 or ratio <= 1:
            came = f"got {batch_tokens}, {rows} and {ratio}"
            raise CallError(f"buckets have batch_tokens and rows of at least 1 and a ratio above 1, {came}")
        self._tokens, self._seed, self._ratio, self._most = batch_tokens, seed, ratio, rows
        self._last: tuple[int, list[np.ndarray]] = (-1, [])

    @cached_property
    def per_epoch(self) -> int:
        """How many steps go once through all rows."""
        return sum(math.ceil(len(rows) / size) for rows, size in self._buckets)

    def at(self, step: int) -> np.ndarray:
        """The rows of a step's batch."""
        epoch, place = divmod(step, self.per_epoch)
        if self._last[0] != epoch:  # kept, since steps come one after another
            self._last = epoch, self._drawn(epoch)
        return self._last[1][place]

    def padding(self, rows: Sequence[int] | np.ndarray) -> float:
        """The share of a batch of these rows that is padding."""
        lengths = self._lengths[np.asarray(rows)]
        return 1 - float(lengths.sum()) / float(lengths.max() * len(lengths))

    @cached_property
    def _buckets(self) -> list[tuple[np.ndarray, int]]:
        """Rows of like length, and how many of them a batch holds: the same in each epoch, or steps had no epoch."""
        order = np.argsort(self._lengths, kind="stable")
        found, start = [], 0
        while start < len(order):
            end = int(np.searchsorted(self._lengths[order], self._lengths[order[start]] * self._ratio))
            rows = order[start:end]
            longest = int(self._lengths[rows[-1]])
            found.append((rows, min(max(self._tokens // longest, 1), self._most)))
            start = end
        return found

    def _drawn(self, epoch: int) -> list[np.ndarray]:
        rng = np.random.default_rng([self._seed, epoch])
        batches: list[np.ndarray] = []
        for rows, size in self._buckets:
            mixed = rng.permutation(rows)
            batches += [mixed[start : start + size] for start in range(0, len(mixed), size)]
        return [batches[place] for place in rng.permutation(len(batches))]
