"""Requests by template: genres, moods, combinations and negations, in two wordings that share no sentence."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from elm._errors import CallError, LeakageError, TeacherError
from elm.chat import Client
from elm.data import GENRES
from elm.recommend.judges._aspect import Aspect
from elm.recommend.judges._lexicon import FILM_ASPECTS, REQUESTED_GENRES
from elm.recommend.judges._request import cleaned
from elm.recommend.profiles._genre_words import genre_pattern
from elm.recommend.requests._wordings import FRAMES, HEADS, PARTS, Wording

Share = Literal["learn", "check"]
Kind = Literal["genre", "open", "combined", "negated"]
_EVERY = 5  # of a wording, to choose settings by
KINDS: tuple[Kind, ...] = ("genre", "open", "combined", "negated")


@dataclass(frozen=True)
class Wish:
    """A request and what it was made from: names of aspects that it asks for, and of those that it asks to avoid."""

    text: str
    kind: Kind
    wanted: tuple[str, ...] = ()
    unwanted: tuple[str, ...] = ()


class RequestWriter:
    """Draws requests by template. wording: "train" or "test", which share no sentence and, beside the names of genres,
    no phrase (`shared_wording` shows what they share).

    >>> RequestWriter("test").about(("Horror",), np.random.default_rng(2)).wanted
    ('Horror',)
    """

    def __init__(self, wording: Wording, aspects: Sequence[Aspect] = FILM_ASPECTS, share: Share | None = None) -> None:
        """share: of the wording, one for learning ("learn"), and a fifth of its frames, parts and phrases that the
        first never uses ("check"), to choose settings by; None is all of it. Raises `CallError` for another word."""
        if wording not in FRAMES:
            raise CallError(f"the wording is 'train' or 'test', got {wording!r}")
        if share not in (None, *get_args(Share)):
            raise CallError(f"the share of a wording is 'learn' or 'check', got {share!r}")
        self.wording, self.share = wording, share
        self._frames = {name: self._part(frames) for name, frames in FRAMES[wording].items()}
        self._parts = {name: self._part(words) for name, words in PARTS.items()}
        self._aspects = {aspect.name: aspect for aspect in aspects}
        self.genres = [name for name in REQUESTED_GENRES if name in self._aspects]
        self.moods = [name for name in self._aspects if name not in GENRES]

    def about(
        self,
        wanted: Sequence[str],
        rng: np.random.Generator,
        unwanted: Sequence[str] = (),
        kind: Kind | None = None,
    ) -> Wish:
        """A request for one or two aspects, against one, or both; `CallError` for none or for more."""
        if not (0 <= len(wanted) <= 2 and 0 <= len(unwanted) <= 1 and (wanted or unwanted)) or (
            len(wanted) == 2 and unwanted
        ):
            raise CallError(f"a template holds one or two wishes, got {list(wanted)} and against {list(unwanted)}")
        frame = ("but" if unwanted else "two" if len(wanted) == 2 else "one") if wanted else "not"
        names = {"a": wanted[0] if wanted else None, "b": unwanted[0] if unwanted else (*wanted, None)[1]}
        said = {slot: self._said(name, rng) for slot, name in names.items() if name is not None}
        text = str(rng.choice(self._frames[frame]))
        slots = {slot: str(rng.choice(words)) for slot, words in self._parts.items() if f"{{{slot}}}" in text}
        text = text.format(**said, **slots)
        by_frame: dict[str, Kind] = {"one": "open", "two": "combined", "not": "negated", "but": "negated"}
        return Wish(text[0].upper() + text[1:], kind or by_frame[frame], tuple(wanted), tuple(unwanted))

    def genre(self, name: str, rng: np.random.Generator) -> Wish:
        """A request for one genre."""
        return self.about((name,), rng, kind="genre")

    def draw(self, n: int, rng: np.random.Generator, kinds: Sequence[Kind] = KINDS) -> list[Wish]:
        """`n` requests of these kinds in equal shares, genres and moods drawn evenly."""
        found = []
        for number in range(n):
            kind = kinds[number % len(kinds)]
            if kind == "genre":
                found.append(self.genre(str(rng.choice(self.genres)), rng))
                continue
            pool = self.moods if kind == "open" else list(self._aspects)
            first, second = (str(name) for name in rng.choice(pool, 2, replace=False))
            if kind == "open":
                found.append(self.about((first,), rng, kind="open"))
            elif kind == "combined":
                found.append(self.about((first, second), rng))
            elif rng.random() < 0.2:
                found.append(self.about((), rng, (second,)))
            else:
                found.append(self.about((first,), rng, (second,)))
        return found

    def _said(self, name: str, rng: np.random.Generator) -> str:
        aspect = self._aspects[name]
        if self.wording == "test":
            return str(rng.choice(aspect.said_otherwise))
        phrase = str(rng.choice(self._part(aspect.said)))
        return re.sub(r"\b(?:films|stories)\b", str(rng.choice(self._part(HEADS))), phrase)

    def _part(self, words: Sequence[str]) -> tuple[str, ...]:
        """The own share of some words: every fifth is kept for checking."""
        held = tuple(words[_EVERY - 1 :: _EVERY])
        if self.share is None or not held:
            return tuple(words)
        return held if self.share == "check" else tuple(word for word in words if word not in held)


def chat_requests(client: Client, n: int, like: Sequence[str] = (), kind: str = "film") -> list[str]:
    """`n` requests that a chat model writes, twenty a call; each call is shown the last ones, so that they differ.

    like: the first ones that it is shown. Raises `TeacherError` where five calls in a row bring nothing new.
    """
    found: list[str] = []
    known, misses = {text.lower() for text in like}, 0
    while len(found) < n:
        shown = [*like, *found][-20:]
        before = len(found)
        for text in _answered(client.ask(_asked(shown, kind), attempt=before + misses)):
            if text.lower() not in known:
                known.add(text.lower())
                found.append(text)
        misses = 0 if len(found) > before else misses + 1
        if misses == 5:
            raise TeacherError(f"the chat model wrote {len(found)} of {n} requests and then nothing new; ask for fewer")
    return found[:n]


def _asked(shown: Sequence[str], kind: str) -> str:
    lines = [
        f"People tell a recommender in one sentence which {kind}s they want to see now. Write twenty such sentences, "
        "as different from each other as you can: single genres, moods, occasions, mixtures, and things to leave out.",
        'Answer with a JSON list of twenty strings, such as ["...", "..."], and nothing else.',
    ]
    return "\n".join([*lines, *(["Not like these:", *shown] if shown else [])])


def _answered(answer: str) -> list[str]:
    """The usable requests of an answer."""
    match = re.search(r"\[.*\]", answer, re.DOTALL)
    try:
        told = json.loads(match[0]) if match else []
    except ValueError:
        return []
    found = []
    for text in told:
        try:
            found.append(cleaned(text, warn=False))
        except CallError:
            continue
    return found


def shared_wording(train: Sequence[str], test: Sequence[str], length: int = 3) -> list[str]:
    """The runs of `length` words that training and test requests share, in alphabetical order; any name of a genre
    counts as the one word "genre".

    >>> shared_wording(["Show me war films."], ["Please show me war dramas"])
    ['show me genre']
    """
    return sorted(_runs(train, length) & _runs(test, length))


def guard_wording(train: Sequence[str], test: Sequence[str], length: int = 3) -> None:
    """`LeakageError` where test requests share a run of `length` words with those that were trained on."""
    if shared := shared_wording(train, test, length):
        raise LeakageError(
            f"requests that are measured share no wording with those that are trained on, but {len(shared)} runs of "
            f"{length} words come in both, such as {shared[0]!r}; write the test requests anew"
        )


_GENRES = re.compile(rf"(?<!\w)(?:{'|'.join(genre_pattern(name) for name in GENRES)})(?!\w)")


def _runs(texts: Sequence[str], length: int) -> set[str]:
    words = (re.findall(r"[\w'-]+", _GENRES.sub("genre", text.lower())) for text in texts)
    return {" ".join(row[i : i + length]) for row in words for i in range(len(row) - length + 1)}
