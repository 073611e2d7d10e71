"""Wishes in many words: frames for, against and neither, filled with things by chance; what stance is learned from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

import numpy as np

_FRAMES = Path(__file__).parent / "frames"
_FILES = {1: "for.txt", -1: "against.txt", 0: "neither.txt"}
_HEDGED = 0.25  # of the sentences

STANCES = (-1, 0, 1)
"""Against, neither, for: the order of the columns wherever a stance is three shares."""


@cache
def frames(stance: int) -> tuple[str, ...]:
    """The frames of a stance, 1 for, -1 against, 0 neither: "{x}" stands for the things, "{X}" where they come first.

    >>> "I love {x}." in frames(1), len(set(frames(1)) & set(frames(-1)))
    (True, 0)
    """
    return _lines(_FILES[stance])


@cache
def _lines(name: str) -> tuple[str, ...]:
    return tuple((_FRAMES / name).read_text(encoding="utf-8").splitlines())


def wish(rng: np.random.Generator, stance: int, thing: str, frame: str | None = None) -> str:
    """A sentence of that stance about a thing, such as "war films", sometimes behind a hedge ("Honestly, ...")."""
    known = frames(stance)
    frame = known[int(rng.integers(len(known)))] if frame is None else frame
    said = frame.replace("{X}", thing[:1].upper() + thing[1:]).replace("{x}", thing)
    if rng.random() >= _HEDGED:
        return said
    hedges = _lines("hedges.txt")
    stays = said.startswith(("I ", "I'")) or said.startswith(thing)
    return f"{hedges[int(rng.integers(len(hedges)))]} {said if stays else said[0].lower() + said[1:]}"


def named(rng: np.random.Generator, word: str, items: Sequence[str], things: Mapping[str, Sequence[str]]) -> str:
    """A thing by its name and a noun of `items` ("war films", "a good war film"), or by what such things are about.

    items: the plural first, then the singular. things: name -> phrases that do not name it; 40 % of the things that
    have some are told so.

    >>> named(np.random.default_rng(0), "war", ("films", "film"), {})
    'any war movie'
    """
    if (told := things.get(word)) and rng.random() < 0.4:
        return str(told[int(rng.integers(len(told)))])
    plural, single = items[0], items[1]
    movie = ("movies", "movie") if plural == "films" else (plural, single)
    forms = (
        f"{word} {plural}",
        f"{word} {plural}",
        f"{word} {movie[0]}",
        word,
        f"a good {word} {single}",
        f"any {word} {movie[1]}",
    )
    return forms[int(rng.integers(len(forms)))]
