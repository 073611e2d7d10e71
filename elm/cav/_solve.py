"""The ways to fit directions: for all concepts at once where the arithmetic can be shared, else one after another."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from elm._errors import CallError
from elm._typing import Array, Floats, Integers
from elm.cav._labels import Labels

Method = Literal["logistic", "ridge", "difference", "ranking"]
Engine = Literal["auto", "jax", "sklearn"]

_MUCH = 1.5e7
"""From so many numbers (concepts times rows times columns) on, loading JAX for the batched fit pays: about 0.6 s."""
_WIDE = 512
"""Concepts in one matrix product: fewer would leave the processor's threads waiting."""
_PAIRS_EACH, _PAIRS_MOST = 5, 20_000


def check_choice(method: str, engine: str) -> None:
    """Raise `CallError` for a method or engine that there is not, or that is not installed."""
    for what, given, known in (("method", method, get_args(Method)), ("engine", engine, get_args(Engine))):
        if given not in known:
            raise CallError(f"{what} must be one of {', '.join(map(repr, known))}, got {given!r}")
    if engine == "jax" and not _has_jax():
        raise CallError("engine='jax' needs JAX, which is not installed; pip install \"elm-toolkit[jax]\"")


def solve(
    x: Floats,
    labels: Labels,
    method: Method,
    l2: Floats,
    engine: Engine = "auto",
    seed: int = 0,
    start: Floats | None = None,
) -> tuple[Floats, Floats]:
    """Fit C concepts on x (n, d): weights (C, d) and intercepts (C,) of scores that rise with the concept.

    labels: (C, n). l2: (C,) weight of |w|^2 / 2 against the summed loss ("difference" has none). start: (C, d), where
    an iterative fit may begin.
    """
    if method == "ridge":
        return _ridge(x, labels, l2)
    if method == "difference":
        return _difference(x, labels)
    if method == "ranking":
        weights = np.stack([_ranking(x, labels[i], l2[i], seed) for i in range(len(labels))])
        return weights, _middle(x, labels, weights)
    if engine == "jax" or (engine == "auto" and len(labels) * x.size >= _MUCH and _has_jax()):
        from elm.cav._logistic_jax import logistic_many

        weights, intercepts, converged = logistic_many(x, labels.label, l2, start)
    else:
        weights, intercepts = np.empty((len(labels), x.shape[1])), np.empty(len(labels))
        converged = np.zeros(len(labels), dtype=bool)
    for i in np.flatnonzero(~converged):
        weights[i], intercepts[i] = _logistic(x, labels.label[i], l2[i])
    return weights, intercepts


def blocks(count: int, size: int = 128) -> Iterator[slice]:
    """Slices over `count` concepts, so that no more than (size, n) numbers are at work at once."""
    return (slice(at, min(at + size, count)) for at in range(0, count, size))


def _logistic(x: Floats, label: npt.NDArray[np.int8], l2: float) -> tuple[Floats, float]:
    from sklearn.linear_model import LogisticRegression

    clear = label >= 0
    model = LogisticRegression(C=1 / l2, class_weight="balanced", solver="newton-cholesky", tol=1e-7, max_iter=1000)
    model.fit(x[clear], label[clear])
    return model.coef_[0], float(model.intercept_[0])


def _ridge(x: Floats, labels: Labels, l2: Floats) -> tuple[Floats, Floats]:
    """Least squares on the grades, in closed form: concepts known on the same rows share one factorisation."""
    known = labels.known
    weights, intercepts = np.empty((len(labels), x.shape[1])), np.empty(len(labels))
    groups: dict[tuple[bytes, float], list[int]] = {}
    rows_as_bytes = [b""] * len(labels) if known.all() else [row.tobytes() for row in np.packbits(known, axis=1)]
    for i, key in enumerate(zip(rows_as_bytes, l2.tolist(), strict=True)):
        groups.setdefault(key, []).append(i)
    for (_, penalty), members in groups.items():
        rows = known[members[0]]
        whole = bool(rows.all())
        part = x if whole else x[rows]
        mean = part.mean(0)
        centred = part - mean
        bent, single = centred.T @ centred + penalty * np.eye(x.shape[1]), centred.astype(np.float32)
        for block in blocks(len(members), _WIDE):
            which = members[block]
            grades = labels[which].values if whole else labels[which].values[:, rows]
            weights[which] = np.linalg.solve(bent, (grades @ single).astype(np.float64).T).T
            intercepts[which] = grades.mean(1) - weights[which] @ mean
    return weights, intercepts


def _difference(x: Floats, labels: Labels) -> tuple[Floats, Floats]:
    """Mean with the concept minus mean without; the intercept puts 0 halfway."""
    with_it, without = (_means(x, labels, side) for side in (1, 0))
    weights = with_it - without
    return weights, -((with_it + without) / 2 * weights).sum(1)


def _means(x: Floats, labels: Labels, side: int) -> Floats:
    """(C, d) the mean of each concept's positives or negatives."""
    means, single = np.empty((len(labels), x.shape[1])), x.astype(np.float32)
    for block in blocks(len(labels), _WIDE):
        members = (labels.label[block] == side).astype(np.float32)
        means[block] = (members @ single) / members.sum(1, keepdims=True)
    return means


def _ranking(x: Floats, labels: Labels, l2: float, seed: int) -> Floats:
    """Logistic regression on differences of pairs with different grades (Göpfert et al. 2022), without intercept.

    The pairs together weigh as much as the entities, so that `l2` means the same as for "logistic".
    """
    from sklearn.linear_model import LogisticRegression

    rows = np.flatnonzero(labels.known)
    first, second = _pairs(labels.values[rows], min(_PAIRS_EACH * len(rows), _PAIRS_MOST), seed)
    swap = np.arange(len(first)) % 2 == 1  # both answers come up, as a classifier asks
    high, low = rows[np.where(swap, second, first)], rows[np.where(swap, first, second)]
    model = LogisticRegression(
        C=len(rows) / len(first) / l2, solver="newton-cholesky", fit_intercept=False, tol=1e-7, max_iter=1000
    )
    result: Floats = model.fit(x[high] - x[low], ~swap).coef_[0]
    return result


def _pairs(grades: Array, count: int, seed: int) -> tuple[Integers, Integers]:
    """`count` pairs drawn evenly, with replacement, from all (i, j) whose grade i is above grade j."""
    rng, order = np.random.default_rng(seed), np.argsort(grades, kind="stable")
    ranked = grades[order]
    below = np.searchsorted(ranked, ranked, side="left")  # how many lie strictly below each
    upper = rng.choice(len(ranked), size=count, p=below / below.sum())
    lower = (rng.random(count) * below[upper]).astype(np.int64)
    return order[upper], order[lower]


def _middle(x: Floats, labels: Labels, weights: Floats) -> Floats:
    """Intercepts that put 0 halfway between the mean scores of positives and negatives."""
    scores = weights @ x.T
    means = [np.where(labels.label == k, scores, 0).sum(1) / (labels.label == k).sum(1) for k in (1, 0)]
    result: Floats = -(means[0] + means[1]) / 2
    return result


def _has_jax() -> bool:
    return importlib.util.find_spec("jax") is not None
