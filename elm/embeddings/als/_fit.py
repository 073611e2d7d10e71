"""The iterations of weighted ALS in JAX over all devices, with checkpoints that resume."""

from __future__ import annotations

import importlib.util
import logging
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
import scipy.sparse as sp

from elm._errors import CallError
from elm._typing import Array
from elm.embeddings.als._batches import batches_of, deal
from elm.embeddings.als._checkpoint import State, identity, load_state, save_state
from elm.embeddings.als._objective import row_penalties

if TYPE_CHECKING:
    from elm.embeddings.als._sharded import Gather, Solver

_log = logging.getLogger(__name__)

Kind = Literal["float32", "bfloat16"]


@dataclass(frozen=True)
class Sharded:
    """How JAX fits the factors of `wals`, with both tables sharded by rows over the devices.

    solver: "cg", `steps` of conjugate gradients from the last iteration's factors (what `implicit` does), or
    "cholesky", exact solves. dtype: of the tables; sums and solves are float32 in either case. gather: "table" brings
    the other table to each device once an iteration, "batch" only what a batch needs (ALX), for tables that no device
    holds. frequency: a row of n ratings is held by penalty * (n / mean n) ** frequency; 0 for one penalty, 1 for one in
    proportion. devices: how many of them, by default all. batch: entries of a batch on a device, which take
    4 * factors bytes each. checkpoint: a folder that is written every `every` iterations, and gone on from.
    """

    solver: Solver = "cg"
    steps: int = 3
    dtype: Kind = "float32"
    gather: Gather = "table"
    frequency: float = 0.0
    devices: int | None = None
    batch: int = 2**16
    checkpoint: str | Path | None = None
    every: int = 1

    def __post_init__(self) -> None:
        choices = {"solver": ("cg", "cholesky"), "dtype": get_args(Kind), "gather": ("table", "batch")}
        for name, known in choices.items():
            if (given := getattr(self, name)) not in known:
                raise CallError(f"{name} must be one of {', '.join(map(repr, known))}, got {given!r}")
        for name in ("steps", "batch", "every"):
            if (given := getattr(self, name)) < 1:
                raise CallError(f"{name} must be at least 1, got {given}")
        if not 0 <= self.frequency <= 2:
            raise CallError(f"frequency must lie between 0 and 2, got {self.frequency}")
        if importlib.util.find_spec("jax") is None:
            raise CallError('sharded WALS needs JAX, which is not installed; pip install "elm-toolkit[jax]"')


def sharded_factors(
    matrix: sp.csr_matrix,
    factors: int,
    penalty: float,
    iterations: int,
    seed: int,
    how: Sharded,
    after: Callable[[int], None] = lambda done: None,
) -> tuple[Array, Array]:
    """Factors of users (n_users, f) and items (n_items, f), float32, of a matrix of signed confidences.

    Minimises the sum of c (p - x.y)^2 + penalty (|x|^2 + |y|^2) by turns, users first. The same seed gives the same
    factors to rounding on any number of devices, more devices than rows included. after: called after each iteration.

    Raises `CallError` for more devices than there are and a checkpoint of another fit, errors of `load_state`.
    """
    sides = _Sides(matrix, factors, penalty, how)
    settings = {name: value for name, value in asdict(how).items() if name in ("solver", "steps", "dtype", "frequency")}
    fit = identity(matrix, {**settings, "factors": factors, "penalty": penalty, "seed": seed}) if how.checkpoint else ""
    state = load_state(how.checkpoint, fit, matrix.shape, factors) if how.checkpoint else None
    if state is None:
        rng = np.random.default_rng(seed)
        items, users = (0.01 * rng.standard_normal((n, factors), dtype=np.float32) for n in matrix.shape[::-1])
        state = State(0, users, items)
    tables = sides.laid(state)
    for done in range(state.iterations + 1, iterations + 1):
        tables = sides.iteration(*tables)
        after(done)
        if how.checkpoint and (done % how.every == 0 or done == iterations):
            save_state(how.checkpoint, fit, State(done, *sides.taken(tables)))
        _log.debug("wals: iteration %d of %d", done, iterations)
    return sides.taken(tables)


class _Sides:
    """Users and items: their deals, penalties and batches, on the devices."""

    def __init__(self, matrix: sp.csr_matrix, factors: int, penalty: float, how: Sharded) -> None:
        import jax.numpy as jnp

        from elm.embeddings.als._sharded import Method, half_step, mesh_of, on_devices

        try:
            self._mesh = mesh_of(how.devices)
        except ValueError as error:
            raise CallError(f"devices={how.devices} are asked for, and {error}") from error
        self._dtype = jnp.dtype(how.dtype)
        self._half = half_step(self._mesh, Method(how.solver, how.steps, how.gather))
        ways = (matrix, matrix.T.tocsr())
        counts = [np.diff(way.indptr) for way in ways]
        deals = [deal(one, self._mesh.size) for one in counts]
        self._deals, self._rated = deals, [one > 0 for one in counts]
        self._penalties, self._batches = [], []
        for way, one, mine, other in zip(ways, counts, deals, deals[::-1], strict=True):
            laid = mine.table(row_penalties(one, penalty, how.frequency, float(one.mean())), fill=1.0)
            self._penalties.append(on_devices(self._mesh, laid))
            made = batches_of(way, mine, other, how.batch)
            self._batches.append(
                [tuple(on_devices(self._mesh, part) for part in (b.index, b.value, b.owner, b.slots)) for b in made]
            )

    def laid(self, state: State) -> tuple[Any, Any]:
        """The tables on the devices; rows without a rating are zero, which is their minimiser."""
        from elm.embeddings.als._sharded import on_devices

        laid = [
            on_devices(self._mesh, side.table(rows * rated[:, None]), self._dtype)
            for side, rows, rated in zip(self._deals, (state.users, state.items), self._rated, strict=True)
        ]
        return laid[0], laid[1]

    def iteration(self, users: Any, items: Any) -> tuple[Any, Any]:
        users = self._half(users, items, self._penalties[0], self._batches[0])
        items = self._half(items, users, self._penalties[1], self._batches[1])
        return users, items.block_until_ready()

    def taken(self, tables: tuple[Any, Any]) -> tuple[Array, Array]:
        """The factors in the order of the matrix, float32."""
        users, items = (
            np.asarray(table, dtype=np.float32)[side.place] for side, table in zip(self._deals, tables, strict=True)
        )
        return users, items
