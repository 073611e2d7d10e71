"""Text pairs as padded batches for a causal language model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

IGNORED = -100  # the label that cross-entropy passes over


@dataclass(frozen=True)
class Example:
    """One prompt and its target as token ids; `slots` are the places of its vectors, `rows` their rows."""

    prompt: list[int]
    target: list[int]  # ends with the end token
    slots: tuple[int, ...] = ()
    rows: tuple[int, ...] = ()  # of the vector table, one per vector


@dataclass(frozen=True)
class Batch:
    """Right-padded, which is safe in training: a causal model never looks ahead into the padding."""

    ids: torch.Tensor  # (B, T)
    mask: torch.Tensor  # (B, T)
    labels: torch.Tensor  # (B, T), IGNORED on prompt and padding
    slots: torch.Tensor  # (B, n)
    rows: torch.Tensor  # (B, vectors)

    @property
    def tokens(self) -> int:
        """How many tokens the batch holds, padding not counted."""
        return int(self.mask.sum())


def collate(examples: Sequence[Example], pad: int) -> Batch:
    """Examples with as many slots each -> one batch; only the target's tokens have labels.

    >>> batch = collate([Example([5, 6], [7, 2]), Example([5], [2])], pad=0)
    >>> batch.ids.tolist(), batch.labels.tolist()
    ([[5, 6, 7, 2], [5, 2, 0, 0]], [[-100, -100, 7, 2], [-100, 2, -100, -100]])
    """
    length = max(len(e.prompt) + len(e.target) for e in examples)
    ids = torch.full((len(examples), length), pad)
    labels = torch.full((len(examples), length), IGNORED)
    mask = torch.zeros((len(examples), length), dtype=torch.long)
    for i, e in enumerate(examples):
        end = len(e.prompt) + len(e.target)
        ids[i, :end] = torch.tensor(e.prompt + e.target)
        labels[i, len(e.prompt) : end] = torch.tensor(e.target)
        mask[i, :end] = 1
    slots = torch.tensor([e.slots for e in examples], dtype=torch.long).view(len(examples), -1)
    rows = torch.tensor([e.rows for e in examples], dtype=torch.long).view(len(examples), -1)
    return Batch(ids, mask, labels, slots, rows)
