"""Small pieces of English: lists, articles, sentence starts."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


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
