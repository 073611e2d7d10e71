"""Learning-rate schedules: pure functions of the step."""

from __future__ import annotations

import math


def warmup_cosine(step: int, steps: int, warmup: int, floor: float = 0.05) -> float:
    """A factor of the learning rate in (0, 1]: linear warm-up over `warmup` steps, then half a cosine down to `floor`.

    >>> [round(warmup_cosine(s, 10, 2), 2) for s in (0, 1, 2, 10)]
    [0.5, 1.0, 1.0, 0.05]
    """
    if step < warmup:
        return (step + 1) / warmup
    progress = min((step - warmup) / max(steps - warmup, 1), 1.0)
    return floor + (1 - floor) * 0.5 * (1 + math.cos(math.pi * progress))
