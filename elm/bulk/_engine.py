"""Engines: what writes the texts of shards. One that holds the model, one behind an endpoint, one on a cluster."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Protocol

import numpy as np
import torch

from elm._typing import Array
from elm.bulk._order import Order, Work
from elm.embeddings import VectorTable
from elm.model import EmbeddingLanguageModel, ModelParts

Told = Callable[[int], object]
"""Called with the number of rows that were done since."""


class Engine(Protocol):
    """Writes the texts of shards.

    about: what of it decides the texts, as JSON: which model, and what runs it. remarks: what a person should know.
    """

    @property
    def about(self) -> Mapping[str, str]: ...

    @property
    def remarks(self) -> tuple[str, ...]: ...

    def shards(self, work: Work, numbers: Iterable[int], told: Told) -> Iterator[tuple[int, Any]]:
        """The tables (`Work.table`) of these shards, with their numbers, in any order, as they are written.

        Raises `EngineError` where it stops before all are written: what came until then is whole.
        """
        ...


class TransformersEngine:
    """The model itself, in this process: what `describe` writes, batch by batch."""

    remarks: tuple[str, ...] = ()

    def __init__(self, model: EmbeddingLanguageModel) -> None:
        self.model = model
        self.about = {"engine": "transformers", "model": model_hash(model.parts)}

    def texts(self, vectors: Array | VectorTable, order: Order) -> Iterator[str]:
        options = {name: value for name, value in vars(order).items() if name != "task"}
        for start in range(0, len(vectors), order.batch_size):
            yield from self.model.describe(some_of(vectors, start, order.batch_size), order.task, **options)

    def shards(self, work: Work, numbers: Iterable[int], told: Told) -> Iterator[tuple[int, Any]]:
        for number in numbers:
            yield number, work.table(number, self.texts, told)


_WATCH = ("landmarks", "near")
"""What an adapter keeps to warn of vectors that are unlike those it learned from; no text changes with it."""


def _of_config(config: Any) -> dict[str, Any]:
    return {name: value for name, value in vars(config).items() if name not in _WATCH}


def model_hash(parts: ModelParts) -> str:
    """sha256 of what decides a model's texts: weights as they are in memory, vocabulary, template, tasks."""
    digest = hashlib.sha256()
    tokenizer = parts.tokenizer
    told = {
        "about": {name: parts.about.get(name) for name in ("words", "most_repeats")},
        "tasks": sorted((t.id, t.prompt, t.max_new_tokens, float(t.temperature)) for t in parts.tasks.values()),
        "adapters": {name: _of_config(parts.adapter(name).config) for name in parts.adapters},
        "vocabulary": tokenizer.get_vocab(),
        "template": str(getattr(tokenizer, "chat_template", None)),
    }
    digest.update(json.dumps(told, sort_keys=True).encode())
    for module in (parts.llm, *(parts.adapter(name) for name in sorted(parts.adapters))):
        for name, tensor in sorted(module.state_dict().items()):
            if name in _WATCH:
                continue
            digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
            plain = tensor.detach().contiguous().cpu().reshape(-1)
            digest.update(plain.view(torch.uint8).numpy().data)
    return digest.hexdigest()


def some_of(vectors: Array | VectorTable, start: int, count: int) -> Array | VectorTable:
    """At most `count` of the vectors, from row `start` on."""
    stop = start + count
    if isinstance(vectors, VectorTable):
        return VectorTable(vectors.ids[start:stop], vectors.vectors[start:stop], vectors.space)
    return np.asarray(vectors[start:stop])
