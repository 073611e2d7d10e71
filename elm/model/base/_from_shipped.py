"""The base that comes with the package."""

from __future__ import annotations

from pathlib import Path

from elm.model.base._found import Found
from elm.model.hub._access import Access

SHIPPED_BASE = Path(__file__).parents[1] / "shipped" / "base"
BASE_ID = "elm-toolkit/demo-base"


def is_shipped(name: str | Path | None) -> bool:
    """Whether a name, or the id in a model's folder, is that of the base that comes with the package."""
    return str(name) in ("shipped", BASE_ID)


def find(name: str | Path, revision: str | None, access: Access) -> Found | None:
    """The shipped base by its names."""
    return Found(BASE_ID, SHIPPED_BASE) if is_shipped(name) else None
