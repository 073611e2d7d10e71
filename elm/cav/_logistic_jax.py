"""Logistic regression for many concepts on one data matrix: batched L-BFGS with one preconditioner for all of them.

The Hessian of a logistic loss is bounded by X'X/4 (Böhning and Lindsay 1988). One eigendecomposition of X'X, shared by
all concepts and scaled by each concept's weights and penalty, therefore preconditions every fit; L-BFGS learns what
class weights and saturated scores change about it. A step of all concepts is two matrix products.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

_BLOCK = 128
"""Concepts fitted together: (block, n) float32 stays near the processor's cache."""
_MEMORY = 5
_STEPS = 200
_TOLERANCE = 2e-6
_TINY = 1e-20


def logistic_many(
    x: Floats, labels: npt.NDArray[np.int8], l2: Floats, start: Floats | None = None
) -> tuple[Floats, Floats, npt.NDArray[np.bool_]]:
    """Fit C balanced logistic regressions on x (n, d), as scikit-learn defines them with C = 1 / l2.

    labels: (C, n) 1, 0, or -1 for rows that take no part. l2: (C,) weight of |w|^2 / 2 against the summed loss; the
    intercept is free. start: (C, d) where to begin, such as the fit of a neighbouring l2.
    Returns coefficients (C, d), intercepts (C,), and which fits converged (C,). Arithmetic is float32, on centred data.
    """
    n, d = x.shape
    mean = x.mean(0)
    centred = x - mean
    values, turn = np.linalg.eigh(centred.T @ centred)
    data = jnp.asarray(np.column_stack([centred @ turn, np.ones(n)]), dtype=jnp.float32)
    curvature = jnp.asarray(np.append(np.maximum(values, 0), n), dtype=jnp.float32)
    block = min(_BLOCK, 1 << (len(labels) - 1).bit_length())
    found, converged = np.empty((len(labels), d + 1)), np.empty(len(labels), dtype=bool)
    for at in range(0, len(labels), block):
        rows = slice(at, at + block)
        part = np.full((block, n), -1, dtype=np.int8)
        part[: len(labels[rows])] = labels[rows]
        penalty, begin = np.ones(block, dtype=np.float32), np.zeros((block, d + 1), dtype=np.float32)
        penalty[: len(labels[rows])] = l2[rows]
        if start is not None:
            begin[: len(labels[rows]), :d] = start[rows] @ turn
        with jax.default_matmul_precision("float32"):  # accelerators would round the factors to fewer digits
            weights, done = _solve(data, curvature, part, penalty, begin)
        found[rows] = np.asarray(weights)[: len(labels[rows])]
        converged[rows] = np.asarray(done)[: len(labels[rows])]
    coefficients = found[:, :d] @ turn.T
    return coefficients, found[:, d] - coefficients @ mean, converged


class _State(NamedTuple):
    """One step of the descent; b concepts, n rows, p parameters, m remembered steps."""

    step: Any
    weights: Any  # (b, p)
    margins: Any  # (b, n)
    gradient: Any  # (b, p)
    moves: Any  # (m, b, p) last changes of the weights,
    turns: Any  # (m, b, p) of the gradient,
    inverse: Any  # (m, b) and 1 / their products; 0 where there is none
    error: Any  # (b,) size of the next preconditioned step


@jax.jit
def _solve(data: Any, curvature: Any, labels: Any, l2: Any, begin: Any) -> tuple[Any, Any]:
    """(b, p) weights in the rotated basis, the intercept last, and (b,) whether each converged."""
    loss_slope, weight_sum = _balanced(labels)
    penalty = l2[:, None] * (jnp.arange(data.shape[1]) < data.shape[1] - 1)
    share = jnp.maximum(weight_sum / data.shape[0] / 4, 1e-12)
    scale = 1 / (share[:, None] * curvature + penalty)
    unit = jnp.maximum(1, jnp.sqrt(curvature / data.shape[0]))  # an error counts in the weights and in the scores

    def error(weights: Any, gradient: Any) -> Any:
        return (jnp.abs(scale * gradient) * unit).max(1) / jnp.maximum(1, jnp.abs(weights * unit).max(1))

    def advance(state: _State) -> _State:
        move = -_two_loops(state, scale)
        slope = (state.gradient * move).sum(1)
        move = jnp.where((slope < 0)[:, None], move, -scale * state.gradient)
        along = move @ data.T

        def at(t: Any) -> tuple[Any, Any]:
            """Slope along the move, and the loss's slope by the margins, t moves from here."""
            of_loss = loss_slope(state.margins + t[:, None] * along)
            return (of_loss * along).sum(1) + (penalty * (state.weights + t[:, None] * move) * move).sum(1), of_loss

        running = state.error > _TOLERANCE
        length, of_loss = _line_search(at, (state.gradient * move).sum(1), running, state.margins)
        margins = state.margins + length[:, None] * along
        weights = state.weights + length[:, None] * move
        gradient = of_loss @ data + penalty * weights
        went, turned = weights - state.weights, gradient - state.gradient
        product, place = (went * turned).sum(1), state.step % _MEMORY
        return _State(
            state.step + 1,
            weights,
            margins,
            gradient,
            state.moves.at[place].set(went),
            state.turns.at[place].set(turned),
            state.inverse.at[place].set(jnp.where(product > _TINY, 1 / jnp.maximum(product, _TINY), 0)),
            error(weights, gradient),
        )

    margins = begin @ data.T
    gradient = loss_slope(margins) @ data + penalty * begin
    none = jnp.zeros((_MEMORY, *begin.shape), dtype=data.dtype)
    first = _State(0, begin, margins, gradient, none, none, none[:, :, 0], error(begin, gradient))
    last = jax.lax.while_loop(lambda s: (s.step < _STEPS) & (s.error > _TOLERANCE).any(), advance, first)
    return last.weights, last.error <= _TOLERANCE


