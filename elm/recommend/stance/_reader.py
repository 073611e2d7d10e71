"""The stance reader: a sentence encoder, tuned by low-rank updates, that says for, neither or against of a sentence."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.func import functional_call
from torch.nn import functional

_AT_ONCE = 64
_KNOWN = 20_000  # sentences whose stance is kept

Layers = Mapping[str, tuple[int, int]]
"""Name of a linear layer in the encoder -> (numbers out, numbers in)."""


@dataclass(frozen=True)
class StanceShape:
    """What a reader looks like. layers: those that are updated; rank: of the updates; dim: of the encoder's tokens."""

    layers: Layers
    rank: int
    dim: int


class StanceReader(nn.Module):
    """Sentences to shares (against, neither, for), each row of sum 1.

    Only updates and head are in the state dict. The encoder's own weights come from its folder, when the first text
    comes: `encoder` is a `SentenceEncoder`, or gives one by `found()`. It stays as it is.
    """

    def __init__(self, encoder: Any, shape: StanceShape) -> None:
        super().__init__()
        self.encoder, self.shape = encoder, shape
        sizes = list(shape.layers.values())
        self.down = nn.ParameterList([torch.zeros(shape.rank, wide) for _, wide in sizes])
        self.up = nn.ParameterList([torch.zeros(tall, shape.rank) for tall, _ in sizes])
        self.head = nn.Linear(2 * shape.dim, 3)
        self._merged: list[nn.Module] = []  # a list, so that it is no part of the state dict
        self._known: dict[str, np.ndarray] = {}

    def forward(
        self, body: nn.Module, features: Mapping[str, torch.Tensor], updated: bool = True, dropout: float = 0.0
    ) -> torch.Tensor:
        """Logits (B, 3) of padded tokens; `body` is the encoder's transformer, `updated` with updates, else merged.

        dropout: of what the head reads, while it learns.
        """
        weights = self._weights(body) if updated else {}
        told = functional_call(body, weights, (dict(features),))["token_embeddings"]  # (B, T, dim)
        mask = features["attention_mask"].unsqueeze(-1)
        mean = (told * mask).sum(1) / mask.sum(1)
        both = torch.cat([mean, told[:, 0]], dim=-1).to(self.head.weight.device)
        logits: torch.Tensor = self.head(functional.dropout(both, dropout))
        return logits

    @torch.no_grad()
    def read(self, texts: Sequence[str]) -> np.ndarray:
        """Shares (n, 3) float32: against, neither, for. A sentence that was read before costs nothing."""
        new = [text for text in dict.fromkeys(texts) if text not in self._known]
        fresh = dict(zip(new, self._read(new), strict=True)) if new else {}
        found = [fresh[text] if text in fresh else self._known[text] for text in texts]
        self._known.update(fresh)
        while len(self._known) > _KNOWN:
            del self._known[next(iter(self._known))]
        return np.stack(found) if found else np.zeros((0, 3), np.float32)

    def _read(self, texts: list[str]) -> np.ndarray:
        encoder = self.encoder.found() if hasattr(self.encoder, "found") else self.encoder
        if not self._merged:
            body = copy.deepcopy(encoder.model).eval()
            for name, weight in self._weights(body).items():
                body.get_parameter(name).data.copy_(weight)
            self._merged.append(body)
        owner, cut = encoder.token_pieces(texts)
        first = [cut[int(at)] for at in np.unique(owner, return_index=True)[1]]  # a long text is judged by its start
        order = sorted(range(len(first)), key=lambda number: -len(first[number]))
        found = np.zeros((len(texts), 3), np.float32)
        for start in range(0, len(order), _AT_ONCE):
            some = order[start : start + _AT_ONCE]
            features = encoder.padded([first[number] for number in some])
            found[some] = self(self._merged[0], features, updated=False).softmax(-1).cpu().numpy()
        return found

    def _weights(self, body: nn.Module) -> dict[str, torch.Tensor]:
        """The updated layers' weights by name, with gradients to the updates."""
        names = [f"{name}.weight" for name in self.shape.layers]
        told = zip(names, self.up, self.down, strict=True)
        return {n: (own := body.get_parameter(n).detach()) + (up @ down).to(own.device) for n, up, down in told}
