"""Logistic regression for many concepts on one data matrix: L-BFGS with one preconditioner for all of them.

The Hessian of a logistic loss is bounded by X'X/4 (Böhning and Lindsay 1988). One eigendecomposition of X'X, shared by
all concepts and scaled by each concept's weights and penalty, therefore preconditions every fit; L-BFGS learns what
class weights and saturated scores change about it. JAX computes the gradients, two matrix products for a block of
concepts. The small arrays of the descent stay in NumPy: little is compiled, and each fit stops when it is done.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt

from elm._typing import Flags, Floats

Labels = npt.NDArray[np.int8]

_BLOCK = 128
"""Concepts in one matrix product: (block, n) float32 stays near the processor's cache."""
_MEMORY = 5
_STEPS = 200
_TRIES = 10
_TOLERANCE = 2e-6
_TINY = 1e-20


def logistic_many(x: Floats, labels: Labels, l2: Floats, start: Floats | None = None) -> tuple[Floats, Floats, Flags]:
    """Fit C balanced logistic regressions on x (n, d), as scikit-learn defines them with C = 1 / l2.

    labels: (C, n) 1, 0, or -1 for rows that take no part. l2: (C,) weight of |w|^2 / 2 against the summed loss; the
    intercept is free. start: (C, d) where to begin, such as the fit of a neighbouring l2.
    Returns coefficients (C, d), intercepts (C,), and which fits converged (C,). Gradients are float32, on centred data.
    """
    n, d = x.shape
    mean = x.mean(0)
    centred = x - mean
    values, turn = np.linalg.eigh(centred.T @ centred)  # once for all concepts: in its basis the bound is diagonal
    data = jnp.asarray(np.column_stack([centred @ turn, np.ones(n)]), dtype=jnp.float32)  # (n, d + 1), intercept last
    curvature = np.append(np.maximum(values, 0), n)
    unit = np.maximum(1, np.sqrt(curvature / n))  # an error counts in the weights and in the scores
    counts = np.stack([(labels == side).sum(1) for side in (0, 1)], axis=1)
    total = counts.sum(1, keepdims=True)
    sides = (total / 2 / np.maximum(counts, 1)).astype(np.float32)  # (C, 2): both classes weigh the same
    fits = _begin(np.maximum(total / n / 4, 1e-12) * curvature, l2, None if start is None else start @ turn)
    found, converged = np.empty((len(labels), d + 1)), np.zeros(len(labels), dtype=bool)
    weights = fits.weights
    for step in range(_STEPS):
        gradient = _gradients(data, labels, sides, fits.which, weights) + fits.penalty * weights
        error = (np.abs(fits.scale * gradient) * unit).max(1) / np.maximum(1, np.abs(weights * unit).max(1))
        fits = _advance(fits, step % _MEMORY, weights, gradient)
        weights = fits.weights + fits.length[:, None] * fits.move
        found[fits.which], converged[fits.which] = weights, error <= _TOLERANCE  # the step after the last costs nothing
        running = error > _TOLERANCE
        if not running.any():
            break
        fits, weights = _Fits(*(part[running] for part in fits)), weights[running]
    coefficients = found[:, :d] @ turn.T
    return coefficients, found[:, d] - coefficients @ mean, converged  # the intercept of x, not of x - mean


class _Fits(NamedTuple):
    """The fits that are still running; b of them, p parameters, m remembered steps."""

    which: Any  # (b,) their concepts
    penalty: Any  # (b, p)
    scale: Any  # (b, p) the preconditioner
    weights: Any  # (b, p) where the line search begins,
    gradient: Any  # (b, p) the gradient there,
    move: Any  # (b, p) the direction,
    slope: Any  # (b,) and the slope along it
    length: Any  # (b,) how far to try next, in moves
    low: Any  # (b,) how far the loss still falls,
    slope_low: Any  # (b,) and the slope there
    tries: Any  # (b,) points of this line search
    moves: Any  # (b, m, p) last changes of the weights,
    turns: Any  # (b, m, p) of the gradient,
    inverse: Any  # (b, m) and 1 / their products; 0 where there is none


