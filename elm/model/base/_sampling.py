"""Sampling that depends on the vector and the seed alone, not on what else is in the batch."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch


def decoding(tokenizer: Any, **settings: Any) -> Any:
    """Settings for transformers' `generate` that take the likeliest word each time and end at the tokenizer's end
    token, which targets end with in training; whatever a base's own settings say.
    """
    from transformers import GenerationConfig

    end = tokenizer.eos_token_id
    pad = tokenizer.pad_token_id if tokenizer.pad_token_id is not None else end
    return GenerationConfig(
        bos_token_id=tokenizer.bos_token_id, eos_token_id=end, pad_token_id=pad, do_sample=False, **settings
    )


_FEW = 8192  # so many words get noise each; of more, the likely ones alone
_LIKELY = 8.0  # a word is likely whose probability is above e^-8 of the likeliest one's
_REST = 2**62  # the others' name where they draw as one
_PARTS = 2**-53


class SeededDraw:
    """A logits processor that turns greedy decoding into sampling: the largest of logit / temperature + Gumbel noise.

    The argmax of noisy logits is a draw from the softmax (the Gumbel-max trick). Each row draws from a generator of its
    own, seeded by (seed, its vector, which of its texts), so a vector gets the same text alone and in any batch, in any
    order.

    In a large vocabulary most words hardly ever come up, and noise for all of them would cost more than a small model.
    There the unlikely ones first draw as one: the largest of their noisy logits is the logarithm of their summed
    probability plus one Gumbel number (Maddison et al., 2014), and only where that is the largest of all are they drawn
    apart, in the same way. The distribution is the same. The noise of a word follows from row, step and word, whatever
    others there are.
    """

    def __init__(
        self,
        vectors: np.ndarray,
        seed: int | np.ndarray,
        temperature: float,
        draws: Sequence[int] | np.ndarray | None = None,
    ) -> None:
        """vectors: (B, dim), the rows of the batch; seed: one for all, or (B,) one a row; temperature above 0; draws:
        (B,), which text of its vector each row is, by default the first.
        """
        self._temperature = max(temperature, float(np.finfo(np.float32).tiny))  # a smaller one would be 0 in single
        later = [[int(draw)] if draw else [] for draw in (np.zeros(len(vectors)) if draws is None else draws)]
        seeds = [
            [int(own), zlib.crc32(np.ascontiguousarray(row, np.float32).tobytes()), *draw]
            for own, row, draw in zip(np.broadcast_to(seed, len(vectors)), vectors, later, strict=True)
        ]
        self._generators = [np.random.default_rng(each) for each in seeds]

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        """scores (B, vocabulary) -> noisy scores of the same shape, or, in a large vocabulary, 0 at the draws alone."""
        if scores.shape[1] > _FEW:
            return self._drawn(scores)
        scores = scores - scores.amax(dim=-1, keepdim=True)  # at low temperatures only the rest may grow without bounds
        noise = np.stack([g.gumbel(size=scores.shape[1]).astype(np.float32) for g in self._generators])
        return scores / self._temperature + torch.from_numpy(noise).to(scores.device)

    def _drawn(self, scores: torch.Tensor) -> torch.Tensor:
        keys = [int(g.integers(2**63)) for g in self._generators]  # of this step
        rows = scores.float().cpu().numpy()
        with np.errstate(over="ignore"):  # at low temperatures, of which minus infinity is the right end
            drawn = [
                _draw((row - row.max()) / np.float32(self._temperature), key)
                for row, key in zip(rows, keys, strict=True)
            ]
        found = torch.full_like(scores, -torch.inf)
        return found.scatter_(1, torch.tensor(drawn, device=scores.device)[:, None], 0.0)


def _draw(scores: np.ndarray, key: int) -> int:
    """One word by scores (V,), the largest of which is 0, and the row's key; one row at a time stays in the cache."""
    names = None
    while True:
        likely, weights, rest = _split(scores)
        words = likely if names is None else names[likely]
        noisy = np.log(weights) + _gumbel(words, key)
        best = int(noisy.argmax())
        if rest <= 0 or noisy[best] >= np.log(rest) + _gumbel(np.array([_REST]), key)[0]:
            return int(words[best])
        others = np.delete(np.arange(len(scores)), likely)
        scores, names, key = scores[others] - scores[others].max(), others if names is None else names[others], key + 1


def _split(scores: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    """The places of likely words, what each weighs, and what the others weigh together, where the likeliest weighs 1.

    The sum is right to some 1e-7 of the whole.
    """
    likely = np.flatnonzero(scores > -_LIKELY)
    weights = np.exp(scores)
    return likely, weights[likely].astype(np.float64), float(weights.sum()) - float(weights[likely].sum())


def _gumbel(ids: np.ndarray, key: int) -> np.ndarray:
    """Standard Gumbel noise by key and id alone: the bits of both, mixed by SplitMix64 (Steele et al., 2014)."""
    bits = np.uint64(key) + (ids.astype(np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        bits = (bits ^ (bits >> np.uint64(shift))) * np.uint64(factor)
    bits ^= bits >> np.uint64(31)
    return np.asarray(-np.log(-np.log(((bits >> np.uint64(11)) + 0.5) * _PARTS)))
