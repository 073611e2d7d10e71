"""Histories of very different lengths as batches of one shape (the dense batches of ALX, Mehta et al. 2021).

A history is cut into pieces of one width; the last one is filled up with entries that count for nothing. Pieces of
several histories lie together in a batch and are summed by the row that they belong to. Rows are dealt to the devices
by length, longest first, so that all of them get histories alike, and batches of one shape in the same number.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from elm._typing import Array, Integers, Places

NOTHING = -1.0
"""A confidence of 1 in no preference is what every pair has anyway: an entry of it adds nothing."""


@dataclass(frozen=True)
class Deal:
    """Which device has which row, and where: `place` (n,) is device * local + slot; each device has `local` slots."""

    place: Integers
    local: int
    devices: int

    def table(self, rows: np.ndarray, fill: float = 0.0) -> np.ndarray:
        """Rows (n, ...) as they lie on the devices (devices * local, ...); `fill` where a slot has no row."""
        laid = np.full((self.devices * self.local, *rows.shape[1:]), fill, dtype=rows.dtype)
        laid[self.place] = rows
        return laid


@dataclass(frozen=True)
class Batches:
    """Batches of one shape; the first axis is devices * batches, those of one device one after another.

    index, value: (., pieces, rows, width) places in the other table, and signed confidences. owner: (., pieces, rows)
    which of the batch's slots a row of the batch belongs to. slots: (., slots) their places in the local table, `local`
    where there is none. A batch of several groups of pieces holds one history, too long for one of them.
    """

    index: Places
    value: Array
    owner: Places
    slots: Places


def deal(counts: Integers, devices: int) -> Deal:
    """Deal rows of so many ratings each to the devices, longest first, in turns."""
    rank = np.empty(len(counts), dtype=np.int64)
    rank[np.argsort(-counts, kind="stable")] = np.arange(len(counts))
    local = max(1, -(-len(counts) // devices))
    return Deal(rank % devices * local + rank // devices, local, devices)


def width_for(counts: Integers) -> int:
    """The width of pieces: a quarter of a typical history, between 8 and 64, so that little is filled up."""
    typical = float(counts.mean()) / 4 if len(counts) else 0.0
    return int(2 ** np.clip(np.ceil(np.log2(max(typical, 1.0))), 3, 6))


def batches_of(matrix: sp.csr_matrix, rows: Deal, columns: Deal, size: int) -> list[Batches]:
    """The histories of a matrix (n, m) of signed confidences as batches of about `size` entries, by shape.

    Histories up to `size` lie together in batches, whole; a longer one has a batch of its own, of 2, 4, 8 ... groups.
    """
    counts = np.diff(matrix.indptr)
    width = width_for(counts)
    high = max(1, size // width)
    row_of = np.full(rows.devices * rows.local, -1, dtype=np.int64)
    row_of[rows.place] = np.arange(len(counts))
    pieces = np.zeros((rows.devices, rows.local), dtype=np.int64)  # falls from slot to slot on every device
    pieces.ravel()[rows.place] = -(-counts // width)
    long = int((pieces.max(0) > high).sum())
    groups = 2 ** np.ceil(np.log2(np.maximum(pieces[:, :long].max(0) / high, 1))).astype(np.int64)
    plans = [
        _Plan(
            int(count), [[[slot] for slot in np.flatnonzero(groups == count).tolist() if mine[slot]] for mine in pieces]
        )
        for count in np.unique(groups)
    ]
    plans.append(_Plan(1, [_packed(mine[long:], high, long) for mine in pieces]))
    places = columns.place[matrix.indices].astype(np.int32)
    return [_filled(plan, matrix, places, row_of.reshape(pieces.shape), pieces, (high, width)) for plan in plans]


@dataclass(frozen=True)
class _Plan:
    """groups of pieces in a batch, and for each device the slots of each of its batches."""

    groups: int
    slots: list[list[list[int]]]


def _packed(pieces: Integers, high: int, first: int) -> list[list[int]]:
    """Slots from `first` on, in order, in batches of at most `high` pieces; without those that have none."""
    ends, batches, at = np.cumsum(pieces), [], 0
    filled = int((pieces > 0).sum())
    while at < filled:
        before = ends[at - 1] if at else 0
        stop = int(np.searchsorted(ends[:filled], before + high, side="right"))
        batches.append(list(range(first + at, first + stop)))
        at = stop
    return batches


def _filled(
    plan: _Plan,
    matrix: sp.csr_matrix,
    places: Places,
    row_of: Integers,
    pieces: Integers,
    shape: tuple[int, int],
) -> Batches:
    devices, local = row_of.shape
    high, width = shape
    count = max(1, max(map(len, plan.slots)))
    most = max((len(batch) for device in plan.slots for batch in device), default=1)
    index = np.zeros((devices * count, plan.groups, high, width), dtype=np.int32)
    value = np.full(index.shape, NOTHING, dtype=np.float32)
    owner = np.zeros(index.shape[:3], dtype=np.int32)
    slots = np.full((devices * count, most), local, dtype=np.int32)
    flat, flat_value, rows_high = index.reshape(-1), value.reshape(-1), plan.groups * high
    for device, batches in enumerate(plan.slots):
        for place, batch in enumerate(batches, start=device * count):
            slots[place, : len(batch)] = batch
            mine = pieces[device, batch]
            owner[place].reshape(-1)[: mine.sum()] = np.repeat(np.arange(len(batch)), mine)
            begin = (np.cumsum(mine) - mine + place * rows_high) * width
            rows = row_of[device, batch]
            lengths = matrix.indptr[rows + 1] - matrix.indptr[rows]
            offset = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
            target = np.repeat(begin, lengths) + offset
            source = np.repeat(matrix.indptr[rows], lengths) + offset
            flat[target], flat_value[target] = places[source], matrix.data[source]
    return Batches(index, value, owner, slots)
