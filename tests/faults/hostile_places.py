"""Ways to make any kind of folder reach out of itself: links, names, indexes, markers, sizes and code, by a seed."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hostile import EVIL, any_file, code, linked_away, not_a_file, replace

Spoil = Callable[[random.Random, Path], str]


def link(draw: random.Random, folder: Path) -> str:
    """A link out of the folder, beside its files, in a part of it, or deep inside."""
    target = draw.choice((folder.parent / "secret", folder.parent, Path("/etc"), Path("../secret"), Path("/dev/zero")))
    name = draw.choice(("more", "model", "steps", "vectors", "a/b/c", ".lock", "README.md.link", ".elm-save"))
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to(target)
    return f"{name} -> {target}"


def part_linked(draw: random.Random, folder: Path) -> str:
    """A folder inside (or one file, where there is none) leads to its like elsewhere."""
    parts = sorted(path for path in folder.rglob("*") if path.is_dir())
    path = draw.choice(parts) if parts else any_file(draw, folder)
    away = folder.parent / "away" / path.name
    away.parent.mkdir(exist_ok=True)
    path.rename(away)
    path.symlink_to(away)
    return path.name


def name(draw: random.Random, folder: Path) -> str:
    """A key or a text of a description becomes a path out of the folder."""
    path = draw.choice(sorted(folder.rglob("*.json")))
    value = json.loads(path.read_text())
    outside = draw.choice(
        ("../secret", str(folder.parent / "secret"), "..", "a/../../secret", "..\\secret", "C:secret")
    )
    places = list(_texts(value))
    if not places:
        replace(path, json.dumps([outside]).encode())
        return f"{path.name} is [{outside}]"
    holder, key, is_key = draw.choice(places)
    if is_key:
        holder[outside] = holder.pop(key)
    else:
        holder[key] = outside
    replace(path, json.dumps(value).encode())
    return f"{path.name}: {key} -> {outside}"


def _texts(value: Any) -> list[tuple[Any, Any, bool]]:
    """(holder, key, whether the key itself is the text) of all names and texts."""
    if isinstance(value, dict):
        own = [(value, key, True) for key in value] + [
            (value, k, False) for k, v in value.items() if isinstance(v, str)
        ]
        return own + [place for inner in value.values() for place in _texts(inner)]
    if isinstance(value, list):
        own = [(value, at, False) for at, inner in enumerate(value) if isinstance(inner, str)]
        return own + [place for inner in value for place in _texts(inner)]
    return []


def index(draw: random.Random, folder: Path) -> str:
    """An index of weights that names files outside, in place of the weights or beside them."""
    where = draw.choice([folder, *sorted(path for path in folder.rglob("*") if path.is_dir())])
    kind = draw.choice(("model.safetensors", "pytorch_model.bin", "vectors.safetensors"))
    shard = draw.choice(("../../secret", "../secret", str(folder.parent / "secret"), "..", "evil.bin"))
    if draw.random() < 0.5:
        (where / kind).unlink(missing_ok=True)
    replace(where / "evil.bin", code(folder)[1])
    replace(where / f"{kind}.index.json", json.dumps({"metadata": {}, "weight_map": {"weight": shard}}).encode())
    return f"{kind}.index.json names {shard}"


def marker(draw: random.Random, folder: Path) -> str:
    """A half-done save, or the mark of a folder made here, that came with the folder."""
    if draw.random() < 0.2:
        (folder / ".made-here").write_text(draw.choice(("[1, 2]", "null", "not json", "[" * 40)))
        return ".made-here"
    names = ["..", ".", "", "/", "../secret", "a/../../secret", "secret", str(folder.parent / "secret")]
    draw.shuffle(names)
    record = draw.choice(
        (
            "\n".join(names),
            json.dumps({"made_for": [1, 2], "retired": names}),
            json.dumps({"made_for": [os.stat(folder).st_ino, 0], "retired": names}),
        )
    )
    replace(folder / ".elm-save" / ".retired", record.encode())
    replace(folder / ".elm-save" / any_file(draw, folder).name, b"theirs")
    return f".elm-save retires {record[:60]!r}"


def size(draw: random.Random, folder: Path) -> str:
    """A file that is nothing, cut off, longer by a tail, or of a gigabyte that takes no room on disk."""
    path = any_file(draw, folder)
    data = path.read_bytes()
    what = draw.choice(("empty", "cut", "tail", "gigabyte"))
    tail = draw.randbytes(draw.randrange(1, 3000)) if what == "tail" else b""
    replace(path, {"empty": b"", "cut": data[: draw.randrange(max(len(data), 1))]}.get(what, data + tail))
    if what == "gigabyte":
        os.truncate(path, 2**30)
    return f"{path.name} is {what}"


def code_inside(draw: random.Random, folder: Path) -> str:
    """Python files and pickles, under names that libraries look for."""
    source, pickled = code(folder)
    where = draw.choice(
        (*EVIL, "conftest.py", "sitecustomize.py", "modeling.py", "state.json.pkl", "dataset_builder.py")
    )
    replace(folder / where, source if where.endswith(".py") else pickled)
    return where


SPOILS: tuple[Spoil, ...] = (link, part_linked, linked_away, not_a_file, name, index, marker, size, code_inside)
