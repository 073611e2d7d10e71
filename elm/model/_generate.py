"""Decoding from soft tokens."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import torch
from tqdm.auto import tqdm

from elm.adapters import MLPAdapter
from elm.model._prompt import PromptIds
from elm.model._sampling import SeededDraw

if TYPE_CHECKING:
    from elm.model._language_model import EmbeddingLanguageModel


@torch.inference_mode()
def generate(
    model: EmbeddingLanguageModel,
    adapter: MLPAdapter,
    vectors: np.ndarray,
    prompt: PromptIds,
    max_new_tokens: int,
    *,
    seed: int,
    temperature: float,
    batch_size: int,
    progress: bool,
) -> list[str]:
    """Texts for vectors (n, dim) under one prompt. All prompts are of one length, so no batch needs padding."""
    device = model.device
    ids = torch.tensor([prompt.ids], device=device)
    slots = torch.tensor([prompt.slots], device=device)
    texts: list[str] = []
    end = model.tokenizer.eos_token_id  # what targets end with in training, whatever a base's own settings say
    pad = model.tokenizer.pad_token_id if model.tokenizer.pad_token_id is not None else end
    with evaluating(model):
        for start in tqdm(range(0, len(vectors), batch_size), desc="describe", disable=not progress, leave=False):
            some = vectors[start : start + batch_size]
            soft = adapter(torch.as_tensor(some, device=device))  # (B, n, Z)
            rows = len(soft)
            embeds = model.spliced(ids.expand(rows, -1), slots.expand(rows, -1), soft)
            out = model.llm.generate(
                inputs_embeds=embeds,
                attention_mask=torch.ones(embeds.shape[:2], dtype=torch.long, device=device),
                max_new_tokens=max_new_tokens,
                pad_token_id=pad,
                eos_token_id=end,
                do_sample=False,
                logits_processor=[SeededDraw(some, seed, temperature)] if temperature > 0 else [],
            )
            texts += model.tokenizer.batch_decode(out, skip_special_tokens=True)
    return [text.strip() for text in texts]


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
