"""Patterns with places for facts: how the template teacher words what it knows."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from string import Formatter

import numpy as np

from elm._errors import CallError
from elm.tasks._domain import Writer, domain_named
from elm.tasks._english import capital, listed, pick, shortened, with_article
from elm.tasks.facts._facts import ItemFacts

_SHOWN = 45  # words of a real item's text that a template quotes


def patterns(
    known: Sequence[str],
    quoted: Sequence[str] = (),
    themed: Sequence[str] = (),
    change: Callable[[ItemFacts], ItemFacts] = lambda facts: facts,
) -> Writer:
    """A writer that picks a pattern and puts the facts of an item into it.

    known: for items with aspects; places {kinds} {a_kinds} {qualities} and every aspect by its name. quoted: for items
    with a text, {text}, and {kinds}; themed: where there are six themes, {theme1} {theme2} {theme3} of two each.
    change: what happens to the facts first.
    """

    def write(facts: ItemFacts, rng: np.random.Generator) -> str:
        facts = change(facts)
        chosen = known if facts.aspects else themed if themed and len(facts.themes) >= 6 else quoted
        if not facts.kinds:  # where there is a choice, none speaks of kinds
            chosen = [pattern for pattern in chosen if "kinds}" not in pattern] or chosen
        return fill(pick(rng, chosen), words_of(facts))

    return write


def words_of(facts: ItemFacts, number: str = "") -> dict[str, str]:
    """What stands in the places of a pattern, by name; `number` is put behind the names, to tell two items apart."""
    domain = domain_named(facts.domain)
    kinds = listed(list(map(domain.kind_word, facts.kinds))) or "unlabelled"
    words = {
        "kinds": kinds,
        "a_kinds": with_article(kinds),
        "qualities": listed([domain.quality_words(*found) for found in facts.qualities]),
        "text": _about(facts),
        **{f"theme{n}": listed(facts.themes[2 * n - 2 : 2 * n]) for n in (1, 2, 3)},
        **facts.aspects,
    }
    return {name + number: word for name, word in words.items()}


def fill(pattern: str, words: dict[str, str]) -> str:
    """The pattern with the words in their places and capitals where sentences begin.

    Raises `CallError` for a place that no word is known for.

    >>> fill("{text} Fine {kinds}.", words_of(ItemFacts(kinds=("War",), text="two moons collide.")))
    'Two moons collide. Fine war.'
    """
    try:
        text = pattern.format(**words)
    except (KeyError, IndexError, ValueError) as error:
        raise CallError(
            f"a wording has places for what is known of an item ({', '.join(words)}), and {pattern!r} has another: "
            f"{error}"
        ) from error
    if words.get("text") == "":  # nothing but kinds is known: leave no hole where the text would be
        text = text.replace("- \n", "").replace("  ", " ").strip()
    return re.sub(r"(^- |[.!?]\s+|\n(?:- )?)(\w)", lambda m: m[1] + m[2].upper(), capital(text))


def places(pattern: str) -> list[str]:
    """The names of a pattern's places; `ValueError` for braces that do not close."""
    return [name for _, name, _, _ in Formatter().parse(pattern) if name is not None]


def _about(facts: ItemFacts) -> str:
    """What a real item is about: its themes where they are known, else the start of its text."""
    if facts.themes:
        return f"It tells of {listed(facts.themes)}."
    return shortened(facts.text, _SHOWN) if facts.text else ""
