"""Where what was fetched or made once is kept for all runs of a person."""

from __future__ import annotations

import os
from pathlib import Path

from elm._errors import ElmError


def cache_home() -> Path:
    """The folder of the environment variable ELM_CACHE, or the platform's folder for caches."""
    import platformdirs

    return Path(os.environ.get("ELM_CACHE") or platformdirs.user_cache_dir("elm"))


def require_room(folder: Path, size: int, what: str) -> None:
    """Raise `ElmError` where the disk of a folder, which need not be there yet, has fewer than `size` bytes free."""
    import shutil

    there = next(place for place in (folder, *folder.absolute().parents) if place.is_dir())
    free = shutil.disk_usage(there).free
    if free < size:
        raise ElmError(
            f"{what} takes {size / 1e9:.1f} GB in {folder}, and {free / 1e9:.1f} GB are free: free some space, or name "
            "a folder on another disk in the environment variable ELM_CACHE"
        )
