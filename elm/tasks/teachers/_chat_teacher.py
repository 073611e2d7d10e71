"""A teacher behind an OpenAI-compatible endpoint: a large model of a provider, or a local server."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tqdm.auto import tqdm

from elm._errors import UnusableTextError
from elm.chat import Asking, Asks, Client, Request, question, spoken
from elm.tasks._task import Task, get
from elm.tasks.facts._briefs import Brief, briefs_of
from elm.tasks.teachers._dialogue import Failures, OnFailure, check_on_failure, heard, talk
from elm.tasks.teachers._teacher import Entity

if TYPE_CHECKING:
    from openai import OpenAI


class ChatTeacher(Asks):
    """Writes the text of a task by asking a chat model about what `briefs` tell of an entity.

    The item's name never stands in a text: each answer is checked (`names_in`), and asked for again where it breaks
    off, refuses or names the item. Answers are kept in a file, so that a stopped run costs nothing twice; `spending`
    says what was paid.

    >>> from elm.tasks import ItemBrief
    >>> teacher = ChatTeacher({"f1": ItemBrief("Heat", 1995)}, "a-model", "http://localhost:8000/v1")
    >>> teacher.spending.line()
    '0 calls'
    """

    def __init__(
        self,
        briefs: Mapping[str, Brief],
        model: str | Client,
        client: OpenAI | str | None = None,
        *,
        asking: Asking | None = None,
        seed: int | None = 0,
        **settings: Any,
    ) -> None:
        """model: an `elm.chat.Client`; or a model's name, with the endpoint (`client`) and the `settings` of one, such
        as `cache`, `prices` and `concurrency`. seed: sent with each call, other for each variant and attempt; None
        sends none, for endpoints that do not take one.

        Raises what `Client` raises.
        """
        super().__init__(Client.of(model, client, **settings), asking or Asking(), seed)
        self.briefs, self.failures = briefs, Failures()

    def write(self, entity: Entity, task: str | Task, variant: int = 0) -> str:
        """The text of one entity (for a task over two items, a pair of ids); another `variant` is another answer.

        Raises `UnknownNameError` for an entity without a brief or an unknown task, `CallError` for a task that does not
        fit the entity, `UnusableTextError` where no answer keeps the rules, `TeacherError` where none comes.
        """
        briefs = briefs_of(self.briefs, entity)
        talking = talk(get(task, briefs[0].domain), briefs, self.asking, variant)
        said: Request | str = next(talking)
        while isinstance(said, Request):
            said = heard(talking, self.chat.answer(said, self.asking, self.seed))
        return said

    def write_all(
        self,
        entities: Sequence[Entity],
        task: str | Task,
        variant: int = 0,
        progress: bool = False,
        on_failure: OnFailure = "raise",
    ) -> list[str]:
        """The texts of many entities, in their order, several calls at a time.

        on_failure: "skip" gives "" for a text that no attempt brought and notes it in `failures`; an endpoint that
        fails ends the run in either case, and what was answered is kept. progress: a bar with tokens and cost.
        """
        check_on_failure(on_failure)
        for entity in entities:
            briefs_of(self.briefs, entity)
        name = task if isinstance(task, str) else task.id
        texts = []
        with tqdm(total=len(entities), desc=name, disable=not progress, leave=False) as bar:
            for text in self._at_once(entities, task, variant, on_failure):
                texts.append(text)
                bar.set_postfix_str(self.spending.line(), refresh=False)
                bar.update()
        return texts

    def answers(self, questions: Sequence[str], variant: int = 0) -> list[str]:
        """Answers to free questions, in their order, several calls at a time: kept and counted as texts are, unchecked.

        Raises `TeacherError` where none comes.
        """

        def one(text: str) -> str:
            return spoken(self.chat.answer(question(text, self.asking.max_tokens, variant), self.asking, self.seed))

        return list(self.chat.each(one, questions))

    def _at_once(
        self, entities: Sequence[Entity], task: str | Task, variant: int, on_failure: OnFailure
    ) -> Iterator[str]:
        def one(entity: Entity) -> str:
            try:
                return self.write(entity, task, variant)
            except UnusableTextError as error:
                return self.failures.give_up(error, entity, task, variant, on_failure)

        return self.chat.each(one, entities)
