"""Standing wishes: what a user never wants, or always would rather have, kept beside the profile."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from elm._errors import CallError, DataFileError, UnknownNameError
from elm._storage.files import read_json, write_json
from elm.recommend.judges._lexicon import FILM_ASPECTS
from elm.recommend.judges._reading import Reading, read
from elm.recommend.judges._request import cleaned
from elm.recommend.requests._when import ALWAYS, When, read_when

SCHEMA = 1


@dataclass(frozen=True)
class StandingWish:
    """One wish. text: as it was said; wish: without its condition. number: by which it is edited and removed."""

    number: int
    text: str
    wish: str
    when: When = ALWAYS

    @property
    def reading(self) -> Reading:
        """What it asks for and what it asks to leave out."""
        return read(self.wish)

    @property
    def never(self) -> bool:
        """Whether it only leaves things out: then it is a filter, else it adds to what the list should be."""
        found = self.reading
        return bool(found.unwanted) and not found.wanted


class StandingWishes:
    """The standing wishes of a user, in the order in which they came; a later one wins over an earlier one.

    >>> wishes = StandingWishes(["Never war films", "No horror after eight"])
    >>> [(wish.number, wish.when.said()) for wish in wishes]
    [(1, 'always'), (2, 'from 20:00')]
    """

    def __init__(self, wishes: Iterable[str | StandingWish] = ()) -> None:
        self._wishes: list[StandingWish] = []
        self._now: datetime | None = None
        self._context: tuple[str, ...] = ()
        for wish in [wishes] if isinstance(wishes, str) else wishes:
            if isinstance(wish, StandingWish):
                self._wishes.append(wish)
            else:
                self.add(wish)

    def __iter__(self) -> Iterator[StandingWish]:
        return iter(self._wishes)

    def __len__(self) -> int:
        return len(self._wishes)

    def add(self, text: str, when: When | None = None) -> StandingWish:
        """Keep a wish; its condition is read from the sentence unless `when` gives it. Errors of a request, and
        `CallError` for one of which nothing but a condition is left."""
        wish = self._made(1 + max((one.number for one in self._wishes), default=0), text, when)
        self._wishes.append(wish)
        return wish

    def edit(self, number: int, text: str, when: When | None = None) -> StandingWish:
        """Put another sentence in the place of a wish; it counts as the latest. Raises `UnknownNameError`."""
        wish = self._made(number, text, when)
        self.remove(number)
        self._wishes.append(wish)
        return wish

    def remove(self, number: int) -> StandingWish:
        """Take a wish away; `UnknownNameError` for a number that none has."""
        found = next((one for one in self._wishes if one.number == number), None)
        if found is None:
            raise UnknownNameError("standing wish", number, [one.number for one in self._wishes])
        self._wishes.remove(found)
        return found

    def at(self, now: datetime | None = None, context: Collection[str] = ()) -> StandingWishes:
        """The same wishes, seen from a time (default: that of the call) and an occasion such as ("kids",)."""
        seen = StandingWishes(self)
        seen._now, seen._context = now, tuple(context)
        return seen

    def active(self, request: str | None = None) -> tuple[list[StandingWish], list[str]]:
        """The wishes that hold now, and remarks on those that a later one overrules.

        Two wishes contradict each other where one asks for an aspect (a genre, a mood) that the other asks to leave
        out. The later one wins, and `request`, that of the moment, over all of them; what else the earlier asks for
        goes on.
        """
        now = self._now or datetime.now()
        return _settled([wish for wish in self._wishes if wish.when.holds(now, self._context)], request)

    def contradictions(self) -> list[str]:
        """Remarks on wishes that a later one overrules where both hold."""
        return _settled(self._wishes)[1]

    def save(self, path: str | Path) -> Path:
        """Write a JSON file."""
        rows = [{"number": one.number, "text": one.text, "wish": one.wish, "when": one.when.to_dict()} for one in self]
        write_json(path, {"schema": SCHEMA, "wishes": rows})
        return Path(path)

    @classmethod
    def load(cls, path: str | Path) -> StandingWishes:
        """Read what `save` wrote; `DataFileError` where it is missing or something else."""
        told = read_json(path)
        try:
            if not isinstance(told, dict) or told["schema"] != SCHEMA:
                raise ValueError(f"it must have schema {SCHEMA}")
            wishes = [_from_dict(row) for row in told["wishes"]]
            if len({wish.number for wish in wishes}) != len(wishes):
                raise ValueError("two wishes have one number")
        except (KeyError, TypeError, ValueError) as error:
            raise DataFileError(f"{path} does not hold standing wishes ({error}); write them anew") from error
        return cls(wishes)

    @staticmethod
    def _made(number: int, text: str, when: When | None) -> StandingWish:
        said = cleaned(text)
        wish, found = read_when(said) if when is None else (said, when)
        return StandingWish(number, said, cleaned(wish), found)


def _from_dict(row: dict[str, Any]) -> StandingWish:
    when = row["when"]
    if not isinstance(row["number"], int) or not all(isinstance(row[name], str) for name in ("text", "wish")):
        raise ValueError("a wish has a number and texts")
    condition = When(when["after"], when["before"], tuple(when["days"]), when["context"])
    if condition.context is not None and not isinstance(condition.context, str):
        raise CallError(f"a context is a word, got {condition.context!r}")
    return StandingWish(row["number"], cleaned(row["text"]), cleaned(row["wish"]), condition)


def _without(reading: Reading, names: Collection[str]) -> Reading:
    def rest(some: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(name for name in some if name not in names)

    return replace(reading, wanted=rest(reading.wanted), unwanted=rest(reading.unwanted))


def _said(reading: Reading) -> str | None:
    """A reading as a sentence that reads the same; None where nothing is left."""
    name = {aspect.name: aspect.said[0] for aspect in FILM_ASPECTS}
    wanted, unwanted = ([name[one] for one in some] for some in (reading.wanted, reading.unwanted))
    parts = [", ".join(wanted)] if wanted else []
    parts += ["no " + " or ".join(unwanted)] if unwanted else []
    return ", but ".join(parts) or None


def _settled(held: Sequence[StandingWish], request: str | None = None) -> tuple[list[StandingWish], list[str]]:
    """What is left of wishes once later ones have won, and remarks on it."""
    later = [(f"wish {wish.number} ({wish.text!r})", wish.reading) for wish in held]
    later += [("the request", read(request))] if request is not None else []
    kept: list[StandingWish] = []
    remarks: list[str] = []
    for place, wish in enumerate(held):
        reading = wish.reading
        for said, other in later[place + 1 :]:
            against = set(reading.wanted) & set(other.unwanted) | set(reading.unwanted) & set(other.wanted)
            if against:
                names = ", ".join(sorted(against))
                remarks.append(f"{said} came later and wins over wish {wish.number} ({wish.text!r}) in: {names}")
                reading = _without(reading, against)
        rest = wish.wish if reading == wish.reading else _said(reading)
        if rest is not None:
            kept.append(replace(wish, wish=rest))
    return kept, remarks
