"""One half of an iteration of weighted ALS in JAX, its tables sharded by rows over a mesh (ALX, Mehta et al. 2021).

With the columns' factors y fixed, the factors of a row are the minimiser of a quadratic (Hu et al. 2008, equation 4):

    (Y'Y + sum (c - 1) y y' + penalty) x = sum c p y,    the sums over what the row rated.

Y'Y is the sum of the devices' own (psum). What a row rated is gathered from the whole table (all_gather), or batch by
batch from the devices that have it, which holds no more than a batch beside the own part. Tables may be bfloat16; sums
and solves are float32.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any, Literal, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec

_ROWS = PartitionSpec("rows")

Solver = Literal["cg", "cholesky"]
Gather = Literal["table", "batch"]


class Method(NamedTuple):
    """solver: "cg", `steps` of conjugate gradients from the last factors, or "cholesky", exactly. gather: see above."""

    solver: Solver = "cg"
    steps: int = 3
    gather: Gather = "table"


def mesh_of(devices: int | None) -> Mesh:
    """The first so many devices, by default all, in a row. Raises `ValueError` where there are fewer."""
    found = jax.devices()
    if devices is not None and not 1 <= devices <= len(found):
        raise ValueError(f"there are {len(found)} {found[0].platform} devices")
    return Mesh(np.array(found[:devices]), ("rows",))


def on_devices(mesh: Mesh, array: np.ndarray, dtype: Any = None) -> Any:
    """An array whose first axis is divided over the devices; from a process that sees them all or some of them."""
    kept = array if dtype is None else array.astype(dtype)
    return jax.make_array_from_callback(kept.shape, NamedSharding(mesh, _ROWS), lambda place: kept[place])


@lru_cache(maxsize=16)  # what is compiled for one fit serves the next
def half_step(mesh: Mesh, method: Method) -> Callable[..., Any]:
    """(x, y, penalty, batches) -> new x: tables (devices * local, f), penalty (devices * local,) of each row of x.

    batches: a list of (index, value, owner, slots), see `Batches`. x is taken over: the old one is no more.
    """

    def half(x: Any, y: Any, penalty: Any, batches: Any) -> Any:
        wide = y.astype(jnp.float32)
        gram = jax.lax.psum(wide.T @ wide, "rows")
        table = jax.lax.all_gather(y, "rows", tiled=True) if method.gather == "table" else y
        take = partial(_own if method.gather == "table" else _everywhere, table)

        def one(x: Any, batch: Any) -> tuple[Any, None]:
            *entries, slots = batch
            before = x.at[slots].get(mode="fill", fill_value=0).astype(jnp.float32)
            weight = penalty.at[slots].get(mode="fill", fill_value=1)
            new = _solved(_Sums(take, entries, len(slots)), gram, weight, before, method)
            return x.at[slots].set(new.astype(x.dtype), mode="drop"), None

        for batch in batches:
            x, _ = jax.lax.scan(one, x, batch)
        return x

    with jax.default_matmul_precision("highest"):
        whole = jax.shard_map(half, mesh=mesh, in_specs=(_ROWS, _ROWS, _ROWS, _ROWS), out_specs=_ROWS, check_vma=False)
        return jax.jit(whole, donate_argnums=0)


def _own(table: Any, index: Any) -> Any:
    """(rows, width) places in a table that is here as a whole -> (rows, width, f) float32."""
    return jax.lax.optimization_barrier(table.at[index].get(mode="promise_in_bounds")).astype(jnp.float32)


def _everywhere(table: Any, index: Any) -> Any:
    """The same where each device has a part: all are asked for all, and what they have is summed."""
    asked = jax.lax.all_gather(index, "rows")  # (devices, rows, width)
    here = asked - jax.lax.axis_index("rows") * len(table)
    had = jnp.where(((here >= 0) & (here < len(table)))[..., None], table.at[here].get(mode="clip"), 0)
    return jax.lax.psum_scatter(had, "rows", tiled=False).astype(jnp.float32)


class _Sums:
    """Sums over what the rows of a batch rated, group by group of its pieces; the gathered factors of one are kept."""

    def __init__(self, take: Callable[[Any], Any], entries: list[Any], slots: int) -> None:
        self._take, self._entries, self._slots = take, entries, slots
        self._kept = take(entries[0][0]) if len(entries[0]) == 1 else None

    def of(self, piece: Callable[[Any, Any, Any], Any]) -> Any:
        """piece: factors (rows, width, f), values (rows, width), owners (rows,) -> (rows, ...). Gives (slots, ...)."""

        def group(parts: Any, kept: Any = None) -> Any:
            index, value, owner = parts
            factors = self._take(index) if kept is None else kept
            return jax.ops.segment_sum(piece(factors, value, owner), owner, self._slots, indices_are_sorted=False)

        if self._kept is not None:
            return group([part[0] for part in self._entries], self._kept)
        first = jax.eval_shape(group, [part[0] for part in self._entries])
        empty = jnp.zeros(first.shape, first.dtype)
        return jax.lax.scan(lambda held, parts: (held + group(parts), None), empty, self._entries)[0]


def _solved(sums: _Sums, gram: Any, penalty: Any, before: Any, method: Method) -> Any:
    """The factors (slots, f) of a batch's rows. A signed confidence s says c - 1 = |s| - 1, and c p = s or 0."""
    wanted = sums.of(lambda y, s, _: jnp.einsum("rw,rwf->rf", jnp.maximum(s, 0), y))
    if method.solver == "cholesky":
        rated = sums.of(lambda y, s, _: jnp.einsum("rwf,rwg->rfg", y * (jnp.abs(s) - 1)[..., None], y))
        left = gram + rated + penalty[:, None, None] * jnp.eye(len(gram))
        factor = jnp.linalg.cholesky(left)
        lower = jax.lax.linalg.triangular_solve(factor, wanted[..., None], left_side=True, lower=True)
        return jax.lax.linalg.triangular_solve(factor, lower, left_side=True, lower=True, transpose_a=True)[..., 0]

    def times(x: Any) -> Any:
        def piece(y: Any, s: Any, owner: Any) -> Any:
            return jnp.einsum("rw,rwf->rf", jnp.einsum("rwf,rf->rw", y, x[owner]) * (jnp.abs(s) - 1), y)

        return x @ gram + penalty[:, None] * x + sums.of(piece)

    return _conjugate_gradients(times, wanted, before, method.steps)


def _conjugate_gradients(times: Callable[[Any], Any], wanted: Any, x: Any, steps: int) -> Any:
    """Steps towards times(x) = wanted (b, f) for b systems at once (Hestenes and Stiefel 1952)."""

    def step(_: Any, state: Any) -> Any:
        x, left, move, size = state
        turned = times(move)
        length = _over(size, (move * turned).sum(1, keepdims=True))
        x, left = x + length * move, left - length * turned
        new = (left * left).sum(1, keepdims=True)
        return x, left, left + _over(new, size) * move, new

    left = wanted - times(x)
    return jax.lax.fori_loop(0, steps, step, (x, left, left, (left * left).sum(1, keepdims=True)))[0]


def _over(above: Any, below: Any) -> Any:
    """A quotient; 0 where nothing is left to divide by, as of a slot without a row."""
    return jnp.where(below > 0, above / jnp.where(below > 0, below, 1), 0)
