"""Factors of fitted recommenders: models of `implicit` and of LensKit."""

from __future__ import annotations

from typing import Any

from elm._errors import CallError
from elm.data import ids_of
from elm.embeddings.sources._found import Found

_NAMES = {"items": ("item_factors", "item_embeddings"), "users": ("user_factors", "user_embeddings")}


def find(source: Any, of: str) -> Found | None:
    """The factors of items or users; None for what has none of either. `CallError` for another `of`."""
    if not any(hasattr(source, name) for names in _NAMES.values() for name in names):
        return None
    factors_name(of, ("items", "users"))
    factors = next((found for name in _NAMES[of] if (found := getattr(source, name, None)) is not None), None)
    if factors is None:
        raise CallError(f"{type(source).__name__} has no factors of {of}: fit it first")
    if hasattr(factors, "to_numpy") and not hasattr(factors, "columns"):
        factors = factors.to_numpy()  # implicit keeps those of a GPU in matrices of its own
    vocabulary: Any = getattr(source, of, None)  # of LensKit: its ids, in the order of the rows
    ids = ids_of(vocabulary.ids()) if hasattr(vocabulary, "ids") else None
    return Found(ids, factors, f"{type(source).__module__.split('.')[0]}'s {type(source).__name__}, {of}", "dot")


def factors_name(of: str, names: tuple[str, str]) -> str:
    """The first name for "items", the second for "users"; `CallError` for another `of`."""
    if of not in _NAMES:
        raise CallError(f'of a recommender the vectors of its "items" or "users" are read, got of={of!r}')
    return names[of == "users"]
