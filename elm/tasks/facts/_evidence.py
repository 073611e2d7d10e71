"""What a user's ratings show of each trait, and how surely: counts beside the usual ones, ratings beside their mean."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from elm._typing import Flags, Floats
from elm.tasks.facts._traits import TraitReader

_SURE, _SURER = 1.64, 2.33
"""Standard errors from which a difference is told: one in twenty by chance alone; of topics, which are many, one in a
hundred."""

_MISSED = 1.0  # standard errors below the usual from which a trait is hardly chosen: to leave out is no dislike
_LIFT = 1.25  # times the usual share, from which a trait is sought
_MET, _LIKED_TIMES = 4, 3  # items rated, and liked, from which a trait may be a taste
_RATED_LOW = 3  # items below the user's own mean, from which a trait may be disliked
_SHOWN = 0.12  # stars
_LIKED = 4.0


@dataclass(frozen=True)
class Evidence:
    """Of each trait of a `TraitReader`, (n_traits,) each.

    share: of what is liked (ratings of at least 4, or the best ones), how much has it. lift: that share over the usual
    one. sought: it is liked more often than usual, beyond chance. sparse: it is chosen clearly less often than
    usual. better, worse: it is rated above, or below, the user's own mean, beyond chance. never: it was never chosen.
    """

    share: Floats
    lift: Floats
    sought: Flags
    sparse: Flags
    better: Flags
    worse: Flags
    never: Flags


def evidence(reader: TraitReader, items: Sequence[str], ratings: np.ndarray) -> Evidence:
    """Evidence from one user's items and ratings; errors as `TraitReader.scores` has them."""
    items, ratings = list(items), np.asarray(ratings, float)
    stars = reader.rated(items, ratings)
    has = reader.matrix(items) > 0  # (n_rated, n_traits)
    liked = ratings >= _LIKED if (ratings >= _LIKED).any() else ratings == ratings.max()
    usual, met, times = reader.usual, has.sum(0), has[liked].sum(0)
    share = has[liked].mean(0)
    lift = share / np.maximum(usual, 1e-6)
    above = (ratings - ratings.mean()) @ has / np.maximum(met, 1)
    error = max(float(ratings.std()), 0.5) / np.sqrt(np.maximum(met, 1))
    sure = np.asarray([_SURER if name.startswith("theme:") else _SURE for name in reader.traits])
    low = has[ratings < ratings.mean()].sum(0)
    return Evidence(
        share,
        lift,
        (_surplus(times, liked.sum(), usual) >= sure) & (lift >= _LIFT) & (times >= _LIKED_TIMES),
        (_surplus(met, len(items), usual) <= -_MISSED) & (usual > 0),
        (above >= sure * error) & (met >= _MET) & (stars >= _SHOWN),
        (above <= -sure * error) & (met >= _MET) & (low >= _RATED_LOW) & (stars <= -_SHOWN),
        (met == 0) & (usual > 0),
    )


def _surplus(times: np.ndarray, of: int, usual: np.ndarray) -> Floats:
    """How far a count lies above what is usual, in standard errors."""
    result: Floats = (times - of * usual) / np.sqrt(np.maximum(of * usual * (1 - usual), 1e-9))
    return result


def variety(shares: np.ndarray) -> float:
    """How widely a taste is spread over kinds: the number of equally liked ones that would be as varied.

    >>> variety(np.array([0.5, 0.5, 0.0])), variety(np.zeros(3))
    (2.0, 0.0)
    """
    if not shares.sum():
        return 0.0
    parts = shares[shares > 0] / shares.sum()
    return round(float(np.exp(-(parts * np.log(parts)).sum())), 9)
