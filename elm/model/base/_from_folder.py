"""A base in a transformers folder of this disk."""

from __future__ import annotations

from pathlib import Path

from elm.model.base._found import Found
from elm.model.hub._access import Access


def find(name: str | Path, revision: str | None, access: Access) -> Found | None:
    """The folder of that name, if there is one."""
    return Found(str(name), Path(name)) if Path(name).is_dir() else None
