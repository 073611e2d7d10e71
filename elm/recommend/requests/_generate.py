"""Requests by template: genres, moods, combinations and negations, in two wordings that share no sentence."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from elm._errors import CallError, LeakageError, TeacherError
from elm.chat import Client
from elm.data import GENRES
from elm.recommend.judges._lexicon import FILM_ASPECTS, REQUESTED_GENRES, Aspect
from elm.recommend.judges._request import cleaned
from elm.recommend.profiles._genre_words import genre_pattern

Wording = Literal["train", "test"]
Kind = Literal["genre", "open", "combined", "negated"]
KINDS: tuple[Kind, ...] = ("genre", "open", "combined", "negated")


@dataclass(frozen=True)
class Wish:
    """A request and what it was made from: names of aspects that it asks for, and of those that it asks to avoid."""

    text: str
    kind: Kind
    wanted: tuple[str, ...] = ()
    unwanted: tuple[str, ...] = ()


_FRAMES: dict[Wording, dict[str, tuple[str, ...]]] = {
    "train": {
        "one": (
            "I want {a}.",
            "Show me {a}.",
            "{a}",
            "Some {a}, please.",
            "I would like to see {a}.",
            "Recommend {a}.",
            "I feel like {a} tonight.",
            "Let me have {a}.",
            "I'd like {a} for this evening.",
            "More {a}.",
            "I am looking for {a}.",
            "Only {a}.",
            "something with {a}",
            "What I need now is {a}.",
            "We want {a}!",
            "give me {a}",
            "a night of {a}",
            "I love {a}.",
            "I prefer {a} today.",
            "How about {a}?",
            "My wife wants {a}.",
            "Just {a}, nothing else.",
        ),
        "two": (
            "I want {a} and {b}.",
            "{a} with {b}",
            "Show me {a} that are {b} too.",
            "I would like {a}, also {b}.",
            "Some {a}, {b} as well.",
            "Both {a} and {b}, please.",
            "give me {a} which are also {b}",
            "{a}, {b}",
            "I love {a} and {b}.",
            "A mix of {a} and {b}.",
            "What I need now is {a}, and {b}.",
        ),
        "not": (
            "No {b}.",
            "I don't want {b}.",
            "Nothing like {b}, please.",
            "Never recommend {b}.",
            "Please avoid {b}.",
            "Less of {b}.",
            "Anything except {b}.",
            "I hate {b}.",
            "Not {b} again!",
            "without {b}",
            "Never show me {b}.",
            "Please hide {b}.",
            "My wife dislikes {b}.",
            "I do not like {b}.",
            "Anything but {b}.",
            "Drop {b}.",
        ),
        "but": (
            "{a}, but no {b}",
            "I want {a} but not {b}.",
            "Show me {a} without {b}.",
            "{a}, no {b} please.",
            "I would like {a}, except {b}.",
            "Some {a}, and I don't want {b}.",
            "Recommend {a}, never {b}.",
            "I like {a}, but I hate {b}.",
            "{a}, not {b}",
            "{a} and nothing like {b}",
            "Only {a}; avoid {b}.",
            "I feel like {a}, less of {b}.",
            "No {b}, I want {a}.",
            "I don't want {b}, show me {a}.",
        ),
    },
    "test": {
        "one": (
            "Got any {a}?",
            "In the mood for {a}",
            "Find us {a} to watch together",
            "What are good {a}?",
            "My friends and I fancy {a}",
            "Could you pick {a} for the weekend?",
        ),
        "two": (
            "Got any {a} which count as {b}?",
            "In the mood for {a} crossed with {b}",
            "Fancy {a} plus {b}",
        ),
        "not": (
            "Leave out {b}",
            "Spare me {b}",
            "We are tired of {b}",
            "Steer clear of {b}",
        ),
        "but": (
            "In the mood for {a}, just leave out {b}",
            "Got any {a} minus {b}?",
            "Fancy {a} rather than {b}",
            "Find us {a} though we can't stand {b}",
            "Could you pick {a} and skip {b}?",
            "{a} instead of {b}",
        ),
    },
}


class RequestWriter:
    """Draws requests by template. wording: "train" or "test", which share no sentence and, beside the names of genres,
    no phrase (`shared_wording` shows what they share).

    >>> RequestWriter("test").about(("Horror",), np.random.default_rng(2)).wanted
    ('Horror',)
    """

    def __init__(self, wording: Wording, aspects: Sequence[Aspect] = FILM_ASPECTS) -> None:
        if wording not in _FRAMES:
            raise CallError(f"the wording is 'train' or 'test', got {wording!r}")
        self.wording, self._frames = wording, _FRAMES[wording]
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
        text = str(rng.choice(self._frames[frame])).format(**said)
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
        return str(rng.choice(aspect.said if self.wording == "train" else aspect.said_otherwise))


def chat_requests(client: Client, n: int, like: Sequence[str] = (), kind: str = "film") -> list[str]:
    """`n` requests that a chat model writes, twenty a call; each call is shown the last ones, so that they differ.

    like: the first ones that it is shown. Raises `TeacherError` where five calls in a row bring nothing new.
    """
    found: list[str] = []
    known, misses = {text.lower() for text in like}, 0
    while len(found) < n:
        shown = [*like, *found][-20:]
        new = [
            text
            for text in _answered(client.ask(_asked(shown, kind), attempt=len(found) + misses))
            if text.lower() not in known
        ]
        misses = 0 if new else misses + 1
        if misses == 5:
            raise TeacherError(f"the chat model wrote {len(found)} of {n} requests and then nothing new; ask for fewer")
        for text in new:
            known.add(text.lower())
            found.append(text)
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
    return list(dict.fromkeys(found))


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
