"""`config.json` of an adapter folder: which base it belongs to, which adapters it holds, how each task is asked.

The schema has a number. A folder of an older one is upgraded as it is read, one pure step a version; a folder of a
newer one is refused, since what this version does not know it would have to ignore.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from elm._errors import CheckpointError
from elm._storage.fields import is_count, is_name, is_number, is_text, optional, strictly
from elm._storage.files import read_json

SCHEMA = 4


@dataclass(frozen=True)
class TaskPrompt:
    """How a task was asked in training, so that the folder does not depend on another version's wording of it."""

    reads: Literal["item", "pair", "neighbours", "user"]
    prompt: str
    max_new_tokens: int
    temperature: float


@dataclass(frozen=True)
class FolderConfig:
    """What stands in `config.json`.

    base: `id`, `revision` (the Hub's commit), and of a local base `sha256` (of its weights) and `files` (of all its
    files that decide a text), None where they are not known.
    tasks: by id, those whose prompts are known. version: of the library that wrote the folder.
    allow_space_mismatch: whether vectors of another space were read in training. notes: whatever its maker added.
    """

    adapters: tuple[str, ...]
    base: Mapping[str, str | None] | None = None
    tasks: Mapping[str, TaskPrompt] = field(default_factory=dict)
    version: str = ""
    allow_space_mismatch: bool = False
    notes: Mapping[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """All fields as plain JSON values, and the number of the schema."""
        return {
            "schema": SCHEMA,
            "version": self.version,
            "base": None if self.base is None else dict(self.base),
            "adapters": list(self.adapters),
            "tasks": {name: dict(vars(task)) for name, task in sorted(self.tasks.items())},
            "allow_space_mismatch": self.allow_space_mismatch,
            "notes": dict(self.notes),
        }


def read_config(folder: str | Path) -> FolderConfig:
    """The `config.json` of an adapter folder, of this schema or an older one.

    Raises `DataFileError` where there is none, `CheckpointError` where it is that of something else, damaged, or of
    a newer schema.
    """
    path = Path(folder) / "config.json"
    value = read_json(path)
    if not isinstance(value, dict) or "schema" not in value:
        raise CheckpointError(f"{path} is not that of an embedding language model; it names no schema")
    schema = value["schema"]
    if not is_count(schema) or schema > SCHEMA:
        raise CheckpointError(
            f"{folder} has schema {str(schema)[:40]}, this version reads 1 to {SCHEMA}: update elm-toolkit"
        )
    try:
        for step in range(schema, SCHEMA):
            value = _UPGRADES[step](value)
        return _config(value)
    except ValueError as error:
        raise CheckpointError(f"{path} is not that of an embedding language model: {error}") from error


def _config(value: Any) -> FolderConfig:
    fields = strictly(value, _FIELDS)
    if fields["base"] is not None:
        strictly(fields["base"], _BASE)
    names = fields["adapters"]
    if not isinstance(names, list) or not names or not all(map(is_name, names)) or len(set(names)) != len(names):
        raise ValueError(f"it must list its adapters by name, each once, got {repr(names)[:60]}")
    tasks = {name: TaskPrompt(**strictly(task, _TASK)) for name, task in fields["tasks"].items()}
    rest = {name: fields[name] for name in ("base", "version", "allow_space_mismatch", "notes")}
    return FolderConfig(tuple(names), tasks=tasks, **rest)


_FIELDS: dict[str, Callable[[Any], bool]] = {
    "schema": is_count,
    "version": is_text,
    "base": lambda value: value is None or isinstance(value, dict),
    "adapters": lambda value: True,
    "tasks": lambda value: isinstance(value, dict),
    "allow_space_mismatch": lambda value: isinstance(value, bool),
    "notes": lambda value: isinstance(value, dict),
}
_BASE = {"id": is_text, "revision": optional(is_text), "sha256": optional(is_text), "files": optional(is_text)}
_TASK = {
    "reads": lambda value: value in ("item", "pair", "neighbours", "user"),
    "prompt": is_text,
    "max_new_tokens": lambda value: is_count(value) and value <= 65536,
    "temperature": lambda value: is_number(value) and value >= 0,
}


def _from_1(old: dict[str, Any]) -> dict[str, Any]:
    """Schema 1 named the tasks without their prompts, and a base without a hash; its other fields were free."""
    base = old.get("base")
    if isinstance(base, dict):
        base = {"revision": None, "sha256": None, **base}
    return {
        "schema": 2,
        "version": "",
        "base": base,
        "adapters": old.get("adapters"),
        "tasks": {},
        "allow_space_mismatch": False,
        "notes": {name: old[name] for name in old.keys() - {"schema", "base", "adapters", "tasks"}},
    }


def _from_2(old: dict[str, Any]) -> dict[str, Any]:
    """Schema 2 knew no task over two items."""
    return {**old, "schema": 3}


def _from_3(old: dict[str, Any]) -> dict[str, Any]:
    """Schema 3 knew a base by its weights alone."""
    base = old.get("base")
    return {**old, "schema": 4, "base": {"files": None, **base} if isinstance(base, dict) else base}


_UPGRADES: dict[int, Callable[[dict[str, Any]], dict[str, Any]]] = {1: _from_1, 2: _from_2, 3: _from_3}