def _begin(bound: Floats, l2: Floats, start: Floats | None) -> _Fits:
    """All fits before the first gradient is known, after a move of zero. bound: (C, p) on the losses' Hessians."""
    count, p = bound.shape
    penalty = l2[:, None] * (np.arange(p) < p - 1)
    zero, none, memory = np.zeros(count), np.zeros(bound.shape), np.zeros((count, _MEMORY, p))
    begin = none if start is None else np.column_stack([start, zero])
    return _Fits(
        np.arange(count),
        penalty,
        1 / (bound + penalty),
        begin,
        none,
        none,
        zero,
        zero,
        zero,
        zero,
        zero,
        memory,
        memory.copy(),
        memory[:, :, 0].copy(),
    )


def _advance(fits: _Fits, place: int, weights: Floats, gradient: Floats) -> _Fits:
    """Where to look next, given the gradient at the weights just tried: along the same move, or along a new one.

    A point is good where the slope along the move has at most 0.7 of its first size. The losses are convex: the root
    of the slope lies beyond any point where it still falls. Writes the step into the memory of `fits`, at `place`.
    """
    went, turned = weights - fits.weights, gradient - fits.gradient
    product = (went * turned).sum(1)
    fits.moves[:, place], fits.turns[:, place] = went, turned
    fits.inverse[:, place] = np.where(product > _TINY, 1 / np.maximum(product, _TINY), 0)
    now = (gradient * fits.move).sum(1)
    good = (np.abs(now) <= 0.7 * np.abs(fits.slope) + _TINY) | (fits.tries >= _TRIES)
    wide, falling = good[:, None], now < 0
    length = fits.low + (fits.length - fits.low) * fits.slope_low / (fits.slope_low - now - _TINY)
    fits = fits._replace(
        weights=np.where(wide, weights, fits.weights), gradient=np.where(wide, gradient, fits.gradient)
    )
    move = _two_loops(fits, place)
    downhill = (fits.gradient * move).sum(1) < 0
    move = np.where(wide, np.where(downhill[:, None], move, -fits.scale * fits.gradient), fits.move)
    slope = (fits.gradient * move).sum(1)
    return fits._replace(
        move=move,
        slope=slope,
        length=np.where(good, 1, np.clip(length, 0.05 * fits.length, 5 * fits.length)),
        low=np.where(good, 0, np.where(falling, fits.length, fits.low)),
        slope_low=np.where(good, slope, np.where(falling, now, fits.slope_low)),
        tries=np.where(good, 0, fits.tries + 1),
    )


def _two_loops(fits: _Fits, newest: int) -> Floats:
    """The L-BFGS direction (Nocedal 1980): minus the gradient times an estimate of the inverse Hessian."""
    remembered = [
        (fits.moves[:, place], fits.turns[:, place], fits.inverse[:, place, None])
        for place in ((newest - i) % _MEMORY for i in range(_MEMORY))
    ]
    out: Floats = -fits.gradient
    factors: list[Floats] = []
    for went, turned, inverse in remembered:
        factors.append(inverse * (went * out).sum(1, keepdims=True))
        out = out - factors[-1] * turned
    _, turned, inverse = remembered[0]
    size = inverse * (turned * fits.scale * turned).sum(1, keepdims=True)
    out = out * fits.scale / np.where(size > 0, size, 1)
    for (went, turned, inverse), factor in zip(reversed(remembered), reversed(factors), strict=True):
        out = out + (factor - inverse * (turned * out).sum(1, keepdims=True)) * went
    return out


def _gradients(data: Any, labels: Labels, sides: Any, which: Any, weights: Floats) -> Floats:
    """(b, p) gradients of the losses of b concepts, in blocks of one shape, so that one is compiled."""
    size = min(_BLOCK, 1 << (len(labels) - 1).bit_length())
    which = np.append(which, np.repeat(which[:1], -len(which) % size))
    tried, found = np.resize(weights, (len(which), weights.shape[1])).astype(np.float32), []
    for at in range(0, len(which), size):
        rows = which[at : at + size]
        found.append(np.asarray(_gradient(data, labels[rows], sides[rows], tried[at : at + size])))
    return np.concatenate(found)[: len(weights)].astype(np.float64)


@jax.jit
def _gradient(data: Any, labels: Any, sides: Any, weights: Any) -> Any:
    """(b, n) labels, (b, 2) weights of a row without and with the concept, (b, p) weights of the columns -> (b, p)."""
    positive = labels == 1
    counts = jnp.where(positive, sides[:, 1:], jnp.where(labels == 0, sides[:, :1], 0))
    margins = jnp.matmul(weights, data.T, precision="highest")  # accelerators would round the factors to fewer digits
    return jnp.matmul(counts * (jax.nn.sigmoid(margins) - positive), data, precision="highest")
