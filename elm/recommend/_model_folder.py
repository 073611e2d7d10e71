"""A model on disk: `model.safetensors`, `items.parquet`, and `config.json`, which vouches for both."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

import pandas as pd
import torch
from safetensors.torch import save_file
from torch import nn

from elm._errors import CheckpointError, DataFileError
from elm._storage.fields import is_count, is_number, strictly
from elm._storage.files import read_json, sha256, write_json
from elm._storage.folders import folder_written_aside
from elm._storage.weights import read_exactly

WEIGHTS, ITEMS, CONFIG = "model.safetensors", "items.parquet", "config.json"

T = TypeVar("T")
M = TypeVar("M", bound=nn.Module)


def write_model(
    folder: str | Path, config: Mapping[str, Any], tensors: Mapping[str, torch.Tensor], columns: Mapping[str, list[str]]
) -> Path:
    """Write the folder whole, and return it; a kill at any moment leaves the model that was there or the new one.

    config: without `files`, which are added. columns: those of the items, one row per item.
    """
    with folder_written_aside(folder) as aside:
        save_file(dict(tensors), aside / WEIGHTS)
        pd.DataFrame(columns).to_parquet(aside / ITEMS, index=False)
        write_json(aside / CONFIG, {**config, "files": {name: sha256(aside / name) for name in (WEIGHTS, ITEMS)}})
    return Path(folder)


def read_config(folder: Path, what: str) -> dict[str, Any]:
    """The config in a folder, empty where it holds something else than keys; `CheckpointError` where none is."""
    try:
        config = read_json(folder / CONFIG)
    except DataFileError as error:
        raise CheckpointError(f"no {what} in {folder}: {error}") from error
    return config if isinstance(config, dict) else {}


def check_files(folder: Path, files: object) -> None:
    """Raise `CheckpointError` unless the config's `files` vouch for the weights and items that lie there."""
    if not isinstance(files, dict) or set(files) != {WEIGHTS, ITEMS}:
        raise CheckpointError(f"{folder / CONFIG} must vouch for {WEIGHTS} and {ITEMS}; save the model again")
    for name, expected in files.items():
        if not (path := folder / name).is_file():
            raise CheckpointError(f"{path} is missing; the folder is not complete, so save the model again")
        if sha256(path) != expected:
            raise CheckpointError(f"{path} is damaged or of another save (not of the recorded sha256); save it again")


@contextlib.contextmanager
def as_described(folder: Path, what: str) -> Iterator[None]:
    """Making a model from a config that does not fit its weights, or makes no sense, is a `CheckpointError`."""
    try:
        yield
    except (AttributeError, TypeError, KeyError, ValueError, RuntimeError, OSError, DataFileError) as error:
        reason = str(error).strip().replace("\n", " ")
        raise CheckpointError(f"{folder} does not hold the {what} that its {CONFIG} describes: {reason}") from error


def config_from(shape: type[T], value: Any) -> T:
    """A dataclass of numbers from its JSON: all its fields and no others; `ValueError` for the first odd one."""
    kinds = get_type_hints(shape)
    named = [field.name for field in dataclasses.fields(shape)]  # type: ignore[arg-type]
    return shape(**strictly(value, {name: is_count if kinds[name] is int else is_number for name in named}))


def with_weights(make: Callable[[], M], path: Path) -> M:
    """What `make` gives, with the weights in a file: exactly its own, in name, shape and kind, and finite.

    The shapes are asked of a first one without memory, so that a config of any size costs nothing.
    """
    with torch.device("meta"):
        wanted = {name: tuple(value.shape) for name, value in make().state_dict().items()}
    state = {name: torch.from_numpy(value) for name, value in read_exactly(path, wanted).items()}
    model = make()
    model.load_state_dict(state, strict=True)
    loaded = model.state_dict()
    if odd := [name for name, value in state.items() if not torch.equal(loaded[name], value)]:
        raise ValueError(f"{odd[0]} is stored twice and differs")
    return model
