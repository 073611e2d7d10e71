"""Small pieces of English: lists, articles, sentence starts, and how genres and traits are said."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from elm.data import ATTRIBUTE_WORDS, GENRE_WORDS

ATTRIBUTE_PHRASES = {name: words[0] for name, words in ATTRIBUTE_WORDS.items()}
"""attribute -> (strong, in part), in the teacher's wording."""

_TRAITS = {
    "funny": "funny films",
    "frightening": "frightening films",
    "thought_provoking": "thought-provoking films",
    "romantic": "romantic films",
    "violent": "violent films",
    "uplifting": "uplifting films",
    "dark": "dark films",
    "fast_paced": "fast-paced films",
    "era:classic": "films from before 1960",
    "era:middle": "films of the sixties and seventies",
    "era:eighties": "films of the eighties",
    "era:new": "films of the nineties",
    "fame:known": "films that everyone knows",
    "fame:obscure": "films that few have seen",
}


def genre_word(genre: str) -> str:
    """How a genre is written inside a sentence; one that MovieLens does not have stands in small letters.

    >>> genre_word("Sci-Fi"), genre_word("IMAX")
    ('science fiction', 'imax')
    """
    return GENRE_WORDS.get(genre, genre.lower())


def trait_phrase(trait: str) -> str:
    """How a trait is said as a thing to like.

    >>> trait_phrase("Sci-Fi"), trait_phrase("dark")
    ('science fiction films', 'dark films')
    """
    return _TRAITS.get(trait) or f"{genre_word(trait)} films"


def listed(parts: Sequence[str]) -> str:
    """Parts with commas and an "and".

    >>> listed(["war", "drama", "horror"])
    'war, drama and horror'
    """
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}" if parts else ""


def with_article(phrase: str) -> str:
    """The phrase behind "a" or "an", by its first letter."""
    return f"{'an' if phrase[:1] in 'aeiou' else 'a'} {phrase}"


def capital(text: str) -> str:
    """The text with a capital first letter and the rest as it is."""
    return text[:1].upper() + text[1:]


def pick(rng: np.random.Generator, choices: Sequence[str]) -> str:
    """One of the choices, each as likely; takes one draw."""
    return choices[int(rng.integers(len(choices)))]


def shortened(text: str, words: int) -> str:
    """The first `words` words, cut at the end of a sentence where one falls in the second half.

    >>> shortened("She left. He stayed behind, alone, for years.", 5)
    'She left. He stayed behind.'
    """
    parts = text.split()
    if len(parts) <= words:
        return text
    cut = " ".join(parts[:words])
    if cut[-1] in ".!?":
        return cut
    end = max(cut.rfind(". "), cut.rfind("! "), cut.rfind("? "))
    return cut[: end + 1] if end > len(cut) // 2 else f"{cut.rstrip(',;:')}."
