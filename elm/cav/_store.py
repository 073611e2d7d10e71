"""Concept vectors on disk: directions as safetensors, everything else as JSON, in a folder swapped in whole."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save_file

from elm._errors import CallError, CheckpointError, DataFileError
from elm._storage.fields import (
    Check,
    is_hash,
    is_number,
    is_one_of,
    is_positive,
    is_share,
    is_size,
    is_text,
    optional,
    strictly,
)
from elm._storage.files import read_json, require_hash, sha256, write_json
from elm._storage.folders import folder_written_aside, read_whole
from elm._storage.names import is_own_name
from elm._storage.weights import read_exactly
from elm.embeddings import EmbeddingSpace

_VECTORS, _ABOUT, _SCHEMA = "directions.safetensors", "concepts.json", 1
_FIELDS = ("centre", "unit", "auc", "accuracy", "p_value", "n_positive", "n_negative", "method", "l2")


def save_cavs(cavs: Mapping[str, Any], folder: str | Path, files: Mapping[str, bytes] | None = None) -> Path:
    """Write `directions.safetensors` (C, dim) and `concepts.json` with its checksum, all fields of CAVs and the spaces.

    files: others of the same save, by name; those of the save before go with it.
    """
    if not cavs:
        raise CallError("there are no concepts to save; fit at least one")
    spaces = list(dict.fromkeys(cav.space for cav in cavs.values()))
    if len({space.dim for space in spaces}) > 1:
        raise CallError("the concepts of one folder must live in spaces of one size; save them apart")
    concepts = [
        {"key": key, "name": cav.name, "space": spaces.index(cav.space), **{f: getattr(cav, f) for f in _FIELDS}}
        for key, cav in cavs.items()
    ]
    files = files or {}
    if odd := [name for name in files if not is_own_name(name) or name in (_VECTORS, _ABOUT)]:
        raise CallError(f"a file beside concepts is named plainly and by a name of its own, got {odd[0]!r}")
    about: dict[str, Any] = {"schema": _SCHEMA, "concepts": concepts, "spaces": [space.to_dict() for space in spaces]}
    with folder_written_aside(folder, retired=_saved_before(Path(folder))) as aside:
        save_file({"directions": np.stack([cav.direction for cav in cavs.values()])}, aside / _VECTORS)
        for name, data in files.items():
            (aside / name).write_bytes(data)
        hashes = {name: sha256(aside / name) for name in sorted(files)}
        about |= {"files": sorted(files), "hashes": hashes, "sha256": sha256(aside / _VECTORS)}
        write_json(aside / _ABOUT, about)
    return Path(folder)


def load_cavs(folder: str | Path) -> dict[str, dict[str, Any]]:
    """The fields of each CAV, by its key, that `save_cavs` wrote; `DataFileError` where a file is missing, cut off,
    damaged or of another save.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise DataFileError(f"{folder} is not a folder; give one that CAVs.save wrote")
    return read_whole(folder, lambda: _read(folder))


def _saved_before(folder: Path) -> set[str]:
    """The other files of the save that is in the folder."""
    try:
        names = read_json(folder / _ABOUT)["files"]
    except (DataFileError, KeyError, TypeError):
        return set()
    return {name for name in names if is_own_name(name)} if isinstance(names, list) else set()


def _read(folder: Path) -> dict[str, dict[str, Any]]:
    about = read_json(folder / _ABOUT)
    if not isinstance(about, dict) or about.get("schema") != _SCHEMA:
        raise DataFileError(f"{folder / _ABOUT} does not describe concepts of schema {_SCHEMA}; save them again")
    try:
        about = strictly({"hashes": {}, **about}, _ABOUT_FIELDS)  # earlier versions vouched for the directions alone
        spaces = [EmbeddingSpace.from_dict(space, folder / _ABOUT) for space in about["spaces"]]
        concepts = [strictly(one, {**_CONCEPT, "space": is_one_of(*range(len(spaces)))}) for one in about["concepts"]]
        if not concepts or len({one["key"] for one in concepts}) != len(concepts):
            raise ValueError("it must hold concepts, each by a key of its own")
        if len({space.dim for space in spaces}) != 1:
            raise ValueError("its spaces must be of one size")
    except ValueError as error:
        raise DataFileError(f"{folder / _ABOUT} does not describe concepts: {error}; save them again") from error
    for name, digest in about["hashes"].items():
        require_hash(folder / name, digest)
    rows = _directions(folder / _VECTORS, about["sha256"], (len(concepts), spaces[0].dim))
    return {
        one["key"]: {
            "name": one["name"],
            "direction": row,
            "space": spaces[one["space"]],
            **{field: one[field] for field in _FIELDS},
        }
        for one, row in zip(concepts, rows, strict=True)
    }


def _directions(path: Path, digest: str, shape: tuple[int, int]) -> np.ndarray:
    require_hash(path, digest)
    try:
        rows = read_exactly(path, {"directions": shape}, ("F32",))["directions"]
    except CheckpointError as error:
        raise DataFileError(str(error)) from error
    if not np.allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-3):
        raise DataFileError(f"{path} must hold directions of length 1, and some are not; save the concepts again")
    return rows


def _is_score(value: Any) -> bool:
    """From 0 to 1, or NaN where nothing was tested."""
    return is_share(value) or (isinstance(value, float) and math.isnan(value))


_ABOUT_FIELDS: Mapping[str, Check] = {
    "schema": is_one_of(_SCHEMA),
    "concepts": lambda value: isinstance(value, list),
    "spaces": lambda value: isinstance(value, list),
    "files": lambda value: isinstance(value, list) and all(map(is_own_name, value)),
    "hashes": lambda value: isinstance(value, dict) and all(map(is_own_name, value)),
    "sha256": is_hash,
}
_CONCEPT: Mapping[str, Check] = {
    "key": is_text,
    "name": is_text,
    "centre": is_number,
    "unit": is_positive,
    "auc": _is_score,
    "accuracy": _is_score,
    "p_value": _is_score,
    "n_positive": is_size,
    "n_negative": is_size,
    "method": is_text,
    "l2": optional(is_number),
}
