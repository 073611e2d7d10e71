"""Learning-rate schedules: pure functions of the step, each a factor of the learning rate in (0, 1]."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping


def warmup_cosine(step: int, steps: int, warmup: int, floor: float = 0.05) -> float:
    """Linear warm-up over `warmup` steps, then half a cosine down to `floor`.

    >>> [round(warmup_cosine(s, 10, 2), 2) for s in (0, 1, 2, 10)]
    [0.5, 1.0, 1.0, 0.05]
    """
    if step < warmup:
        return (step + 1) / warmup
    return floor + (1 - floor) * 0.5 * (1 + math.cos(math.pi * _done(step, steps, warmup)))


def warmup_linear(step: int, steps: int, warmup: int, floor: float = 0.05) -> float:
    """Linear warm-up over `warmup` steps, then a straight line down to `floor`.

    >>> [round(warmup_linear(s, 10, 2), 3) for s in (0, 2, 6, 10)]
    [0.5, 1.0, 0.525, 0.05]
    """
    return (step + 1) / warmup if step < warmup else 1 - (1 - floor) * _done(step, steps, warmup)


def warmup_constant(step: int, steps: int, warmup: int) -> float:
    """Linear warm-up over `warmup` steps, then 1: a run that may be prolonged.

    >>> [warmup_constant(s, 10, 2) for s in (0, 1, 9)]
    [0.5, 1.0, 1.0]
    """
    return (step + 1) / warmup if step < warmup else 1.0


SCHEDULES: Mapping[str, Callable[[int, int, int], float]] = {
    "cosine": warmup_cosine,
    "linear": warmup_linear,
    "constant": warmup_constant,
}
"""The schedules by name: (step, steps, warmup) -> factor."""


def _done(step: int, steps: int, warmup: int) -> float:
    return min((step - warmup) / max(steps - warmup, 1), 1.0)
