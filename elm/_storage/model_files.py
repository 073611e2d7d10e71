"""What every folder of a transformers or sentence-transformers model must keep to before anything of it is loaded."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from elm._errors import DataFileError
from elm._storage.files import read_json
from elm._storage.inside import belongs

INDEX = ".safetensors.index.json"
_DEPTH = 3
"""Folders of folders that a model's files may lie in; nothing is loaded from below."""

_CODE = ("auto_map", "trust_remote_code", "custom_generate", "use_kernels", "quantization_config")


def outside_problems(folder: Path) -> Iterator[str]:
    """Links that lead out of a folder, and index files of weights that name anything but files beside them."""
    for where, folders, files in os.walk(folder):
        deep = len(Path(where).relative_to(folder).parts) >= _DEPTH
        folders[:] = [] if deep else sorted(name for name in folders if not name.startswith("."))
        for name in sorted([*folders, *files]):
            if not belongs(Path(where, name), folder):
                place = Path(where, name).relative_to(folder).as_posix()
                yield f"{place} is a link that leads out of the folder; put the file itself in its place"
    for path in sorted(folder.rglob(f"*{INDEX}")):
        try:
            index = read_json(path)
        except DataFileError as error:
            yield str(error)
            continue
        names = index.get("weight_map") if isinstance(index, dict) else None
        if not isinstance(names, dict) or not names:
            yield f"{path.name} must say in weight_map which file holds each tensor, and does not"
            continue
        for name in sorted({str(name) for name in names.values()}):
            if not re.fullmatch(r"\w[\w.-]{0,199}\.safetensors", name) or not (path.parent / name).is_file():
                yield f"{path.name} must name safetensors files that lie beside it, and names {name[:80]!r}"


def code_asked(value: Any, strict: bool = True) -> Iterator[str]:
    """The fields of a description, nested ones too, that lead to code from elsewhere.

    strict: also those that transformers would not follow, but somebody wrote for it.
    """
    for name, found in fields_of(value):
        kernel = name.endswith("attn_implementation") and "/" in str(found)
        if (strict and name in _CODE and found) or kernel:
            yield name


def fields_of(value: Any) -> Iterator[tuple[str, Any]]:
    """The fields of nested objects, by their own names."""
    waiting = [value]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            yield from value.items()
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value
