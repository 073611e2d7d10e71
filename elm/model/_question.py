"""A question about vectors: as a task of its own, or answered from the text of a task that the model learned."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from elm._errors import CallError
from elm._text.unicode import require_unicode
from elm.model._answer import Plan, plan
from elm.model._parts import ModelParts
from elm.model._prompt import without_placeholder
from elm.model._reading import Reading, Vectors, prompted, reading
from elm.tasks import SECOND, VECTOR, Task

_PLACES = {"{first}": VECTOR, "{second}": SECOND}


def asked(
    model: ModelParts,
    vectors: Vectors | Sequence[Vectors],
    question: str,
    space: str | Sequence[str | None] | None,
    max_new_tokens: int,
    free: bool | None,
) -> tuple[Reading, Plan]:
    """What the model reads for a question, and how its text becomes the answer; options and errors of `ask`."""
    task = free_question(question, _together(vectors), max_new_tokens)
    read = reading(model, vectors, task, space, learned=False)
    known = model.learned(read.parts[0].adapter)
    if free is None:
        free = not known or bool(getattr(model.tokenizer, "chat_template", None))
    if free:
        return read, Plan(task, str)
    found = plan(question, [task for task in known if len(task.marks) == len(read.parts)])
    return read if found.task is None else prompted(model, read.parts, found.task), found


def _together(vectors: Any) -> int:
    """How many vectors a question is about at once: a tuple of vectors is about each of them."""
    return len(vectors) if isinstance(vectors, tuple) and not any(map(np.isscalar, vectors)) else 1


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
