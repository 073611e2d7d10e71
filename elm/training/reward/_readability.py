"""Can a person still read it? Perplexity under a base that was never tuned, repetition, and length."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from elm.model import plain_ids, token_loss

_AT_ONCE, _RUN = 32, 3
_MOST = 1e6  # a perplexity above it says no more


class Readability:
    """Measures of texts by a base language model and its tokenizer, which stay as they are."""

    def __init__(self, llm: Any, tokenizer: Any) -> None:
        self._llm, self._tokenizer = llm, tokenizer

    @torch.no_grad()
    def __call__(self, texts: Sequence[str]) -> dict[str, float]:
        """perplexity: exp of the mean nats per token of all texts, each by itself, at most a million; repetition: the
        mean share of runs of three words that a text has said before; words: the mean number.
        """
        nats, count = 0.0, 0
        for start in range(0, len(texts), _AT_ONCE):
            loss, tokens = self._loss(texts[start : start + _AT_ONCE])
            nats, count = nats + loss * tokens, count + tokens
        mean = nats / count if count else math.log(_MOST)
        return {
            "perplexity": min(math.exp(min(mean, 50.0)), _MOST),
            "repetition": float(np.mean([repetition(text) for text in texts])),
            "words": float(np.mean([len(text.split()) for text in texts])),
        }

    def _loss(self, texts: Sequence[str]) -> tuple[float, int]:
        start = self._tokenizer.bos_token_id
        start = self._tokenizer.eos_token_id if start is None else start
        ids = [[start, *plain_ids(self._tokenizer, text)] for text in texts]
        longest = max(map(len, ids))
        table = self._llm.get_input_embeddings()
        device = table.weight.device
        padded = torch.tensor([row + [0] * (longest - len(row)) for row in ids], device=device)
        labels = torch.tensor([[-100, *row[1:]] + [-100] * (longest - len(row)) for row in ids], device=device)
        count = int((labels != -100).sum())
        return (token_loss(self._llm, table(padded), labels).item(), count) if count else (0.0, 0)


def repetition(text: str) -> float:
    """The share of runs of three words that came before in the text; 0 for fewer than two runs.

    >>> repetition("a storm at sea"), repetition("so good so good so good")
    (0.0, 0.5)
    """
    words = text.lower().split()
    runs = [tuple(words[place : place + _RUN]) for place in range(len(words) - _RUN + 1)]
    return 1 - len(set(runs)) / len(runs) if len(runs) > 1 else 0.0
