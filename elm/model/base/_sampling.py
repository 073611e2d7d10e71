"""Sampling that depends on the vector and the seed alone, not on what else is in the batch."""

from __future__ import annotations

import zlib
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
    return GenerationConfig(bos_token_id=tokenizer.bos_token_id, eos_token_id=end, pad_token_id=pad, do_sample=False,
                            **settings)  # fmt: skip


class SeededDraw:
    """A logits processor that turns greedy decoding into sampling: the largest of logit / temperature + Gumbel noise.

    The argmax of noisy logits is a draw from the softmax (the Gumbel-max trick). Each row draws from a generator of its
    own, seeded by (seed, its vector), so a vector gets the same text alone and in any batch, in any order.
    """

    def __init__(self, vectors: np.ndarray, seed: int, temperature: float) -> None:
        """vectors: (B, dim), the rows of the batch; temperature above 0."""
        self._temperature = max(temperature, float(np.finfo(np.float32).tiny))  # a smaller one would be 0 in single
        self._generators = [
            np.random.default_rng([seed, zlib.crc32(np.ascontiguousarray(row, np.float32).tobytes())])
            for row in vectors
        ]

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        """scores (B, vocabulary) -> noisy scores of the same shape."""
        noise = np.stack([g.gumbel(size=scores.shape[1]).astype(np.float32) for g in self._generators])
        scores = scores - scores.amax(dim=-1, keepdim=True)  # at low temperatures only the rest may grow without bounds
        return scores / self._temperature + torch.from_numpy(noise).to(scores.device)
