"""Cutting a text into what is judged as one: a sentence in anyone's words, with what speaks of the same thing.

`pieces` cuts wherever a template changes its mind. In free words the other half of a thought often stands behind the
cut ("I used to love westerns, but I am done with them", "Westerns? Spare me."), so these are kept together.
"""

from __future__ import annotations

import re

from elm.recommend.profiles._sentences import headed_sentences, listed, parted

_WORD = re.compile(r"\w[\w'’-]*")
_BACK = re.compile(r"\b(?:it|them|those|they['’]re|any ?more|no longer|no more|not now|me neither)\b", re.IGNORECASE)
_ALL = re.compile(r"\b(?:every|everything|any|anything|all|no|none|nothing|whatever|whichever|most)\b", re.IGNORECASE)
_SAVE = re.compile(
    r"^(?:but|except)(?: for)?\s+(?!not\b|no\b|never\b|they\b|i\b|he\b|she\b|we\b|also\b)", re.IGNORECASE
)
_CLAUSE = re.compile(
    r"\b(?:i|you|we|he|she|it|they|there|me|is|are|was|were|am|has|have|had|will|would|can|cannot)\b|"
    r"['’](?:m|s|re|ve|d|ll)\b",
    re.IGNORECASE,
)
_EMPTY = frozenset(
    "a again ah all always and any anymore anyone anything are aren't at away be been but by can can't "
    "certainly come could definitely did didn't do does doesn't don't enough ever far for from get give "
    "god good great had has have he heaven hell her hers him his how i i'd i'll i'm i've if in into is "
    "isn't it it's just keep leave me mine more much my myself nah neither never no nobody nope not "
    "nothing now of off oh ok okay on once one out over pass pity please really right save seriously she "
    "should so sorry spare stop sure thank thanks that that's the them then they there these they're "
    "think thinking this those time to too true us very was wasn't we well were what when who why will "
    "with won't would wouldn't yes you your".split()
)  # words that name no thing
_JOINERS = frozenset("an and as because but or so than though to while at by on this such there here".split())
_PERSON = re.compile(r"\b(?:i|me|my|mine|you|your|we|us|our|let['’]s|please)\b", re.IGNORECASE)
_SHORT, _FRAGMENT = 5, 4


def units(profile: str) -> list[str]:
    """The parts of a text that carry one stance each; empty for a text without a word.

    >>> units("They love comedies, but not war films. Westerns? Spare me.")
    ['They love comedies', 'but not war films.', 'Westerns? Spare me.']
    >>> units("I used to love westerns, but I am done with them. Everything but horror.")
    ['I used to love westerns, but I am done with them.', 'Everything but horror.']
    """
    return [thing for one in _joined(headed_sentences(profile)) for part in _parts(one) for thing in _things(part)]


def names_nothing(text: str) -> bool:
    """Whether a text holds words, and none of them names a thing.

    >>> names_nothing("the of and not"), names_nothing("War, please."), names_nothing("...")
    (True, False, False)
    """
    words = [word.lower().replace("’", "'") for word in _WORD.findall(text)]
    return bool(words) and all(word in _EMPTY or word in _JOINERS for word in words)


def _joined(said: list[str]) -> list[str]:
    """Sentences, each together with those behind it that name nothing of their own."""
    found: list[str] = []
    for sentence in said:
        if found and (_leads(found[-1], sentence) or _is_empty(sentence)):
            found[-1] = f"{found[-1]} {sentence}"
        else:
            found.append(sentence)
    return found


def _leads(sentence: str, after: str) -> bool:
    """Whether a question is answered by the sentence after it."""
    if not sentence.endswith("?"):
        return False
    count = len(_WORD.findall(after))
    return len(_WORD.findall(sentence)) <= _FRAGMENT or count <= _SHORT or _BACK.search(after) is not None


def _is_empty(sentence: str) -> bool:
    """Whether a short sentence names nothing: "No, thanks." "Never again!" """
    words = [word.lower().replace("’", "'") for word in _WORD.findall(sentence)]
    return len(words) <= _SHORT and all(word in _EMPTY for word in words)


def _parts(sentence: str) -> list[str]:
    """A sentence cut where it turns to another thing, and left whole where it speaks of the same one."""
    starts: list[int] = []
    found: list[str] = []
    at = 0
    for part in parted(sentence):
        at = sentence.index(part, at)
        if found and _goes_on(found[-1], part):
            found[-1] = sentence[starts[-1] : at + len(part)]
        else:
            starts.append(at)
            found.append(part)
        at += len(part)
    return found


def _goes_on(before: str, part: str) -> bool:
    """Whether a part that starts with "but" and the like speaks of what stands before it."""
    if before.lower().endswith(" a"):  # "for a while"
        return True
    save = _SAVE.match(part) is not None and _ALL.search(before) is not None
    return save or _BACK.search(part) is not None or _is_empty(part) or _is_empty(before)


def _things(part: str) -> list[str]:
    """A part that lists things, once for each; whole where one is a clause of its own, or a person names but two."""
    found = listed(part)
    lead = _shared(found)
    own = len(found) == 2 and _PERSON.search(part) is not None
    return [part] if own or any(_CLAUSE.search(thing[lead:]) for thing in found) else found


def _shared(texts: list[str]) -> int:
    """How many characters the texts begin with alike."""
    return next((n for n, letters in enumerate(zip(*texts, strict=False)) if len(set(letters)) > 1), 0)
