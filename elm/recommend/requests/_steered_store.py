"""A steered recommender on disk: the base in a folder of its own, and what gives the values of requests beside it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol, TypeAlias

import pandas as pd

from elm._errors import CallError, CheckpointError
from elm._storage.fields import is_object, is_one_of, is_size, strictly
from elm._storage.files import require_hash, sha256, write_json
from elm._storage.folders import folder_written_aside
from elm._storage.parquet import read_texts
from elm.recommend._model_folder import CONFIG, as_described, read_config
from elm.recommend._protocols import AnyRecommender
from elm.recommend.judges._cards import Card, Cards
from elm.recommend.judges._fact_judge import FactJudge
from elm.recommend.judges._values import RequestValues
from elm.recommend.requests._distilled import Distilled
from elm.recommend.requests._distilled_store import load_distilled, save_distilled
from elm.recommend.requests._scoring import Aggregation


class Saveable(Protocol):
    """What is written of a steered recommender."""

    base: AnyRecommender
    request_values: RequestValues
    judge: RequestValues
    concepts: dict[str, Any]
    by: Aggregation


SavedParts: TypeAlias = tuple[AnyRecommender, RequestValues, Aggregation]
"""The base, what gives the values of requests, and how both are aggregated."""

KIND, SCHEMA = "requests", 1
_BASE, _VALUES, _CARDS = "base", "values", "cards.parquet"
_AGGREGATIONS = ("ranks", "scores", "filter")


def save(rec: Saveable, folder: Path) -> None:
    """Write base and values; a kill at any moment leaves what was there or the new one."""
    if not isinstance(rec.request_values, Distilled | FactJudge):
        raise CallError(
            f"a folder holds a Distilled or a FactJudge, got {type(rec.request_values).__name__}; save the base, and "
            "put the values around it where it is used"
        )
    if rec.concepts or rec.judge is not rec.request_values:
        raise CallError("a folder holds no concepts and no second judge; give them anew where it is loaded")
    facts = isinstance(rec.request_values, FactJudge)
    with folder_written_aside(folder) as aside:
        rec.base.save(aside / _BASE)
        config: dict[str, Any] = {
            "schema": SCHEMA,
            "kind": KIND,
            "by": rec.by,
            "values": "facts" if facts else "distilled",
        }
        if isinstance(rec.request_values, FactJudge):
            cards = rec.request_values.cards
            rows = [json.dumps(vars(card)) for card in cards]
            pd.DataFrame({"item": cards.items, "card": rows}).to_parquet(aside / _CARDS, index=False)
            config |= {"rows": len(cards), "files": {_CARDS: sha256(aside / _CARDS)}}
        else:
            save_distilled(rec.request_values, aside / _VALUES)
            config |= {"rows": 0, "files": {}}
        write_json(aside / CONFIG, config)


def load_parts(folder: Path, load_base: Callable[[Path, Any], AnyRecommender], encoder: Any = None) -> SavedParts:
    """What `save` wrote; `CheckpointError` unless every part is there, whole and of this version."""
    config = read_config(folder, "recommender")
    with as_described(folder, "recommender"):
        told = strictly(config, _FIELDS)
        if told["values"] == "distilled":
            values: Any = load_distilled(folder / _VALUES, encoder)
        else:
            if set(told["files"]) != {_CARDS}:
                raise CheckpointError(f"{folder / CONFIG} must vouch for {_CARDS}; save the recommender again")
            require_hash(folder / _CARDS, told["files"][_CARDS])
            found = read_texts(folder / _CARDS, ("item", "card"), told["rows"])
            values = FactJudge(Cards(found["item"], [_card(row) for row in found["card"]]))
        return load_base(folder / _BASE, encoder), values, told["by"]


def _card(row: str) -> Card:
    told = strictly(json.loads(row), {"title": _text, "kinds": _kinds, "qualities": _shares, "texts": _texts})
    kinds = None if told["kinds"] is None else tuple(told["kinds"])
    return Card(told["title"], kinds, told["qualities"], tuple(told["texts"]))


def _text(value: Any) -> bool:
    return isinstance(value, str)


def _texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(text, str) for text in value)


def _kinds(value: Any) -> bool:
    return value is None or (_texts(value))


def _shares(value: Any) -> bool:
    return isinstance(value, dict) and all(
        isinstance(one, int | float) and not isinstance(one, bool) and 0 <= one <= 1 for one in value.values()
    )


_FIELDS = {
    "schema": is_one_of(SCHEMA),
    "kind": is_one_of(KIND),
    "by": is_one_of(*_AGGREGATIONS),
    "values": is_one_of("facts", "distilled"),
    "rows": is_size,
    "files": is_object,
}
