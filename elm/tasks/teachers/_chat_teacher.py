"""A teacher behind an OpenAI-compatible endpoint: a large model of a provider, or a local server."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from tqdm.auto import tqdm

from elm._errors import CallError, UnusableTextError
from elm.tasks._answer_cache import AnswerCache, answer_key
from elm.tasks._asking import Answer, Asking, Failure, Message, Request, spoken, talk
from elm.tasks._chat_endpoint import chat_client, complete
from elm.tasks._spending import Spending
from elm.tasks._task import Task, get
from elm.tasks.facts._briefs import Brief, briefs_of
from elm.tasks.teachers._teacher import Entity

if TYPE_CHECKING:
    from openai import OpenAI


class ChatTeacher:
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
        model: str,
        client: OpenAI | str | None = None,
        *,
        asking: Asking | None = None,
        cache: str | Path | None = None,
        prices: tuple[float, float] | None = None,
        concurrency: int = 8,
        seed: int | None = 0,
    ) -> None:
        """client: a client of `openai`, or the URL of an endpoint (see `chat_client`). cache: the file that keeps the
        answers; None keeps none. prices: for a million tokens read, and written. concurrency: calls at once. seed: sent
        with each call, other for each variant and attempt; None sends none, for endpoints that do not take one.

        Raises `CallError` for settings that cannot work, `DataFileError` for a file that keeps something else.
        """
        if concurrency < 1:
            raise CallError(f"at least one call is made at a time, got concurrency={concurrency}")
        self.briefs, self.model = briefs, model
        self.client = chat_client(client) if client is None or isinstance(client, str) else client
        self.asking = asking or Asking()
        self.cache = AnswerCache(cache) if cache is not None else None
        self.spending = Spending(prices)
        self.failures: list[Failure] = []
        self.concurrency, self.seed = concurrency, seed

    def write(self, entity: Entity, task: str | Task, variant: int = 0) -> str:
        """The text of one entity (for a task over two items, a pair of ids); another `variant` is another answer.

        Raises `UnknownNameError` for an entity without a brief or an unknown task, `CallError` for a task that does not
        fit the entity, `UnusableTextError` where no answer keeps the rules, `TeacherError` where none comes.
        """
        briefs = briefs_of(self.briefs, entity)
        talking = talk(get(task, briefs[0].domain), briefs, self.asking, variant)
        request = next(talking)
        while True:
            try:
                request = talking.send(self._answer(request))
            except StopIteration as done:
                return str(done.value)

    def write_all(
        self,
        entities: Sequence[Entity],
        task: str | Task,
        variant: int = 0,
        progress: bool = False,
        on_failure: Literal["raise", "skip"] = "raise",
    ) -> list[str]:
        """The texts of many entities, in their order, several calls at a time.

        on_failure: "skip" gives "" for a text that no attempt brought and notes it in `failures`; an endpoint that
        fails ends the run in either case, and what was answered is kept. progress: a bar with tokens and cost.
        """
        if on_failure not in ("raise", "skip"):
            raise CallError(f"on_failure is 'raise' or 'skip', got {on_failure!r}")
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

        def one(question: str) -> str:
            asked = (Message(role="user", content=question),)
            return spoken(self._answer(Request(asked, self.asking.max_tokens, variant, 0)))

        with ThreadPoolExecutor(self.concurrency, thread_name_prefix="teacher") as pool:
            return list(pool.map(one, questions))

    def _at_once(self, entities: Sequence[Entity], task: str | Task, variant: int, on_failure: str) -> Iterator[str]:
        def one(entity: Entity) -> str:
            try:
                return self.write(entity, task, variant)
            except UnusableTextError as error:
                if on_failure == "raise":
                    raise
                name = task if isinstance(task, str) else task.id
                self.failures.append(Failure(entity, name, variant, str(error)))
                return ""

        with ThreadPoolExecutor(self.concurrency, thread_name_prefix="teacher") as pool:
            for start in range(0, len(entities), _BLOCK):
                yield from pool.map(one, entities[start : start + _BLOCK])

    def _answer(self, request: Request) -> Answer:
        fields = self._fields(request)
        key = answer_key({"endpoint": str(self.client.base_url), "fields": fields, "variant": request.variant,
                          "attempt": request.attempt})  # fmt: skip
        kept = self.cache.find(key) if self.cache is not None else None
        if kept is not None:
            self.spending.add(kept, attempt=request.attempt, kept=True)
            return kept
        answer, retried = complete(self.client, fields)
        if self.cache is not None and answer.text:  # an empty answer is a mishap that may not come again
            self.cache.keep(key, answer)
        self.spending.add(answer, retried, request.attempt)
        return answer

    def _fields(self, request: Request) -> dict[str, Any]:
        fields = {
            "model": self.model,
            "messages": list(request.messages),
            "temperature": self.asking.temperature,
            "top_p": self.asking.top_p,
            "max_tokens": request.max_tokens,
            "seed": None
            if self.seed is None
            else zlib.crc32(f"{self.seed}/{request.variant}/{request.attempt}".encode()) >> 1,
        }
        extra = {name: value for name, value in self.asking.extra.items() if value is not None}
        fields = {n: value for n, value in fields.items() if value is not None and n not in self.asking.extra}
        return fields | ({"extra_body": extra} if extra else {})


_BLOCK = 4096  # entities that are handed to the workers at a time
