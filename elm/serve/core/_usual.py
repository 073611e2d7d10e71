"""The task that is meant where none is named."""

from __future__ import annotations

from typing import Any

from elm.embeddings import VectorTable
from elm.model import EmbeddingLanguageModel

_ONE, _PAIR = ("summary", "gist", "user_profile", "user_summary"), ("similarities",)


def usual_task(model: EmbeddingLanguageModel, vectors: Any, pair: bool = False) -> str:
    """The usual one of the tasks that the adapter of these vectors (a table, or an array) learned; else its first over
    so many vectors."""
    wanted = _PAIR if pair else _ONE
    for name in model.adapters:
        config = model.adapter(name).config
        fits = config.reads(vectors.space) if isinstance(vectors, VectorTable) else config.dim == vectors.shape[-1]
        known = [task for task in config.tasks if len(model.task(task).marks) == 1 + pair] if fits else []
        if known:
            return next((task for task in wanted if task in known), known[0])
    return wanted[0]
