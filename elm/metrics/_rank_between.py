"""Where a score stands between a control and a ceiling: rSC and rBC."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from elm._typing import Floats


def rank_between(score: npt.ArrayLike, low: npt.ArrayLike, high: npt.ArrayLike) -> Floats:
    """(score - low) / (high - low), broadcast: 0 at the control `low`, 1 at the ceiling `high`.

    rSC takes the nearest neighbour's text as low and the teacher's as high; rBC the shuffled text and the teacher's.
    Not clipped: below 0 is worse than the control, above 1 better than the ceiling. Where high <= low the measure
    says nothing (the ceiling does not beat its control): NaN.

    >>> float(rank_between(0.8, 0.5, 0.9).round(2)), float(rank_between(0.8, 0.9, 0.5))
    (0.75, nan)
    """
    score, low, high = (np.asarray(v, dtype=np.float64) for v in (score, low, high))
    score, low, high = np.broadcast_arrays(score, low, high)
    result: Floats = np.divide(score - low, high - low, out=np.full(score.shape, np.nan), where=high > low)
    return result
