"""Concept vectors on disk: directions as safetensors, everything else as JSON, in a folder swapped in whole."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from elm._errors import CallError, DataFileError
from elm._files import read_json, sha256, write_json
from elm._folders import folder_written_aside, read_whole
from elm.embeddings import EmbeddingSpace

if TYPE_CHECKING:
    from elm.cav._cav import CAV

_VECTORS, _ABOUT, _SCHEMA = "directions.safetensors", "concepts.json", 1
_FIELDS = ("centre", "unit", "auc", "accuracy", "p_value", "n_positive", "n_negative", "method", "l2")


def save_cavs(cavs: Mapping[str, CAV], folder: str | Path, files: Mapping[str, bytes] | None = None) -> Path:
    """Write `directions.safetensors` (C, dim) and `concepts.json` with its checksum, all fields and the spaces.

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
    about = {"schema": _SCHEMA, "concepts": concepts, "spaces": [space.to_dict() for space in spaces]}
    with folder_written_aside(folder, retired=_saved_before(Path(folder))) as aside:
        save_file({"directions": np.stack([cav.direction for cav in cavs.values()])}, aside / _VECTORS)
        write_json(aside / _ABOUT, {**about, "files": sorted(files), "sha256": sha256(aside / _VECTORS)})
        for name, data in files.items():
            (aside / name).write_bytes(data)
    return Path(folder)


def load_cavs(folder: str | Path) -> dict[str, CAV]:
    """Read what `save_cavs` wrote; `DataFileError` where a file is missing, cut off, damaged or of another save."""
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
    return set(map(str, names)) if isinstance(names, list) else set()


def _read(folder: Path) -> dict[str, CAV]:
    from elm.cav._cav import CAV

    about = read_json(folder / _ABOUT)
    if not isinstance(about, dict) or about.get("schema") != _SCHEMA:
        raise DataFileError(f"{folder / _ABOUT} does not describe concepts of schema {_SCHEMA}; save them again")
    directions = _directions(folder / _VECTORS, about)
    try:
        spaces = [EmbeddingSpace.from_dict(space, folder / _ABOUT) for space in about["spaces"]]
        concepts = about["concepts"]
        if directions.shape != (len(concepts), spaces[0].dim):
            raise DataFileError(f"{folder} holds {len(concepts)} concepts but directions {directions.shape}")
        return {
            one["key"]: CAV(name=one["name"], direction=row, space=spaces[one["space"]], **{f: one[f] for f in _FIELDS})
            for one, row in zip(concepts, directions, strict=True)
        }
    except (KeyError, TypeError, IndexError) as error:
        raise DataFileError(f"{folder / _ABOUT} lacks a field or holds a wrong one: {error!r}") from error


def _directions(path: Path, about: dict[str, Any]) -> np.ndarray:
    if not path.is_file():
        raise DataFileError(f"{path} is missing; the folder is not complete, so save the concepts again")
    if sha256(path) != about.get("sha256"):
        raise DataFileError(f"{path} is damaged or of another save than {_ABOUT}; save the concepts again")
    try:
        return load_file(path)["directions"]
    except (SafetensorError, KeyError, ValueError, OSError) as error:
        raise DataFileError(f"{path} cannot be read: {error}") from error
