"""A backbone on disk: `model.safetensors`, `items.parquet`, and `config.json`, which vouches for both."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

import numpy as np
import pandas as pd
import torch
from safetensors.torch import save_file
from torch import nn

from elm._errors import CallError, CheckpointError, DataFileError
from elm._storage.fields import is_count, is_number, is_one_of, is_positive, strictly
from elm._storage.files import read_json, sha256, write_json
from elm._storage.folders import folder_written_aside, read_whole
from elm._storage.parquet import read_texts
from elm._storage.weights import read_exactly, tensor_kinds
from elm.recommend.backbones._autoencoder import Autoencoder, Backbone
from elm.recommend.backbones._ease import EASE
from elm.recommend.backbones._popularity import Popularity
from elm.recommend.backbones._registry import AUTOENCODERS

SCHEMA = 1
WEIGHTS, ITEMS, CONFIG = "model.safetensors", "items.parquet", "config.json"
_KEYS = {"schema", "kind", "config", "files"}

T = TypeVar("T")
M = TypeVar("M", bound=nn.Module)


def kind_of(model: Autoencoder) -> str:
    """The name of an autoencoder, as in `AUTOENCODERS`; `CallError` for one that is not among them."""
    for name, (network, _) in AUTOENCODERS.items():
        if type(model) is network:
            return name
    raise CallError(f"only the autoencoders {', '.join(AUTOENCODERS)} can be saved, got {type(model).__name__}")


def save_backbone(model: Backbone, items: Sequence[str], folder: str | Path) -> Path:
    """Write an autoencoder, EASE or popularity with the ids of its items; returns the folder.

    A kill at any moment leaves the model that was there or the new one. Raises `CallError` for a model of another make,
    or where the ids are not one an item.
    """
    kind, config, tensors = _parts(model)
    size = tensors[_ITEM_AXIS[kind]].shape[0] if kind in _ITEM_AXIS else config["items"]
    if len(items) != size or len(set(items)) != size:
        raise CallError(f"the model ranks {size} items, so {size} different ids are needed, got {len(items)}")
    with folder_written_aside(folder) as aside:
        save_file(tensors, aside / WEIGHTS)
        pd.DataFrame({"item": [str(item) for item in items]}).to_parquet(aside / ITEMS, index=False)
        files = {name: sha256(aside / name) for name in (WEIGHTS, ITEMS)}
        write_json(aside / CONFIG, {"schema": SCHEMA, "kind": kind, "config": config, "files": files})
    return Path(folder)


def load_backbone(folder: str | Path) -> tuple[Backbone, list[str]]:
    """The model that `save_backbone` wrote, and the ids of its items.

    Raises `CheckpointError` unless every part is there, whole, and of this model.
    """
    return read_whole(folder, lambda: _load(Path(folder)))


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


_ITEM_AXIS = {"ease": "weights", "popularity": "counts"}


def _parts(model: Backbone) -> tuple[str, dict[str, Any], dict[str, torch.Tensor]]:
    if isinstance(model, EASE):
        return "ease", {"values": model.values, "scale": model.scale}, {"weights": _tensor(model.weights)}
    if isinstance(model, Popularity):
        return "popularity", {}, {"counts": _tensor(model.counts)}
    if isinstance(model, Autoencoder):
        # clones, since MacridVAE's encoder and decoder share a table, which safetensors does not store twice
        tensors = {name: value.detach().cpu().contiguous().clone() for name, value in model.state_dict().items()}
        return kind_of(model), {**dataclasses.asdict(model.config), "untied": model.untied}, tensors
    raise CallError(f"only autoencoders, EASE and Popularity can be saved, got {type(model).__name__}")


def _tensor(array: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(array))


def _load(folder: Path) -> tuple[Backbone, list[str]]:
    config = read_config(folder, "backbone")
    if set(config) != _KEYS:
        raise CheckpointError(f"{folder / CONFIG} must hold exactly {sorted(_KEYS)}; save the model again")
    if config["schema"] != SCHEMA or config["kind"] not in (*AUTOENCODERS, *_ITEM_AXIS):
        raise CheckpointError(
            f"{folder} has schema {config['schema']!r} and kind {config['kind']!r}, which this version does not read"
        )
    check_files(folder, config["files"])
    with as_described(folder, "model"):
        model, size = _made(config["kind"], config["config"], folder / WEIGHTS)
        return model, read_texts(folder / ITEMS, ("item",), size)["item"]


def _made(kind: str, config: Any, path: Path) -> tuple[Backbone, int]:
    """The model that a config and a file of weights describe, and how many items it ranks."""
    if kind == "ease":
        settings = strictly(config, {"values": is_one_of("liked", "ratings"), "scale": is_positive})
        size = _items(path, "weights")
        return EASE(read_exactly(path, {"weights": (size, size)}, _EXACT)["weights"], **settings), size
    if kind == "popularity":
        strictly(config, {})
        size = _items(path, "counts")
        counts = read_exactly(path, {"counts": (size,)}, _EXACT)["counts"]
        if (counts < 0).any():
            raise ValueError("counts of likes must not be negative")
        return Popularity(counts), size
    if not isinstance(config, dict) or not isinstance(untied := config.pop("untied", None), bool):
        raise ValueError("its config must say whether it is untied")
    network, shape = AUTOENCODERS[kind]
    sizes: Any = config_from(shape, config)

    def made() -> Autoencoder:
        model: Autoencoder = network(sizes)
        if untied:
            model.untie()
        return model

    return with_weights(made, path).eval(), int(sizes.items)


_EXACT = ("F32", "F64")


def _items(path: Path, name: str) -> int:
    """The first side of a tensor: one row an item."""
    _, shape = tensor_kinds(path)[name]
    return shape[0]


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
