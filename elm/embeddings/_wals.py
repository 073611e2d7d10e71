"""Behavioural vectors: weighted alternating least squares (Hu et al. 2008), and folding in."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypedDict, Unpack

import numpy as np
import pandas as pd
import scipy.sparse as sp

from elm._errors import CallError, UnknownNameError
from elm._typing import Array
from elm.data import ids_of
from elm.embeddings._fingerprint import fingerprint_of
from elm.embeddings._space import EmbeddingSpace
from elm.embeddings._table import VectorTable
from elm.embeddings.als._fit import Sharded, sharded_factors
from elm.embeddings.als._objective import row_penalties, user_step
from elm.embeddings.als._ratings import Coded, coded

if TYPE_CHECKING:
    from elm.data import Dataset

_log = logging.getLogger(__name__)


class Way(TypedDict, total=False):
    """What finds the factors: engine "implicit" or "jax", and the settings of the latter."""

    engine: Literal["implicit", "jax"]
    sharded: Sharded | None


def wals(
    data: Dataset | pd.DataFrame | str | Path,
    factors: int = 64,
    regularization: float = 0.1,
    alpha: float = 20.0,
    iterations: int = 15,
    min_item_ratings: int = 5,
    users: Sequence[str] | None = None,
    seed: int = 0,
    **way: Unpack[Way],
) -> tuple[VectorTable, VectorTable]:
    """Fit (users, items): two tables in one space of `factors` dimensions, metric "dot".

    A rating gives a preference and a confidence, see `confidence`: a low rating counts as a dislike that is surer
    than no rating. regularization: the weight of |x|^2, as a share of the confidence in a typical row (the total
    over sqrt(n_users * n_items)), so that one value fits small and large data: 0.1 is best or nearly so on ML-100K,
    on a tenth of its users, and on the demo world.

    data: ratings, also as a Parquet file or a folder of Parquet shards with columns user, item and rating. users: train
    on these only (default: all users with a rating). Items with fewer than `min_item_ratings` ratings
    by those users get no vector; users left without a rating are dropped.

    engine="jax" fits with the tables sharded by rows over all devices (extra `jax`), as `sharded=Sharded(...)` says;
    by default `implicit` does, in memory. Both minimise the same objective.

    Both tables name the same space with the same fingerprint, a hash of the item factors (see `fingerprint_of`),
    because two runs differ by a rotation. Their mean, scale and reach are their own: users and items are spread
    differently, and an adapter normalises what it reads by the statistics of its kind.

    A training user's vector is the exact minimiser given the item factors, so `fold_in` of the same ratings gives
    the same vector, and unseen users are placed exactly as seen ones are.

    Raises `CallError` for bad arguments or no ratings left, `UnknownNameError` for a user without ratings,
    `DataFileError` for a shard that is cut off or has other columns.
    """
    _check_arguments(factors, regularization, alpha, iterations)
    how = _way(**way)
    ratings = _trained_on(coded(data), users, min_item_ratings)
    matrix = ratings.matrix(alpha)
    penalty = regularization * float(np.abs(matrix.data).sum(dtype=np.float64)) / float(np.sqrt(np.prod(matrix.shape)))
    if how is None:
        item_vectors = _item_factors(matrix, factors, penalty, iterations, seed)
    else:
        item_vectors = sharded_factors(matrix, factors, penalty, iterations, seed, how)[1]
    counts = np.diff(matrix.indptr)
    told: dict[str, Any] = {} if how is None else {"engine": "jax", "dtype": how.dtype, "solver": how.solver}
    if how is not None and how.frequency:
        told |= {"frequency": how.frequency, "mean_ratings": float(counts.mean())}
    user_vectors = user_step(item_vectors, matrix, _penalties(told, penalty, counts))
    made: dict[str, Any] = {"by": "wals", "factors": factors, "alpha": alpha}
    made |= {"regularization": regularization, "penalty": penalty}
    made |= {"iterations": iterations, "min_item_ratings": min_item_ratings, "seed": seed}
    made |= {"n_users": len(ratings.users), "n_items": len(ratings.items), **told}
    if float(np.abs(user_vectors).max()) < 1e-6:
        raise CallError(f"regularization {regularization} crushes every vector to zero; take a smaller one")
    item_space = EmbeddingSpace.fit("wals", item_vectors, "dot", {**made, "kind": "items"}, "")
    fingerprint = fingerprint_of(VectorTable(ratings.items, item_vectors, item_space))
    user_space = EmbeddingSpace.fit("wals", user_vectors, "dot", {**made, "kind": "users"}, fingerprint)
    items = VectorTable(ratings.items, item_vectors, replace(item_space, fingerprint=fingerprint))
    return VectorTable(ratings.users, user_vectors, user_space), items


def fold_in(
    items: VectorTable, data: Dataset | pd.DataFrame | str | Path, users: VectorTable | None = None
) -> VectorTable:
    """Vectors of unseen users from their ratings, by the user step of WALS against the fixed item table.

    items: the item table of `wals`, whose `space.made` holds alpha and the penalty. data: ratings, also Parquet shards
    as of `wals`; those of items without a vector are left out. users: the table of the training users; when given, the
    result carries its mean, scale and reach, which an adapter trained on it expects, else the statistics are computed
    from the users folded in.

    Raises `CallError` when `items` is not a WALS table or a user has no rating of any of its items.
    """
    made = items.space.made
    if made.get("by") != "wals" or made.get("kind") != "items":
        raise CallError(f"fold_in needs the item table that wals made, got a table of space {items.space.name!r}")
    if users is not None and not users.space.matches(items.space):
        raise CallError("users and items must come from one run of wals; two runs are two spaces")
    ratings = coded(data)
    user_ids = ratings.users
    if not user_ids:
        raise CallError("fold_in needs ratings of at least one user, got none")
    matrix = ratings.matrix(made["alpha"], items.ids)
    empty = np.flatnonzero(np.diff(matrix.indptr) == 0)
    if empty.size:
        raise CallError(
            f"every user needs a rating of an item of the table, but {empty.size} have none "
            f"(first: {user_ids[empty[0]]!r}); drop them"
        )
    vectors = user_step(items.vectors, matrix, _penalties(made, made["penalty"], np.diff(matrix.indptr)))
    about = {**made, "kind": "users"}
    if users is not None:
        return VectorTable(user_ids, vectors, replace(users.space, made=about))
    space = EmbeddingSpace.fit(items.space.name, vectors, "dot", about, items.space.fingerprint)
    return VectorTable(user_ids, vectors, space)


def _way(engine: str = "implicit", sharded: Sharded | None = None) -> Sharded | None:
    """The settings of the engine in JAX; None for implicit."""
    if engine not in ("implicit", "jax"):
        raise CallError(f"engine must be 'implicit' or 'jax', got {engine!r}")
    if engine == "implicit" and sharded is not None:
        raise CallError("sharded=... are settings of the engine in JAX: give engine='jax' with them")
    return (sharded or Sharded()) if engine == "jax" else None


def _trained_on(ratings: Coded, users: Sequence[str] | None, least: int) -> Coded:
    """The ratings of these users, of items that have `least` of them; users in the order asked."""
    if users is not None:
        names, known = ids_of(users, "user"), {user: place for place, user in enumerate(ratings.users)}
        if len(set(names)) != len(names):
            twice = next(user for place, user in enumerate(names) if user in names[:place])
            raise CallError(f"each user to train on is named once, but {twice!r} came twice")
        for user in names:
            if user not in known:
                raise UnknownNameError("user", user, sorted(known), "(users to train on need ratings)")
        ratings = ratings.of_users([known[user] for user in names])
    ratings = ratings.keep(np.bincount(ratings.item, minlength=len(ratings.items))[ratings.item] >= least)
    if not len(ratings.rating):
        raise CallError(f"no item has {least} ratings or more; lower min_item_ratings or bring more data")
    return ratings


def _penalties(made: Mapping[str, Any], penalty: float, counts: np.ndarray) -> float | np.ndarray:
    """The penalty of users of so many ratings each."""
    if not made.get("frequency"):
        return penalty
    return row_penalties(counts, penalty, made["frequency"], made["mean_ratings"])


def _item_factors(matrix: sp.csr_matrix, factors: int, penalty: float, iterations: int, seed: int) -> Array:
    from implicit.cpu.als import AlternatingLeastSquares
    from threadpoolctl import threadpool_limits

    # implicit threads over rows itself and warns, rightly, when BLAS threads too.
    with threadpool_limits(1, "blas"):
        model = AlternatingLeastSquares(
            factors=factors, regularization=penalty, iterations=iterations, random_state=seed
        )
        model.fit(matrix, show_progress=False)
    _log.debug("wals: %d users, %d items, %d ratings", *matrix.shape, matrix.nnz)
    return np.asarray(model.item_factors, dtype=np.float32)


def _check_arguments(factors: int, regularization: float, alpha: float, iterations: int) -> None:
    if factors < 1 or iterations < 1:
        raise CallError(f"factors and iterations must be at least 1, got {factors} and {iterations}")
    if not (regularization > 0 and alpha > 0):
        raise CallError(f"regularization and alpha must be positive, got {regularization} and {alpha}")
