"""What a profile says in favour and what against, phrase by phrase, as vectors that a ranker can read."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from elm._typing import Array
from elm.evaluation._protocols import Encoder, encoded
from elm.recommend import clauses, speaks_against

_LIST = re.compile(r"\s*[,;]\s*|\s+and\s+")
_WORD = re.compile(r"\w")

_DECAY = 0.8  # weight of each phrase against the one before it: profiles name the strongest taste first


def likes_and_dislikes(profile: str) -> tuple[list[str], list[str]]:
    """The phrases of a profile that speak for something and those that speak against something, in order.

    Sentences, bullets and contrasted clauses are recognised by their wording, then lists are cut at commas and "and";
    a heading such as "Genres avoided:" decides and is dropped.

    >>> likes_and_dislikes("- They love war films.\\n- They avoid dark films.")
    (['They love war films.'], ['They avoid dark films.'])
    >>> likes_and_dislikes("Genres enjoyed: crime films and drama films. What puts them off: dark films.")
    (['crime films', 'drama films.'], ['dark films.'])
    """
    likes: list[str] = []
    dislikes: list[str] = []
    for clause in clauses(profile):
        _heading, colon, rest = clause.partition(":")
        body = rest if colon and _WORD.search(rest) else clause
        phrases = [phrase.strip() for phrase in _LIST.split(body) if _WORD.search(phrase)]
        (dislikes if speaks_against(clause) else likes).extend(phrases)
    return likes, dislikes


class ProfileVectors:
    """Profiles (n texts) -> arrays: encodes each distinct phrase once and keeps it, since profiles repeat phrases."""

    def __init__(self, encoder: Encoder, dim: int = 1) -> None:
        """dim: the encoder's, for profiles without a phrase before any other was read."""
        self.encoder, self._dim = encoder, dim
        self._known: dict[str, Array] = {}

    def features(self, texts: Sequence[str]) -> Array:
        """(n, 4 * dim): mean of the likes, of the dislikes, then both means with more weight on what comes first."""
        sides = self._sides(texts)
        return np.stack([np.concatenate([_mean(v, w) for w in (1.0, _DECAY) for v in both]) for both in sides])

    def direction(self, texts: Sequence[str], against: float = 0.5) -> Array:
        """(n, dim): mean of the likes minus `against` times the mean of the dislikes."""
        return np.stack([_mean(likes, 1.0) - against * _mean(dislikes, 1.0) for likes, dislikes in self._sides(texts)])

    def _sides(self, texts: Sequence[str]) -> list[tuple[Array, Array]]:
        """For each text the vectors of its likes (a, dim) and of its dislikes (b, dim)."""
        split = [likes_and_dislikes(text) for text in texts]
        phrases = dict.fromkeys(phrase for both in split for side in both for phrase in side)
        new = [phrase for phrase in phrases if phrase not in self._known]
        if new:
            self._known.update(zip(new, encoded(self.encoder, new), strict=True))
            self._dim = len(self._known[new[0]])
        empty = np.zeros((0, self._dim), np.float32)

        def stacked(side: list[str]) -> Array:
            return np.stack([self._known[phrase] for phrase in side]) if side else empty

        return [(stacked(likes), stacked(dislikes)) for likes, dislikes in split]


def _mean(vectors: Array, decay: float) -> Array:
    """Weighted mean over phrases, (m, dim) -> (dim,); zeros where there are none."""
    weights = decay ** np.arange(len(vectors), dtype=np.float32)
    return (weights @ vectors / max(float(weights.sum()), 1e-9)).astype(np.float32)
