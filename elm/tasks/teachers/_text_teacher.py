"""The teacher of tasks over texts: it quotes the texts of an entity, and names its key words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from elm._errors import CallError, UnknownNameError
from elm._text.sentences import sentences
from elm.tasks._english import shortened
from elm.tasks._task import Task, get
from elm.tasks.catalogue._texts import COMMON, DIFFERENCE, GIST, TEXT, TEXT_TASKS, TOPICS
from elm.tasks.facts._key_words import KeyWords
from elm.tasks.teachers._teacher import Entity

NOTHING = "nothing"
"""What is said where two texts share no key word, or the second has none of its own."""


class TextTeacher:
    """Writes the tasks over texts (`TEXT_TASKS`) about entities with one text or more.

    texts: entity -> its texts, at least one; of a mean of entities those of all of them. key_words: None where "text"
    alone is written. words: at most so many of a text are quoted. The variant of `write` is the number of the text that
    is quoted, counted round.

    >>> texts = {"a": ["Two moons collide."], "b": ["A moon is lost.", "It is found."]}
    >>> teacher = TextTeacher(texts, KeyWords.fit([text for some in texts.values() for text in some] * 2))
    >>> teacher.write("b", "text", variant=1), teacher.write("b", "topics"), teacher.write(("a", "b"), "difference")
    ('It is found.', 'lost, moon', 'lost, moon')
    """

    def __init__(self, texts: Mapping[str, Sequence[str]], key_words: KeyWords | None, words: int = 60) -> None:
        self.texts, self.words, self._key_words = texts, words, key_words

    @property
    def key_words(self) -> KeyWords:
        """The key words of the corpus; `CallError` where none were given."""
        if self._key_words is None:
            raise CallError(f"this teacher knows no key words, and so writes the task {TEXT.id!r} alone")
        return self._key_words

    def write(self, entity: Entity, task: str | Task, variant: int = 0) -> str:
        """The text of a task about an entity or a pair of them; `UnknownNameError` for one without texts, `CallError`
        for another task, or another number of entities than it reads.
        """
        task = get(task)
        own = [self._own(one) for one in ([entity] if isinstance(entity, str) else entity)]
        if len(own) != len(task.marks):
            raise CallError(f"task {task.id!r} is about {len(task.marks)} entities, got {len(own)}")
        if task.id == TEXT.id:
            return shortened(own[0][variant % len(own[0])], self.words)
        if task.id == GIST.id:
            said = sentences(own[0][variant % len(own[0])])
            return shortened(self.key_words.central(said), self.words)
        if task.id == TOPICS.id:
            return ", ".join(self.key_words.of(own[0])) or NOTHING
        if task.id == COMMON.id:
            return ", ".join(self.key_words.shared(own[0])) or NOTHING
        if task.id == DIFFERENCE.id:
            return ", ".join(self.key_words.beyond(own[0], own[1])) or NOTHING
        known = ", ".join(one.id for one in TEXT_TASKS)
        raise CallError(f"a teacher of texts writes the tasks {known}, and not {task.id!r}")

    def _own(self, entity: str) -> Sequence[str]:
        if entity not in self.texts:
            raise UnknownNameError("entity", entity, self.texts, "(the teacher has no text of it)")
        return self.texts[entity]
