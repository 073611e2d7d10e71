"""Cutting a profile into the pieces that carry one preference each.

Likes and dislikes of one genre lie close together in a sentence encoder, and a vector of the whole text hardly shows
which is which. So the text encoder reads a profile piece by piece, and each piece has to keep its own polarity: a
bullet under "Dislikes:" takes its heading along, "comedies, but not war films" becomes two pieces, and a list of things
one a thing, each behind the words that lead the list in.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from elm._text.sentences import sentences

_BULLET = re.compile(r"^\s*(?:[-*•–]|\d{1,2}[.)])\s+")
_CONTRAST = re.compile(r"[,;]?\s+(?=(?:but|while|whereas|although|though|yet|however|except)\b)", re.IGNORECASE)
_WORD = re.compile(r"\w")
_LEADS = (
    r"are|is|by|to|with|for|of|enjoys?|loves?|likes?|dislikes?|hates?|prefers?|avoids?|favou?rs?|appreciates?|"
    r"seeks? out|picks?|picked|chooses?|chosen"
)
_BETWEEN = (
    r"not|very|less|more|strongly|most|mostly|also|put|off|drawn|fond|interested|attracted|keen|indifferent|tired|bored|"
    r"moved"
)
_LEAD = re.compile(
    rf"^(?:[^,:]*:|.*?\b(?:{_LEADS})\b(?:\s+(?:(?:{_BETWEEN})\s+)*(?:{_LEADS}|in|on)\b)*)\s+", re.IGNORECASE
)
_ABOUT = re.compile(r"[\w-]+\s+about\s+", re.IGNORECASE)
_AND = re.compile(r"(?:^|\s+)(?:and|or)\s+", re.IGNORECASE)


def pieces(profile: str) -> list[str]:
    """The clauses of a text, those that list things once for each thing; empty for a text without a word.

    >>> pieces("Seldom enjoys war films, westerns and cartoons.")
    ['Seldom enjoys war films', 'Seldom enjoys westerns', 'Seldom enjoys cartoons']
    """
    return [thing for clause in clauses(profile) for thing in listed(clause)]


def clauses(profile: str) -> list[str]:
    """The sentences, bullets and contrasted clauses of a text, in order; empty for a text without a word.

    >>> clauses("Enjoys comedies, but not war films. Likes wit.")
    ['Enjoys comedies', 'but not war films.', 'Likes wit.']
    >>> clauses("Dislikes:\\n- horror\\n- westerns")
    ['Dislikes: horror', 'Dislikes: westerns']
    """
    found: list[str] = []
    for heading, sentence in _headed(profile):
        found.extend(f"{heading} {part}".strip() for part in (parted(sentence) if sentence else [""]))
    return found


def headed_sentences(profile: str) -> list[str]:
    """The sentences and bullets of a text, each behind its heading, contrasts uncut."""
    return [f"{heading} {sentence}".strip() for heading, sentence in _headed(profile)]


def parted(sentence: str) -> list[str]:
    """A sentence cut before the words that turn it to something else: "but", "while", "except"."""
    return [part.strip() for part in _CONTRAST.split(sentence) if _WORD.search(part)]


def _headed(profile: str) -> Iterator[tuple[str, str]]:
    """Each sentence or bullet that holds a word, with the heading that reaches over it; a lone heading comes alone."""
    heading, headed = "", False
    for line in profile.splitlines():
        line = " ".join(line.split())  # long runs of spaces would take the patterns below a time that is square in them
        text = _BULLET.sub("", line).strip("#* ")
        is_bullet = _BULLET.match(line) is not None
        if not _WORD.search(text):
            continue
        if text.endswith(":") and not is_bullet:
            if heading and not headed:  # two headings in a row: the first stands for itself
                yield heading, ""
            heading, headed = text, False
            continue
        if heading and not is_bullet and headed:  # a heading reaches over one paragraph or over its bullets
            heading = ""
        for sentence in sentences(text):
            if _WORD.search(sentence):
                yield heading, sentence
        headed = True
    if heading and not headed:
        yield heading, ""


def listed(clause: str) -> list[str]:
    """A clause that lists things ("enjoys a, b and c"), once for each of them; any other as it is.

    >>> listed("likes films about war, exile and love.")
    ['likes films about war', 'likes films about exile', 'likes films about love']
    """
    found = _LEAD.match(clause)
    if found is None:
        return [clause]
    end, about = found.end(), _ABOUT.match(clause, found.end())
    if about is not None and not _ABOUT.search(clause, about.end()):
        end = about.end()
    lead = clause[:end]
    *first, last = clause[end:].split(", ")
    ends = [match.span() for match in _AND.finditer(last)]
    pair = [last[: ends[-1][0]], last[ends[-1][1] :]] if ends else [last]
    things = [thing.strip().rstrip(".") for thing in (*first, *pair) if _WORD.search(thing)]
    return [lead + thing for thing in things] if len(things) > 1 else [clause]
