"""The untrained baseline of CTRL-Rec: a sentence encoder's product of request and item, nothing distilled."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from elm._errors import CallError
from elm.embeddings import VectorTable, semantic
from elm.recommend.judges._cards import Cards
from elm.recommend.judges._request import cleaned, looks_english, warn_of
from elm.recommend.judges._values import check_requests


class EncoderValues:
    """v(u, i, r) as the product of the encoder's vectors of request and item. It knows nothing of negation."""

    def __init__(self, encoder: Any, table: VectorTable, items: Sequence[str] | None = None) -> None:
        """encoder: with `encode`, such as a `SentenceEncoder`. table: the items' vectors by it; items that have none
        there have the value NaN. Raises `CallError` for a table of another encoder.
        """
        made = getattr(encoder, "fingerprint", None)
        if made is not None and table.space.fingerprint != made:
            raise CallError(
                f"items and requests must come from one encoder, but the table {table.space.name!r} was made by "
                "another; make it by `semantic` with this one"
            )
        self.encoder, self.table = encoder, table
        self.items = list(table.ids) if items is None else [str(item) for item in items]
        self._vectors = spread_out(table, self.items)

    @classmethod
    def of(cls, encoder: Any, cards: Cards, progress: bool = False) -> EncoderValues:
        """With the vectors of the cards' texts."""
        return cls(encoder, encoded_cards(encoder, cards, progress), cards.items)

    def values(self, requests: Sequence[str], users: Sequence[str] | None = None) -> np.ndarray:
        """(requests, items) float32, cosines; a text about the user stands behind the request.

        Raises `CallError` for a request that is empty or too long.
        """
        found: np.ndarray = self.encoder.encode(written(requests, users)) @ self._vectors.T
        return found.astype(np.float32)


def written(requests: Sequence[str], users: Sequence[str] | None) -> list[str]:
    """What an encoder reads for each request: it, and what is known of the user behind it; a `RequestWarning` for
    another language than English."""
    check_requests(requests, users)
    texts = [cleaned(request) for request in requests]
    for text in texts:
        if not looks_english(text):
            warn_of(f"the encoder was trained on English, and this may be in another language: {text[:80]!r}")
    return texts if users is None else [f"{text} Known of me: {user}" for text, user in zip(texts, users, strict=True)]


def encoded_cards(encoder: Any, cards: Cards, progress: bool = False) -> VectorTable:
    """The vectors of all items with a text, the mean of those of their genres, where they are told, and of each text;
    `CallError` where none has one."""
    told = {item: card.parts for item, card in zip(cards.items, cards, strict=True) if card.parts}
    return semantic(told, encoder, name="request-items", progress=progress)


def spread_out(table: VectorTable, items: Sequence[str]) -> np.ndarray:
    """The rows of a table for `items`, (n, dim); NaN for those that it lacks. `CallError` where it has none of them."""
    vectors = np.full((len(items), table.space.dim), np.nan, dtype=np.float32)
    known = [row for row, item in enumerate(items) if item in table]
    if not known:
        raise CallError("no item of the catalogue has a vector; make the table from its texts")
    vectors[known] = table.rows([items[row] for row in known])
    return vectors
