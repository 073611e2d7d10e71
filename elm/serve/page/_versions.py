"""The history of an edited text, with undo and redo, and the link that shares where it stands."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Self
from urllib.parse import urlencode

from elm.serve.core._limits import CHARACTERS, WORDS

_MOST = 200
"""Versions that are kept; the first one, as it was written, always is."""


@dataclass(frozen=True)
class Version:
    """A text with what else decided the list."""

    text: str
    alpha: float = 0.5
    request: str = ""
    standing: str = ""
    w_control: float = 0.8


@dataclass(frozen=True)
class Versions:
    """One person's versions, and which of them is shown. user, history: of whom the profile is.

    >>> edits = Versions("u7").with_next(Version("one")).with_next(Version("two"))
    >>> edits.undone().now.text, edits.undone().undone().now.text, edits.undone().redone().now.text
    ('one', 'one', 'two')
    >>> edits.undone().with_next(Version("three")).redone().now.text
    'three'
    """

    user: str | None = None
    history: Mapping[str, float] = field(default_factory=dict)
    texts: tuple[Version, ...] = ()
    at: int = -1

    @property
    def now(self) -> Version:
        """The version that is shown."""
        return self.texts[self.at] if self.texts else Version("")

    @property
    def first(self) -> Version:
        """The profile as it was written."""
        return self.texts[0] if self.texts else Version("")

    def with_next(self, version: Version) -> Self:
        """A new version after the one that is shown; those that were undone are gone. The same again is none."""
        if self.texts and version == self.now:
            return self
        kept = (*self.texts[: self.at + 1], version)
        if len(kept) > _MOST:
            kept = (kept[0], *kept[2:])
        return replace(self, texts=kept, at=len(kept) - 1)

    def undone(self) -> Self:
        """One back, as far as there are some."""
        return replace(self, at=max(self.at - 1, min(self.at, 0)))

    def redone(self) -> Self:
        """One on again."""
        return replace(self, at=min(self.at + 1, len(self.texts) - 1))

    def exported(self) -> str:
        """All of it as JSON."""
        shown: dict[str, Any] = asdict(self)
        return json.dumps({**shown, "history": dict(self.history)}, ensure_ascii=False, indent=2)

    def link(self) -> str:
        """The version that is shown, and the first one's text, as parameters of the page's address."""
        now, rated = self.now, ",".join(f"{item}:{rating:g}" for item, rating in self.history.items())
        told = {"user": self.user, "history": rated, "profile": now.text, "request": now.request}
        told |= {"standing": now.standing, "alpha": f"{now.alpha:g}", "w_control": f"{now.w_control:g}"}
        told |= {"before": self.first.text if self.first.text != now.text else ""}
        return "?" + urlencode({name: value for name, value in told.items() if value})


def from_link(query: Mapping[str, str]) -> Versions | None:
    """What a link's parameters say; None where they are of no profile. Odd numbers are left out, long texts cut.

    >>> from_link({"user": "u7", "profile": "They like wit.", "alpha": "0.7"}).now
    Version(text='They like wit.', alpha=0.7, request='', standing='', w_control=0.8)
    """
    if not query.get("profile"):
        return None
    history = {}
    for part in query.get("history", "").split(",")[:500]:
        item, _, rating = part.rpartition(":")
        if item and 0 < _number(rating, 0.0) <= 5:
            history[item[:200]] = _number(rating, 0.0)
    text, before = query["profile"][:CHARACTERS], query.get("before", "")[:CHARACTERS]
    alpha, w = (min(max(_number(query.get(name, ""), usual), 0.0), 1.0) for name, usual in _USUAL.items())
    found = Versions(None if history else (query.get("user") or None), history)
    if before:
        found = found.with_next(Version(before, alpha))
    return found.with_next(
        Version(text, alpha, query.get("request", "")[:WORDS], query.get("standing", "")[:CHARACTERS], w)
    )


_USUAL = {"alpha": 0.5, "w_control": 0.8}


def _number(text: str, usual: float) -> float:
    try:
        found = float(text)
    except ValueError:
        return usual
    return found if abs(found) < 1e6 else usual
