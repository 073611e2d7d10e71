"""Decoding from soft tokens."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import torch
from tqdm.auto import tqdm

from elm.model._sampling import SeededDraw

if TYPE_CHECKING:
    from elm.model._language_model import EmbeddingLanguageModel
    from elm.model._reading import Reading


@torch.inference_mode()
def generate(
    model: EmbeddingLanguageModel, read: Reading, *, seed: int, temperature: float, batch_size: int, progress: bool
) -> list[str]:
    """Texts for vectors (n, dim) under one prompt. All prompts are of one length, so no batch needs padding."""
    texts: list[str] = []
    end = model.tokenizer.eos_token_id  # what targets end with in training, whatever a base's own settings say
    pad = model.tokenizer.pad_token_id if model.tokenizer.pad_token_id is not None else end
    with evaluating(model):
        for start in tqdm(range(0, len(read.vectors), batch_size), desc="describe", disable=not progress, leave=False):
            some = read.vectors[start : start + batch_size]
            embeds = prompt_batch(model, read, some)
            out = model.llm.generate(
                inputs_embeds=embeds,
                attention_mask=torch.ones(embeds.shape[:2], dtype=torch.long, device=embeds.device),
                max_new_tokens=read.task.max_new_tokens,
                pad_token_id=pad,
                eos_token_id=end,
                do_sample=False,
                logits_processor=[SeededDraw(some, seed, temperature)] if temperature > 0 else [],
            )
            texts += model.tokenizer.batch_decode(out, skip_special_tokens=True)
    return [text.strip() for text in texts]


def prompt_batch(model: EmbeddingLanguageModel, read: Reading, vectors: np.ndarray) -> torch.Tensor:
    """What the language model reads for some of the vectors (B, dim): embeddings (B, T, Z), the vectors' in place."""
    device = model.device
    ids = torch.tensor([read.prompt.ids], device=device).expand(len(vectors), -1)
    slots = torch.tensor([read.prompt.slots], device=device).expand(len(vectors), -1)
    return model.spliced(ids, slots, read.adapter(torch.as_tensor(vectors, device=device)))


@contextlib.contextmanager
def evaluating(model: torch.nn.Module) -> Iterator[None]:
    """Dropout off inside the block; each part goes back to the mode that it had."""
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for module, mode in modes:
            module.training = mode
