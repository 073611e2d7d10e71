"""The part of a vocabulary that a model writes in: what its corpus and its tasks need of the base's words."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cached_property, lru_cache
from itertools import pairwise

import numpy as np
import torch

from elm._errors import CallError, CheckpointError

LARGE = 32_768
"""From so many words on, the output layer costs more than it is worth to write in all of them."""


class Words:
    """Token ids (k,), each once and in order, of a vocabulary of `size`.

    What is narrowed to them has k scores for each next word, the softmax of which is that of the whole vocabulary given
    that the word is one of these. A token's place is its row among the k.

    >>> words = Words([7, 2, 3, 4], size=10)
    >>> str(words), words.places(torch.tensor([2, 7])).tolist(), words.widen(torch.tensor([[3, 0]])).tolist()
    ('2-4,7', [0, 3], [[7, 2]])
    """

    def __init__(self, ids: Iterable[int], size: int) -> None:
        self.size = size
        self._ids = np.unique(np.fromiter(ids, np.int64))
        if not len(self._ids) or self._ids[0] < 0 or self._ids[-1] >= size:
            raise CallError(f"the words of a model are token ids from 0 to {size - 1}, at least one of them")

    @classmethod
    def read(cls, text: object, size: int) -> Words:
        """What `str` wrote, for a vocabulary of `size`; `CheckpointError` where it cannot be that."""
        if not isinstance(text, str) or not _FORM.fullmatch(text):
            raise CheckpointError("the words of a model are written as token ids and ranges of them, such as 0-258,301")
        return _read(text, size)

    def __str__(self) -> str:
        """Ranges of ids, as a model's folder keeps them."""
        breaks = [0, *(np.flatnonzero(np.diff(self._ids) > 1) + 1).tolist(), len(self._ids)]
        ranges = [(self._ids[start], self._ids[stop - 1]) for start, stop in pairwise(breaks)]
        return ",".join(f"{first}-{last}" if first < last else f"{first}" for first, last in ranges)

    def __len__(self) -> int:
        return len(self._ids)

    def __or__(self, other: Words) -> Words:
        return Words(np.concatenate([self._ids, other._ids]), self.size)

    def __contains__(self, token: int) -> bool:
        return bool(np.isin(token, self._ids))

    @cached_property
    def ids(self) -> torch.Tensor:
        """(k,) int64, on the CPU."""
        return torch.from_numpy(self._ids)

    def places(self, tokens: torch.Tensor) -> torch.Tensor:
        """Token ids -> their places; `CallError` for one that is none of these words."""
        ids = self.ids.to(tokens.device)
        found = torch.searchsorted(ids, tokens).clamp_max(len(ids) - 1)
        if bool((odd := ids[found] != tokens).any()):
            raise CallError(
                f"a text to be learned is made of the words that were chosen, and token {int(tokens[odd][0])} is none "
                'of them: choose them from all texts, or train with all words (words="all")'
            )
        return found

    def widen(self, places: torch.Tensor) -> torch.Tensor:
        """Places -> token ids."""
        return self.ids.to(places.device)[places]


_FORM = re.compile(r"\d{1,9}(-\d{1,9})?(,\d{1,9}(-\d{1,9})?)*")


@lru_cache(maxsize=16)
def _read(text: str, size: int) -> Words:
    ids: list[np.ndarray] = []
    last = -1
    for part in text.split(","):
        first, _, end = part.partition("-")
        start, stop = int(first), int(end or first)
        if not last < start <= stop < size:
            raise CheckpointError(f"the words of a model are token ids below {size}, in order, and {part} is not")
        ids.append(np.arange(start, stop + 1))
        last = stop
    return Words(np.concatenate(ids), size)
