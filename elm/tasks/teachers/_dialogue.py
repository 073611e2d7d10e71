"""A teacher's dialogue: how a language model is asked for a text, and asked again where the answer breaks the rules.

The dialogue is the same for every such teacher; how a request reaches the model is the teacher's own matter.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Literal

from elm._errors import CallError, UnusableTextError
from elm.chat import Answer, Asking, Message, Request, spoken
from elm.tasks._task import Task
from elm.tasks.facts._briefs import Brief, ItemBrief, UserBrief
from elm.tasks.teachers._teacher import Entity
from elm.tasks.teachers._title_leaks import names_in


@dataclass(frozen=True)
class Failure:
    """A text that was given up, and why."""

    entity: Entity
    task: str
    variant: int
    reason: str


OnFailure = Literal["raise", "skip"]


def check_on_failure(on_failure: str) -> None:
    """Raise `CallError` for anything but "raise" and "skip"."""
    if on_failure not in ("raise", "skip"):
        raise CallError(f"on_failure is 'raise' or 'skip', got {on_failure!r}")


class Failures(list[Failure]):
    """The texts that a teacher gave up."""

    def give_up(
        self, error: UnusableTextError, entity: Entity, task: str | Task, variant: int, on_failure: OnFailure
    ) -> str:
        """Raise the error, or note it and give "" as the text."""
        if on_failure == "raise":
            raise error
        self.append(Failure(entity, task if isinstance(task, str) else task.id, variant, str(error)))
        return ""


Talk = Generator[Request, Answer, str]
"""Yields requests, is sent answers, returns the text; raises `UnusableTextError` where no attempt gave one."""


def talk(task: Task, briefs: Sequence[Brief], asking: Asking, variant: int = 0) -> Talk:
    """The talk that gets one text of `task` about what `briefs` tell (one item, two items, or one user).

    An answer that is empty, refuses, breaks off or names an item is asked for again with a firmer wording, until
    `asking.attempts` are used up. A broken-off one gets twice the room.
    """
    first = Message(role="user", content=question(task, briefs))
    messages: tuple[Message, ...] = (first,)
    room, reason = asking.max_tokens, ""
    for attempt in range(asking.attempts):
        answer = yield Request(messages, room, variant, attempt)
        text = spoken(answer)
        reason, word = _fault(answer, text, briefs)
        if not reason:
            return text
        if answer.finish == "length" and room is not None:
            room *= 2
        if text and answer.finish == "stop":  # the model's own words, then ours: also where roles must alternate
            messages = (first, Message(role="assistant", content=text), Message(role="user", content=word))
        else:
            messages = (Message(role="user", content=f"{first['content']}\n\n{word}"),)
    raise UnusableTextError(
        f"task {task.id!r}: a text must be whole and name no title, but {asking.attempts} answers about "
        f"{' and '.join(map(_told_as, briefs))} did not: the last {reason}. Ask another model, or skip failures"
    )


def heard(talking: Talk, answer: Answer) -> Request | str:
    """What a talk says to an answer: its next request, or its text."""
    try:
        return talking.send(answer)
    except StopIteration as done:
        return str(done.value)


def question(task: Task, briefs: Sequence[Brief]) -> str:
    """What a model is asked: the task's `ask` with what it is given in place, then background, then the rules.

    Raises `CallError` for a task without `ask`, or for one about something else than what is told.
    """
    if not task.ask.strip():
        raise CallError(f"task {task.id!r} does not say how a language model is asked: give it an `ask`")
    shapes = {"item": (ItemBrief,), "pair": (ItemBrief,) * 2, "neighbours": (ItemBrief,) * 2, "user": (UserBrief,)}
    if tuple(type(brief) for brief in briefs) != shapes[task.reads]:
        told = ", ".join(type(brief).__name__ for brief in briefs)
        raise CallError(f"task {task.id!r} reads {task.reads}, so a teacher is given that and not {told}")
    values = _values(briefs)
    asked = _MARK.sub(lambda found: values.get(found[1], found[0]), task.ask)  # in one pass: a title may hold marks
    background = [brief.background() for brief in briefs if isinstance(brief, ItemBrief)]
    return "\n\n".join(part for part in (asked, *background, RULES) if part)


RULES = (
    "Answer with the text itself and nothing around it. No title that stands above may appear in the text, not even in "
    "part: say what it is about without naming it."
)
_MARK = re.compile(r"\{(first|second|liked|disliked)\}")
_REFUSAL = re.compile(  # at the start of an answer; a reviewer who "cannot help but cry" is not one
    r"""\A\W*
    (?: (?:(?:i|we)['’\ ](?:m|am|re|are)\ (?:very\ |so\ )?)? sorry[,.]?\ (?:but\ )?
      | (?:i\ )?apologi[sz]e[,.]?\ (?:but\ )? | my\ apologies[,.]?\ (?:but\ )? | unfortunately,?\  )?
    (?: as\ an\ ai (?:\ language)? (?:\ model|\ assistant)? ,?\ i\b
      | (?:i|we) (?:\ can(?:not|['’]t|\ not) | (?:['’]m|\ am|\ are) (?:\ unable|\ not\ able)\ to
                 | \ won['’]t | \ will\ not | \ must\ decline\ to)
        \ (?:be\ able\ to\ )?
        (?: help\ (?:you|with) | assist | comply | provide | fulfil | generate | produce
          | write\ (?:an?|the|this|that|about)\b | create\ (?:an?|the|this|that)\b
          | answer\ (?:this|that)\b | continue\ with )
      | i(?:['’]m|\ am)\ not\ (?:familiar\ with|aware\ of)
      | i\ (?:don['’]t|do\ not)\ have\ (?:any\ |enough\ )?(?:information|knowledge|details|access)
    )""",
    re.IGNORECASE | re.VERBOSE,
)


def _values(briefs: Sequence[Brief]) -> dict[str, str]:
    values = dict(zip(("first", "second"), (b.label for b in briefs if isinstance(b, ItemBrief)), strict=False))
    for brief in briefs:
        if isinstance(brief, UserBrief):
            for name, items in (("liked", brief.liked), ("disliked", brief.disliked)):
                values[name] = "; ".join(
                    item.label + (f" [{', '.join(item.kinds)}]" if item.kinds else "") for item in items
                )
    return values


def _fault(answer: Answer, text: str, briefs: Sequence[Brief]) -> tuple[str, str]:
    """(what is wrong with an answer, the firmer word that goes with the next try); empty where nothing is."""
    if answer.finish == "refused" or _REFUSAL.match(text):
        return "was a refusal", "Go by what stands above and imagine the rest; a rough text is better than none."
    if answer.finish == "length":
        return f"broke off after {answer.tokens_out or 'too many'} tokens", "Be brief: end within a hundred words."
    if not text:
        return "was empty", "Write the text now."
    items = [item for brief in briefs for item in _items(brief)]
    told = " ".join(part for item in items for part in (*item.texts, *item.kinds))
    named = list(dict.fromkeys(name for item in items for name in names_in(text, item.title, item.year, told)))
    if named:
        listed = ", ".join(f'"{name}"' for name in named[:5])
        return f"names {listed}", f"The text says {listed}. Write it again without that, and without any other title."
    return "", ""


def _items(brief: Brief) -> tuple[ItemBrief, ...]:
    return (brief,) if isinstance(brief, ItemBrief) else (*brief.liked, *brief.disliked)


def _told_as(brief: Brief) -> str:
    return repr(brief.label) if isinstance(brief, ItemBrief) else f"the user who likes {brief.liked[0].label!r}"
