"""Is a difference chance? Paired tests, bootstrap intervals, and correction for many tests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy import stats

from elm._errors import CallError
from elm._typing import Floats
from elm.metrics._check import sample


@dataclass(frozen=True)
class PairedTest:
    """difference: mean of a - b. p_value: two-sided. n: pairs."""

    difference: float
    p_value: float
    n: int


def paired_test(a: npt.ArrayLike, b: npt.ArrayLike, method: Literal["t", "wilcoxon"] = "t") -> PairedTest:
    """Two-sided test that a and b, scores of the same n entities in the same order, have no difference.

    "t": paired t test; "wilcoxon": signed ranks, for differences far from normal. All differences equal to zero:
    p = 1; all equal to another number: p = 0 for "t" (no spread at all). n must be at least 2.

    >>> paired_test([1.0, 2.0, 3.0], [1.0, 2.0, 3.0])
    PairedTest(difference=0.0, p_value=1.0, n=3)
    """
    first, second = sample(a, "a", least=2), sample(b, "b", least=2)
    if first.shape != second.shape:
        raise CallError(f"a paired test needs one score of each per entity, got {len(first)} and {len(second)}")
    difference = first - second
    if method not in ("t", "wilcoxon"):
        raise CallError(f"method must be 't' or 'wilcoxon', got {method!r}")
    if not difference.any():
        p_value = 1.0
    elif method == "wilcoxon":
        p_value = float(stats.wilcoxon(first, second).pvalue)
    elif np.ptp(difference) == 0:
        p_value = 0.0
    else:
        p_value = float(stats.ttest_rel(first, second).pvalue)
    return PairedTest(float(difference.mean()), p_value, len(difference))


LEAST_ENTITIES = 5
"""Fewer held-out users or items show nothing: no p value is reported of them."""


def entity_p_value(a: npt.ArrayLike, b: npt.ArrayLike) -> float:
    """p of a paired t test over entities, scores a and b (n,); NaN for fewer than `LEAST_ENTITIES`.

    >>> entity_p_value([0.1, 0.9], [0.2, 0.7])
    nan
    """
    return paired_test(a, b).p_value if len(np.atleast_1d(a)) >= LEAST_ENTITIES else float("nan")


def bootstrap_interval(
    values: npt.ArrayLike, seed: int = 0, level: float = 0.95, resamples: int = 2000
) -> tuple[float, float]:
    """Percentile bootstrap interval (low, high) of the mean of values (n,), at confidence `level`.

    >>> bootstrap_interval([2.0, 2.0, 2.0])
    (2.0, 2.0)
    """
    data = sample(values, "values")
    if not 0 < level < 1:
        raise CallError(f"level must be between 0 and 1, got {level}")
    if resamples < 1:
        raise CallError(f"resamples must be at least 1, got {resamples}")
    rng = np.random.default_rng(seed)
    block = max(1, 4_000_000 // len(data))  # at most 4 million draws in memory at once
    means = [
        data[rng.integers(len(data), size=(min(block, resamples - start), len(data)))].mean(1)
        for start in range(0, resamples, block)
    ]
    low, high = np.quantile(np.concatenate(means), [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def rate_bound(right: int, n: int, level: float = 0.95) -> float:
    """Lower bound of a rate of which `right` of n draws are known, one-sided (Clopper and Pearson 1934).

    The interval is exact: the true rate lies below it in at most 1 - `level` of all samples of any size. (Wilson's is
    shorter, and falls short of its level where rates are near 1, which is where trust is decided.) No draw: 0.

    >>> round(rate_bound(20, 20), 3), round(rate_bound(90, 100), 3), rate_bound(0, 0)
    (0.861, 0.836, 0.0)
    """
    if not 0 <= right <= n or not 0 < level < 1:
        raise CallError(f"right lies between 0 and n, and level between 0 and 1, got {right} of {n} at {level}")
    return float(stats.beta.ppf(1 - level, right, n - right + 1)) if right else 0.0


def holm(p_values: npt.ArrayLike) -> Floats:
    """Holm's step-down correction (1979): p values (n,) of n tests -> adjusted p values in the same order.

    >>> holm([0.01, 0.04, 0.03]).round(2).tolist()
    [0.03, 0.06, 0.06]
    """
    p = sample(p_values, "p values")
    if p.min() < 0 or p.max() > 1:
        raise CallError("p values must lie between 0 and 1")
    order = np.argsort(p, kind="stable")
    stepped = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1))
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(stepped, 1.0)
    return adjusted


def ratio_interval(
    score: npt.ArrayLike, low: npt.ArrayLike, high: npt.ArrayLike, seed: int, level: float = 0.95, resamples: int = 2000
) -> tuple[float, float]:
    """Bootstrap interval over entities of (mean score - mean low) / (mean high - mean low), each (n,).

    Resamples in which the ceiling does not beat its control are left out; (NaN, NaN) where that is more than half.
    """
    values = np.stack([np.asarray(v, dtype=np.float64) for v in (score, low, high)], axis=1)  # (n, 3)
    rng, n = np.random.default_rng(seed), len(values)
    weights = rng.multinomial(n, np.full(n, 1 / n), size=resamples) / n  # (resamples, n)
    means = weights @ values
    valid = means[:, 2] > means[:, 1]
    if valid.mean() < 0.5:
        return float("nan"), float("nan")
    ratios = (means[valid, 0] - means[valid, 1]) / (means[valid, 2] - means[valid, 1])
    a, b = np.quantile(ratios, [(1 - level) / 2, (1 + level) / 2])
    return float(a), float(b)
