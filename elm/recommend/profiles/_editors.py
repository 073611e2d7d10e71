"""Editors: who changes a profile in the tasks of control. One by rules, offline; one that asks a language model."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

from elm._errors import CallError
from elm.chat import Client, client_around
from elm.recommend.profiles._genre_words import first_named, names_genre, swap_genres
from elm.recommend.profiles._polarity import speaks_against
from elm.recommend.profiles._sentences import pieces
from elm.recommend.tears._attribution import sentences

T = TypeVar("T")

_WORD = re.compile(r"\w")
_FRAME = re.compile(r"^(\s*(?:(?:[-*•–]|\d{1,2}[.)])\s+)?)(.*?)(\s*)$", re.DOTALL)  # bullet, words, white space behind
_WORDINGS = ("They are strongly drawn to: {}.", "They are drawn to: {}.", "They love: {}.")  # as summaries say it
_TRIES = 3


class Editor(Protocol):
    """What the tasks of control ask of an editor. None: this profile cannot be edited so."""

    def favourites(self, profile: str, genres: Sequence[str]) -> tuple[str, str] | None:
        """The most and the least liked of these genres, as the text has it."""
        ...

    def flip(self, profile: str, favourite: str, least: str) -> str | None:
        """The profile of somebody whose favourite is `least`, and who likes `favourite` least."""
        ...

    def insert(self, profile: str, words: Sequence[str], number: int) -> str | None:
        """The profile with one sentence replaced by one that names these words; each number gives another edit."""
        ...


class RuleEditor:
    """Edits by rule: the same profile always gives the same edit, and no model is asked.

    wordings: sentences for `insert`, with {} where the words go; a text side follows those best that its own texts use.

    >>> editor, profile = RuleEditor(), "They love war films. They enjoy noise. They avoid comedy films."
    >>> editor.favourites(profile, ["Comedy", "Drama", "War"])
    ('War', 'Comedy')
    >>> editor.flip(profile, "War", "Comedy")
    'They love comedy films. They enjoy noise. They avoid war films.'
    >>> editor.insert(profile, ["a lost letter", "exile"], 0)
    'They love war films. They are strongly drawn to: a lost letter and exile. They avoid comedy films.'
    """

    def __init__(self, wordings: Sequence[str] = _WORDINGS) -> None:
        if not wordings or any(wording.count("{}") != 1 for wording in wordings):
            raise CallError(f"each wording holds {{}} once, where the words go, got {list(wordings)}")
        self.wordings = tuple(wordings)

    def favourites(self, profile: str, genres: Sequence[str]) -> tuple[str, str] | None:
        """The genre named first in favour and the one named first against; None where one of them is missing.

        Genres that are named on both sides come last. Raises `CallError` for an empty profile.
        """
        liked, disliked = _named(_worded(profile), genres)
        liked.sort(key=lambda genre: genre in disliked)  # stable
        disliked.sort(key=lambda genre: genre in liked)
        pairs = ((one, two) for one in liked for two in disliked if one != two)
        return next(pairs, None)

    def flip(self, profile: str, favourite: str, least: str) -> str | None:
        """Each genre named where the other one was (`swap_genres`); None where neither is named."""
        edited = swap_genres(_worded(profile), favourite, least)
        return None if edited == profile else edited

    def insert(self, profile: str, words: Sequence[str], number: int) -> str | None:
        """Replace one of the sentences that speak in favour, the last for number 0, the one before for 1, and so on;
        once each has been replaced, the same again with the next wording.

        None where the profile has no such sentence. Raises `CallError` for an empty profile, no words or number < 0.
        """
        named = [word.strip() for word in words if _WORD.search(word)]
        if not named or number < 0:
            raise CallError(f"an insertion takes words and a number from 0 on, got {list(words)} and {number}")
        parts, things = (
            sentences(_worded(profile)),
            f"{', '.join(named[:-1])} and {named[-1]}" if named[1:] else named[0],
        )
        ways = ((wording.format(things), place) for wording in self.wordings for place in reversed(range(len(parts))))
        known, found = set(pieces(profile)), []
        for said, place in ways:  # each costs a reading of the whole text, so no more than are asked for
            if (text := _replaced(parts, place, said, known)) is not None:
                found.append(text)
                if len(found) > number:
                    return text
        return found[number % len(found)] if found else None


class LanguageModelEditor:
    """Edits by a language model (TEARS, Appendices G and H).

    ask: an `elm.chat.Client`, or a function, prompt -> answer. An answer that breaks the rules is asked for again, up
    to three times in all; then the edit is None and `failures` counts it.
    """

    def __init__(self, ask: Callable[[str], str] | Client, kind: str = "film") -> None:
        self.ask, self._client, self.kind = ask, client_around(ask), kind
        self.failures = 0

    def favourites(self, profile: str, genres: Sequence[str]) -> tuple[str, str] | None:
        """Two different ones of `genres`, as the model reads the profile."""
        prompt = (
            f"Below is a text about somebody's taste in {self.kind}s. Which of these genres do they like most, and "
            f"which least? Genres: {', '.join(genres)}.\nAnswer in two lines and nothing else:\nFavourite: <genre>\n"
            f"Least favourite: <genre>\n\nText:\n{_worded(profile)}"
        )

        def read(answer: str) -> tuple[str, str] | None:
            lines = [line.partition(":")[2] for line in answer.splitlines() if ":" in line]
            found = [next((g for g in genres if g.lower() == line.strip(" *.\"'[]<>").lower()), None) for line in lines]
            if len(found) != 2 or found[0] is None or found[1] is None or found[0] == found[1]:
                return None
            return found[0], found[1]

        return self._asked(prompt, read)

    def flip(self, profile: str, favourite: str, least: str) -> str | None:
        """The profile written anew; it must name both genres and be half to twice as long."""
        prompt = (
            f"Rewrite the text below, which is about somebody's taste in {self.kind}s, for a person whose favourite "
            f"genre is {least} and whose least favourite genre is {favourite}. Keep its style, form and length. "
            f"Answer with the text alone.\n\nText:\n{_worded(profile)}"
        )

        def read(answer: str) -> str | None:
            whole = names_genre(answer, favourite) and names_genre(answer, least)
            return answer if whole and _alike(profile, answer) else None

        return self._asked(prompt, read)

    def insert(self, profile: str, words: Sequence[str], number: int) -> str | None:
        """One sentence of the profile replaced; the answer must hold all the words and most of the old sentences."""
        if not any(_WORD.search(word) for word in words) or number < 0:
            raise CallError(f"an insertion takes words and a number from 0 on, got {list(words)} and {number}")
        prompt = (
            f"The text below is about somebody's taste in {self.kind}s. Replace one sentence of it, where it fits, by "
            f"a new one that says they like {', '.join(words)}; use all of these words as they stand, and leave every "
            f"other sentence as it is. This is version {number + 1}: another sentence is replaced in each version. "
            f"Answer with the whole new text alone.\n\nText:\n{_worded(profile)}"
        )
        old = {part.strip() for part in sentences(profile)}

        def read(answer: str) -> str | None:
            whole = all(word.lower() in answer.lower() for word in words) and _alike(profile, answer)
            gone = old - {part.strip() for part in sentences(answer)}
            return answer if whole and len(gone) <= max(1, len(old) // 4) else None

        return self._asked(prompt, read)

    def _asked(self, prompt: str, read: Callable[[str], T | None]) -> T | None:
        for attempt in range(_TRIES):
            if (found := read(self._client.ask(prompt, attempt))) is not None:
                return found
        self.failures += 1
        return None


def _worded(profile: str) -> str:
    if not _WORD.search(profile):
        raise CallError("profile is empty; an edit needs a sentence about the user")
    return profile


def _alike(profile: str, answer: str) -> bool:
    """Whether an edit is another text, half to twice as long."""
    share = len(answer.split()) / len(profile.split())
    return answer != profile.strip() and 0.5 <= share <= 2


def _named(profile: str, genres: Sequence[str]) -> tuple[list[str], list[str]]:
    """The genres that pieces in favour name and those that pieces against name, in the order of the text."""
    liked: list[str] = []
    disliked: list[str] = []
    for piece in pieces(profile):
        side = disliked if speaks_against(piece) else liked
        side.extend(genre for genre in first_named(piece, genres) if genre not in side)
    return liked, disliked


def _replaced(parts: list[str], place: int, said: str, known: set[str]) -> str | None:
    """The text with another sentence in one place, where that place is one to speak in favour; else None. known: its
    pieces before."""
    match = _FRAME.match(parts[place])
    assert match is not None  # every part of the pattern may be empty
    bullet, old, space = match.groups()
    if not _WORD.search(old) or old.endswith(":") or speaks_against(old) or old == said:
        return None
    text = "".join([*parts[:place], bullet + said + space, *parts[place + 1 :]])
    return None if any(speaks_against(piece) for piece in pieces(text) if piece not in known) else text
