"""A request read by rule, in English: what it asks for, and what it asks to leave out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from elm.recommend.judges._aspect import Aspect
from elm.recommend.judges._lexicon import FILM_ASPECTS

_LEADING = re.compile(
    r"(?<![\w-])(?:no|not|without|never|nothing|none|neither|nor|avoid(?:ing)?|except(?: for)?|less|fewer|minus|hates?|"
    r"hated|dislikes?|skip|drop|hide|remove|exclude|excluding|instead of|rather than|sick of|tired of|fed up with|"
    r"leave out|leaving out|stay away from|keep away from|steer clear of|spare me|enough of|anything but|"
    r"can(?:not|'t| not) stand|\w+n't)(?![\w-])",
    re.IGNORECASE,
)
_NOT_AGAINST = re.compile(
    r"(?<![\w-])(?:not only|not just|no less|never miss(?:es)?|can(?:not|'t| not) get enough(?: of)?|no matter|"
    r"no doubt|don't mind|do not mind|why not|not without|nothing but|no limit)(?![\w-])",
    re.IGNORECASE,
)
_ENDS = re.compile(
    r"[.;:!?\n]|,\s*(?=(?:but|just|only|rather|please|give|show|i|more|something|instead)\b)|"
    r"(?<![\w-])(?:but(?! for)|though|although|yet|however|instead(?! of)|only|rather(?! than)|"
    r"(?:and|,)\s+(?:give|show|i\b|please|more|something|with)|i(?:'d| would)? (?:want|like|love|prefer|need)|"
    r"more)(?![\w-])",
    re.IGNORECASE,
)
_TOPIC = re.compile(r"(?<!\w)(?:about|involving|featuring|set (?:in|on|at)|(?:story|stories) of)(?!\w)", re.IGNORECASE)
_REACH = 40  # characters behind such words that tell what items are about
_FREE = re.compile(r"(\w+)-free(?!\w)", re.IGNORECASE)
_STEM = re.compile(r"(?:ies|es|s|ed|ing|ly)$")


@dataclass(frozen=True)
class Reading:
    """What a request says: aspects and single words that are wanted, and those that are not."""

    wanted: tuple[str, ...] = ()
    unwanted: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    unwanted_words: tuple[str, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether nothing in the request was understood."""
        return not (self.wanted or self.unwanted or self.words or self.unwanted_words)


def read(request: str, known: frozenset[str] = frozenset(), aspects: Sequence[Aspect] = FILM_ASPECTS) -> Reading:
    """A request as what it asks for and what it asks to leave out.

    A negation reaches to the end of its clause ("no war or horror", but not beyond "but"). What is wanted and unwanted
    at once counts as unwanted. known: stems of further words, such as those of the items' texts: they count behind
    "about" and the like, and where nothing else was understood ("my friends fancy comedies" asks for no friends).

    >>> read("Funny but not silly, no war or horror")
    Reading(wanted=('funny',), unwanted=('Horror', 'War', 'silly'), words=(), unwanted_words=())
    """
    text = _FREE.sub(r"without \1", request.replace("’", "'"))
    against = _against(text)
    wanted: list[str] = []
    unwanted: list[str] = []
    used: list[tuple[int, int]] = []
    for aspect in aspects:
        found = list(aspect.pattern.finditer(text))
        used += [match.span() for match in found]
        if any(_inside(match.start(), against) for match in found):
            unwanted.append(aspect.name)
        elif found:
            wanted.append(aspect.name)
    topics = [(match.end(), match.end() + _REACH) for match in _TOPIC.finditer(text)]
    if not used:  # nothing else was understood, so that every word may be meant
        topics = [(0, len(text))]
    words: list[str] = []
    unwanted_words: list[str] = []
    for match in re.finditer(r"[^\W\d_]{3,}", text):
        stem = stemmed(match[0])
        told = _inside(match.start(), topics) and not _inside(match.start(), used)
        if stem in _PLAIN or stem not in known or not told:
            continue
        (unwanted_words if _inside(match.start(), against) else words).append(stem)
    return Reading(tuple(wanted), tuple(unwanted), tuple(dict.fromkeys(words)), tuple(dict.fromkeys(unwanted_words)))


def stemmed(word: str) -> str:
    """A word in small letters without its usual ending.

    >>> stemmed("Ships"), stemmed("stories"), stemmed("chess")
    ('ship', 'stor', 'chess')
    """
    small = word.lower()
    short = _STEM.sub("", small)
    return short if len(short) > 2 and not small.endswith("ss") else small


def _against(text: str) -> list[tuple[int, int]]:
    """The parts of a text that speak against what they name."""
    fine = [match.span() for match in _NOT_AGAINST.finditer(text)]
    found = []
    for match in _LEADING.finditer(text):
        if any(start <= match.start() < end for start, end in fine):
            continue
        end = _ENDS.search(text, match.end())
        found.append((match.start(), end.start() if end else len(text)))
    return found


def _inside(place: int, spans: list[tuple[int, int]]) -> bool:
    return any(start <= place < end for start, end in spans)


_PLAIN = frozenset(
    stemmed(word)
    for word in (
        "the and for with that this some any all but not want like would love see watch show give need feel mood look "
        "looking something anything nothing film films movie movies picture pictures story stories thing things please "
        "tonight today evening night now really very too more less much many good great best new old from about into "
        "what which who where when how can could should have has had are was were been being you your they them their "
        "our his her its kind kinds sort type bit little lot lots full make makes made put let take time week weekend "
        "recommend suggest find get keep leave out without except than just only also other others one two few maybe "
        "rather instead never ever always away stay avoid hate wish hope people person world life young man woman"
    ).split()
)
