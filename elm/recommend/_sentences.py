"""Cutting a profile into the pieces that carry one preference each.

Likes and dislikes of one genre lie close together in a sentence encoder, and a vector of the whole text hardly shows
which is which. So the text encoder reads a profile piece by piece, and each piece has to keep its own polarity: a
bullet under "Dislikes:" takes its heading along, and "comedies, but not war films" becomes two pieces.
"""

from __future__ import annotations

import re

_BULLET = re.compile(r"^\s*(?:[-*•–]|\d{1,2}[.)])\s+")
_SENTENCE_END = re.compile(r"(?<=[.!?])[\"')\]]*\s+(?=[\"'(\[]*[A-Z0-9])")
_CONTRAST = re.compile(r"[,;]?\s+(?=(?:but|while|whereas|although|though|yet|however|except)\b)", re.IGNORECASE)
_WORD = re.compile(r"\w")


def pieces(profile: str) -> list[str]:
    """The sentences, bullets and contrasted clauses of a text, in order; empty for a text without a word.

    >>> pieces("Enjoys comedies, but not war films. Likes wit.")
    ['Enjoys comedies', 'but not war films.', 'Likes wit.']
    >>> pieces("Dislikes:\\n- horror\\n- westerns")
    ['Dislikes: horror', 'Dislikes: westerns']
    """
    found: list[str] = []
    heading, headed = "", False
    for line in profile.splitlines():
        text = _BULLET.sub("", line).strip().strip("#*").strip()
        is_bullet = _BULLET.match(line) is not None
        if not _WORD.search(text):
            continue
        if text.endswith(":") and not is_bullet:
            if heading and not headed:  # two headings in a row: the first stands for itself
                found.append(heading)
            heading, headed = text, False
            continue
        if heading and not is_bullet and headed:  # a heading reaches over one paragraph or over its bullets
            heading = ""
        for sentence in _SENTENCE_END.split(text):
            clauses = [clause.strip() for clause in _CONTRAST.split(sentence)]
            found.extend(f"{heading} {clause}".strip() for clause in clauses if _WORD.search(clause))
        headed = True
    if heading and not headed:
        found.append(heading)
    return found
