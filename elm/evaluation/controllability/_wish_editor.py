"""Edits in the words of a set of wishes, in place of the template's: the same tasks, another writer."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

from elm._errors import CallError
from elm.evaluation.controllability._wishes import WishSet
from elm.recommend import RuleEditor, genre_words, names_genre, pieces


class WishEditor:
    """Takes the sentences about two genres out of a profile and puts a wish for and one against in; `Editor`.

    Which wish it takes is decided by the profile, so that the same profile always gives the same edit. Raises
    `CallError` for a set without a wish for and one against.
    """

    def __init__(self, wishes: WishSet) -> None:
        self.wishes = wishes
        self._for, self._against = wishes.of(1), wishes.of(-1)
        if not self._for or not self._against:
            raise CallError(f"edits need a wish for and one against, and {wishes.name} has none; add one of each")
        self._rules = RuleEditor()
        told = self.wishes.of(1, named=False) or self._for
        self._insert = RuleEditor([wish.said("{}", "{}") for wish in told])

    def favourites(self, profile: str, genres: Sequence[str]) -> tuple[str, str] | None:
        """The genre named first in favour and the one named first against."""
        return self._rules.favourites(profile, genres)

    def flip(self, profile: str, favourite: str, least: str) -> str | None:
        """What the profile says of other things, then a wish for `least` and one against `favourite`."""
        rest = [piece for piece in pieces(profile) if not any(names_genre(piece, g) for g in (favourite, least))]
        pick = zlib.crc32(profile.encode())
        said = []
        for side, genre in ((self._for, least), (self._against, favourite)):
            told = [wish for wish in side if wish.named or self.wishes.described(genre)]
            if not told:
                return None
            said.append(told[pick % len(told)].said(genre_words(genre).label[0], self.wishes.described(genre)))
        return " ".join([*(f"{piece.rstrip('.')}." for piece in rest), *said])

    def insert(self, profile: str, words: Sequence[str], number: int) -> str | None:
        """One sentence in favour replaced by a wish for these words; see `RuleEditor.insert`."""
        return self._insert.insert(profile, words, number)
