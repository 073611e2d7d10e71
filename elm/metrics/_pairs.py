"""Agreement of scores with pairs whose order is known."""

from __future__ import annotations

from typing import NamedTuple

import numpy.typing as npt

from elm._errors import CallError
from elm.metrics._check import sample


class PairAgreement(NamedTuple):
    """gamma: -1 to 1, 0 where every pair is tied. accuracy: 0 to 1, a tie counts a half. n: pairs."""

    gamma: float
    accuracy: float
    n: int


def pair_agreement(lower: npt.ArrayLike, higher: npt.ArrayLike) -> PairAgreement:
    """How often scores put the higher of two above the lower, (n,) and (n,).

    gamma is Goodman and Kruskal's (1954): (concordant - discordant) / (concordant + discordant), ties left out.
    Raises `CallError` for no pair, other lengths, or scores that are not finite.

    >>> pair_agreement([1.0, 2.0, 3.0, 5.0], [2.0, 3.0, 1.0, 5.0])
    PairAgreement(gamma=0.3333333333333333, accuracy=0.625, n=4)
    """
    low, high = sample(lower, "scores of the lower"), sample(higher, "scores of the higher")
    if len(low) != len(high):
        raise CallError(f"each pair has a lower and a higher score, got {len(low)} and {len(high)}")
    right, wrong = int((high > low).sum()), int((high < low).sum())
    told = right + wrong
    gamma = (right - wrong) / told if told else 0.0
    return PairAgreement(gamma, (right + (len(low) - told) / 2) / len(low), len(low))
