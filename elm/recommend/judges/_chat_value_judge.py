"""A chat model as the judge of requests: one call an item, the rating from log-probabilities where it tells them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from elm.chat import ChatJudge, Client
from elm.recommend.judges._cards import Cards
from elm.recommend.judges._judge_prompt import own_part, shared_part
from elm.recommend.judges._rated import RATINGS, value_of
from elm.recommend.judges._request import cleaned
from elm.recommend.judges._values import check_requests


class ChatValueJudge:
    """Rates every item for a request by an OpenAI-compatible model: the expected rating where log-probabilities come,
    else the rating that it wrote. Answers are kept by the client's cache.

    `unrated` counts the items of the last call without a rating, whose value is NaN.
    """

    graded = True
    """Values lie between 0 and 1, a half between fitting and not."""

    def __init__(self, model: str | Client, cards: Cards, *, kind: str = "film", progress: bool = False) -> None:
        """model: a `Client`, or a model's name at the endpoint of OpenAI. kind: what an item is called."""
        self.judge, self.cards, self.items = ChatJudge(model), cards, cards.items
        self.kind, self.progress, self.unrated = kind, progress, 0

    def values(self, requests: Sequence[str], users: Sequence[str] | None = None) -> np.ndarray:
        """(requests, items) float32 in [0, 1]; NaN for an item without text, or without a rating.

        Raises `CallError` for a request that is empty or too long, `TeacherError` where no answer comes.
        """
        check_requests(requests, users)
        told, texts = np.flatnonzero(self.cards.told()), self.cards.texts()
        found = np.full((len(requests), len(self.items)), np.nan, dtype=np.float32)
        self.unrated = 0
        for row, request in enumerate(requests):
            prefix = shared_part(cleaned(request), None if users is None else users[row], self.kind)
            end = " Answer with the number alone."
            asked = [prefix + own_part(texts[item], self.kind) + end for item in told]
            for item, chosen in zip(told, self.judge.choose(asked, RATINGS, self.progress), strict=True):
                shares = chosen.probabilities or ({chosen.choice: 1.0} if chosen.choice else {})
                if shares:
                    rating = sum(int(name) * share for name, share in shares.items())
                    found[row, item] = value_of(np.asarray(rating))
                self.unrated += not shares
        return found
