"""Where a fit stands after an iteration, so that a stopped one goes on with the same numbers."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp
from safetensors.numpy import save_file

from elm._errors import CallError, DataFileError
from elm._storage.fields import is_size, is_text, strictly
from elm._storage.files import read_json, require_hash, sha256, write_json
from elm._storage.folders import folder_written_aside, read_whole
from elm._storage.weights import read_exactly
from elm._typing import Array

_STATE, _FACTORS = "wals.json", "factors.safetensors"
_FIELDS = {"fit": is_text, "iterations": is_size, "sha256": is_text}


@dataclass(frozen=True)
class State:
    """The factors of users and items (n, f) float32 after some iterations."""

    iterations: int
    users: Array
    items: Array


def identity(matrix: sp.csr_matrix, settings: Mapping[str, Any]) -> str:
    """What tells one fit from another: a hash of its ratings and of the settings that change its numbers."""
    digest = hashlib.sha256(json.dumps([list(matrix.shape), dict(settings)], sort_keys=True).encode("ascii"))
    for part, kind in ((matrix.indptr, "<i8"), (matrix.indices, "<i4"), (matrix.data, "<f4")):
        digest.update(np.ascontiguousarray(part, dtype=kind).data)
    return digest.hexdigest()[:32]


def save_state(folder: str | Path, fit: str, state: State) -> None:
    """Write the folder whole: a kill at any moment leaves the last state or this one."""
    with folder_written_aside(folder) as aside:
        save_file({"users": state.users, "items": state.items}, aside / _FACTORS)
        told = {"fit": fit, "iterations": state.iterations, "sha256": sha256(aside / _FACTORS)}
        write_json(aside / _STATE, told)


def load_state(folder: str | Path, fit: str, shape: tuple[int, int], factors: int) -> State | None:
    """The state in a folder; None where there is none yet.

    Raises `CallError` where it is that of other ratings or settings, `DataFileError` or `CheckpointError` where it is
    cut off or changed.
    """
    folder = Path(folder)
    if not (folder / _STATE).is_file():
        return None

    def read() -> State:
        try:
            told = strictly(read_json(folder / _STATE), _FIELDS)
        except ValueError as error:
            raise DataFileError(f"{folder / _STATE} does not describe a fit: {error}; remove the folder") from error
        if told["fit"] != fit:
            raise CallError(
                f"{folder} holds a fit of other ratings or settings; go on with those, or name another checkpoint"
            )
        require_hash(folder / _FACTORS, told["sha256"])
        wanted = {"users": (shape[0], factors), "items": (shape[1], factors)}
        return State(told["iterations"], **read_exactly(folder / _FACTORS, wanted))

    return read_whole(folder, read)
