"""What a task is, and the registry that names them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from elm._errors import CallError, UnknownNameError
from elm.tasks._domain import Domain, domain_named

VECTOR, SECOND = "<|vector|>", "<|second|>"
"""Where the soft tokens of the first and of the second vector go in a prompt: marks in the text, no tokens."""

Reads = Literal["item", "pair", "neighbours", "user"]
"""What a task is about: an item, two items drawn at random, an item and a nearest neighbour of it, or a user."""

READS: tuple[Reads, ...] = ("item", "pair", "neighbours", "user")
SCORED_BY = ("vector", "text", "mixture")


def no_text(facts: Any, rng: np.random.Generator) -> str:
    """The writer of a task that has no template text."""
    raise CallError("this task has no template text here: ask another teacher, or give it wordings")


@dataclass(frozen=True)
class Task:
    """A named prompt over one vector or two, with how its training text is made.

    prompt: holds `VECTOR` once, and `SECOND` once where the task reads two items.
    write: `write(facts, rng)`, the template teacher's text; two items come as a pair of facts.
    ask: how a language model is asked for the text, with {first} and {second} (for users {liked} and {disliked}) in the
    places of what it is told. scored_by: what a text is compared with: the "vector", the teacher's "text", or the
    "mixture" of two vectors. questions: what a rater says how far they agree with.

    In a registered task, prompt, ask and questions may say {item}, {items}, {person} and {kind}: `get` puts a domain's
    words there. Film tasks are decoded at temperature 0.5: many wordings are equally right, and always taking the
    likeliest would give every film the same one. Facts, of which one is right, are hardly touched by it.
    """

    id: str
    reads: Reads
    prompt: str
    write: Callable[[Any, np.random.Generator], str] = no_text
    max_new_tokens: int = 128
    temperature: float = 0.0  # of decoding, where the caller names none
    ask: str = ""
    scored_by: Literal["vector", "text", "mixture"] = "vector"
    questions: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.reads not in READS or self.scored_by not in SCORED_BY:
            raise CallError(
                f"task {self.id!r} reads one of {', '.join(READS)} and is scored by one of {', '.join(SCORED_BY)}, "
                f"got {self.reads!r} and {self.scored_by!r}"
            )
        for mark in (VECTOR, SECOND):
            wanted = int(mark in self.marks)
            if self.prompt.count(mark) != wanted:
                times = "once" if wanted else "nowhere"
                raise CallError(f"the prompt of a task that reads {self.reads} holds {mark} {times}: {self.prompt!r}")

    @property
    def marks(self) -> tuple[str, ...]:
        """The places for vectors in the prompt, in the order that the vectors come in."""
        return (VECTOR, SECOND) if self.reads in ("pair", "neighbours") else (VECTOR,)

    def in_domain(self, domain: Domain) -> Task:
        """The same task in the words of a domain, with the domain's wordings where it has some."""
        return replace(
            self,
            prompt=domain.say(self.prompt),
            ask=domain.say(self.ask),
            questions=tuple(map(domain.say, self.questions)),
            write=domain.wordings.get(self.id, self.write),
        )


_REGISTRY: dict[str, Task] = {}


def register(task: Task) -> Task:
    """Make a task known by its id and return it; an id that is taken is a `CallError`."""
    if task.id in _REGISTRY:
        raise CallError(f"task ids are unique and {task.id!r} is taken; choose another id")
    _REGISTRY[task.id] = task
    return task


def task(id: str, reads: Reads, prompt: str, **options: Any) -> Callable[[Callable[[Any, Any], str]], Task]:
    """Register the decorated writer as a task: `@task("mood", "item", f"How does the {{item}} {VECTOR} feel?")`.

    options: the other fields of `Task`. Raises what `Task` and `register` raise.
    """
    return lambda write: register(Task(id, reads, prompt, write, **options))


def get(task: str | Task, domain: str = "films") -> Task:
    """The task of that id in the words of a domain; an unknown id raises `UnknownNameError` with the nearest one.

    >>> get("summary").prompt, get("summary").reads
    ('Summarise the film <|vector|> in a few sentences.', 'item')
    """
    if isinstance(task, Task):
        return task
    if task not in _REGISTRY:
        raise UnknownNameError("task", task, _REGISTRY)
    return _REGISTRY[task].in_domain(domain_named(domain))


def all_tasks(*reads: Reads, domain: str = "films") -> list[Task]:
    """The tasks of a domain that read one of `reads` (none named: all).

    First those that the domain has wordings for, in its order, then those that were registered with their own writer.
    """
    words = domain_named(domain)
    own = [id for id, task in _REGISTRY.items() if task.write is not no_text and id not in words.wordings]
    known = [_REGISTRY[id].in_domain(words) for id in (*words.wordings, *own)]
    return [task for task in known if not reads or task.reads in reads]
