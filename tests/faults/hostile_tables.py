"""Ways to change what lies in folders other than models', drawn by a seed; `vouch` then makes the checksums fit."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import torch
from safetensors.torch import load_file, save_file

from elm._storage.files import sha256

FREE = ("about", "made", "notes", "tasks")
"""Fields that may hold anything."""

FREE_NUMBERS = ("mean", "centre")
MAY_BE_NONE = ("fingerprint", "l2", "sha256")
MAY_BE_EMPTY = ("title", "year")  # in a data set
MAY_BE_NAN = ("auc", "accuracy", "p_value")


def changed_tensors(draw: random.Random, folder: Path) -> str:
    path = draw.choice(sorted(folder.glob("*.safetensors")))
    tensors = {name: value.clone() for name, value in load_file(path).items()}
    name = draw.choice(sorted(tensors))
    what, change = draw.choice(list(_TENSORS.items()))
    change(draw, tensors, name)
    save_file({key: value.contiguous() for key, value in tensors.items()}, path)
    return f"{path.name}: {name} {what}"


def _put(value: float) -> Callable[[random.Random, dict[str, torch.Tensor], str], None]:
    def change(draw: random.Random, tensors: dict[str, torch.Tensor], name: str) -> None:
        if tensors[name].numel():
            tensors[name].view(-1)[draw.randrange(tensors[name].numel())] = value

    return change


def _cast(kind: torch.dtype) -> Callable[[random.Random, dict[str, torch.Tensor], str], None]:
    return lambda draw, tensors, name: tensors.update({name: tensors[name].to(kind)})


_TENSORS: dict[str, Callable[[random.Random, dict[str, torch.Tensor], str], Any]] = {
    "as int32": _cast(torch.int32),
    "as int64": _cast(torch.int64),
    "as bool": _cast(torch.bool),
    "with NaN": _put(float("nan")),
    "with infinity": _put(float("inf")),
    "one row less": lambda draw, t, name: t.update({name: t[name][:-1] if t[name].ndim else t[name][None]}),
    "a row twice": lambda draw, t, name: t.update({name: torch.cat([t[name].reshape(-1)] * 2)}),
    "one dimension more": lambda draw, t, name: t.update({name: t[name][None]}),
    "missing": lambda draw, t, name: t.pop(name),
    "renamed": lambda draw, t, name: t.update({f"{name}x": t.pop(name)}),
    "beside floats": lambda draw, t, name: t.update(more=torch.ones(2)),
    "beside integers": lambda draw, t, name: t.update(more=torch.ones(2, dtype=torch.int32)),
}


def changed_rows(draw: random.Random, folder: Path) -> str:
    """A cell missing, an id twice, another kind, rows or columns less or more, in a parquet file."""
    path = draw.choice(sorted(folder.glob("*.parquet")))
    table = pq.read_table(path)
    name = draw.choice(table.column_names)
    what = draw.choice(["missing", "numbers", "bytes", "fewer rows", "a row twice", "renamed", "dropped"])
    if path.stem.startswith("facts_") or (what == "missing" and len(table.column_names) == 4 and name in MAY_BE_EMPTY):
        name = table.column_names[0]  # the other columns of facts are free
    cells = table[name].to_pylist()
    if what == "missing" and cells:
        cells[draw.randrange(len(cells))] = None
    if what in ("missing", "numbers", "bytes"):
        odd = pa.array(np.arange(len(cells)) + 0.5) if name != "rating" else pa.array(list(map(str, cells)))
        new = {
            "numbers": lambda: odd,
            "bytes": lambda: pa.array([b"x"] * len(cells)),
            "missing": lambda: pa.array(cells, table[name].type),
        }[what]()
        table = table.set_column(table.column_names.index(name), name, new)
    elif what == "fewer rows":
        table = table.slice(0, max(len(table) - 1, 0))
    elif what == "a row twice":
        table = pa.concat_tables([table, table.slice(0, 1)])
    elif what == "renamed":
        table = table.rename_columns([f"{n}x" if n == name else n for n in table.column_names])
    else:
        table = table.drop_columns([name])
    pq.write_table(table.replace_schema_metadata(None) if draw.random() < 0.5 else table, path)
    return f"{path.name}: {name} {what}"


def changed_fields(draw: random.Random, folder: Path) -> str:
    """A field of a JSON description gone, new, or of another kind."""
    path = draw.choice(sorted(folder.glob("*.json")))
    value = json.loads(path.read_text())
    places = list(_places(value, ()))
    place = draw.choice(places)
    holder: Any = value
    for key in place[:-1]:
        holder = holder[key]
    what = draw.choice(["gone", "new", "odd", "odd", "odd"])
    if what == "gone" and isinstance(holder, dict):
        del holder[place[-1]]
    elif what == "new" and isinstance(holder, dict):
        holder["more"] = 1
    else:
        holder[place[-1]] = what = _odd(draw, place, holder[place[-1]])
    path.write_text(json.dumps(value))
    return f"{path.name}: {place} {what!r}"


def _places(value: Any, at: tuple[Any, ...]) -> Any:
    for key in value if isinstance(value, dict) else range(min(len(value), 3)) if isinstance(value, list) else ():
        if key not in FREE:
            yield (*at, key)
            yield from _places(value[key], (*at, key))


def _odd(draw: random.Random, place: tuple[Any, ...], value: Any) -> Any:
    odd = [float("nan"), float("inf"), -1e9, 10**400, [], {"a": 1}, "\0", None, True, [None], "../../etc"]
    if place[-1] in MAY_BE_NONE or value is None:
        odd.remove(None)
    if place[-1] in MAY_BE_NAN:
        odd = odd[1:]
    if isinstance(value, str):  # another text may be as good
        odd = [one for one in odd if not isinstance(one, str)]
    if place[0] in FREE_NUMBERS or place[-1] in FREE_NUMBERS:
        odd.remove(-1e9)
    if isinstance(value, bool):
        odd.remove(True)
    if place[-1] == "l2":  # any number
        odd = [one for one in odd if isinstance(one, str | list | dict)]
    return copy.deepcopy(draw.choice([one for one in odd if one != value or type(one) is not type(value)]))


def vouch(folder: Path) -> None:
    """Write the sha256 of what is there now wherever a description holds one."""
    for path in folder.glob("*.json"):
        try:
            about = json.loads(path.read_text())
        except ValueError:
            continue
        if not isinstance(about, dict):
            continue
        for field in ("sha256", "files", "hashes"):
            held = about.get(field)
            if isinstance(held, dict):
                for name in held:
                    file = next((f for f in (folder / str(name), folder / f"{name}.parquet") if f.is_file()), None)
                    held[name] = sha256(file) if file else held[name]
            elif field == "sha256" and isinstance(held, str):
                file = next(f for f in sorted(folder.iterdir()) if f.suffix in (".safetensors", ".parquet", ".csv"))
                about[field] = sha256(file)
        path.write_text(json.dumps(about))


CHANGES = (changed_tensors, changed_rows, changed_fields)


def change(draw: random.Random, folder: Path) -> str:
    """Change a folder in one way that its files allow, and have its checksums vouch for that."""
    able = [
        one
        for one, kind in zip(CHANGES, ("safetensors", "parquet", "json"), strict=True)
        if any(folder.glob(f"*.{kind}"))
    ]
    told = draw.choice(able)(draw, folder)
    vouch(folder)
    return told
