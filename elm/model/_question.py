"""A free question as a task: the places that it names become those of vectors."""

from __future__ import annotations

from elm._errors import CallError
from elm._text.unicode import require_unicode
from elm.model._prompt import without_placeholder
from elm.tasks import SECOND, VECTOR, Task

_PLACES = {"{first}": VECTOR, "{second}": SECOND}


def free_question(question: str, vectors: int, max_new_tokens: int) -> Task:
    """The task that asks a question about one vector or two; `CallError` where it does not say where two go.

    >>> free_question("Would fans of {first} like {second}?", 2, 64).prompt
    'Would fans of <|vector|> like <|second|>?'
    >>> free_question("Is it sad?", 1, 64).prompt
    '<|vector|> Is it sad?'
    """
    require_unicode(question, "a question")
    text = without_placeholder(question).strip()
    if not text:
        raise CallError("a question needs words, got none")
    named = [place for place in _PLACES if place in text]
    wanted = list(_PLACES)[:vectors]
    if vectors == 1 and not named:
        text, named = f"{{first}} {text}", wanted
    if vectors > len(_PLACES) or named != wanted or any(text.count(place) > 1 for place in named):
        raise CallError(
            f"a question about {vectors} vectors says once where each goes, {' and '.join(wanted)}, got {question!r}"
        )
    for place in named:
        text = text.replace(place, _PLACES[place])
    return Task("question", "item" if vectors == 1 else "pair", text, max_new_tokens=max_new_tokens)
