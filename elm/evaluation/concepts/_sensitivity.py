"""Sensitivity of texts and lists to concepts, after TCAV (Kim et al. 2018): what changes when a vector moves?"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from elm._errors import CallError
from elm._typing import Array, Floats
from elm.cav import CAV
from elm.embeddings import VectorTable
from elm.evaluation._protocols import Describer, written_moved
from elm.metrics import top_k

Read = Callable[[list[str]], Array]
"""texts (n) -> vectors (n, dim) of the space that the concepts live in: an encoder's `encode`, a ranker's `predict`."""


@dataclass(frozen=True)
class Steps:
    """How far vectors are moved. size: along each concept. random: how many random directions give the distribution
    that an effect is compared with; p is two-sided, that of one more such direction beside them by Student's t.
    """

    size: float = 1.0
    random: int = 10


@dataclass(frozen=True)
class Sensitivity:
    """effect: change per step of amount 1, one row per concept moved along (and "random"), a column what is measured.
    tcav: share of entities on which it rises. p_value: chance that a random direction has so strong a mean effect.
    """

    effect: pd.DataFrame
    tcav: pd.DataFrame
    p_value: pd.DataFrame


def text_sensitivity(
    model: Describer,
    task: str,
    table: VectorTable,
    ids: Sequence[str],
    concepts: Mapping[str, CAV],
    read: Read,
    steps: Steps | None = None,
    seed: int = 0,
) -> Sensitivity:
    """Move along each concept by -1 and +1 step, and measure all concepts in the texts written about both.

    The diagonal says whether "funnier" reads funnier, the rest what else it changes. read: turns texts back into
    vectors.

    Raises `CallError` for fewer than two entities, no concept, or a step that is not positive.
    """

    def measured(vectors: Array) -> Floats:
        read_back = read(written_moved(model, vectors, task, seed))
        return np.stack([concept.score(read_back) for concept in concepts.values()], axis=1)  # (n, concepts)

    return _sensitivity(measured, list(concepts), table.rows(ids), table, concepts, steps or Steps(), seed)


def list_sensitivity(
    rank: Callable[[Array], npt.ArrayLike],
    table: VectorTable,
    ids: Sequence[str],
    concepts: Mapping[str, CAV],
    levels: pd.DataFrame,
    k: int = 20,
    steps: Steps | None = None,
    seed: int = 0,
) -> Sensitivity:
    """Move users along each concept, and measure how much of every concept the first k items of their lists have.

    rank: vectors (n, dim) -> scores (n, items); levels: (items, measures), how much of each an item has, a row an
    item in the order of the scores. The last column, "changed", counts the items of the list that a step replaces.
    """
    grades = levels.to_numpy(dtype=np.float64)
    if not np.isfinite(grades).all() or not 1 <= k <= len(grades):
        raise CallError(f"levels must be finite and k from 1 to {len(grades)} items, got k = {k}")
    start, steps = table.rows(ids), steps or Steps()
    before = top_k(np.asarray(rank(start), dtype=np.float64), k)

    def measured(vectors: Array) -> Floats:
        lists = top_k(np.asarray(rank(vectors), dtype=np.float64), k)
        if lists.max() >= len(grades):
            raise CallError(f"levels must have a row per item ranked, got {len(grades)} rows")
        result: Floats = grades[lists].mean(1)
        return result

    found = _sensitivity(measured, [str(name) for name in levels], start, table, concepts, steps, seed)
    changed: list[float] = []
    for concept in [*concepts.values(), *_random(next(iter(concepts.values())), table, steps.random, seed)]:
        after = top_k(np.asarray(rank(concept.move(start, steps.size)), dtype=np.float64), k)
        changed.append(float(np.mean([k - len(np.intersect1d(a, b)) for a, b in zip(after, before, strict=True)])))
    column = [*changed[: len(concepts)], float(np.mean(changed[len(concepts) :]))]
    return replace(found, effect=found.effect.assign(changed=np.array(column)))


def _sensitivity(
    measured: Callable[[Array], Floats],
    columns: list[str],
    start: Array,
    table: VectorTable,
    concepts: Mapping[str, CAV],
    steps: Steps,
    seed: int,
) -> Sensitivity:
    step, random = steps.size, steps.random
    if len(start) < 2 or not concepts or not (np.isfinite(step) and step > 0) or random < 2:
        raise CallError(
            "sensitivity needs two entities, a concept, a positive step and two random directions or more, "
            f"got {len(start)}, {len(concepts)}, {step} and {random}"
        )
    controls = _random(next(iter(concepts.values())), table, random, seed)
    slopes = np.stack(
        [
            (measured(mover.move(start, step)) - measured(mover.move(start, -step))) / (2 * step)
            for mover in [*concepts.values(), *controls]
        ]
    )  # (movers, n, measures)
    n = len(concepts)
    means = slopes.mean(1)
    rows = pd.Index([*concepts, "random"], name="moved along")
    shares = (slopes > 0).mean(1) + 0.5 * (slopes == 0).mean(1)
    return Sensitivity(
        _frame(np.vstack([means[:n], means[n:].mean(0)]), rows, columns),
        _frame(np.vstack([shares[:n], shares[n:].mean(0)]), rows, columns),
        _frame(_p_values(means[:n], means[n:]), rows[:n], columns),
    )


def _p_values(effects: Floats, chance: Floats) -> Floats:
    """Of effects (k, m) beside those of n random directions (n, m), whose spread is itself an estimate from n."""
    from scipy.stats import t

    n = len(chance)
    spread = np.maximum(chance.std(0, ddof=1) * np.sqrt(1 + 1 / n), 1e-12)
    result: Floats = 2 * t.sf(np.abs(effects - chance.mean(0)) / spread, n - 1)
    return result


def _random(like: CAV, table: VectorTable, number: int, seed: int) -> list[CAV]:
    """Directions drawn on the sphere, each with its own spread among the table's entities."""
    rng = np.random.default_rng(seed)
    drawn = rng.standard_normal((number, table.space.dim))
    drawn /= np.linalg.norm(drawn, axis=1, keepdims=True)
    return [replace(like, name="random", direction=row.astype(np.float32)).measured_on(table) for row in drawn]


def _frame(values: Floats, rows: pd.Index, columns: list[str]) -> pd.DataFrame:
    return pd.DataFrame(values, index=rows, columns=pd.Index(columns, name="measured"))
