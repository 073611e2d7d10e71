"""GGUF files as ordinary transformers folders: converted once, kept in the cache by the hash of the file."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from tqdm.auto import tqdm

from elm._errors import CheckpointError, DataFileError, ElmError
from elm._storage.cache import cache_home, require_room
from elm._storage.files import file_hash, read_json, write_json
from elm._storage.folders import folder_written_aside, locked
from elm.adapters import MANIFEST, write_manifest
from elm.model.base._found import Found
from elm.model.base._gguf_file import read_header, read_tokenizer, read_weights
from elm.model.base._llm import read_base, save_llm

_SOURCE = "source.json"
_NUMBER = 4  # bytes of a weight as it is kept: what a block of a GGUF file stands for is exact in float32
TURN = 3600.0
"""Seconds to wait for another process that converts the same file."""

_BESIDE = 100 * 2**20  # bytes at most of tokenizer and descriptions


def conversions() -> Path:
    """The folder of the cache that holds a folder for each converted file, called by its sha256."""
    return cache_home() / "bases"


def converted(path: Path, name: str, origin: str = "") -> Found:
    """The base of a GGUF file, converted into the cache unless it is there; `name` is what a model's folder calls it.

    It shows its progress, and a kill leaves nothing of it. origin: a text for the folder's README, such as the terms
    that the file comes with.

    Raises `CheckpointError` for a file that is cut off, of an architecture that transformers does not read, or without
    a tokenizer, `DataFileError` where the library `gguf` is missing, `ElmError` where the disk has too little room.
    """
    digest = file_hash(path)
    if found := kept(digest, name):
        return found
    header = read_header(path)
    target = conversions() / digest
    require_room(target, header.numbers * _NUMBER + _BESIDE, f"{name} as a folder that can be trained")
    target.parent.mkdir(parents=True, exist_ok=True)
    with locked(target.with_name(f"{digest}-turn"), wait=TURN):
        if found := kept(digest, name):
            return found
        with folder_written_aside(target) as aside:
            _convert(path, name, aside)
            (aside / "README.md").write_text(_card(name, digest, origin), encoding="utf-8")
            write_json(aside / _SOURCE, {"name": name, "sha256": digest})
            write_manifest(aside)
    return Found(name, target, sha256=digest)


def kept(digest: str | None, name: str) -> Found | None:
    """The base of a file of this hash, where it was converted before; a copy that is not whole counts as none."""
    folder = conversions() / str(digest)
    if digest is None or not (folder / _SOURCE).is_file():
        return None
    try:  # sizes alone: hashing the weights would take longer than reading them
        whole = all((folder / file).stat().st_size == facts["size"] for file, facts in _manifest(folder).items())
    except (ElmError, OSError, LookupError, TypeError, AttributeError):
        return None
    return Found(name, folder, sha256=digest) if whole else None


def all_kept() -> dict[str, str]:
    """The bases that were converted before: sha256 of the file -> name."""
    found = {}
    for path in sorted(conversions().glob(f"*/{_SOURCE}")):
        with contextlib.suppress(DataFileError, TypeError, LookupError):
            found[path.parent.name] = str(read_json(path)["name"])
    return found


def _manifest(folder: Path) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = read_json(folder / MANIFEST)
    return found


def _convert(path: Path, name: str, folder: Path) -> None:
    with _alone(path) as place, tqdm(total=4, desc=f"converting {name}", unit="step") as bar:
        llm = read_weights(place, path)
        bar.update()
        tokenizer = read_tokenizer(place, path)
        bar.update()
        save_llm(llm, tokenizer, folder, torch.float32)
        _tidy(folder)
        del llm, tokenizer
        bar.update()
        try:
            read_base(folder)
        except ElmError as error:
            told = str(error).replace(str(folder), str(path))
            raise CheckpointError(f"{path} holds no base that can be trained: {told}") from error
        bar.update()


@contextlib.contextmanager
def _alone(path: Path) -> Iterator[Path]:
    """The file, in a folder where no other file could have a say in how it is read."""
    with tempfile.TemporaryDirectory() as place:
        link = Path(place) / "base.gguf"
        try:
            link.symlink_to(path.resolve())
        except OSError:  # a system without links
            os.link(path.resolve(), link)
        yield link


def _tidy(folder: Path) -> None:
    """Take out what says how the file was quantised, and where it lay."""
    for name in ("config.json", "tokenizer_config.json"):
        fields: dict[str, Any] = read_json(folder / name)
        for field in ("quantization_config", "_name_or_path", "_model_name_or_path", "gguf_file", "name_or_path"):
            fields.pop(field, None)
        write_json(folder / name, fields)


def _card(name: str, digest: str, origin: str) -> str:
    told = f"# {name}\n\nConverted from a GGUF file (sha256 {digest}): its weights as float32, its tokenizer, no other."
    return f"{told}\n\n{origin}\n" if origin else f"{told}\n"
