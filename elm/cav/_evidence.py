"""Is a concept real? Beside held-out scores: random concepts, refits on halves of the data, and popularity."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from elm._errors import CallError
from elm._typing import Flags, Floats, Integers
from elm.cav._fit import Concepts, fit, raw_directions, read
from elm.cav._held_out import held_out, quality
from elm.cav._labels import Labels
from elm.cav._solve import Engine, Method, solve
from elm.data import index_ids
from elm.embeddings import VectorTable

_Fitted = Callable[[Labels], Floats]


@dataclass(frozen=True)
class Fitting:
    """How concepts are fitted: `method`, `min_positives` and `engine` of `fit`."""

    method: Method = "logistic"
    min_positives: int = 5
    engine: Engine = "auto"


def evidence(
    table: VectorTable,
    concepts: Concepts,
    method: Method | Fitting = "logistic",
    popularity: pd.Series | None = None,
    random: int = 20,
    resamples: int = 5,
    seed: int = 0,
    l2: float | Sequence[float] | None = None,
) -> pd.DataFrame:
    """Everything that speaks for or against each concept: `fit(...).report()` with these columns more.

    random_auc: mean held-out AUC of `random` concepts of the same sizes whose labels mean nothing; above_random: share
    of them that the concept beats (Kim et al. 2018 ask that a CAV beat random ones). stability: mean cosine between the
    directions of two fits on halves that share no entity, over `resamples` splits; near 0 for a direction of chance.
    also_moves, cosine: the other concept whose direction is most alike or opposite. auc_popularity, with `popularity`
    (numbers by id): AUC of popularity alone on the same held-out entities, its sign taken from the training ones.

    method: one of `fit`, or a `Fitting`. Other arguments and errors as in `fit`; `CallError` where an entity of the
    table has no popularity.
    """
    if random < 0 or resamples < 0:
        raise CallError(f"random and resamples must not be negative, got {random} and {resamples}")
    how = method if isinstance(method, Fitting) else Fitting(method)
    cavs = fit(table, concepts, how.method, how.min_positives, seed, l2, how.engine)
    report = cavs.report()
    leader, labels = read(table, concepts, how.min_positives)
    normal = table.space.normalise(table.vectors).astype(np.float64)
    penalty = np.array([cav.l2 or 1.0 for cav in cavs.values()])

    def fitted(part: Labels) -> Floats:
        return solve(normal, part, how.method, penalty, how.engine, seed)[0]

    if random:
        rng = np.random.default_rng([seed, 1])
        aucs = np.empty((random, len(labels)))
        for draw in aucs:
            chance = _shuffled(labels, leader, rng)
            held = held_out(chance, leader, seed)
            draw[:] = quality(normal, chance, held, fitted(chance.only(~held)), leader).auc
        report["random_auc"] = aucs.mean(0)
        report["above_random"] = (aucs < report["auc"].to_numpy()).mean(0)
    if resamples:
        report["stability"] = np.mean(
            [_halves_cosine(table, labels, leader, fitted, how.method, seed + 2 + i) for i in range(resamples)], axis=0
        )
    if len(cavs) > 1:
        report["also_moves"], report["cosine"] = _closest(cavs.cosines())
    if popularity is not None:
        held = held_out(labels, leader, seed)
        report["auc_popularity"] = _popularity_auc(table, popularity, labels, held, leader)
    return report


def _shuffled(labels: Labels, leader: Integers, rng: np.random.Generator) -> Labels:
    """The same numbers of positives, negatives and grades on vectors drawn anew among those that took part.

    Copies of a vector (see `leader` in `held_out`) get what their first one gets.
    """
    label, grade = labels.label.copy(), None if labels.grade is None else labels.grade.copy()
    first = leader == np.arange(len(leader))
    for i, known in enumerate(labels.known):
        rows = np.flatnonzero(known & first)
        drawn = rng.permutation(rows)
        for new, old in ((label, labels.label), (grade, labels.grade)):
            if new is not None and old is not None:
                new[i, rows] = old[i, drawn]
                new[i] = np.where(known, new[i, leader], new[i])
    return Labels(label, grade)


def _halves_cosine(
    table: VectorTable, labels: Labels, leader: Integers, fitted: _Fitted, method: Method, seed: int
) -> Floats:
    half = held_out(labels, leader, seed, share=0.5)
    first, second = (raw_directions(table, fitted(labels.only(part)), method) for part in (half, ~half))
    result: Floats = (first * second).sum(1)
    return result


def _closest(cosines: pd.DataFrame) -> tuple[list[str], Floats]:
    values = cosines.to_numpy().copy()
    np.fill_diagonal(values, 0)
    best = np.abs(values).argmax(1)
    return [str(cosines.columns[i]) for i in best], values[np.arange(len(values)), best]


def _popularity_auc(table: VectorTable, popularity: pd.Series, labels: Labels, held: Flags, leader: Integers) -> Floats:
    values = popularity.set_axis(index_ids(popularity, "entity")).reindex(table.ids).to_numpy(dtype=np.float64)
    if not np.isfinite(values).all():
        raise CallError(
            f"popularity must be finite for every entity, {table.ids[int((~np.isfinite(values)).argmax())]!r} has none"
        )
    ranks = rankdata(values)[:, None] / len(values)
    sign, _ = solve(ranks, labels.only(~held), "difference", np.ones(len(labels)))
    return quality(ranks, labels, held, np.sign(sign), leader).auc
