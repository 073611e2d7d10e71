"""Behavioural vectors: weighted alternating least squares (Hu et al. 2008) through `implicit`, and folding in."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd
import scipy.sparse as sp

from elm._errors import CallError, UnknownNameError
from elm._typing import Array
from elm.data import ids_of
from elm.embeddings._confidence import interactions_of, signed_matrix
from elm.embeddings._fingerprint import fingerprint_of
from elm.embeddings._space import EmbeddingSpace
from elm.embeddings._table import VectorTable

if TYPE_CHECKING:
    from elm.data import Dataset

_log = logging.getLogger(__name__)


def wals(
    data: Dataset | pd.DataFrame,
    factors: int = 64,
    regularization: float = 0.1,
    alpha: float = 20.0,
    iterations: int = 15,
    min_item_ratings: int = 5,
    users: Sequence[str] | None = None,
    seed: int = 0,
) -> tuple[VectorTable, VectorTable]:
    """Fit (users, items): two tables in one space of `factors` dimensions, metric "dot".

    A rating gives a preference and a confidence, see `confidence`: a low rating counts as a dislike that is surer
    than no rating. regularization: the weight of |x|^2, as a share of the confidence in a typical row (the total
    over sqrt(n_users * n_items)), so that one value fits small and large data: 0.1 is best or nearly so on ML-100K,
    on a tenth of its users, and on the demo world.

    users: train on these only (default: all users with a rating). Items with fewer than `min_item_ratings` ratings
    by those users get no vector; users left without a rating are dropped.

    Both tables name the same space with the same fingerprint, a hash of the item factors (see `fingerprint_of`),
    because two runs differ by a rotation. Their mean, scale and reach are their own: users and items are spread
    differently, and an adapter normalises what it reads by the statistics of its kind.

    A training user's vector is the exact minimiser given the item factors, so `fold_in` of the same ratings gives
    the same vector, and unseen users are placed exactly as seen ones are.

    Raises `CallError` for bad arguments or no ratings left, `UnknownNameError` for a user without ratings.
    """
    _check_arguments(factors, regularization, alpha, iterations)
    frame = interactions_of(data)
    if users is not None:
        users, known = ids_of(users, "user"), set(frame["user"])
        if len(set(users)) != len(users):
            twice = next(user for place, user in enumerate(users) if user in users[:place])
            raise CallError(f"each user to train on is named once, but {twice!r} came twice")
        for user in users:
            if user not in known:
                raise UnknownNameError("user", user, sorted(known), "(users to train on need ratings)")
        frame = frame[frame["user"].isin(set(users))]
    counts = frame["item"].value_counts()
    frame = frame[frame["item"].isin(counts.index[counts >= min_item_ratings])]
    if frame.empty:
        raise CallError(f"no item has {min_item_ratings} ratings or more; lower min_item_ratings or bring more data")
    user_ids, item_ids = list(dict.fromkeys(frame["user"])), sorted(set(frame["item"]))
    user_ids = [user for user in users if user in set(user_ids)] if users is not None else user_ids
    matrix = signed_matrix(frame, user_ids, item_ids, alpha)

    penalty = regularization * float(np.abs(matrix.data).sum()) / float(np.sqrt(len(user_ids) * len(item_ids)))
    item_vectors = _item_factors(matrix, factors, penalty, iterations, seed)
    user_vectors = user_step(item_vectors, matrix, penalty)
    made = {"by": "wals", "factors": factors, "alpha": alpha}
    made |= {"regularization": regularization, "penalty": penalty}
    made |= {"iterations": iterations, "min_item_ratings": min_item_ratings, "seed": seed}
    made |= {"n_users": len(user_ids), "n_items": len(item_ids)}
    if float(np.abs(user_vectors).max()) < 1e-6:
        raise CallError(f"regularization {regularization} crushes every vector to zero; take a smaller one")
    item_space = EmbeddingSpace.fit("wals", item_vectors, "dot", {**made, "kind": "items"}, "")
    fingerprint = fingerprint_of(VectorTable(item_ids, item_vectors, item_space))
    user_space = EmbeddingSpace.fit("wals", user_vectors, "dot", {**made, "kind": "users"}, fingerprint)
    items = VectorTable(item_ids, item_vectors, replace(item_space, fingerprint=fingerprint))
    return VectorTable(user_ids, user_vectors, user_space), items


def fold_in(items: VectorTable, data: Dataset | pd.DataFrame, users: VectorTable | None = None) -> VectorTable:
    """Vectors of unseen users from their ratings, by the user step of WALS against the fixed item table.

    items: the item table of `wals`, whose `space.made` holds alpha and the penalty. Ratings of items without a
    vector are left out. users: the table of the training users; when given, the result carries its mean, scale and
    reach, which an adapter trained on it expects, else the statistics are computed from the users folded in.

    Raises `CallError` when `items` is not a WALS table or a user has no rating of any of its items.
    """
    made = items.space.made
    if made.get("by") != "wals" or made.get("kind") != "items":
        raise CallError(f"fold_in needs the item table that wals made, got a table of space {items.space.name!r}")
    if users is not None and not users.space.matches(items.space):
        raise CallError("users and items must come from one run of wals; two runs are two spaces")
    frame = interactions_of(data)
    user_ids = list(dict.fromkeys(frame["user"]))
    if not user_ids:
        raise CallError("fold_in needs ratings of at least one user, got none")
    matrix = signed_matrix(frame, user_ids, items.ids, made["alpha"])
    empty = np.flatnonzero(np.diff(matrix.indptr) == 0)
    if empty.size:
        raise CallError(
            f"every user needs a rating of an item of the table, but {empty.size} have none "
            f"(first: {user_ids[empty[0]]!r}); drop them"
        )
    vectors = user_step(items.vectors, matrix, made["penalty"])
    about = {**made, "kind": "users"}
    if users is not None:
        return VectorTable(user_ids, vectors, replace(users.space, made=about))
    space = EmbeddingSpace.fit(items.space.name, vectors, "dot", about, items.space.fingerprint)
    return VectorTable(user_ids, vectors, space)


def user_step(item_vectors: npt.ArrayLike, matrix: sp.csr_matrix, penalty: float, block: int = 256) -> Array:
    """Minimise sum c (p - x.y)^2 + penalty |x|^2 for every user, items fixed (Hu et al. 2008, equation 4).

    item_vectors (n_items, f); matrix: signed confidences (n_users, n_items). Returns (n_users, f).
    """
    y = np.asarray(item_vectors, dtype=np.float64)
    gram = y.T @ y + penalty * np.eye(y.shape[1])
    out = np.empty((matrix.shape[0], y.shape[1]), dtype=np.float32)
    for start in range(0, matrix.shape[0], block):
        stop = min(start + block, matrix.shape[0])
        left = np.repeat(gram[None], stop - start, axis=0)
        right = np.zeros((stop - start, y.shape[1]))
        for row in range(start, stop):
            span = slice(matrix.indptr[row], matrix.indptr[row + 1])
            rated, signed = y[matrix.indices[span]], matrix.data[span].astype(np.float64)
            left[row - start] += (rated.T * (np.abs(signed) - 1.0)) @ rated
            right[row - start] = np.clip(signed, 0.0, None) @ rated
        out[start:stop] = np.linalg.solve(left, right[..., None])[..., 0]
    return out


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
