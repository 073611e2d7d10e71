"""What the package carries: the base model, the demo model, and the vectors that it reads."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any, Literal, Unpack

from elm.embeddings import VectorTable
from elm.model._language_model import EmbeddingLanguageModel
from elm.model._placement import PlacementOptions
from elm.model._saved import load_model
from elm.model.base._from_shipped import SHIPPED_BASE
from elm.model.base._load import load_llm

SHIPPED = Path(__file__).parent / "shipped"
Kind = Literal["films", "users", "items"]
_TABLES: dict[str, Kind] = {"minilm": "films", "wals": "users"}
DEMO, VECTORS = SHIPPED / "demo", SHIPPED / "vectors"


def shipped_base() -> tuple[Any, Any]:
    """The embedded base language model (float32) and its tokenizer, fresh from disk; errors as `load_llm`."""
    return load_llm(SHIPPED_BASE)


@cache
def shipped_model(**placement: Unpack[PlacementOptions]) -> EmbeddingLanguageModel:
    """The demo model: adapters for the demo world's films and users, loaded once; placed as `load_model` does it."""
    model = load_model(DEMO, **placement)
    for name, kind in _TABLES.items():
        model.adapter(name).remember(shipped_vectors(kind).vectors)
    return model


@cache
def shipped_vectors(kind: Kind) -> VectorTable:
    """The demo vectors: semantic vectors of films, behavioural vectors of users, and of items in the users' space."""
    return VectorTable.load(VECTORS / kind)
