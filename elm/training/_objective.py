"""What two-stage training minimises, as one module, which Accelerate can copy or cut up over processes."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from elm.model import EmbeddingLanguageModel, runs
from elm.training.data._collate import IGNORED, Batch
from elm.training.loop._distributed import Team
from elm.training.loop._precision import bf16_is_fast


class Objective(nn.Module):
    """Mean cross-entropy of a batch's targets, the language model in bfloat16 where the device is fast in it.

    fast: compile the language model, and compute in bfloat16 in any case.
    """

    def __init__(self, model: EmbeddingLanguageModel, fast: bool = False) -> None:
        super().__init__()
        self.model = model
        self._fast = fast
        # In a tuple it is no module of this one: its weights are the model's.
        self._compiled: tuple[Any, ...] = (torch.compile(runs(model.llm, model.words), dynamic=True),) if fast else ()

    def forward(
        self, adapter: str, vectors: torch.Tensor, ids: torch.Tensor, slots: torch.Tensor, labels: torch.Tensor
    ) -> torch.Tensor:
        """Vectors (B, k, dim), prompts and targets (B, T), places of soft tokens (B, k * n) -> loss, nats per token."""
        llm: Any = self._compiled[0] if self._compiled else None
        half = self._fast or bf16_is_fast(vectors.device)
        with torch.autocast(vectors.device.type, dtype=torch.bfloat16, enabled=half):
            loss: torch.Tensor = self.model(adapter, vectors, ids, slots, labels, llm)
        return loss


def shared_loss(team: Team, adapter: str, table: torch.Tensor, batch: Batch) -> tuple[torch.Tensor, int, int]:
    """(loss, tokens, targets) of this process's share of a batch over the rows of a table of vectors."""
    batch, counts = team.share(batch)
    device = next(team.module.parameters()).device
    ids, slots, labels = (tensor.to(device) for tensor in (batch.ids, batch.slots, batch.labels))
    loss = team.module(adapter, table[batch.rows].to(device), ids, slots, labels)
    return (loss, batch.tokens, int((batch.labels != IGNORED).sum())) if counts else (loss, 0, 0)
