"""Everything that is wrong with an adapter folder, found without loading the model."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from elm._errors import CheckpointError, DataFileError, ElmError
from elm._storage.files import read_json, sha256
from elm.adapters import (
    MANIFEST,
    PARTS,
    SIGNATURE,
    FolderConfig,
    Problem,
    manifest_problems,
    read_adapter_config,
    read_config,
    scan,
    shape_problems,
    tensor_kinds,
)
from elm.model.base._find import find_base
from elm.model.base._llm import check_shapes
from elm.model.base._lora import check_lora
from elm.model.folder._store import layout_problems, model_folder, needed_files, resolved_base, stored_tasks
from elm.model.hub._transfer import fetch_file

_HARMLESS = {".DS_Store", ".cache", ".git", ".gitattributes", ".gitignore", ".lock"}
"""What systems, git and the Hub's library put beside files; none of it is read here."""


def verify(folder: str | Path, base: str | Path | None = None, unlisted: bool = True) -> list[Problem]:
    """All problems of an adapter folder (or of a run's); none means that it is sound.

    Checks every hash, size, shape and kind of number, that all numbers are finite, each adapter's fingerprint, that
    there is exactly one of llm/ and lora/, and that adapters are as wide as the language model's token embeddings:
    that of llm/, or for lora/ that of `base` (a folder or a Hub id), whose weights must be the recorded ones. Each file
    of weights is read once. unlisted: whether a file that the manifest does not name is a problem, too: nothing reads
    it, and it is unchecked. Raises `DataFileError` where there is no folder.
    """
    folder = model_folder(folder)
    found = {*_problems(folder, base), *(_unlisted(folder) if unlisted else ())}
    return sorted(found, key=lambda problem: problem.path)


def _problems(folder: Path, base: str | Path | None) -> Iterator[Problem]:
    config, needed = None, ["config.json"]
    try:
        config = read_config(folder)
        needed = needed_files(config)
    except ElmError as error:
        yield _told(folder, "config.json", error)
    unsound: list[Problem] = []
    seen: set[Path] = set()

    def digest(path: Path) -> str:
        if path.suffix != ".safetensors":
            return sha256(path)
        name = path.relative_to(folder).as_posix()
        try:
            found = scan(path)
        except ElmError as error:
            unsound.append(_told(folder, name, error))
            return sha256(path)
        finally:
            seen.add(path)
        if found.not_finite:
            unsound.append(Problem(name, f"holds NaN or infinity in {', '.join(found.not_finite[:3])}"))
        return found.sha256

    try:
        yield from manifest_problems(folder, needed, digest)
    except DataFileError as error:
        yield _told(folder, "manifest.json", error)
    for path in sorted(set(folder.rglob("*.safetensors")) - seen):
        if path.is_file():  # those whose size was wrong already, or that nobody names
            digest(path)
    yield from unsound
    for part, check in (("llm", check_llm), ("lora", check_lora)):
        if (folder / part).is_dir():
            yield from _raised(folder, part, check)
    if config is not None:
        yield from layout_problems(folder, config)
        yield from _raised(folder, "config.json", lambda _: stored_tasks(config))
        yield from _adapters(folder, config, base)


def _unlisted(folder: Path) -> Iterator[Problem]:
    """Files that the manifest does not name; those of the parts that are loaded are reported by `manifest_problems`."""
    try:
        named = {MANIFEST, SIGNATURE, *read_json(folder / MANIFEST)}
    except (ElmError, TypeError):  # reported elsewhere
        return
    for where, folders, files in os.walk(folder):
        folders[:] = sorted(set(folders) - _HARMLESS)
        links = [name for name in folders if Path(where, name).is_symlink()]
        for name in sorted({*files, *links} - _HARMLESS):
            parts = Path(where, name).relative_to(folder).parts
            told = parts[0] in PARTS and not any(part.startswith(".") for part in parts)
            if not told and "/".join(parts) not in named:
                yield Problem("/".join(parts), "is not named by the manifest, so it is unchecked; move it away")


def _adapters(folder: Path, config: FolderConfig, base: str | Path | None) -> Iterator[Problem]:
    try:
        width = _width(folder, config, base)
    except ElmError as error:
        yield Problem("config.json", f"names a base that does not fit: {error}")
        width = None
    for name in config.adapters:
        place = f"adapters/{name}"
        try:
            about = read_adapter_config(folder / place)
        except ElmError as error:
            yield _told(folder, f"{place}/config.json", error)
            continue
        if not re.fullmatch(r"[\x21-\x7e]{1,128}", about.fingerprint):
            yield Problem(f"{place}/config.json", f"has no well-formed fingerprint, but {about.fingerprint[:40]!r}")
        if width is not None and about.token_dim != width:
            reason = f"writes tokens {about.token_dim} wide, but the language model reads {width}"
            yield Problem(f"{place}/config.json", reason)
        try:
            odd = shape_problems(about, tensor_kinds(folder / place / "model.safetensors"))
        except ElmError as error:
            yield _told(folder, f"{place}/model.safetensors", error)
            continue
        if odd:
            yield Problem(
                f"{place}/model.safetensors", f"holds tensors that do not fit its config: {', '.join(odd[:5])}"
            )


def _width(folder: Path, config: FolderConfig, base: str | Path | None) -> int | None:
    """How wide the language model's token embeddings are, by its config; None where no base is at hand."""
    if (folder / "llm" / "config.json").is_file() and base is None:
        return _hidden_size(read_json(folder / "llm" / "config.json"), folder / "llm")
    if base is None:
        return None
    found = resolved_base(config, folder, base) if (folder / "lora").is_dir() else find_base(base)
    place = found.place if isinstance(found.place, Path) else None
    about = place / "config.json" if place else fetch_file(str(found.place), "config.json", found.revision)
    return _hidden_size(read_json(about), found.place)


def _hidden_size(value: Any, source: object) -> int:
    found = value if isinstance(value, dict) else {}
    part = found.get("text_config")
    texts = part if isinstance(part, dict) else {}
    for name in ("hidden_size", "n_embd", "d_model"):
        size = found.get(name, texts.get(name))
        if isinstance(size, int):
            return size
    raise CheckpointError(f"{source} is not described as a language model: no hidden_size in its config.json")


def check_llm(folder: Path) -> None:
    check_shapes(folder, strict=True)


def _raised(folder: Path, name: str, check: Callable[[Path], object]) -> Iterator[Problem]:
    """The error that a check of a part raises, as a problem."""
    try:
        check(folder / name)
    except ElmError as error:
        yield Problem(name, f"cannot be used: {error}")


def _told(folder: Path, name: str, error: ElmError) -> Problem:
    """An error about a file as a problem: without the path, which the problem names itself."""
    text = str(error).removeprefix(f"{folder / name}").removeprefix(f"{folder}").strip()
    return Problem(name, text)
