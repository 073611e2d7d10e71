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
_FEWER = re.compile(
    r"(?<!\w)(?:less|fewer|no|without|not|nothing|none|don't|stop|enough|hide|remove|drop)(?!\w)", re.IGNORECASE
)
_BOTH = re.compile(
    r"(?<!\w)(?:no|not|nothing) (?:\w+ )?(?:less|fewer|without)(?!\w)|(?<!\w)not only(?!\w)", re.IGNORECASE
)
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

    Raises `CallError` for a phrase without a word.

    >>> [sentiment(phrase) for phrase in ("More war films.", "Less war films.", "No less war, please")]
    [1, -1, 1]
    """
    if not _WORD.search(phrase):
        raise CallError(f"a phrase must hold a word, such as 'More war films.', got {phrase!r}")
    rest = _BOTH.sub(" ", phrase)
    return -1 if _FEWER.search(rest) or speaks_against(rest) else 1


def affirmed(phrase: str) -> str:
    """A phrase that asks for less of something as one that asks for more of it; any other as it is.

    It is what to take away from a history: a text side that understands "less" points away from the thing already, and
    taking that away would lead back to it. Raises `CallError` for a phrase without a word.

    >>> affirmed("Less war films."), affirmed("no musicals, please"), affirmed("More war films.")
    ('More war films.', 'more musicals, please', 'More war films.')
    """
    if sentiment(phrase) > 0:
        return phrase

    def more(match: re.Match[str]) -> str:
        return "More" if match[0][0].isupper() else "more"

    return _FEWER.sub(more, _AGAINST.sub(more, phrase))
