"""What identifies a base of this disk: hashes of its weights, and of all files that decide its texts."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

from elm._storage.files import sha256


def weights_hash(folder: Path) -> str:
    """One hash of all safetensors files of a folder: that of the file itself where there is one."""
    files = sorted(folder.glob("*.safetensors"))
    return sha256(files[0]) if len(files) == 1 else _one_hash(folder, files)


def files_hash(folder: Path) -> str:
    """One hash of all files of a folder that decide what its model writes: weights and which of them are read, its
    config, tokenizer, chat templates and settings of decoding.
    """
    kinds = (".json", ".safetensors", ".txt", ".model", ".jinja", ".tiktoken")
    files = [
        path
        for path in (*folder.glob("*"), *folder.glob("additional_chat_templates/*"))
        if path.suffix in kinds and path.name != "manifest.json" and path.is_file()
    ]
    return _one_hash(folder, sorted(files))


def _one_hash(folder: Path, files: Iterable[Path]) -> str:
    lines = "".join(f"{sha256(path)}  {path.relative_to(folder).as_posix()}\n" for path in files)
    return hashlib.sha256(lines.encode()).hexdigest()
