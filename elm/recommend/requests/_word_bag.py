"""The words of a text beside its sentence vector: what a mean of many sentences no longer tells apart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from scipy import sparse
from torch import nn
from torch.nn import functional

_WIDTH = 64  # numbers a word
_FEWEST = 3  # texts that a word must come in, so that something can be learned of it
_DROPPED = 0.3  # of the words of a text, in training


class WordBag(nn.Module):
    """Texts to vectors (n, dim) by the encoder's own word pieces, rare ones weighing more; untrained it gives zeros."""

    weight: torch.Tensor

    def __init__(self, encoder: Any, dim: int, seed: int = 0) -> None:
        super().__init__()
        self._rng = torch.Generator().manual_seed(seed)
        self._encoder = encoder
        self.table = nn.Embedding(len(encoder.tokenizer), _WIDTH)
        self.out = nn.Linear(_WIDTH, dim, bias=False)
        self.register_buffer("weight", torch.ones(len(encoder.tokenizer)))
        with torch.no_grad():
            self.table.weight.mul_(0.1)
            self.out.weight.zero_()

    def learn_weights(self, texts: Sequence[str]) -> None:
        """How much each piece tells in these texts: the logarithm of how rare it is; 0 for one in fewer than three."""
        held = np.asarray((self._counted(texts) > 0).sum(axis=0)).ravel()
        rare = np.where(held >= _FEWEST, np.log(len(texts) / np.maximum(held, 1)), 0.0)
        with torch.no_grad():
            self.weight.copy_(torch.from_numpy(rare.astype(np.float32)))

    def rows(self, texts: Sequence[str]) -> sparse.csr_matrix:
        """(texts, pieces) float32, each row of length 1; an empty text has none."""
        found = self._counted(texts).multiply(self.weight.cpu().numpy()[None]).tocsr()
        found.eliminate_zeros()
        lengths = np.sqrt(np.asarray(found.multiply(found).sum(axis=1)).ravel())
        scaled: sparse.csr_matrix = (sparse.diags(1 / np.maximum(lengths, 1e-9)) @ found).tocsr().astype(np.float32)
        return scaled

    def forward(self, rows: sparse.csr_matrix) -> torch.Tensor:
        """Rows of `rows` (n) -> (n, dim)."""
        device = self.out.weight.device
        shares = torch.from_numpy(rows.data)
        if self.training:
            shares = shares * (torch.rand(len(shares), generator=self._rng) >= _DROPPED) / (1 - _DROPPED)
        ids, starts = (torch.from_numpy(part).to(device) for part in (rows.indices, rows.indptr[:-1]))
        held = functional.embedding_bag(
            ids.long(), self.table.weight, starts.long(), mode="sum", per_sample_weights=shares.to(device)
        )
        found: torch.Tensor = self.out(held)
        return found

    def _counted(self, texts: Sequence[str]) -> sparse.csr_matrix:
        """(texts, pieces), 1 where a text holds a piece."""
        told = [place for place, text in enumerate(texts) if text]
        owner, pieces = self._encoder.token_pieces([texts[place] for place in told])
        held: list[set[int]] = [set() for _ in texts]
        for place, ids in zip(owner, pieces, strict=True):
            held[told[place]].update(ids)
        ends = np.cumsum([0, *map(len, held)])
        flat = np.array([number for ids in held for number in sorted(ids)], dtype=np.int64)
        shape = (len(texts), len(self.weight))
        return sparse.csr_matrix((np.ones(len(flat), np.float32), flat, ends), shape=shape)
