"""Tiny random parts of an ELM, for tests: a space and its vectors, a tokenizer, a two-layer Llama, a model."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
import torch

from elm.adapters import MLPAdapter
from elm.embeddings import EmbeddingSpace, VectorTable
from elm.model import BaseConfig, EmbeddingLanguageModel, new_base, train_tokenizer
from elm.tasks import VECTOR, Task

SHAPE = BaseConfig(vocabulary=320, width=32, layers=2, heads=2, feed_forward=64, context=128)
TEXTS = ("Summarise the film in a few sentences.", "A storm at sea.", "Describe the viewer.", "one two", "Say it:")
BASE = {"base": {"id": "tiny", "revision": None, "sha256": None, "files": None}}


class Said(str):
    """Facts that are the text itself."""

    domain = "films"


SAY = Task("say", "item", f"Say it: {VECTOR}.", lambda facts, rng: str(facts), max_new_tokens=12)
"""A task whose teacher says the facts as they are: those that are `Said`."""


@cache
def tokenizer() -> Any:
    return train_tokenizer(TEXTS * 3, SHAPE.vocabulary)


def base(seed: int = 0, shape: BaseConfig = SHAPE) -> Any:
    return new_base(tokenizer(), shape, seed)


def vectors(n: int = 12, dim: int = 6, seed: int = 0) -> np.ndarray:
    """(n, dim) float32 with unequal spread and a mean, like those of an encoder."""
    rng = np.random.default_rng(seed)
    return (rng.normal(size=(n, dim)) @ rng.normal(size=(dim, dim)) + rng.normal(size=dim)).astype(np.float32)


def table(n: int = 12, dim: int = 6, name: str = "toy", seed: int = 0) -> VectorTable:
    data = vectors(n, dim, seed)
    space = EmbeddingSpace.fit(name, data, "dot", {}, fingerprint=f"{name}-{dim}-{seed}")
    return VectorTable([f"v{i}" for i in range(n)], data, space)


def adapter(of: VectorTable, tasks: Sequence[str] = ("say",), soft_tokens: int = 3, seed: int = 0) -> MLPAdapter:
    torch.manual_seed(seed)
    fresh = MLPAdapter.for_space(of.space, SHAPE.width, tasks, 0.02, soft_tokens, hidden=16)
    return fresh.start_from(of.vectors)


def model(*tables: VectorTable, tasks: Sequence[str] = ("say",), seed: int = 0) -> EmbeddingLanguageModel:
    """A model with an adapter for each table's space; its texts are noise, but always the same noise."""
    adapters = {t.space.name: adapter(t, tasks, seed=seed + i) for i, t in enumerate(tables or (table(),))}
    made = EmbeddingLanguageModel(base(seed), tokenizer(), adapters, BASE)
    with torch.no_grad():  # louder than fresh, or it would repeat its last token whatever it reads
        for name in adapters:
            made.adapter(name).norm.weight.fill_(1.0)
        for parameter in made.llm.model.layers.parameters():
            parameter.mul_(12 if parameter.ndim == 2 else 1)
    return made.eval()
