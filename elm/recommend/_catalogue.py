"""The items that a recommender ranks: ids and titles, histories as rows over them, scores as ranked places."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TypeAlias

import numpy as np
import pandas as pd
from scipy import sparse

from elm._errors import CallError, UnknownNameError
from elm.data import ids_of, index_ids
from elm.metrics import top_k
from elm.recommend._lists import Recommendation
from elm.recommend._ratings import HIGHEST

History: TypeAlias = Mapping[str, float] | Collection[str]
"""What a user has rated: item id -> rating (1 to 5), or just the ids of items liked."""

_RATED = "(a recommender knows the items that enough users rated when it was trained)"
_LIKED = 5.0  # stands for an item that comes without a rating


class Catalogue:
    """`items` and `titles` (the ids by default) in the order of a model's scores; `size`: how many it ranks.

    Raises `CallError` where they are not so many, or an id comes twice.
    """

    def __init__(self, items: Sequence[str], titles: Sequence[str] | None, size: int) -> None:
        self.items = ids_of(items, "item")
        self.titles = [str(title) for title in titles] if titles is not None else list(self.items)
        if not len(self.items) == len(self.titles) == size:
            raise CallError(f"the model ranks {size} items, got {len(self.items)} ids and {len(self.titles)} titles")
        self._column = {item: column for column, item in enumerate(self.items)}
        if len(self._column) != size:
            raise CallError("item ids must be unique")

    def row(self, history: History | None) -> sparse.csr_matrix | None:
        """One history as a (1, items) row; None for None.

        Raises `UnknownNameError` for an item that is not ranked, `CallError` for a history without an item, with one
        twice, or with a rating that is none.
        """
        if history is None:
            return None
        columns: dict[int, float] = {}
        for item, rating in rated(history):
            if item not in self._column:
                raise UnknownNameError("item", item, self.items, _RATED)
            if self._column[item] in columns:
                raise CallError(f"a history names an item once, but {item!r} came twice; keep one rating of it")
            columns[self._column[item]] = rating
        if not columns:
            raise CallError("history holds no item; pass None and a profile instead")
        places = np.sort(np.fromiter(columns, dtype=np.int64))
        ratings = np.asarray([columns[place] for place in places.tolist()], dtype=np.float32)
        return sparse.csr_matrix((ratings, places, [0, len(places)]), shape=(1, len(self.items)))

    def rows(self, histories: Sequence[History]) -> sparse.csr_matrix:
        """Histories as an (n, items) matrix; errors of `row`, and `CallError` for None among them."""
        found = [sparse.csr_matrix(np.zeros((0, len(self.items)), dtype=np.float32))]
        for number, history in enumerate(histories):
            if (row := self.row(history)) is None:
                raise CallError(f"rows takes one history a user, and history {number} is None; leave that user out")
            found.append(row)
        return sparse.csr_matrix(sparse.vstack(found))

    def check_k(self, k: int) -> None:
        """Raise `CallError` unless a list of k can be made."""
        if isinstance(k, bool) or not isinstance(k, (int, np.integer)) or not 1 <= k <= len(self.items):
            raise CallError(f"k must be a whole number between 1 and {len(self.items)}, the number of items, got {k!r}")

    def places(self, scores: np.ndarray, k: int) -> list[Recommendation]:
        """The k best of one user's scores (items,), best first; those of -inf are left out."""
        return [
            Recommendation(self.items[column], float(scores[column]), self.titles[column])
            for column in top_k(scores[None], k)[0]
            if np.isfinite(scores[column])
        ]


def rated(history: History) -> Iterator[tuple[str, float]]:
    """Ids and ratings of a history: of a mapping or of a Series by its index; without ratings each item is liked."""
    if isinstance(history, str | bytes | pd.DataFrame) or sparse.issparse(history):
        came = "string" if isinstance(history, str) else type(history).__name__
        raise CallError(f"history must map item ids to ratings, or list item ids; got one {came}")
    if isinstance(history, pd.Series):
        ids, ratings = index_ids(history, "item"), history.tolist()
    elif isinstance(history, Mapping):
        ids, ratings = ids_of(history, "item"), list(history.values())
    else:
        ids = list(dict.fromkeys(ids_of(history, "item")))
        ratings = [_LIKED] * len(ids)
    for item, rating in zip(ids, ratings, strict=True):
        number = isinstance(rating, int | float | np.number) and not isinstance(
            rating, bool | complex | np.complexfloating
        )
        if not number or not 0 < rating <= HIGHEST:
            raise CallError(
                f"a rating must be a number above 0 and at most {HIGHEST:g}, got {rating!r} for item {item!r}"
            )
        yield item, float(rating)


def check_alpha(alpha: float) -> float:
    """The weight of the text as a float; `CallError` unless it is a number from 0 to 1."""
    if not isinstance(alpha, (int, float, np.number)) or not 0 <= alpha <= 1:
        raise CallError(f"alpha is the weight of the text, a number, and must lie between 0 and 1, got {alpha!r}")
    return float(alpha)
