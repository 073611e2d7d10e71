"""Text of others on a person's screen: nothing in it moves the cursor, hides, turns round or begins a line."""

from __future__ import annotations

import re


def escaped(text: object) -> str:
    r"""`text` on one line, with letters that a terminal obeys instead of showing written as escapes.

    Those are control characters (ESC among them), ends of lines, marks that turn the direction of writing, invisible
    spaces and halves of letters. The joiners that emoji and Persian need stay.

    >>> print(escaped("a\x1b[2Kb\nc\u202ed"))
    a\x1b[2Kb\nc\u202ed
    """
    return _OBEYED.sub(_as_escape, str(text))


def escaped_lines(text: object) -> str:
    r"""The same for a text of several lines, such as a model's: "\n" and tabs stay.

    >>> print(escaped_lines("a\n\x1b[2Kb"))
    a
    \x1b[2Kb
    """
    return _OBEYED.sub(lambda found: found[0] if found[0] in "\n\t" else _as_escape(found), str(text))


def one_line(text: object) -> str:
    """The words of `text` on one line, escaped.

    >>> one_line("no such file:\\n  a.csv")
    'no such file: a.csv'
    """
    return escaped(" ".join(str(text).split()))


def _as_escape(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape").decode("ascii")


_OBEYED = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2064\u2066-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff]"
)
