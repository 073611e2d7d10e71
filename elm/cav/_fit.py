"""Fit concept vectors (CAVs, after Kim et al. 2018; used in ELM to move along soft attributes)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd

from elm._errors import CallError
from elm._typing import Array, Floats, Integers
from elm.cav._cav import CAV, CAVs, spreads
from elm.cav._held_out import Quality, held_out, quality
from elm.cav._labels import Bools, Labels, first_copies, labels_of, stacked
from elm.cav._solve import Engine, Method, check_choice, solve
from elm.embeddings import VectorTable

Concepts = Mapping[str, Iterable[str] | Mapping[str, float] | pd.Series]
"""Names with ids of the entities that show each, or with a Series or dict of grades by id."""


def fit(
    table: VectorTable,
    concepts: Concepts,
    method: Method = "logistic",
    min_positives: int = 5,
    seed: int = 0,
    l2: float | Sequence[float] | None = None,
    engine: Engine = "auto",
) -> CAVs:
    """Fit one direction a concept on the vectors of `table`.

    concepts: name -> ids of the entities that show it (the others do not), or a Series of graded scores by id (upper
    third against lower third; "ridge" and "ranking" use every grade; ids it lacks take no part). method: "logistic"
    (normal of a logistic boundary, both classes weighing the same), "ridge" (least squares on the grades), "difference"
    (mean with the concept minus mean without) or "ranking" (logistic regression on pairs with different grades,
    Göpfert et al. 2022).

    Vectors are standardised by the space's mean and scale for the fit; the direction is given in raw coordinates.
    auc, accuracy and p_value come from a fit on 70 % of the entities and are measured on the other 30 %, split by
    `seed`, copies of a vector on one side; p_value is that of all permutations of the held-out labels. The direction
    itself is fitted on all.

    l2: weight of |w|^2 / 2 against the summed loss, by default the dimension, which makes the prior on a score's
    variance the same for short and long vectors. Several: the one with the best mean AUC over the concepts on a
    part of their training entities, never on those held out. engine: "jax" fits all logistic concepts together,
    "sklearn" one after another; both give the same directions, and "auto" takes the faster.

    Raises `CallError` for too few positives or negatives, vectors that do not vary, an unknown method or engine, an
    l2 that is not positive; `UnknownNameError` for ids that are not in the table.
    """
    check_choice(method, engine)
    path = _path(l2, table.space.dim)
    leader, labels = read(table, concepts, min_positives)
    normal = table.space.normalise(table.vectors).astype(np.float64)
    held = held_out(labels, leader, seed)
    train = labels.only(~held)
    best = _choose(normal, train, leader, method, path, engine, seed)
    penalty = np.full(len(labels), best)
    weights, _ = solve(normal, train, method, penalty, engine, seed)
    measured = quality(normal, labels, held, weights, leader)
    weights, _ = solve(normal, labels, method, penalty, engine, seed, start=weights)
    directions = _directions(table, list(concepts), weights, method)
    found = spreads(table, directions)
    return CAVs(
        {
            name: _cav(table, (name, directions[name], *found[i]), labels[i], measured.of(i), method, best)
            for i, name in enumerate(concepts)
        }
    )


def read(table: VectorTable, concepts: Concepts, min_positives: int) -> tuple[Integers, Labels]:
    """(n,) the first row with each row's vector, and the concepts as labels (C, n); both checked."""
    if not concepts:
        raise CallError("fit needs at least one concept, got none")
    if min_positives < 4:
        raise CallError(f"min_positives must be at least 4, so that some can be held out, got {min_positives}")
    if not np.ptp(table.vectors, axis=0).any():
        raise CallError("the vectors of the table are all the same, so no direction can be fitted")
    first, leader = first_copies(table.vectors)
    alone = None if first.all() else first
    return leader, stacked([labels_of(table, name, concepts[name], min_positives, alone) for name in concepts])


def raw_directions(table: VectorTable, weights: Floats, method: Method) -> Floats:
    """Weights (..., dim) on standardised vectors as directions of length 1 in the vectors' own coordinates.

    Logistic, ridge and ranking give the gradient of a score, the difference of means a displacement: they change
    coordinates by opposite factors. A weight of zero stays zero.
    """
    scale = table.space.scale.astype(np.float64)
    directions = weights * scale if method == "difference" else weights / scale
    length = np.linalg.norm(directions, axis=-1, keepdims=True)
    return directions / np.where(length > 0, length, 1)


def _directions(table: VectorTable, names: list[str], weights: Floats, method: Method) -> dict[str, Array]:
    directions = raw_directions(table, weights, method).astype(np.float32)
    for name, direction in zip(names, directions, strict=True):
        if not direction.any():
            raise CallError(f"no direction tells concept {name!r} apart: the fit is zero everywhere")
    return dict(zip(names, directions, strict=True))


def _cav(
    table: VectorTable,
    along: tuple[str, Array, float, float],
    labels: Labels,
    measured: Quality,
    method: Method,
    l2: float,
) -> CAV:
    """along: name, direction, and mean and standard deviation of the table's projections."""
    name, direction, centre, unit = along
    return CAV(
        name=name,
        direction=direction,
        centre=centre,
        unit=unit,
        auc=float(measured.auc),
        accuracy=float(measured.accuracy),
        p_value=float(measured.p_value),
        n_positive=int((labels.label == 1).sum()),
        n_negative=int((labels.label == 0).sum()),
        method=method,
        space=table.space,
        l2=None if method == "difference" else l2,
    )


def _path(l2: float | Sequence[float] | None, dim: int) -> list[float]:
    path = [float(dim)] if l2 is None else [float(value) for value in np.atleast_1d(np.asarray(l2, dtype=np.float64))]
    if not path or not all(np.isfinite(value) and value > 0 for value in path):
        raise CallError(f"l2 must be a positive number or several of them, got {l2!r}")
    return sorted(set(path), reverse=True)


def _choose(
    x: Floats, labels: Labels, leader: Integers, method: Method, path: list[float], engine: Engine, seed: int
) -> float:
    """The penalty with the best mean AUC on an inner part of the training rows; the strongest among equals.

    One for all concepts: chosen for each alone, by a handful of held-out positives, it is mostly noise.
    """
    if len(path) == 1 or method == "difference":
        return path[0]
    inner: Bools = held_out(labels, leader, seed + 1)
    part, reached, weights = labels.only(~inner), [], None
    for value in path:  # from strong to weak, each beginning where the last one ended
        weights, _ = solve(x, part, method, np.full(len(labels), value), engine, seed, start=weights)
        reached.append(quality(x, labels, inner, weights, leader).auc.mean())
    return path[int(np.argmax(reached))]
