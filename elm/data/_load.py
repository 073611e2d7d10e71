"""Any data set by its name or its folder."""

from __future__ import annotations

import os
from pathlib import Path

from elm._errors import CallError, DataFileError, UnknownNameError
from elm.data._dataset import Dataset
from elm.data._k_core import k_core
from elm.data._store import HEADER
from elm.data.generated._demo import demo
from elm.data.generated._demo_shop import demo_shop
from elm.data.loaders._amazon import amazon
from elm.data.loaders._amazon_files import find_amazon
from elm.data.loaders._goodbooks import GOODBOOKS, holds_goodbooks, load_goodbooks
from elm.data.loaders._movielens import RELEASES, load_movielens, releases_in
from elm.data.loaders._netflix import NETFLIX, holds_netflix, load_netflix

_GENERATED = {"demo": demo, "demo-shop": demo_shop}
_IN_FOLDERS = {GOODBOOKS: (holds_goodbooks, load_goodbooks), NETFLIX: (holds_netflix, load_netflix)}
_THINGS = {"demo-shop": "products", "amazon": "products", GOODBOOKS: "books"}
"""How the names of data sets begin whose items are not films, and what they are."""

NAMES: tuple[str, ...] = (*_GENERATED, *RELEASES, *_IN_FOLDERS)
"""The data sets that load by name."""


def things_of(name: str) -> str | None:
    """What the items of a known data set are, by its name; None where its name does not say."""
    return next((things for start, things in _THINGS.items() if name.startswith(start)), None)


def load(name_or_path: str | Path, folder: str | Path | None = None, seed: int = 0, core: int = 1) -> Dataset:
    """Load a data set by name (one of `NAMES`, such as "demo", "demo-shop" or "ml-100k"), or from a folder.

    A folder is one that `Dataset.save` wrote, or one with the files of a MovieLens release, of a category of Amazon
    reviews (for which `amazon` has settings), of Goodbooks-10K or of the Netflix Prize. `folder` says where what is
    named lies; without it a MovieLens release is downloaded once and cached. `seed` is for what is generated or drawn;
    `core` above 1 keeps the `k_core` alone.
    Raises `UnknownNameError` (with the nearest name) and `DataFileError`.

    >>> load("demo").name
    'demo'
    """
    if core < 1:
        raise CallError(f"a core has at least 1 rating per user and item, but core={core} came")
    dataset = _load(name_or_path, folder, seed, core)
    return k_core(dataset, core) if core > 1 else dataset


def _load(name_or_path: str | Path, folder: str | Path | None, seed: int, core: int) -> Dataset:
    name = str(name_or_path)
    if name in _GENERATED and not isinstance(name_or_path, Path):
        return _GENERATED[name](seed=seed)
    if name in RELEASES and not isinstance(name_or_path, Path):
        return load_movielens(name, folder)
    if name in _IN_FOLDERS and not isinstance(name_or_path, Path):
        if folder is None:
            raise CallError(f"{name} is not downloaded; fetch it from its owner and give its folder (--folder)")
        return _IN_FOLDERS[name][1](folder)
    path = Path(name_or_path)
    if path.is_dir():
        return _load_folder(path, seed, core)
    if isinstance(name_or_path, Path) or os.sep in name or name.startswith((".", "~")):
        raise DataFileError(f"{path} is not a folder; give a saved data set's folder or one of: {', '.join(NAMES)}")
    raise UnknownNameError("data set", name, NAMES, "(or give a folder)")


def _load_folder(path: Path, seed: int, core: int) -> Dataset:
    if (path / HEADER).is_file():
        return Dataset.load(path)
    found = [(release, place) for place in (path, *_below(path)) for release in releases_in(place)]
    others = [read for holds, read in _IN_FOLDERS.values() if holds(path)]
    if not found and others:
        return others[0](path)
    if not found and find_amazon(path) is not None:
        return amazon(path, core=core, seed=seed)
    if not found:
        raise DataFileError(
            f"{path} holds neither a saved data set ({HEADER}) nor the files of a MovieLens release "
            f"({', '.join(RELEASES)}), Goodbooks-10K, the Netflix Prize or of Amazon reviews; give another folder"
        )
    if len(found) > 1:
        names = ", ".join(release for release, _ in found)
        raise CallError(f"{path} holds several data sets ({names}); name one and give the folder beside it")
    return load_movielens(*found[0])


def _below(path: Path) -> list[Path]:
    return sorted(p for p in path.iterdir() if p.is_dir())
