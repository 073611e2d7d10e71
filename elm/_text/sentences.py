"""Where a sentence ends, in every script: one cutter for profiles, scores and long texts."""

from __future__ import annotations

import re
from itertools import pairwise

_TIGHT = "。！？｡．"  # no space follows these
_ENDS = ".!?…‼⁇⁈⁉‽؟۔।॥։።፧។᙮" + _TIGHT
_CLOSERS = "\"'”’»›)\\]）」』】》〉"
_OPENERS = "\"'“‘„«‹([¿¡（「『【《〈*•–—-"
_END = re.compile(rf"(?<![{_ENDS}])[{_ENDS}]++[{_CLOSERS}]*+(\s*)|\n\s*")
_NEXT = re.compile(rf"[{re.escape(_OPENERS)}]*")
AT_END = re.compile(rf"[{_ENDS}][{_CLOSERS}]*$")
"""Whether a text ends as a sentence does."""


def sentence_ends(text: str) -> list[int]:
    """Where the sentences and lines of a text end, each place behind the space that follows.

    A small letter goes on after "e.g."; what has no small letters (figures, emoji, most scripts) begins a sentence.
    """
    found = []
    for end in _END.finditer(text):
        place = end.end()
        if end[0][0] != "\n" and "\n" not in end[0] and place < len(text):
            head = _NEXT.match(text, place)
            after = head.end() if head is not None else place
            parted = end[1] or any(mark in end[0] for mark in _TIGHT)
            if not parted or text[after : after + 1].islower():
                continue
        found.append(place)
    return found


def sentences(text: str) -> list[str]:
    """The sentences of a text, in order, each with the mark that ends it; lines end sentences, too.

    >>> sentences("Loves wit, e.g. in farce. Élite dramas bore them!")
    ['Loves wit, e.g. in farce.', 'Élite dramas bore them!']
    >>> sentences("喜欢喜剧片。不喜欢恐怖片。")
    ['喜欢喜剧片。', '不喜欢恐怖片。']
    """
    cuts = [0, *sentence_ends(text), len(text)]
    parts = (text[start:end].strip() for start, end in pairwise(cuts))
    return [part for part in parts if part]
