"""Read, question, edit and steer embedding vectors in plain language.

Heavy libraries load on first use: `import elm` itself imports nothing but the standard library.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_ROOMS = ("adapters", "cav", "data", "embeddings", "evaluation", "metrics", "model", "recommend", "tasks", "training")

if TYPE_CHECKING:
    from elm import adapters, cav, data, embeddings, evaluation, metrics, model, recommend, tasks, training


def __getattr__(name: str) -> Any:
    if name in _ROOMS:
        return importlib.import_module(f"elm.{name}")
    raise AttributeError(f"module 'elm' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_ROOMS])
