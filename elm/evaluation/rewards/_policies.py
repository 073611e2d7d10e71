"""The writers that `elm bench rewards` tunes: the demo model, which reads a vector, or any base, which reads words."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from elm._errors import CallError
from elm.embeddings import VectorTable, fold_in
from elm.model import SHIPPED, load_llm, load_model, shipped_base, shipped_vectors
from elm.recommend import Cards, Sessions, history_prompts
from elm.training import Policy, Readability, TextPolicy, Tuned, VectorPolicy


def demo_sessions(sessions: Sessions) -> tuple[Sessions, VectorTable]:
    """Those sessions of the demo world that the demo model can read, and a vector of each: its history alone, folded
    into the shipped behavioural space. A history of items without a vector is left out.
    """
    users, items = shipped_vectors("users"), shipped_vectors("items")
    rows = sessions.history_rows()
    known = rows[rows["item"].isin(items.ids)]
    kept = sorted({int(number) for number in known["user"]})
    if not kept:
        raise CallError("the demo model reads the users of the demo world, and knows none of these items")
    left = sessions.some(kept)
    rows = left.history_rows()
    return left, fold_in(items, rows[rows["item"].isin(items.ids)], users)


def demo_writer(
    vectors: VectorTable, task: str, tuned: Tuned, max_new_tokens: int | None = None
) -> tuple[Callable[[int], Policy], Readability]:
    """(seed -> the demo model as a policy over these vectors, the base that it was made from as the judge of texts)."""

    def fresh(seed: int) -> Policy:
        model = load_model(SHIPPED / "demo")
        return VectorPolicy(model, vectors, task, _seeded(tuned, seed), max_new_tokens=max_new_tokens)

    return fresh, Readability(*shipped_base())


def base_writer(
    base: str | Path, sessions: Sessions, cards: Cards, tuned: Tuned, max_new_tokens: int = 128
) -> tuple[Callable[[int], Policy], Readability]:
    """The same by a base that reads each history in words; errors of `load_llm`."""
    prompts = history_prompts(sessions, cards)

    def fresh(seed: int) -> Policy:
        return TextPolicy(*load_llm(base), prompts, _seeded(tuned, seed), max_new_tokens=max_new_tokens)

    return fresh, Readability(*load_llm(base))


def _seeded(tuned: Tuned, seed: int) -> Tuned:
    return Tuned(tuned.how, tuned.rank, tuned.layers, seed)
