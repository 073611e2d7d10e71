"""Cut a tokenised text into pieces that fit an encoder, at sentence boundaries where it can, else between words."""

from __future__ import annotations

from collections.abc import Sequence

from elm._text.sentences import AT_END


def piece_bounds(text: str, offsets: Sequence[tuple[int, int]], limit: int) -> list[tuple[int, int]]:
    """Token ranges [start, end) that cover all tokens of `text`, each at most `limit` long.

    offsets: where each token stands in `text`, (first character, one past the last). A piece ends after a sentence
    when one ends in its second half, else before a word, else (one endless word) wherever it is full.

    >>> piece_bounds("a b. c d", [(0, 1), (2, 3), (3, 4), (5, 6), (7, 8)], 4)
    [(0, 3), (3, 5)]
    """
    total = len(offsets)
    if total <= limit:
        return [(0, total)]
    kinds = [_boundary(text, offsets, token) for token in range(total)]
    bounds, start = [], 0
    while total - start > limit:
        window = range(start + limit, start, -1)  # a piece may end just before any of these tokens
        sentence = next((t for t in window if kinds[t] == 2 and t - start > limit // 2), None)
        word = next((t for t in window if kinds[t] >= 1), None)
        end = sentence or word or start + limit
        bounds.append((start, end))
        start = end
    return [*bounds, (start, total)]


def _boundary(text: str, offsets: Sequence[tuple[int, int]], token: int) -> int:
    """What lies before a token: 2 the end of a sentence or a line, 1 white space, 0 nothing."""
    if token == 0:
        return 2
    # Byte-level tokenisers count the blank before a word as part of its token, so look on both sides.
    left, right = offsets[token - 1][1], offsets[token][0]
    first = text[right : right + 1]
    gap = text[left:right] + (first if first.isspace() else "")
    if not gap or not gap.isspace():
        return 0
    if "\n" in gap or AT_END.search(text[max(0, left - 4) : left]):
        return 2
    return 1
