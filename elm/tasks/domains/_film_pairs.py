"""What the template teacher writes of two films: what they share, where they differ, and what lies between them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from elm.tasks._domain import domain_named
from elm.tasks._english import listed, pick
from elm.tasks.domains._templates import fill, words_of
from elm.tasks.facts._facts import ItemFacts

Pair = tuple[ItemFacts, ItemFacts]
_LINES = 3

_SAME = {
    "setting": ("both take place in {setting1}", "{setting1} is the scene of both"),
    "protagonist": ("both follow {protagonist1}", "{protagonist1} is the hero of both"),
    "conflict": ("both turn on {conflict1}", "{conflict1} is the matter of both"),
}
_OTHER = {
    "protagonist": (
        "the first follows {protagonist1}, the second {protagonist2}",
        "the hero here is {protagonist1}, there {protagonist2}",
    ),
    "setting": (
        "the first takes place in {setting1}, the second in {setting2}",
        "the scene here is {setting1}, there {setting2}",
    ),
    "conflict": (
        "the first turns on {conflict1}, the second on {conflict2}",
        "the matter here is {conflict1}, there {conflict2}",
    ),
}
_KINDS_DIFFER = (
    "the first is {a_kinds1} film, the second {a_kinds2} film",
    "one is {a_kinds1} film, the other {a_kinds2} film",
)
_QUALITIES_DIFFER = (
    "the first is {qualities1}, the second {qualities2}",
    "one is {qualities1}, the other {qualities2}",
)
_LOOSE = (
    ("both put one person to the test", "both stay close to one person"),
    ("both keep to one place", "both know their one place well"),
    ("both turn on a single matter", "both begin with a single blow"),
)


def _shared(pair: Pair, rng: np.random.Generator) -> Iterator[str]:
    """What two films have in common, the most telling first; loose things where there is little."""
    first, second = pair
    domain = domain_named(first.domain)
    for name, wordings in _SAME.items():
        if first.aspects.get(name) is not None and first.aspects.get(name) == second.aspects.get(name):
            yield pick(rng, wordings)
    if kinds := [domain.kind_word(kind) for kind in first.kinds if kind in second.kinds]:
        yield f"both are {listed(kinds)} films"
    theirs = {name for name, _ in second.qualities}
    if moods := [domain.trait(name) for name, _ in first.qualities if name in theirs]:
        yield f"both are {listed(moods)}"
    if themes := [theme for theme in first.themes if theme in second.themes]:
        yield f"both tell of {listed(themes)}"
    for wordings in _LOOSE:
        yield pick(rng, wordings)


def _different(pair: Pair, rng: np.random.Generator) -> Iterator[str]:
    """Where two films differ, the most telling first."""
    first, second = pair
    for name, wordings in _OTHER.items():
        if name in first.aspects and first.aspects.get(name) != second.aspects.get(name):
            yield pick(rng, wordings)
    if set(first.kinds) != set(second.kinds):
        yield pick(rng, _KINDS_DIFFER)
    if first.qualities and first.qualities != second.qualities:
        yield pick(rng, _QUALITIES_DIFFER)
    if first.themes and second.themes:
        yield "the first tells of {theme11}, the second of {theme12}"
    yield from ("they differ in pace", "they differ in their ends", "they differ in their people")


def _most(lines: Iterator[str]) -> str:
    return "\n".join(f"- {line}" for line, _ in zip(lines, range(_LINES), strict=False))


def _writer(pattern: Callable[[Pair, np.random.Generator], str]) -> Callable[[Pair, np.random.Generator], str]:
    """A writer of pairs: the pattern with the facts of both in their places."""

    def write(pair: Pair, rng: np.random.Generator) -> str:
        return fill(pattern(pair, rng), words_of(pair[0], "1") | words_of(pair[1], "2"))

    return write


def _similarities(pair: Pair, rng: np.random.Generator) -> str:
    return f"Alike ({{kinds1}}; {{kinds2}}):\n{_most(_shared(pair, rng))}\nDifferent:\n{_most(_different(pair, rng))}"


_BETWEEN = (
    "{protagonist1} and {protagonist2} meet in {setting1}, where {conflict2} is all the talk; {conflict1} has driven "
    "both "
    "from {setting2}. Half {kinds1} film, half {kinds2} film, it is {qualities1}, and also {qualities2}.",
    "Somewhere between {setting1} and {setting2}, {protagonist1} runs into {protagonist2}. What begins as {conflict1} "
    "becomes {conflict2}. Part {kinds1} film, part {kinds2} film: {qualities1}, {qualities2}.",
)
_BETWEEN_PLOTS = (
    "Half {kinds1} film, half {kinds2} film. {text1} And then: {text2}",
    "Part {kinds1} film, part {kinds2} film. {text1} Meanwhile: {text2}",
)
_LIKED = (
    "You liked {protagonist1} in {setting1} and the way {conflict1} is told. Here you find {protagonist2} in "
    "{setting2}, "
    "and {conflict2}.",
    "If {conflict1} held you, so will {conflict2}; and if you felt for {protagonist1} in {setting1}, wait for "
    "{protagonist2} in {setting2}.",
)
_LIKED_PLOTS = (
    "You liked {a_kinds1} film; here is {a_kinds2} film. {text2}",
    "If the first held you, so will this. {text2} It is {a_kinds2} film.",
)

_AND_YET = (
    "{protagonist1} here, {protagonist2} there, and yet:",
    "{conflict1} in the one, {conflict2} in the other; still:",
)


def _common(pair: Pair, rng: np.random.Generator) -> str:
    opening = f"{pick(rng, _AND_YET)}\n" if pair[0].aspects else ""
    return opening + _most(_shared(pair, rng))


def _interpolation(pair: Pair, rng: np.random.Generator) -> str:
    return pick(rng, _BETWEEN if pair[0].aspects else _BETWEEN_PLOTS)


def _why_like(pair: Pair, rng: np.random.Generator) -> str:
    said = pick(rng, _LIKED if pair[0].aspects else _LIKED_PLOTS)
    shared = [line for line, _ in zip(_shared(pair, rng), range(2), strict=False)]
    return f"{said} Besides, {listed(shared)}."


PAIRS = {
    "similarities": _writer(_similarities),
    "interpolation": _writer(_interpolation),
    "why_like_nn": _writer(_why_like),
    "diff_than_nn": _writer(lambda pair, rng: _most(_different(pair, rng))),
    "common_with_nn": _writer(_common),
}
"""Task id -> writer."""
