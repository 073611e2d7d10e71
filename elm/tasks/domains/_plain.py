"""Wordings for items of any domain, which quote what an item's own text says."""

from __future__ import annotations

from elm.tasks._domain import Writer
from elm.tasks.domains._templates import patterns

_SAID = {
    "summary": ("{text}", "From {kinds}: {text}", "{text} It belongs to {kinds}."),
    "positive_review": (
        "I loved this <item>. {text} It stays with me.",
        "One of the best <items> in {kinds}. {text} Warmly recommended.",
        "Five stars. {text} I would choose this <item> again.",
    ),
    "negative_review": (
        "This <item> left me cold. {text} None of it works.",
        "Not one of the better <items> in {kinds}. {text} I expected more.",
        "One star. {text} I would not choose this <item> again.",
    ),
    "neutral_review": (
        "A fair <item>. {text} Some of it works.",
        "Three stars. {text} There are better <items> in {kinds}, and worse ones.",
    ),
}


def plain_wordings(item: str, items: str) -> dict[str, Writer]:
    """Task id -> writer, with the domain's nouns."""
    return {
        task: patterns((), tuple(text.replace("<items>", items).replace("<item>", item) for text in said))
        for task, said in _SAID.items()
    }
