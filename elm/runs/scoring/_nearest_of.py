"""A model that gives the nearest of several texts about each vector, to be scored in the model's place."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from elm.evaluation import Describer, Encoder, Texts, untrained
from elm.model import EmbeddingLanguageModel


@dataclass(frozen=True)
class NearestOf:
    """Writes `n` texts about each vector of an encoder's space, and gives the nearest; see `describe` with `n`."""

    model: EmbeddingLanguageModel
    n: int
    encoder: Encoder

    def describe(self, vectors: Any, task: str, /, *, seed: int = 0) -> Any:
        return self.model.describe(vectors, task, seed=seed, n=self.n, encoder=self.encoder)


def written_by(model: Describer | Texts) -> Describer | Texts:
    """What writes single texts: users' vectors are of no encoder, by which a text could be chosen."""
    return model.model if isinstance(model, NearestOf) else model


def untrained_twin(model: Describer | Texts, seed: int) -> Describer | None:
    """The same behind adapters that learned nothing, choosing in the same way; None where there is no model to ask."""
    if isinstance(model, NearestOf):
        return replace(model, model=untrained(model.model, seed))
    return untrained(model, seed) if isinstance(model, EmbeddingLanguageModel) else None
