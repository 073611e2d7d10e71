"""Steps along concepts: how far, which scores stay put, and whether the end still lies among the data."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from elm._errors import CallError, OutsideDataWarning, VectorError, callers_depth
from elm._typing import Floats, Integers
from elm.embeddings import EmbeddingSpace, VectorTable

_ALIKE = 1e-3
"""Directions that leave less than this of one another cannot be distinguished by a step."""
_FAR = 1.5
"""As in `EmbeddingSpace.check`: how many times the reach counts as far outside."""
_SAMPLE, _QUANTILE = 2000, 0.99


def amounts_of(amount: npt.ArrayLike) -> Floats:
    """One amount () or several (n,), finite."""
    steps = np.asarray(amount, dtype=np.float64)
    if steps.ndim > 1 or not np.isfinite(steps).all():
        raise CallError(f"amount must be a finite number, or one for each vector, got {amount!r}")
    return steps


def displacements(wanted: Floats, directions: Floats, kept: Floats, names: Sequence[str]) -> Floats:
    """The shortest steps (n, dim) that change the projections on k directions by `wanted` (n, k) and keep others.

    directions (k, dim) and kept (m, dim) have rows of length 1. Raises `CallError` where they are too much alike.
    """
    fixed = np.vstack([directions, kept])
    alone = np.linalg.svd(fixed, compute_uv=False)
    if len(fixed) > fixed.shape[1] or alone[-1] < _ALIKE:
        raise CallError(
            f"the concepts {', '.join(map(repr, names))} point too much the same way to be moved or kept one by one; "
            "leave one of them out"
        )
    asked = np.hstack([wanted, np.zeros((len(wanted), len(kept)))])  # (n, k + m): kept projections change by 0
    # The shortest step lies in the span of the directions F (k + m, dim): step = a F with a (F F') = asked.
    return np.linalg.solve(fixed @ fixed.T, asked.T).T @ fixed


def stepped(
    space: EmbeddingSpace, vectors: npt.ArrayLike, steps: Floats, kept: Floats, on_sphere: bool | None
) -> tuple[Floats, Floats]:
    """Start and end (both (n, dim)) of steps (1 or n, dim) from vectors (dim,) or (n, dim).

    On the sphere each end has the length of its start: what is orthogonal to the kept directions (m, dim) is scaled, so
    projections on those stay as they are.
    """
    rows = space.check(vectors, warn_far=False).astype(np.float64)
    if np.ndim(vectors) == 2 and len(steps) not in (1, len(rows)):
        raise CallError(f"{len(rows)} vectors need one amount or {len(rows)} of them, got {len(steps)}")
    start = np.broadcast_to(rows, (max(len(rows), len(steps)), space.dim))
    moved = start + steps
    if on_sphere if on_sphere is not None else space.metric == "cosine":
        basis = np.linalg.qr(kept.T)[0] if len(kept) else np.zeros((space.dim, 0))
        still = start @ basis @ basis.T  # the part along kept directions, which must not be scaled
        free = moved - moved @ basis @ basis.T
        length = np.linalg.norm(free, axis=1, keepdims=True)
        if (length <= 1e-6 * np.linalg.norm(start, axis=1, keepdims=True)).any():
            raise VectorError("the step leads through the centre of the sphere; take a smaller or larger amount")
        room = (start**2).sum(1, keepdims=True) - (still**2).sum(1, keepdims=True)
        # |still|^2 + |free|^2 = |start|^2 for the ends; below 0 by rounding alone
        moved = still + free * np.sqrt(np.maximum(room, 0)) / length
    # No step, the very same vector: texts are drawn by its bits.
    return start, np.where(steps.any(1, keepdims=True), moved, start)


def warn_outside(space: EmbeddingSpace, start: Floats, moved: Floats, near: VectorTable | None) -> None:
    """Warn `OutsideDataWarning` where a step led out of the data: vectors that lay outside before do not count.

    With a table: farther from its nearest vector than 99 % of the table's own vectors are from theirs. Without: more
    than 1.5 times the reach of the space from its mean. Distances are between standardised vectors.
    """
    if near is None:
        distance, limit, data = space.distance, _FAR * space.reach, f"the data of space {space.name!r}"
        left = (distance(moved) > limit) & (distance(start) <= limit)
    else:
        if not near.space.matches(space):
            raise CallError(f"near must be a table of space {space.name!r}, got one of {near.space.name!r}")
        limit, data = _usual_gap(near), "the table's vectors"
        left = (_gaps(near, moved) > limit) & (_gaps(near, start) <= limit)
    if left.any():
        warnings.warn(
            f"{int(left.sum())} of {len(moved)} moved vectors leave {data}: text about them is a guess; take a smaller "
            "amount",
            OutsideDataWarning,
            stacklevel=callers_depth(),
        )


def _usual_gap(table: VectorTable) -> float:
    """The distance that 99 % of a table's vectors (of 2,000 at most) keep to their nearest neighbour."""
    rows = np.linspace(0, len(table) - 1, min(len(table), _SAMPLE)).astype(int)
    if len(rows) < 2:
        raise CallError("near must hold at least two vectors, or there are no distances to compare with")
    return float(np.quantile(_gaps(table, table.vectors[rows], rows), _QUANTILE))


def _gaps(table: VectorTable, vectors: npt.NDArray[np.floating], own: Integers | None = None) -> Floats:
    """(n,) distance to the nearest vector of the table; own: (n,) rows of the vectors themselves, left out."""
    base = table.space.normalise(table.vectors)
    out = np.empty(len(vectors))
    for at in range(0, len(vectors), 256):
        query = table.space.normalise(vectors[at : at + 256])
        # |q - b|^2 = |q|^2 + |b|^2 - 2 q.b: one matrix product (256, n); rounding may give a little below 0
        squares = (query**2).sum(1)[:, None] + (base**2).sum(1) - 2 * query @ base.T
        if own is not None:
            squares[np.arange(len(query)), own[at : at + 256]] = np.inf
        out[at : at + 256] = np.sqrt(np.maximum(squares.min(1), 0))
    return out
