"""When trust is earned: the share of right texts, bounded from below, lies above what is asked for."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from elm._errors import CallError
from elm._typing import Flags, Floats
from elm.metrics import rate_bound

LEAST, CONFIDENCE = 0.8, 0.95
"""Of trusted texts at least so many must be right, and so sure it must be."""

_SHARES = (1.0, 0.9, 0.75, 0.5, 0.25)  # of the texts that may be trusted, tried in this order


class Cut(NamedTuple):
    """chance: from which a text is trusted; None where no text is. bound: of the rate, from below."""

    chance: float | None
    bound: float


def earned(chances: Floats, refuted: Flags, right: Flags, least: float = LEAST) -> Cut:
    """Where trust begins: the largest of five shares of the texts whose rate is above `least`.

    chances, refuted, right: of each text about the calibrating entities, (n,). A refuted text is never trusted, nor one
    whose own chance is below `least`: that others make up for it is no reason to believe it. Each share is tested at a
    fifth of what the whole may err, so that choosing among them costs no confidence; the bound is that of Clopper and
    Pearson. With the usual numbers no fewer than 21 texts, all of them right, earn trust.

    Raises `CallError` for a `least` that is not between 0 and 1.

    >>> chances, right = np.linspace(0.8, 1, 100), np.ones(100, bool)
    >>> earned(chances, ~right, right).chance, earned(chances, ~right, ~right).chance
    (0.8, None)
    """
    if not 0 < least < 1:
        raise CallError(f"the rate that trust asks for lies between 0 and 1, got {least}")
    order = np.argsort(-chances, kind="stable")
    order = order[~refuted[order] & (chances[order] >= least)]
    level = 1 - (1 - CONFIDENCE) / len(_SHARES)
    for share in _SHARES:
        count = round(share * len(order))
        if not count:
            break
        lowest = chances[order[count - 1]]
        among = order[chances[order] >= lowest]  # equal chances are trusted together
        bound = rate_bound(int(right[among].sum()), len(among), level)
        if bound > least:
            return Cut(float(lowest), bound)
    return Cut(None, 0.0)
