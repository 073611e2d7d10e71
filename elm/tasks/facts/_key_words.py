"""The key words of texts: those that tell a text from the others of its corpus (tf-idf)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from elm._errors import CallError
from elm._typing import Floats

_LETTERS = r"(?u)\b[^\W\d_]{3,}\b"
_COMMON = 0.2  # words in more than this share of the texts say nothing, where there are enough texts to tell


class KeyWords:
    """Words and weights learned from training texts alone; a word counts that comes up in at least two of them.

    >>> words = KeyWords.fit(["war at sea", "love at sea", "love and war", "a quiet garden", "the garden in spring"])
    >>> words.of(["A garden by the sea, in spring"], most=2)
    ['garden', 'sea']
    """

    def __init__(self, vectorizer: Any) -> None:
        self._vectorizer = vectorizer
        self.words: Sequence[str] = vectorizer.get_feature_names_out()

    @classmethod
    def fit(cls, texts: Sequence[str], most_words: int = 50_000) -> KeyWords:
        """Learn from texts (n). Words that English uses everywhere, and those in over a fifth of 200 texts or more, are
        left out. Raises `CallError` where no word comes up twice.
        """
        from sklearn.feature_extraction.text import TfidfVectorizer

        vectorizer = TfidfVectorizer(
            stop_words="english",
            min_df=2,
            max_df=_COMMON if len(texts) >= 200 else 1.0,
            token_pattern=_LETTERS,
            max_features=most_words,
            sublinear_tf=True,
        )
        try:
            vectorizer.fit(texts)
        except ValueError as error:
            raise CallError(
                f"key words come up in two texts at least, and in these {len(texts)} none does ({error}): give more "
                "texts, or longer ones"
            ) from error
        return cls(vectorizer)

    def weights(self, texts: Sequence[str]) -> Any:
        """Sparse (n, words): the weight of each word in each text; rows have length 1, or 0 where no word is known."""
        return self._vectorizer.transform(texts)

    def of(self, texts: Sequence[str], most: int = 10) -> list[str]:
        """The key words of a text, or of several by their mean weight, strongest first."""
        return self._best(_mean(self.weights(texts)), most)

    def shared(self, texts: Sequence[str], most: int = 10) -> list[str]:
        """The key words that at least two of the texts have, by mean weight; of a single text all of its own."""
        found = self.weights(texts)
        held = np.asarray((found > 0).sum(0)).ravel()
        return self._best(np.where(held >= min(2, len(texts)), _mean(found), 0.0), most)

    def beyond(self, first: Sequence[str], second: Sequence[str], most: int = 10) -> list[str]:
        """The key words of the second texts that the first do not have, strongest first."""
        lacked = _mean(self.weights(first)) == 0
        return self._best(np.where(lacked, _mean(self.weights(second)), 0.0), most)

    def central(self, sentences: Sequence[str]) -> str:
        """The sentence that is most like all of them together; the first where no word is known."""
        rows = self.weights(sentences)
        return sentences[int(np.argmax(rows @ _mean(rows)))]

    def _best(self, weights: Floats, most: int) -> list[str]:
        known = np.flatnonzero(weights > 0)  # a few of tens of thousands
        return [str(self.words[k]) for k in known[np.argsort(-weights[known], kind="stable")[:most]]]


def _mean(rows: Any) -> Floats:
    """Sparse (n, words) -> the mean (words,)."""
    result: Floats = np.asarray(rows.mean(0)).ravel()
    return result
