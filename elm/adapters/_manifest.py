"""`manifest.json`: size and sha256 of each file of a folder, so that what is loaded is what was saved.

What the manifest does not name is not read. In the parts that are loaded (`llm/`, `lora/`, `adapters/`) such a file is
refused, since other libraries read whole folders; beside them, a person's own files are left alone.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from elm._errors import CheckpointError, DataFileError
from elm._storage.fields import is_hash
from elm._storage.files import read_json, sha256, write_json
from elm._storage.inside import belongs
from elm._storage.names import is_own_name

MANIFEST = "manifest.json"
PARTS = ("adapters", "llm", "lora")

KINDS = (".json", ".safetensors", ".md", ".txt", ".png", ".jinja", ".model")
"""Descriptions, weights, texts, pictures, and the files of tokenizers: nothing that could run, no pickle."""

_AGAIN = "fetch or train the model again"


@dataclass(frozen=True)
class Problem:
    """What is wrong with a folder, and where: `path` within the folder, `what` goes on from it as a sentence."""

    path: str
    what: str

    def __str__(self) -> str:
        return f"{self.path} {self.what}"


def write_manifest(folder: Path) -> None:
    """Write size and sha256 of each file of the folder, as the last step of saving it."""
    files = sorted(p for p in folder.rglob("*") if p.is_file() and p.name != MANIFEST and p.suffix in KINDS)
    facts = {p.relative_to(folder).as_posix(): {"sha256": sha256(p), "size": p.stat().st_size} for p in files}
    write_json(folder / MANIFEST, facts)


def check_manifest(folder: Path, needed: Iterable[str] = ()) -> None:
    """Each file that the manifest names is there, of its size and hash; it names all that is `needed` or loaded.

    Raises `DataFileError` where there is no manifest, `CheckpointError` about the first thing that is wrong.
    """
    if problem := next(manifest_problems(folder, needed), None):
        raise CheckpointError(str(Path(folder) / str(problem)))


def manifest_problems(
    folder: str | Path, needed: Iterable[str] = (), digest: Callable[[Path], str] = sha256
) -> Iterator[Problem]:
    """All that is wrong with a folder's files; `digest` gives the sha256 of one, as hexadecimal digits.

    Raises `DataFileError` where there is no manifest.
    """
    folder = Path(folder)
    entries: dict[str, tuple[int, str]] = {}
    for name, facts in _read(folder).items():
        entry = _entry(facts)
        if reason := _wrong_name(name):
            yield Problem(MANIFEST, reason)
        elif entry is None:
            yield Problem(MANIFEST, f"does not give size and sha256 of each file, such as {name}; {_AGAIN}")
        else:
            entries[name] = entry
    for name in needed:
        if name not in entries:
            yield Problem(MANIFEST, f"does not name {name}; {_AGAIN}")
    for name in _loaded(folder):
        if name not in entries:
            yield Problem(name, "is not named by the manifest; remove the file, or fetch the model again")
    for name, expected in entries.items():
        path = folder / name
        if not path.is_file():
            yield Problem(name, f"is missing, though the manifest names it; {_AGAIN}")
        elif not belongs(path, folder):
            yield Problem(name, "is a link that leads out of the folder; put the file itself in its place")
        elif path.stat().st_size != expected[0] or digest(path) != expected[1]:
            yield Problem(name, f"is cut off or changed since it was saved; {_AGAIN}")


def _read(folder: Path) -> dict[str, object]:
    if not belongs(folder / MANIFEST, folder):
        raise DataFileError(f"{folder / MANIFEST} is a link that leads out of the folder; {_AGAIN}")
    manifest = read_json(folder / MANIFEST)
    if not isinstance(manifest, dict):
        raise DataFileError(f"{folder / MANIFEST} does not give size and sha256 of each file; {_AGAIN}")
    return manifest


def _entry(facts: object) -> tuple[int, str] | None:
    """Size and hash of one file, where that is what came."""
    if not isinstance(facts, dict) or set(facts) != {"size", "sha256"}:
        return None
    size, digest = facts["size"], facts["sha256"]
    sound = isinstance(size, int) and not isinstance(size, bool) and size >= 0 and is_hash(digest)
    return (size, digest) if sound else None


def _wrong_name(name: str) -> str | None:
    """Why a manifest cannot name this file; by its words alone."""
    if not is_own_name(name, depth=8) or name == MANIFEST:
        return f"names {name[:80]!r}, but a manifest names files of its own folder only"
    if PurePosixPath(name).suffix not in KINDS:
        return f"names {name[:80]!r}, but a model folder holds no code and no pickle, only {' '.join(KINDS)}"
    return None


def _loaded(folder: Path) -> Iterator[str]:
    """The files of the parts that are loaded, links to folders among them; hidden ones are read by nobody."""
    for part in PARTS:
        for where, folders, files in os.walk(folder / part):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            links = [name for name in folders if Path(where, name).is_symlink()]
            for name in sorted([*files, *links]):
                if not name.startswith("."):
                    yield Path(where, name).relative_to(folder).as_posix()
