"""Whether a judge does better that is told what the user liked (Figures 10 and 11 of CTRL-Rec)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from elm.evaluation.requests._protocol import Halves, user_texts
from elm.evaluation.requests._sweep import judged, sweep
from elm.recommend import Cards, RequestValues, Wish


def with_history(
    halves: Halves,
    cards: Cards,
    engagement: np.ndarray,
    judge: RequestValues,
    wishes: Sequence[Wish],
    feed: RequestValues,
    cutoffs: Sequence[int],
    grid: Sequence[float],
) -> dict[str, dict[str, list[dict[str, Any]]]]:
    """ "with" and "without" -> k -> rows of `sweep`: direct judging of each user's request, with and without the 20
    items that the user liked last, in lists that `feed` judges by the request alone."""
    texts = [wish.text for wish in wishes]
    satisfied = judged(feed.values(texts))
    told = user_texts(halves, cards.cards)
    found = {"without": judge.values(texts), "with": judge.values(texts, told)}
    return {
        name: {str(k): sweep(engagement, np.asarray(values), halves.test, satisfied, k, grid) for k in cutoffs}
        for name, values in found.items()
    }
