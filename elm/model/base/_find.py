"""A base by its name: each kind of place is one file, and is asked in this order."""

from __future__ import annotations

from pathlib import Path

from elm._errors import DataFileError
from elm.model.base import _from_folder, _from_gguf, _from_hub, _from_package, _from_shipped
from elm.model.base._found import Found
from elm.model.hub._access import Access

_PLACES = (_from_shipped.find, _from_gguf.find, _from_folder.find, _from_package.find, _from_hub.find)


def find_base(name: str | Path, revision: str | None = None, access: Access | None = None) -> Found:
    """The base of that name: "shipped", a transformers folder, a GGUF file, a packaged base such as "gemma-3-270m"
    (`elm.model.PACKAGED`), or a repository on the Hub.

    A GGUF file is converted into a folder of the cache the first time (see `converted`). Raises `DataFileError` where
    there is no such base, `CheckpointError` for a GGUF file that is none.
    """
    for find in _PLACES:
        if found := find(name, revision, access or Access()):
            return found
    raise DataFileError(f"there is no base {name}")
