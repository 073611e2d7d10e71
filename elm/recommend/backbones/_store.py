"""A backbone on disk, with the ids and titles of its items."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from elm._errors import CallError, CheckpointError
from elm._storage.folders import read_whole
from elm._storage.parquet import read_texts
from elm.recommend._model_folder import CONFIG, ITEMS, WEIGHTS, as_described, check_files, read_config, write_model
from elm.recommend.backbones._autoencoder import Backbone
from elm.recommend.backbones._registry import BACKBONES, spec_of

SCHEMA = 2
_COLUMNS = {1: ("item",), SCHEMA: ("item", "title")}
"""Schema -> what the table of items holds: the first one had no titles."""

_KEYS = {"schema", "kind", "config", "files"}


def save_backbone(
    model: Backbone, items: Sequence[str], folder: str | Path, titles: Sequence[str] | None = None
) -> Path:
    """Write a backbone with the ids of its items, and their titles (the ids by default); returns the folder.

    A kill at any moment leaves the model that was there or the new one. Raises `CallError` for a model that is not one
    of `MODELS`, or where the ids are not one per item.
    """
    spec = spec_of(model)
    kept: Any = model
    size, titles = int(kept.items), items if titles is None else titles
    if len(items) != size or len(set(items)) != size or len(titles) != size:
        raise CallError(f"the model ranks {size} items, so {size} different ids are needed, got {len(items)}")
    config, tensors = spec.packed(model)
    columns = {"item": [str(item) for item in items], "title": [str(title) for title in titles]}
    return write_model(folder, {"schema": SCHEMA, "kind": spec.name, "config": config}, tensors, columns)


def load_backbone(folder: str | Path) -> tuple[Backbone, list[str]]:
    """The model that `save_backbone` wrote, and the ids of its items.

    Raises `CheckpointError` unless every part is there, whole, and of this model.
    """
    model, items, _ = load_with_titles(folder)
    return model, items


def load_with_titles(folder: str | Path) -> tuple[Backbone, list[str], list[str]]:
    """The same with the titles of the items, which are the ids where the folder holds none."""
    return read_whole(folder, lambda: _load(Path(folder)))


def _load(folder: Path) -> tuple[Backbone, list[str], list[str]]:
    config = read_config(folder, "backbone")
    if set(config) != _KEYS:
        raise CheckpointError(f"{folder / CONFIG} must hold exactly {sorted(_KEYS)}; save the model again")
    schema, kind = config["schema"], config["kind"]
    if schema not in (1, SCHEMA) or not isinstance(kind, str) or kind not in BACKBONES:
        raise CheckpointError(f"{folder} has schema {schema!r} and kind {kind!r}, which this version does not read")
    check_files(folder, config["files"])
    with as_described(folder, "model"):
        model = BACKBONES[kind].unpacked(config["config"], folder / WEIGHTS)
        found = read_texts(folder / ITEMS, _COLUMNS[schema], int(model.items))
        return model, found["item"], found.get("title", list(found["item"]))
