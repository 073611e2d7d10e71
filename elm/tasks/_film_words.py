"""The words that every film task fills into its patterns."""

from __future__ import annotations

import re

import numpy as np

from elm.tasks._facts import FilmFacts
from elm.tasks._phrases import ATTRIBUTE_PHRASES, capital, genre_word, listed, pick, shortened, with_article


def fill(patterns: tuple[str, ...], facts: FilmFacts, rng: np.random.Generator) -> str:
    """One of the patterns with the facts in place and capitals where sentences begin.

    Patterns may use {hero} {place} {trouble} {genres} {a_genres} {moods}, for real films {genres} {a_genres} {plot},
    and where there are six themes {theme1} {theme2} {theme3}, two each.

    >>> facts = FilmFacts(genres=("War",), plot="two moons collide.")
    >>> fill(("{plot} Fine {genres}.",), facts, np.random.default_rng(0))
    'Two moons collide. Fine war.'
    """
    genres = listed([genre_word(g) for g in facts.genres]) or "unlabelled"
    words = {
        "genres": genres,
        "a_genres": with_article(genres),
        "moods": listed([ATTRIBUTE_PHRASES[a][level] for a, level in facts.moods]),
        "hero": facts.protagonist,
        "place": facts.setting,
        "trouble": facts.conflict,
        "plot": _about(facts),
        **{f"theme{n}": listed(facts.themes[2 * n - 2 : 2 * n]) for n in (1, 2, 3)},
    }
    text = pick(rng, patterns).format(**words)
    if facts.setting is None and not words["plot"]:  # nothing but genres is known: leave no hole where the plot would be
        text = text.replace("- \n", "").replace("  ", " ").strip()
    return re.sub(r"(^- |[.!?]\s+|\n- )(\w)", lambda m: m[1] + m[2].upper(), capital(text))


def _about(facts: FilmFacts) -> str:
    """What a real film is about: its themes where they are known, else the start of its plot."""
    if facts.themes:
        return f"It tells of {listed(facts.themes)}."
    return shortened(facts.plot, 45) if facts.plot else ""


def by_source(known: tuple[str, ...], plot: tuple[str, ...], facts: FilmFacts, rng: np.random.Generator) -> str:
    """The patterns for known facts, or those for a plot: whichever the film has."""
    return fill(known if facts.setting is not None else plot, facts, rng)
