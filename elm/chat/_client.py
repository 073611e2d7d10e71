"""A chat model as everything that asks one uses it: where it answers, what it answered before, and what it cost."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from elm._errors import CallError, TeacherError
from elm.chat._answer_cache import AnswerCache, answer_key
from elm.chat._endpoint import chat_client, reply
from elm.chat._types import Answer, Asking, Request, call_seed, question, spoken
from elm.chat._usage import Usage

if TYPE_CHECKING:
    from openai import OpenAI

T = TypeVar("T")
U = TypeVar("U")
_CONCURRENCY = 8
_BLOCK = 4096  # things that are handed to the workers at a time


class Client:
    """A model of an OpenAI-compatible endpoint. Teachers, judges, editors and recommenders that ask take one.

    An answer is kept in `cache`, so that it is paid for once; `usage` counts calls, tokens and money. Threads may share
    a client.

    >>> Client("a-model", "http://localhost:8000/v1", prices=(0.5, 1.5)).usage.line()
    '0 calls, cost 0.00'
    """

    def __init__(
        self,
        model: str,
        endpoint: OpenAI | str | None = None,
        *,
        timeout: float = 120.0,
        retries: int = 6,
        cache: str | Path | None = None,
        prices: tuple[float, float] | None = None,
        concurrency: int = _CONCURRENCY,
    ) -> None:
        """
        Args:
            model: the model's name at its endpoint.
            endpoint: the URL of the API, by default that of OpenAI; or a client of `openai` with limits of its own.
            timeout: seconds for one try. retries: how often a call that fails is repeated (see `chat_client`).
            cache: the file that keeps the answers; None keeps none.
            prices: for a million tokens, (what is read, what is written).
            concurrency: calls at once.

        Raises `CallError` for settings that cannot work, `DataFileError` for a cache that holds something else.
        """
        self._set_up(model, cache, prices, concurrency)
        self.endpoint: OpenAI | None = (
            chat_client(endpoint, None, timeout, retries) if endpoint is None or isinstance(endpoint, str) else endpoint
        )

    def _set_up(
        self, model: str, cache: str | Path | None, prices: tuple[float, float] | None, concurrency: int
    ) -> None:
        if concurrency < 1:
            raise CallError(f"at least one call is made at a time, got concurrency={concurrency}")
        self.model, self.concurrency = model, concurrency
        self.usage = Usage(prices)
        self.cache = AnswerCache(cache) if cache is not None else None

    @classmethod
    def of(cls, model: str | Client, endpoint: OpenAI | str | None = None, **settings: Any) -> Client:
        """`model` where it is a client, else a new one. Raises `CallError` for a client with further settings."""
        if not isinstance(model, Client):
            return Client(model, endpoint, **settings)
        _alone((endpoint, *settings.values()))
        return model

    def answer(self, request: Request, asking: Asking, seed: int | None = 0) -> Answer:
        """The answer to a request of a dialogue. seed: sent with the call, other for each variant and attempt; None
        sends none.

        Raises `TeacherError` where none comes; what the model refuses is an answer, too.
        """
        fields = asking.fields(request, call_seed(seed, request.variant, request.attempt))
        key = self.key(fields, variant=request.variant, attempt=request.attempt)
        return self.call(fields, key, request.attempt)

    def ask(self, prompt: str, attempt: int = 0) -> str:
        """What the model says to a prompt, with the settings of its endpoint; another `attempt` is another answer.

        Raises `TeacherError` where no answer comes.
        """
        fields = {"messages": list(question(prompt).messages)}
        key = answer_key({"model": self.model, "prompt": prompt, "attempt": attempt})
        return self.call(fields, key, attempt, lambda _, answer: spoken(answer)).text

    def key(self, fields: Mapping[str, Any], **about: Any) -> str:
        """Under which key the answer to a call is kept. about: what tells apart calls with the same fields."""
        url = "" if self.endpoint is None else str(self.endpoint.base_url)
        return answer_key({"endpoint": url, "fields": {"model": self.model, **fields}, **about})

    def call(
        self,
        fields: Mapping[str, Any],
        key: str,
        attempt: int = 0,
        read: Callable[[Any, Answer], str] = lambda _, answer: answer.text,
    ) -> Answer:
        """The answer that is kept under `key`, else that of a call, which is then kept; either is counted.

        read: (completion, its answer) -> the text that is kept and returned. The completion is None where a filter in
        front of the model refused. An empty answer is a mishap that may not come again, so it is not kept.
        """
        kept = self.cache.find(key) if self.cache is not None else None
        if kept is not None:
            self.usage.add(kept, attempt=attempt, kept=True)
            return kept
        completion, answer, retried = self._reply({"model": self.model, **fields})
        found = replace(answer, text=read(completion, answer))
        if self.cache is not None and answer.text and found.text:
            self.cache.keep(key, found)
        self.usage.add(answer, retried, attempt)
        return found

    def _reply(self, fields: dict[str, Any]) -> tuple[Any, Answer, int]:
        assert self.endpoint is not None
        return reply(self.endpoint, fields)

    def each(self, work: Callable[[T], U], things: Sequence[T]) -> Iterator[U]:
        """What `work` makes of each thing, in their order, `concurrency` of them at a time."""
        with ThreadPoolExecutor(self.concurrency, thread_name_prefix="chat") as pool:
            for start in range(0, len(things), _BLOCK):
                yield from pool.map(work, things[start : start + _BLOCK])


class Asks:
    """What a teacher and a judge share: the client that answers, how it is asked, and what that has cost."""

    def __init__(self, chat: Client, asking: Asking, seed: int | None) -> None:
        self.chat, self.model, self.cache = chat, chat.model, chat.cache
        self.asking, self.seed = asking, seed

    @property
    def spending(self) -> Usage:
        """What the answers have cost."""
        return self.chat.usage


class _FunctionClient(Client):
    """A function, prompt -> text, in the place of an endpoint: for `ask` alone."""

    def __init__(
        self, function: Callable[[str], str], model: str = "", cache: str | Path | None = None, concurrency: int = 1
    ) -> None:
        self._set_up(model, cache, None, concurrency)
        self.endpoint, self._function = None, function

    def _reply(self, fields: dict[str, Any]) -> tuple[Any, Answer, int]:
        text = self._function(fields["messages"][-1]["content"])
        if not isinstance(text, str):
            raise TeacherError(f"`ask` must return the answer as a str, got {type(text).__name__}; give its text")
        return None, Answer(text), 0


def client_around(
    ask: Callable[[str], str] | Client, model: str = "", cache: str | Path | None = None, concurrency: int | None = None
) -> Client:
    """A client whose `ask` is that of a client, or a function from prompt to text, with the same cache around it.

    model: tells the answers of one function from another's. concurrency: more than 1 where threads may call it.
    Raises `CallError` for a client with further settings.
    """
    if not isinstance(ask, Client):
        return _FunctionClient(ask, model, cache, 1 if concurrency is None else concurrency)
    _alone((model or None, cache, concurrency))
    return ask


def _alone(settings: Sequence[object]) -> None:
    if any(setting is not None for setting in settings):
        raise CallError("a chat client brings its endpoint, cache, prices and concurrency: give them to `Client` alone")
