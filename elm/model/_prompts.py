"""What a language model reads before it writes, as embeddings: a prompt around vectors, or a text."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from elm._errors import CallError
from elm._typing import Integers
from elm.model._parts import ModelParts
from elm.model._prompt import prompt_ids, without_placeholder
from elm.model._reading import Reading, Rows, Vectors, reading
from elm.model._splice import spliced
from elm.tasks import Task


@dataclass(frozen=True)
class Prompts:
    """B prompts of up to P positions, padded on the left, so that what is written begins at one place.

    embeds: (B, P, Z). mask: (B, P) int64, 0 on padding. keys: (B, any), what a row's draws follow from beside the seed.
    draws: (B,), which draw of its key each row is. common: how many first positions are the same in all.
    """

    embeds: torch.Tensor
    mask: torch.Tensor
    keys: np.ndarray
    draws: Integers
    common: int = 0

    def __len__(self) -> int:
        return len(self.embeds)


def prompt_batch(model: ModelParts, read: Reading, rows: Rows) -> torch.Tensor:
    """What the language model reads for rows of vectors: embeddings (B, T, Z)."""
    device, count = model.device, len(rows)
    ids = torch.tensor([read.prompt.ids], device=device).expand(count, -1)
    slots = torch.tensor([read.prompt.slots], device=device).expand(count, -1)
    soft = [p.adapter(torch.as_tensor(v, device=device)) for p, v in zip(read.parts, rows.vectors, strict=True)]
    return spliced(model.llm, ids, slots, torch.cat(soft, dim=1))


def read_prompts(model: ModelParts, read: Reading, rows: Rows) -> Prompts:
    """The prompts of `prompt_batch`: all of one length, so that none is padded."""
    embeds = prompt_batch(model, read, rows)
    mask = torch.ones(embeds.shape[:2], dtype=torch.long, device=embeds.device)
    return Prompts(embeds, mask, np.concatenate(rows.vectors, axis=1), rows.draws, min(read.prompt.slots))


def vector_prompts(
    model: ModelParts, vectors: Vectors | Sequence[Vectors], task: str | Task, space: str | None = None
) -> Prompts:
    """Prompts of a task around n vectors, with gradients where adapters have some; errors as those of `describe`."""
    read = reading(model, vectors, task, space)
    return read_prompts(model, read, read.some(0, len(read)))


def text_prompts(llm: Any, tokenizer: Any, texts: Sequence[str]) -> Prompts:
    """Prompts in words (n), each asked by the chat template where the tokenizer has one; `CallError` for none."""
    if not texts:
        raise CallError("prompts in words are at least one text, got none")
    ids = [prompt_ids(tokenizer, without_placeholder(text), ()).ids for text in texts]
    longest, device = max(map(len, ids)), llm.get_input_embeddings().weight.device
    padded = torch.tensor([[0] * (longest - len(row)) + row for row in ids], device=device)
    mask = torch.tensor([[0] * (longest - len(row)) + [1] * len(row) for row in ids], device=device)
    keys = np.array([[zlib.crc32(np.array(row).tobytes())] for row in ids], dtype=np.float64)
    return Prompts(llm.get_input_embeddings()(padded), mask, keys, np.zeros(len(ids), dtype=np.int64))