def _balanced(labels: Any) -> tuple[Any, Any]:
    """Derivative of the loss by the margins (b, n) -> (b, n), both classes weighing the same; total weight (b,)."""
    positive, negative = labels == 1, labels == 0
    n_positive, n_negative = positive.sum(1), negative.sum(1)
    total = (n_positive + n_negative).astype(jnp.float32)
    of_positive = total / 2 / jnp.maximum(n_positive, 1)
    of_negative = total / 2 / jnp.maximum(n_negative, 1)
    weight = jnp.where(positive, of_positive[:, None], jnp.where(negative, of_negative[:, None], 0))
    return lambda margins: weight * (jax.nn.sigmoid(margins) - positive), total


def _two_loops(state: _State, scale: Any) -> Any:
    """The L-BFGS direction (Nocedal 1980): the gradient times an estimate of the inverse Hessian."""

    def back(i: Any, carry: tuple[Any, Any]) -> tuple[Any, Any]:
        place = (state.step - 1 - i) % _MEMORY
        factor = state.inverse[place] * (state.moves[place] * carry[0]).sum(1)
        return carry[0] - factor[:, None] * state.turns[place], carry[1].at[place].set(factor)

    def forth(i: Any, out: Any) -> Any:
        place = (state.step + i) % _MEMORY
        factor = factors[place] - state.inverse[place] * (state.turns[place] * out).sum(1)
        return out + factor[:, None] * state.moves[place]

    rest, factors = jax.lax.fori_loop(0, _MEMORY, back, (state.gradient, jnp.zeros_like(state.inverse)))
    newest = (state.step - 1) % _MEMORY
    inverse, turned = state.inverse[newest], state.turns[newest]
    size = inverse * (turned * scale * turned).sum(1)
    rest = rest * scale / jnp.where((inverse > 0) & (size > 0), size, 1)[:, None]
    return jax.lax.fori_loop(0, _MEMORY, forth, rest)


def _line_search(at: Any, slope: Any, running: Any, like: Any) -> tuple[Any, Any]:
    """Step lengths (b,) at which the slope along each direction has at most half its size, and the loss's slope there.

    The losses are convex: the root of the slope lies beyond any point where it still falls. Fits that are not running
    stay where they are.
    """

    def good(now: Any) -> Any:
        return (jnp.abs(now) <= 0.5 * jnp.abs(slope) + _TINY) | ~running

    def closer(carry: tuple[Any, ...]) -> tuple[Any, ...]:
        i, length, low, slope_low, now, _ = carry
        guess = low + (length - low) * slope_low / (slope_low - now - _TINY)
        guess = jnp.where(good(now), length, jnp.clip(guess, 0.05 * length, 5 * length))
        guess = jnp.where(i == 0, running.astype(slope.dtype), guess)  # the full step comes first
        falling = (now < 0) & ~good(now) & (i > 0)
        low, slope_low = jnp.where(falling, length, low), jnp.where(falling, now, slope_low)
        return i + 1, guess, low, slope_low, *at(guess)

    nothing = jnp.zeros_like(slope)
    begin = (0, nothing, nothing, slope, slope, jnp.zeros_like(like))
    done = jax.lax.while_loop(lambda c: (c[0] == 0) | ((c[0] < 11) & ~good(c[4]).all()), closer, begin)
    return done[1], done[5]
