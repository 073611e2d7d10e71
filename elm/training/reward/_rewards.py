"""Rewards: how near a text leads back to its vector, whether a judge prefers it to its rivals, and mixtures."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from elm._errors import CallError
from elm._typing import Floats
from elm.embeddings import VectorTable, unit
from elm.training.reward._collect import Reward


class SemanticReward:
    """SC: the cosine of a text's vector to the vector that it is about; 0 for a text without a word.

    vectors: one a prompt, in their order; encoder: that of their space (`encoder_of`). Raises `CallError` where the
    encoder writes vectors of another size.
    """

    def __init__(self, vectors: VectorTable, encoder: Any) -> None:
        self._wanted, self._encoder = unit(vectors.vectors), encoder

    def __call__(self, rows: Sequence[int], texts: Sequence[str]) -> Floats:
        said = [place for place, text in enumerate(texts) if any(map(str.isalnum, text))]
        found = np.zeros(len(texts))
        if said:
            made = unit(self._encoder.encode([texts[place] for place in said]))
            wanted = self._wanted[[rows[place] for place in said]]
            if made.shape != wanted.shape:
                told = f"{wanted.shape[1]} numbers each, and the encoder gave {made.shape}"
                raise CallError(f"SC compares vectors of one space, {told}")
            found[said] = (made * wanted).sum(1)
        return found


class PreferenceReward:
    """The share of its rivals, the other texts about the same prompt, that a judge prefers a text to.

    prefers: (number of the prompt, a text, another) -> how likely the first is the better one, 0 to 1. Both orders are
    asked, so that a judge who likes what comes first has no say. A text without a rival gets a half.
    """

    def __init__(self, prefers: Callable[[int, str, str], float]) -> None:
        self._prefers = prefers

    def __call__(self, rows: Sequence[int], texts: Sequence[str]) -> Floats:
        of: dict[int, list[int]] = {}
        for place, row in enumerate(rows):
            of.setdefault(row, []).append(place)
        found = np.full(len(texts), 0.5)
        for row, places in of.items():
            for place in places:
                rivals = [texts[other] for other in places if other != place]
                if rivals:
                    found[place] = np.mean([self._won(row, texts[place], rival) for rival in rivals])
        return found

    def _won(self, row: int, text: str, rival: str) -> float:
        if text == rival:
            return 0.5
        return (self._prefers(row, text, rival) + 1 - self._prefers(row, rival, text)) / 2


def mixed_reward(parts: Mapping[str, tuple[Reward, float]]) -> Reward:
    """Several rewards as one: the sum of each times its weight. Raises `CallError` for none.

    >>> short = mixed_reward({"words": (lambda rows, texts: [len(text.split()) for text in texts], -0.5)})
    >>> short([0], ["a storm at sea"]).tolist()
    [-2.0]
    """
    if not parts:
        raise CallError("a mixture is of at least one reward, got none")

    def reward(rows: Sequence[int], texts: Sequence[str]) -> Floats:
        total: Floats = np.zeros(len(texts))
        for part, weight in parts.values():
            total = total + weight * np.asarray(part(rows, texts), dtype=np.float64)
        return total

    return reward
