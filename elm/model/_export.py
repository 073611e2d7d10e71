"""What other engines take from a model: prompts as embeddings, and a plain language model without updates beside it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy.typing as npt
import torch

from elm._errors import CallError
from elm.adapters import write_tensors
from elm.embeddings import VectorTable
from elm.model._generate import evaluating
from elm.model._language_model import EmbeddingLanguageModel
from elm.model._prompts import prompt_batch
from elm.model._reading import reading
from elm.model.base._lora import is_lora, merged
from elm.model.base._quantised import require_plain
from elm.tasks import Task

_BATCH = 256


def prompt_embeddings(
    model: EmbeddingLanguageModel,
    vectors: npt.ArrayLike | VectorTable,
    task: str | Task,
    *,
    space: str | None = None,
    allow_space_mismatch: bool = False,
) -> torch.Tensor:
    """The prompts that `describe` gives the language model: (n, T, Z) float32, on the CPU.

    n vectors (one vector (dim,) counts as n = 1), T positions of the task's prompt with the soft tokens in it, Z the
    width of the language model's tokens. Any engine that takes embeddings writes from them what `describe` writes at
    temperature 0, if it runs the same language model: vLLM as `prompt_embeds`, transformers as `inputs_embeds`.

    Errors and warnings are those of `describe`.
    """
    read = reading(model.parts, vectors, task, space, allow_space_mismatch)
    with torch.inference_mode(), evaluating(model.parts):
        parts = [
            prompt_batch(model.parts, read, read.some(start, start + _BATCH)).float().cpu()
            for start in range(0, len(read), _BATCH)
        ]
    return torch.cat(parts)


def save_prompt_embeddings(path: str | Path, embeddings: torch.Tensor, ids: Sequence[str], task: Task) -> Path:
    """Write prompts (n, T, Z) for another engine as safetensors: a tensor (T, Z) a vector, named by its id.

    The metadata hold `task`, `max_new_tokens` and `hidden_size` (Z), as text. Raises `CallError` where ids and prompts
    do not pair up, `OSError` where the disk is full.
    """
    if embeddings.ndim != 3 or len(embeddings) != len(ids) or len(set(ids)) != len(ids):
        raise CallError(
            f"each prompt of (n, T, Z) has an id of its own, got an array {tuple(embeddings.shape)} and {len(ids)} "
            f"ids, {len(set(ids))} of them distinct"
        )
    about = {"task": task.id, "max_new_tokens": str(task.max_new_tokens), "hidden_size": str(embeddings.shape[2])}
    write_tensors(path, dict(zip(ids, embeddings.clone().unbind(0), strict=True)), about)
    return Path(path)


def merge(model: EmbeddingLanguageModel) -> EmbeddingLanguageModel:
    """Fold the low-rank updates into the language model, so that it is saved as `llm/`, a plain transformers model.

    The model is changed in place and returned; one without updates stays as it is. Raises `CallError` for updates of a
    quantised base.
    """
    if is_lora(model.llm):
        require_plain(model.llm, "updates are folded into weights")
        model.llm = merged(model.llm).eval()
    return model
