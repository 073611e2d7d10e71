"""A ranker that only compares words: what a text gives away by naming what an item's text says, too."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import sparse

from elm._errors import CallError
from elm._typing import Array
from elm.evaluation.rankers._likes_and_dislikes import likes_and_dislikes

_TOKEN = r"(?u)\b\w\w+\b"


class BM25Ranker:
    """Okapi BM25 (Robertson et al. 1994) of a profile against the items' texts: of its likes minus half its dislikes.

    The inverse document frequency is log(1 + (N - n + 0.5) / (n + 0.5)), which is never negative; a word that a query
    says twice counts twice; words are lower-cased, and English stop words dropped.

    >>> ranker = BM25Ranker(["a war at sea", "a sad love", "a war of love"])
    >>> ranker.scores(["They love war films."]).astype(float).round(2).tolist()
    [[0.47, 0.47, 0.94]]
    """

    def __init__(self, item_texts: Sequence[str], k1: float = 1.5, b: float = 0.75) -> None:
        """item_texts: (n_items) all that is said about each item; an empty one matches nothing.

        Raises `CallError` where no text holds a word or k1 and b lie outside k1 >= 0 and 0 <= b <= 1.
        """
        if not k1 >= 0 or not 0 <= b <= 1:
            raise CallError(f"BM25 takes k1 of 0 or more and b from 0 to 1, got {k1} and {b}")
        from sklearn.feature_extraction.text import CountVectorizer

        self._words = CountVectorizer(stop_words="english", token_pattern=_TOKEN)
        try:
            counts = self._words.fit_transform(item_texts).astype(np.float64).tocoo()
        except ValueError as error:
            raise CallError(f"BM25 needs words in the items' texts, but all {len(item_texts)} are without") from error
        items = counts.shape[0]
        lengths = np.bincount(counts.row, counts.data, items)
        holding = np.bincount(counts.col, minlength=counts.shape[1])
        rarity = np.log1p((items - holding + 0.5) / (holding + 0.5))
        norm = k1 * (1 - b + b * lengths / lengths.mean())
        weights = rarity[counts.col] * counts.data * (k1 + 1) / (counts.data + norm[counts.row])
        self._weights = sparse.csr_array((weights, (counts.row, counts.col)), shape=counts.shape)

    def scores(self, texts: Sequence[str], /) -> Array:
        """(n, n_items)."""
        likes, dislikes = zip(*map(likes_and_dislikes, texts), strict=True)
        sides = [self._words.transform([" ".join(found) for found in side]) for side in (likes, dislikes)]
        found = (sides[0] - 0.5 * sides[1]) @ self._weights.T
        result: Array = found.toarray().astype(np.float32)
        return result
