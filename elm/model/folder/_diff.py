"""What tells two adapter folders apart: fields of their configs, tensors by name, other files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open

from elm._storage.files import read_json
from elm.adapters import check_manifest, read_adapter_config, read_config, tensor_kinds
from elm.model.folder._store import model_folder

_FILES = ("config.json", "README.md")  # the one is compared by its fields, the other follows from the rest


@dataclass(frozen=True)
class Difference:
    """`path`: a file; `name`: a field or a tensor of it, or nothing; `what`: how both differ.

    largest: the greatest absolute difference of two tensors' numbers, where they have one shape.
    """

    path: str
    name: str
    what: str
    largest: float | None = None


def diff(one: str | Path, other: str | Path) -> list[Difference]:
    """All differences between two adapter folders (or runs'); none means that they are the same model.

    Tensors are read one at a time. Raises `DataFileError` or `CheckpointError` where one of them is not whole.
    """
    folders = model_folder(one), model_folder(other)
    for folder in folders:
        check_manifest(folder)
    return [*_configs(*folders), *_files(*folders)]


def _configs(one: Path, other: Path) -> Iterator[Difference]:
    about = read_config(one), read_config(other)
    yield from _fields("config.json", *(config.to_dict() for config in about))
    for name in sorted({*about[0].adapters, *about[1].adapters}):
        place = f"adapters/{name}"
        if all(name in config.adapters for config in about):
            found = [read_adapter_config(folder / place).to_dict() for folder in (one, other)]
            yield from _fields(f"{place}/config.json", *found)


def _fields(path: str, one: dict[str, Any], other: dict[str, Any]) -> Iterator[Difference]:
    ours, theirs = dict(_flat(one)), dict(_flat(other))
    for name in sorted(ours.keys() | theirs.keys()):
        if ours.get(name) != theirs.get(name):
            yield Difference(path, name, f"{_shown(ours, name)} against {_shown(theirs, name)}")


def _flat(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict) and value:
        for key, part in value.items():
            yield from _flat(part, f"{name}.{key}" if name else str(key))
    else:
        yield name, value


def _shown(fields: dict[str, Any], name: str) -> str:
    return repr(fields[name])[:120] if name in fields else "nothing"


def _files(one: Path, other: Path) -> Iterator[Difference]:
    ours, theirs = read_json(one / "manifest.json"), read_json(other / "manifest.json")
    for name in sorted(ours.keys() | theirs.keys()):
        if name not in theirs or name not in ours:
            yield Difference(name, "", f"only in {one if name in ours else other}")
        elif ours[name]["sha256"] != theirs[name]["sha256"]:
            if name.endswith(".safetensors"):
                yield from _tensors(name, one / name, other / name)
            elif Path(name).name not in _FILES or name.startswith(("llm/", "lora/")):
                yield Difference(name, "", "differs")


def _tensors(path: str, one: Path, other: Path) -> Iterator[Difference]:
    ours, theirs = tensor_kinds(one), tensor_kinds(other)
    with safe_open(one, framework="pt") as left, safe_open(other, framework="pt") as right:
        for name in sorted(ours.keys() | theirs.keys()):
            if name not in theirs or name not in ours:
                yield Difference(path, name, f"only in {one if name in ours else other}")
                continue
            (kind, shape), (other_kind, other_shape) = ours[name], theirs[name]
            if shape != other_shape:
                yield Difference(path, name, f"shape {list(shape)} against {list(other_shape)}")
                continue
            a, b = left.get_tensor(name), right.get_tensor(name)
            largest = float((a.double() - b.double()).abs().max()) if a.numel() else 0.0
            if kind != other_kind or not torch.equal(a, b):
                kinds = f", {kind} against {other_kind}" if kind != other_kind else ""
                yield Difference(path, name, f"largest difference {largest:.3g}{kinds}", largest)
