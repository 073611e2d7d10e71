"""What films of a genre are about, in words that do not name it: content for wishes, beside the genre's own name."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from elm._storage.files import read_json


@cache
def things() -> Mapping[str, tuple[str, ...]]:
    """Genre of MovieLens -> phrases. Of other genres only the name is said.

    >>> "time travel" in things()["Sci-Fi"]
    True
    """
    found = read_json(Path(__file__).parent / "frames" / "things.json")
    return {genre: tuple(phrases) for genre, phrases in found.items()}
