"""What goes to a chat model and what comes back: messages, requests, answers, and how answers are drawn."""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from elm._errors import CallError

Message = dict[str, str]  # role, content


@dataclass(frozen=True)
class Request:
    """One call of a model: the talk so far, the room for the answer, and what tells repeated calls apart."""

    messages: tuple[Message, ...]
    max_tokens: int | None
    variant: int = 0
    attempt: int = 0


@dataclass(frozen=True)
class Answer:
    """What came back. finish: "length" where the room ended first, "refused" where the model was kept from it."""

    text: str
    finish: Literal["stop", "length", "refused"] = "stop"
    tokens_in: int = 0
    tokens_out: int = 0


@dataclass(frozen=True)
class Asking:
    """How answers are drawn. attempts: how often one text is asked for before it is given up.

    extra: further fields of a request, such as {"top_k": 20} or {"chat_template_kwargs": {"enable_thinking": False}}; a
    None leaves one out, as in {"max_tokens": None, "max_completion_tokens": 400, "temperature": None, "seed": None}.
    """

    temperature: float = 0.7
    top_p: float = 1.0
    max_tokens: int | None = 400
    attempts: int = 3
    extra: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if (
            self.attempts < 1
            or self.temperature < 0
            or not 0 < self.top_p <= 1
            or (self.max_tokens is not None and self.max_tokens < 1)
        ):
            raise CallError(
                "asking needs attempts and max_tokens of 1 or more, a temperature of 0 or more and a top_p in (0, 1], "
                f"got {self.attempts}, {self.max_tokens}, {self.temperature} and {self.top_p}"
            )

    def fields(self, request: Request, seed: int | None, more: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """The fields of a call beside its model: None leaves one out, and `extra` goes before the others."""
        fields = {
            "messages": list(request.messages),
            "temperature": self.temperature,
            "top_p": self.top_p,
            "max_tokens": request.max_tokens,
            "seed": seed,
            **(more or {}),
        }
        extra = {name: value for name, value in self.extra.items() if value is not None}
        fields = {name: value for name, value in fields.items() if value is not None and name not in self.extra}
        return fields | ({"extra_body": extra} if extra else {})


def question(text: str, max_tokens: int | None = None, variant: int = 0, attempt: int = 0) -> Request:
    """A request that is one question of the user."""
    return Request((Message(role="user", content=text),), max_tokens, variant, attempt)


def call_seed(*parts: int | None) -> int | None:
    """The seed that is sent with a call, other for each of `parts`; None where the first, the user's own, is None."""
    return None if parts[0] is None else zlib.crc32("/".join(map(str, parts)).encode()) >> 1


def spoken(answer: Answer) -> str:
    """What an answer says, without the thoughts that some models write before it.

    >>> spoken(Answer("<think>War, or comedy?</think> They love war films."))
    'They love war films.'
    """
    return _THINKING.sub("", answer.text).strip()


_THINKING = re.compile(r"\A\s*<think>.*?(?:</think>|\Z)", re.DOTALL)
