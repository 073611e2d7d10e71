"""For or against: whether words about taste speak for a thing or against it, by a list of words."""

from __future__ import annotations

import re

from elm._errors import CallError

_AGAINST = re.compile(
    r"(?<!\w)(?:avoid\w*|dislik\w*|hat(?:e|es|ed|ing)|loath\w*|detest\w*|skip\w*|never(?! miss)|rarely|seldom|"
    r"(?:cannot|can't|could not|can not) stand|but not|except|"
    r"(?:not|isn't|aren't|no) (?:\w+ )?(?:fond|fan|fans|keen|drawn|into|interested)|"
    r"(?:do not|does not|don't|doesn't|did not|didn't) (?:\w+ )?(?:like|enjoy|care|want|watch|love)|"
    r"less (?:fond|keen|drawn|into|interested|interest|inclined|favou?r\w*|appeal\w*|moved)|"
    r"(?:dis|un)interested|indifferent|"
    r"puts? (?:\w+ ){0,2}off|weak for|bored|boring|tired of|turned? off|repel\w*|"
    r"little (?:time|patience|interest|for|love|use)|"
    r"steers? clear|stays? away|keeps? away|not for (?:them|him|her|me))(?!\w)",
    re.IGNORECASE,
)
_NOT = r"(?:no|not|nothing|none|never|cannot|without|stop|\w+n't)"
_BETWEEN = (
    r"(?:\s+(?:want|need|like|show|showing|give|giving|see|watch|have|get|recommend|suggest|me|us|to|any|the|of|so|much|"
    r"many|even|a|bit|lot|really))*\s+"
)
# Longer forms stand before the words that they hold: "no less" asks for more, and "no more" for less.
_MARKS = re.compile(
    rf"(?<![\w-])(?:(?P<nor>not only|no (?:matter|doubt)|any ?more(?!\s+\w)|more than)|"
    rf"(?P<more>{_NOT}{_BETWEEN}(?:less|fewer|without)|(?:can't|cannot|can not|couldn't|could not|never) "
    rf"(?:get|have|see|watch) enough)|(?P<less>{_NOT}{_BETWEEN}more)|(?P<against>{_AGAINST.pattern})|"
    r"(?P<plainly_more>more)|(?P<plainly_less>less|fewer)|"
    r"(?P<without>no|without|not|nothing|none|don't|stop|enough|hide|remove|drop))(?![\w-])",
    re.IGNORECASE,
)
_JOINED = re.compile(r"(?:[.,;:!?&\n]|(?<!\w)(?:and|but|or|yet))\s*$", re.IGNORECASE)
_TITLED = re.compile(r"(?<!\w)(?:like|as|to) [\"'“‘]?$", re.IGNORECASE)
_STARTS = re.compile(r"(?:^|[.;:!?\n])\W*$")
_WORD = re.compile(r"\w")


def speaks_against(clause: str) -> bool:
    """Whether a clause about taste speaks against what it names.

    Clauses are what `pieces` gives; a text that holds likes and dislikes speaks against something as a whole, too.

    >>> speaks_against("They cannot stand war films."), speaks_against("They never miss a war film.")
    (True, False)
    """
    return _AGAINST.search(clause) is not None


def sentiment(phrase: str) -> int:
    """1 for a phrase that asks for more of something, -1 for one that asks for less: the switch of TEARS, Section 6.3.

    Wishes are read in English, by rule. A word such as "no" behind "more" or "less" counts only where it starts a part
    of its own ("more comedies, no horror"), and not as the start of a title ("more like No Country for Old Men").
    Raises `CallError` for a phrase without a word, and for one that asks for both.

    >>> [sentiment(phrase) for phrase in ("More war films.", "Less war films.", "No less war, please")]
    [1, -1, 1]
    """
    if not _WORD.search(phrase):
        raise CallError(f"a phrase must hold a word, such as 'More war films.', got {phrase!r}")
    signs = {sign for _, sign in _marks(phrase)}
    if len(signs) > 1:
        raise CallError(f"one wish at a time: {phrase!r} asks for more and for less; pass each on its own")
    return min(signs, default=1)


def affirmed(phrase: str) -> str:
    """A phrase that asks for less of something as one that asks for more of it; any other as it is.

    It is what to take away from a history: a text side that understands "less" points away from the thing already, and
    taking that away would lead back to it. Errors are those of `sentiment`.

    >>> affirmed("Less war films."), affirmed("no musicals, please"), affirmed("More war films.")
    ('More war films.', 'more musicals, please', 'More war films.')
    """
    if sentiment(phrase) > 0:
        return phrase
    text, at = "", 0
    for mark, _ in _marks(phrase):
        text += phrase[at : mark.start()] + ("More" if mark[0][0].isupper() else "more")
        at = mark.end()
    return text + phrase[at:]


def _marks(phrase: str) -> list[tuple[re.Match[str], int]]:
    """The words that say what is wished, each with its sign."""
    found: list[tuple[re.Match[str], int]] = []
    asked = False
    for mark in _MARKS.finditer(phrase.replace("’", "'")):
        behind, kind = phrase[: mark.start()], mark.lastgroup
        if kind == "nor":
            continue
        weak = kind in ("against", "without")  # behind "more" or "less" it tells what kind: "films without war"
        joined = _JOINED.search(behind[-8:]) is not None or mark[0].lower().startswith(("but", "except"))
        inside = mark[0][0].isupper() and not mark[0].isupper() and not _STARTS.search(behind[-8:])
        title = inside and (_TITLED.search(behind[-8:]) or (asked and (weak or not joined)))
        if title or (weak and asked and not joined):
            continue
        asked = asked or not weak
        found.append((mark, 1 if kind in ("more", "plainly_more") else -1))
    return found
