"""Decoding from soft tokens."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from tqdm.auto import tqdm

from elm._text.tokenizing import tokenizing
from elm.model.base._sampling import SeededDraw, decoding

if TYPE_CHECKING:
    from elm.model._language_model import EmbeddingLanguageModel
    from elm.model._reading import Reading


@torch.inference_mode()
def generate(
    model: EmbeddingLanguageModel, read: Reading, *, seed: int, temperature: float, batch_size: int, progress: bool
) -> list[str]:
    """Texts for n vectors, or n pairs, under one prompt. All prompts are of one length: no batch needs padding."""
    texts: list[str] = []
    with evaluating(model):
        for start in tqdm(range(0, len(read), batch_size), desc="describe", disable=not progress, leave=False):
            out = _decode(model, read, read.some(start, start + batch_size), seed, temperature)
            with tokenizing("the language model"):
                texts += model.tokenizer.batch_decode(out, skip_special_tokens=True)
    return [text.strip() for text in texts]


def stream(model: EmbeddingLanguageModel, read: Reading, *, seed: int, temperature: float) -> Iterator[str]:
    """The text for one vector (or one pair) in pieces, as they are decoded."""
    from transformers import TextIteratorStreamer

    pieces = TextIteratorStreamer(model.tokenizer, skip_special_tokens=True)
    failed: list[BaseException] = []
    stop = threading.Event()

    def work() -> None:
        try:
            with torch.inference_mode(), evaluating(model):
                _decode(model, read, read.some(0, 1), seed, temperature, pieces, stop)
        except BaseException as error:
            failed.append(error)
            pieces.end()

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        yield from (piece for piece in pieces if piece)
    finally:  # a reader who has read enough ends the decoding, too
        stop.set()
        thread.join()
    if failed:
        raise failed[0]


def _decode(model: EmbeddingLanguageModel, read: Reading, vectors: list[np.ndarray], seed: int, temperature: float,
            streamer: Any = None, stop: threading.Event | None = None) -> torch.Tensor:  # fmt: skip
    """New token ids for rows of vectors, (B, dim) a place of the prompt."""
    embeds = prompt_batch(model, read, vectors)
    drawn = [SeededDraw(np.concatenate(vectors, axis=1), seed, temperature)] if temperature > 0 else []
    settings = decoding(model.tokenizer, max_new_tokens=read.task.max_new_tokens)
    model.llm.generation_config = settings  # transformers fills in from there what is not set here
    return model.llm.generate(
        inputs_embeds=embeds,
        attention_mask=torch.ones(embeds.shape[:2], dtype=torch.long, device=embeds.device),
        generation_config=settings,
        logits_processor=drawn,
        streamer=streamer,
        stopping_criteria=[lambda ids, scores: torch.full((len(ids),), stop.is_set())] if stop else None,
    )


def prompt_batch(model: EmbeddingLanguageModel, read: Reading, vectors: list[np.ndarray]) -> torch.Tensor:
    """What the language model reads for rows of vectors, (B, dim) a place: embeddings (B, T, Z)."""
    device, count = model.device, len(vectors[0])
    ids = torch.tensor([read.prompt.ids], device=device).expand(count, -1)
    slots = torch.tensor([read.prompt.slots], device=device).expand(count, -1)
    soft = [p.adapter(torch.as_tensor(rows, device=device)) for p, rows in zip(read.parts, vectors, strict=True)]
    return model.spliced(ids, slots, torch.cat(soft, dim=1))


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
