"""One judge over several catalogues: what it says of an item does not depend on which of them is asked about."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from elm.recommend import Cards, FactJudge


def one_judge(*catalogues: Cards) -> list[PartOfJudge]:
    """A view of one `FactJudge` for each catalogue.

    It learns the topics of texts from all of them together, and reads the genres of an item for this item alone: the
    values of one catalogue never depend on the genres of another.
    """
    ids = [f"{number}:{item}" for number, cards in enumerate(catalogues) for item in cards.items]
    judge = FactJudge(Cards(ids, [card for cards in catalogues for card in cards]))
    starts = np.cumsum([0, *map(len, catalogues)])
    return [
        PartOfJudge(judge, list(cards.items), np.arange(start, start + len(cards)))
        for cards, start in zip(catalogues, starts[:-1], strict=True)
    ]


class PartOfJudge:
    """The values of some items of a judge."""

    def __init__(self, judge: FactJudge, items: list[str], columns: np.ndarray) -> None:
        self.judge, self.items, self.columns = judge, items, columns

    def values(self, requests: Sequence[str], users: Sequence[str] | None = None) -> np.ndarray:
        """(requests, items) as the judge gives them."""
        found: np.ndarray = self.judge.values(requests, users)[:, self.columns]
        return found

    def degrees(self, aspect: str) -> np.ndarray:
        """How far each item has an aspect, (items,)."""
        found: np.ndarray = self.judge.degrees(aspect)[self.columns]
        return found

    def subset(self, items: Sequence[str]) -> PartOfJudge:
        """The same judge over some of the items."""
        place = dict(zip(self.items, self.columns.tolist(), strict=True))
        return PartOfJudge(self.judge, list(items), np.array([place[item] for item in items], dtype=np.int64))
