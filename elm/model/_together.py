"""Texts for many callers at once: requests under one prompt are decoded in one batch, and each keeps its own seed."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from elm._errors import CallError
from elm.embeddings import encoder_of
from elm.model._best_of import BestOf, Choosing, best_of_texts
from elm.model._generate import Stop, generate_together
from elm.model._language_model import EmbeddingLanguageModel
from elm.model._reading import Reading, reading


@dataclass(frozen=True, eq=False)
class TextRequest:
    """What `describe` was asked for, checked and ready to be decoded beside others of the same `key`."""

    read: Reading
    seed: int
    temperature: float

    @property
    def key(self) -> Hashable:
        """What requests of one batch have in common: prompt, adapters, longest text and temperature."""
        adapters = tuple(id(part.adapter) for part in self.read.parts)
        return adapters, tuple(self.read.prompt.ids), self.read.task.max_new_tokens, self.temperature

    def __len__(self) -> int:
        """How many texts are to be written."""
        return len(self.read)


def text_request(
    model: EmbeddingLanguageModel,
    vectors: Any,
    task: str,
    *,
    space: Any = None,
    seed: int = 0,
    temperature: float | None = None,
    n: int = 1,
) -> TextRequest:
    """A request as `EmbeddingLanguageModel.describe` takes it, with n texts about each vector; errors as there."""
    read, how = reading(model.parts, vectors, task, space), Choosing(n)
    drawn = how.temperature(temperature, read.task.temperature)
    if not drawn >= 0 or seed < 0:
        raise CallError(f"temperature and seed must be 0 or more, got {drawn} and {seed}")
    return TextRequest(replace(read, draws=n), seed, drawn)


def write_together(
    model: EmbeddingLanguageModel, requests: Sequence[TextRequest], stop: Stop | None = None
) -> list[list[str]]:
    """The texts of each request, those about one vector in a row: what `describe` gives for each of them alone.

    stop: see `generate_together`. Raises `CallError` for requests of different keys.
    """
    if len({request.key for request in requests}) != 1:
        raise CallError("requests that are written together have one prompt and one temperature; group them by key")
    seeds = [request.seed for request in requests]
    return generate_together(model.parts, [one.read for one in requests], seeds, requests[0].temperature, stop)


def scored_texts(request: TextRequest, texts: Sequence[str]) -> list[BestOf]:
    """The texts of a request by vector, each with its score, as `describe(return_all=True)` gives them.

    Raises `CallError` for a space that no text encoder made, `DataFileError` where that encoder is not found.
    """
    return best_of_texts(request.read, texts, encoder_of(request.read.parts[0].space))
