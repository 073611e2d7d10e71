"""Sets of wishes in free words: sentences for, against and neither, that name a genre or say what it is about."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from elm._errors import DataFileError
from elm._storage.files import read_json

_SHIPPED = Path(__file__).parents[1] / "wordings"
_SLOTS = ("{g}", "{d}")

SETS = ("template", "validation", "held-out")
"""The sets that come with the package, by name."""

_TEMPLATE = (("They love {g} {items}.", 1), ("They cannot stand {g} {items}.", -1))


@dataclass(frozen=True)
class Wish:
    """A sentence with {g} for a genre's name or {d} for what it is about; stance: 1 for, -1 against, 0 neither."""

    text: str
    stance: int

    @property
    def named(self) -> bool:
        """Whether it takes the genre's name."""
        return "{g}" in self.text

    def said(self, name: str, about: str | None = None) -> str:
        """The sentence about a genre; `about` says what it is about where the name is not to be used."""
        return self.text.replace("{g}", name).replace("{d}", about or name)


@dataclass(frozen=True)
class WishSet:
    """Wishes, and for each genre phrases of what it is about."""

    name: str
    wishes: tuple[Wish, ...]
    descriptions: Mapping[str, tuple[str, ...]]

    @property
    def hash(self) -> str:
        """Of the wishes and phrases, whatever file they came in."""
        told = [[(wish.text, wish.stance) for wish in self.wishes], sorted(self.descriptions.items())]
        return hashlib.sha256(json.dumps(told).encode()).hexdigest()

    def described(self, genre: str) -> str | None:
        """The first phrase of a genre; None where the set has none."""
        return next(iter(self.descriptions.get(genre, ())), None)

    def of(self, stance: int, named: bool | None = None) -> list[Wish]:
        """The wishes of one stance, all of them or those with (without) the genre's name."""
        return [wish for wish in self.wishes if wish.stance == stance and named in (None, wish.named)]


def wish_set(source: str | Path, items: str = "films") -> WishSet:
    """A set by its name (`SETS`) or from a JSON file: {"wishes": [{"text": ..., "stance": 1}], "descriptions": {...}}.

    Texts hold {g}, a genre's name, or {d}, what it is about; `descriptions` (genre -> phrases) may be left out:
    those of the held-out set stand in. items: what the template calls what it speaks of.

    Raises `DataFileError` for a file that is missing, no JSON, empty, or holds a wish twice, without a slot, or of
    another stance than 1, -1 and 0.
    """
    name = str(source)
    if name == "template":
        wishes = tuple(Wish(text.replace("{items}", items), stance) for text, stance in _TEMPLATE)
        return WishSet(name, wishes, wish_set("held-out").descriptions)
    path = _SHIPPED / f"{name}.json" if name in SETS else Path(source)
    told = _object(path)
    if "descriptions" in told:
        return WishSet(name, _wishes(path, told["wishes"]), _descriptions(path, told["descriptions"]))
    return WishSet(name, _wishes(path, told["wishes"]), wish_set("held-out").descriptions)


def _object(path: Path) -> dict[str, Any]:
    try:
        if not path.read_text(encoding="utf-8").strip():
            raise DataFileError(f"{path} is empty; write an object with a list of wishes")
    except (OSError, UnicodeDecodeError) as error:
        known = ", ".join(SETS)
        raise DataFileError(
            f"wordings are {known} or a JSON file of wishes, and {path} cannot be read: {error}"
        ) from error
    told = read_json(path)
    if not isinstance(told, dict) or not isinstance(told.get("wishes"), list) or not told["wishes"]:
        raise DataFileError(f'{path} must hold {{"wishes": [{{"text": ..., "stance": 1}}, ...]}}, one wish or more')
    if odd := sorted(set(told) - {"about", "wishes", "descriptions"}):
        raise DataFileError(f"{path} may hold about, wishes and descriptions, and has {odd[0]!r}; leave it out")
    return told


def _wishes(path: Path, told: Sequence[Any]) -> tuple[Wish, ...]:
    found: dict[str, Wish] = {}
    for number, one in enumerate(told):
        if not isinstance(one, dict) or set(one) != {"text", "stance"} or not isinstance(one["text"], str):
            raise DataFileError(f"{path}: wish {number} must be an object of text and stance, got {_short(one)}")
        text, stance = " ".join(one["text"].split()), one["stance"]
        if sum(text.count(slot) for slot in _SLOTS) != 1:
            raise DataFileError(f"{path}: wish {number} must hold {{g}} or {{d}} once, got {_short(one['text'])}")
        if isinstance(stance, bool) or not isinstance(stance, int) or stance not in (-1, 0, 1):
            raise DataFileError(f"{path}: wish {number} has stance {_short(stance)}; write 1, -1 or 0")
        if (key := text.casefold()) in found:
            raise DataFileError(f"{path}: wish {number} comes twice: {_short(text)}; leave one out")
        found[key] = Wish(text, stance)
    return tuple(found.values())


def _descriptions(path: Path, told: Any) -> dict[str, tuple[str, ...]]:
    fits = isinstance(told, dict) and all(
        isinstance(phrases, list) and phrases and all(isinstance(p, str) and p.strip() for p in phrases)
        for phrases in told.values()
    )
    if not fits:
        raise DataFileError(f"{path}: descriptions must be an object, genre -> list of phrases; write it so")
    return {genre: tuple(phrases) for genre, phrases in told.items()}


def _short(value: Any) -> str:
    told = json.dumps(value, ensure_ascii=False)
    return told if len(told) <= 60 else f"{told[:57]}..."
