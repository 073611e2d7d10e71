"""A judge without a model: how far known facts, tags and texts of items meet a request, graded, by rule."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from functools import cached_property

import numpy as np
from scipy import sparse

from elm._errors import CallError
from elm.recommend.judges._aspect import Aspect
from elm.recommend.judges._cards import Card, Cards
from elm.recommend.judges._lexicon import FILM_ASPECTS
from elm.recommend.judges._reading import Reading, read, stemmed
from elm.recommend.judges._request import cleaned, looks_english, warn_of
from elm.recommend.judges._values import check_requests

_HALF = 2.0  # so many telling words in a text make the evidence half of what it can be
_ENOUGH, _TOPICS = 200, 64  # from so many items on, so many topics of their texts
_TEXT = 0.6  # what a text alone can show of an aspect
_MOST = 0.15  # words in more than this share of the cards say nothing
_LEAST = 2  # words on fewer cards are names or slips
_ABOUT = 0.9  # the degree of an item whose text holds the very word
_WORD = re.compile(r"[^\W\d_]{3,}")
_TASTE = 0.1  # what the user's own liking adds


class FactJudge:
    """Judges by genres, known qualities and the words of texts: deterministic, graded from 0 to 1, in English.

    An item's degree in each aspect (`FILM_ASPECTS`) comes from its genres (its own, and in part those that are near),
    from a known quality where there is one, and from telling words of its text. A request is read by `read`; its value
    is the mean of the weakest and the average of what is wanted, times one minus the degree of each thing that is not.
    An item of which nothing but its title is known has the value NaN.
    """

    graded = True
    """Values lie between 0 and 1, a half between fitting and not."""

    def __init__(self, cards: Cards, aspects: Sequence[Aspect] = FILM_ASPECTS) -> None:
        self.cards, self.items, self.aspects = cards, cards.items, tuple(aspects)
        self._row = {aspect.name: row for row, aspect in enumerate(self.aspects)}

    def values(self, requests: Sequence[str], users: Sequence[str] | None = None) -> np.ndarray:
        """(requests, items) float32 in [0, 1]; what a user is said to like adds a tenth at most.

        Raises `CallError` for a request that is empty, too long, or of which no word is understood.
        """
        check_requests(requests, users)
        found = np.stack([self._value(self.reading(request)) for request in requests])
        if users is not None:
            liked = np.stack([self._liking(text) for text in users])
            found = found * (1 - _TASTE + _TASTE * liked)
        found[:, ~np.asarray(self.cards.told())] = np.nan
        return found.astype(np.float32)

    def reading(self, request: str) -> Reading:
        """What the judge understands; errors of `values`, and a `RequestWarning` for another language."""
        text = cleaned(request)
        reading = read(text, self._words, self.aspects)
        if reading.empty:
            english = "it may be in another language; " if not looks_english(text) else ""
            raise CallError(
                f"the judge over facts reads English and understood no word of {text[:80]!r}: {english}name a genre, a "
                "mood or what the items are about, or use an encoder or a language model"
            )
        if not looks_english(text):
            warn_of(f"the judge over facts reads English, and this may be in another language: {text[:80]!r}")
        return reading

    def degrees(self, aspect: str) -> np.ndarray:
        """How far each item has an aspect, (items,) in [0, 1]; `CallError` for an unknown one."""
        if aspect not in self._row:
            raise CallError(f"the judge knows the aspects {', '.join(self._row)}, got {aspect!r}")
        found: np.ndarray = self._degrees[self._row[aspect]]
        return found

    def _value(self, reading: Reading) -> np.ndarray:
        wanted = [self.degrees(name) for name in reading.wanted]
        unwanted = [self.degrees(name) for name in reading.unwanted]
        wanted += [self._about(word) for word in reading.words]
        unwanted += [self._about(word) for word in reading.unwanted_words]
        value = np.ones(len(self.items))
        if wanted:
            table = np.stack(wanted)
            value = (table.min(axis=0) + table.mean(axis=0)) / 2
        for degree in unwanted:
            value = value * (1 - degree)
        return value

    def _liking(self, text: str) -> np.ndarray:
        reading = read(text, frozenset(), self.aspects)
        liked = [self.degrees(name) for name in reading.wanted]
        return np.mean(liked, axis=0) if liked else np.ones(len(self.items))

    def _about(self, word: str) -> np.ndarray:
        column = bisect_left(self._all_words, word)
        return _ABOUT * self._counts[:, [column]].toarray().ravel()

    @cached_property
    def _degrees(self) -> np.ndarray:
        """(aspects, items)."""
        table = [self._degree(aspect, self._evidence(aspect)) for aspect in self.aspects]
        return np.array(table).reshape(len(self.aspects), len(self.items))

    def _evidence(self, aspect: Aspect) -> np.ndarray:
        """How far each text shows the words that tell of an aspect, (items,) in [0, 1]: those that it holds and, in a
        catalogue large enough to learn it, those that go with what it holds."""
        places = [
            place
            for stem in aspect.words
            for place in range(bisect_left(self._all_words, stem), bisect_left(self._all_words, stem + "\uffff"))
        ]
        if not places:
            return np.zeros(len(self.items))
        if len(self.items) < _ENOUGH:
            hits = np.asarray(self._counts[:, places].sum(axis=1)).ravel()
            return np.asarray(1 - 0.5 ** (hits / _HALF))
        left, right = self._topics
        strength = left @ right[:, places].sum(axis=1)
        low, high = np.quantile(strength, (0.2, 0.98))
        return np.asarray(np.clip((strength - low) / max(high - low, 1e-12), 0, 1))

    @cached_property
    def _topics(self) -> tuple[np.ndarray, np.ndarray]:
        """Latent topics of the texts: (items, topics) and (topics, words), of tf-idf."""
        from sklearn.decomposition import TruncatedSVD
        from sklearn.feature_extraction.text import TfidfTransformer

        weights = TfidfTransformer(sublinear_tf=True).fit_transform(self._counts.tocsr())
        model = TruncatedSVD(_TOPICS, random_state=0)
        return model.fit_transform(weights), model.components_

    def _degree(self, aspect: Aspect, evidence: np.ndarray) -> list[float]:
        return [_degree(aspect, card, shown) for card, shown in zip(self.cards, evidence.tolist(), strict=True)]

    @cached_property
    def _words(self) -> frozenset[str]:
        """Stems that tell items apart."""
        counts = np.asarray(self._counts.sum(axis=0)).ravel()
        most = max(_LEAST, int(_MOST * len(self.cards)))
        return frozenset(self._all_words[column] for column in np.flatnonzero((counts >= _LEAST) & (counts <= most)))

    @cached_property
    def _stems(self) -> list[set[str]]:
        """The words of each card, as stems."""
        return [{stemmed(word) for word in _WORD.findall(f"{card.title} {card.text}")} for card in self.cards]

    @cached_property
    def _all_words(self) -> list[str]:
        return sorted(set().union(*self._stems))

    @cached_property
    def _counts(self) -> sparse.csc_matrix:
        """Which stems each card holds, (items, words), the words in their order."""
        column = {word: place for place, word in enumerate(self._all_words)}
        places = [sorted(column[word] for word in words) for words in self._stems]
        ends = np.cumsum([0, *map(len, places)])
        flat = np.array([place for row in places for place in row], dtype=np.int64)
        shape = (len(self.cards), len(column))
        return sparse.csr_matrix((np.ones(len(flat)), flat, ends), shape=shape).tocsc()


def _degree(aspect: Aspect, card: Card, evidence: float) -> float:
    """How far a card shows an aspect, in [0, 1]."""
    if aspect.quality is not None and aspect.quality in card.qualities:
        return float(card.qualities[aspect.quality])
    text = _TEXT * evidence
    kinds = card.kinds or ()
    if aspect.name in kinds:  # its own genre: purer where there are fewer beside it
        return float(0.7 + 0.15 / len(kinds) + 0.15 * evidence)
    near = 1 - np.prod([1 - aspect.kinds.get(kind, 0.0) for kind in kinds])
    own = 0.7 if aspect.name in aspect.kinds else 1.0  # of what names a genre, nearness is never the genre itself
    return float(own * (1 - (1 - near) * (1 - text)))
