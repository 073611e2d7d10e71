"""One call of an OpenAI-compatible endpoint, and what its failures mean, in words that say what to do."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any

from elm._errors import CallError, TeacherError, UnusableTextError
from elm.chat._secrets import masked, shown_url
from elm.chat._types import Answer

if TYPE_CHECKING:
    from openai import OpenAI


def chat_client(url: str | None = None, api_key: str | None = None, timeout: float = 120.0, retries: int = 6) -> OpenAI:
    """A client of `openai` for an endpoint, such as "http://localhost:8000/v1"; without `url`, that of OpenAI itself.

    api_key: by default that of the environment (OPENAI_API_KEY); a local server needs none. A call that times out
    (`timeout` seconds without an answer) or is answered 408, 409, 429 or 5xx is repeated up to `retries` times, after
    as long as the answer's Retry-After says (up to two minutes), else after a time that doubles, with jitter. All of it
    together, with an answer that only drips in, takes at most `timeout` seconds for each of its tries. Any client of
    that library, such as `AzureOpenAI`, can stand in its place.

    Raises `CallError` where the library is not installed, the URL is none, or OpenAI's own endpoint gets no key.
    """
    try:
        import openai
    except ImportError as error:
        raise CallError('chat models need the client library: pip install "elm-toolkit[chat]"') from error
    url = url or os.environ.get("OPENAI_BASE_URL")
    if url is not None and not url.startswith(("http://", "https://")):
        raise CallError(
            f'an endpoint is the URL of its API, such as "http://localhost:8000/v1", got {shown_url(url)!r}'
        )
    key = api_key or os.environ.get("OPENAI_API_KEY") or ("none" if url is not None else None)
    if key is None:
        raise CallError("the endpoint of OpenAI needs a key: set OPENAI_API_KEY, or name another endpoint")
    return openai.OpenAI(base_url=url, api_key=key, timeout=timeout, max_retries=retries)


def complete(client: OpenAI, fields: dict[str, Any]) -> tuple[Answer, int]:
    """Make one call with these fields; returns the answer, and how often the call had to be repeated.

    Raises `TeacherError` where there is no answer: none of those failures is the fault of one text.
    """
    return reply(client, fields)[1:]


def reply(client: OpenAI, fields: dict[str, Any]) -> tuple[Any, Answer, int]:
    """The same, after the completion as the library gives it; None where a content filter refused the call."""
    try:
        found, retried = called(client, client.chat.completions, fields)
    except TeacherError as error:
        if _filtered(error.__cause__):
            return None, Answer("", "refused"), 0
        raise
    return found, answer_of(found, shown_url(str(client.base_url))), retried


def called(client: OpenAI, door: Any, fields: dict[str, Any], what: str = "chat completion") -> tuple[Any, int]:
    """What a door of a client, such as `client.completions`, makes of these fields, and how often it was asked again.

    Raises `TeacherError` without the client's key, where nothing comes that is `what`.
    """
    try:
        return _called(client, door, fields, what)
    except TeacherError as error:
        raise TeacherError(masked(str(error), client)) from error.__cause__


def _called(client: OpenAI, door: Any, fields: dict[str, Any], what: str) -> tuple[Any, int]:
    import openai

    where = shown_url(str(client.base_url))
    try:
        raw = _within(_longest(client), lambda: door.with_raw_response.create(**fields))
        return raw.parse(), raw.retries_taken
    except openai.APIStatusError as error:
        raise TeacherError(_told(error, where, str(fields.get("model")), client.max_retries)) from error
    except (openai.APITimeoutError, TimeoutError) as error:
        raise TeacherError(
            f"{where} gave no whole answer in {_seconds(client)} seconds, {client.max_retries + 1} times over; "
            f"{_GO_ON}, with a longer timeout or fewer calls at once"
        ) from error
    except openai.APIConnectionError as error:
        cause = error.__cause__ or error
        raise TeacherError(f"{where} cannot be reached ({cause}); start the server and {_GO_ON}") from error
    except (openai.APIError, ValueError, TypeError, AttributeError, RecursionError) as error:
        raise TeacherError(f"{where} answered with no {what} ({str(error)[:300]}); {_BASE_URL}") from error


def _seconds(client: OpenAI) -> float | None:
    """How long a try may take; None for a client without a limit. The library's own type has one for each step."""
    timeout = getattr(client.timeout, "read", client.timeout)
    return float(timeout) if isinstance(timeout, int | float) else None


def _longest(client: OpenAI) -> float | None:
    seconds = _seconds(client)
    return None if seconds is None else seconds * (client.max_retries + 1)


def _within(seconds: float | None, call: Callable[[], Any]) -> Any:
    """What `call` returns or raises; `TimeoutError` where it is not done in time.

    The library's limit begins anew with each byte that comes, so a server that drips holds it for ever. Nothing stops a
    thread from outside: the one that still waits dies with the process.
    """
    done: SimpleQueue[tuple[Any, BaseException | None]] = SimpleQueue()

    def work() -> None:
        try:
            done.put((call(), None))
        except BaseException as error:  # handed to whoever waits
            done.put((None, error))

    threading.Thread(target=work, daemon=True, name="chat call").start()
    try:
        value, error = done.get(timeout=seconds)
    except Empty:
        raise TimeoutError from None
    if error is not None:
        raise error
    return value


_GO_ON = "run the same call again, which goes on from the answers that are kept"
_BASE_URL = 'give the base of an OpenAI-compatible API, which mostly ends in "/v1"'


def answer_of(completion: Any, where: str) -> Answer:
    """What a completion says; `TeacherError` where it is none, `UnusableTextError` for a text with half a character."""
    choices: Any = getattr(completion, "choices", None)
    message = getattr(choices[0], "message", None) if isinstance(choices, list) and choices else None
    if message is None:
        raise TeacherError(f"{where} answered with no chat completion; {_BASE_URL}")
    text = getattr(message, "content", None) or ""  # null where the model refused, or only thought
    if not isinstance(text, str):
        raise TeacherError(
            f"{where} answered with a {type(text).__name__} where the text of a chat completion stands; {_BASE_URL}, "
            f"and {_GO_ON}"
        )
    if any("\ud800" <= letter <= "\udfff" for letter in text):
        raise UnusableTextError(
            f"{where} answered with half a character (a lone surrogate); {_GO_ON}, or ask another model"
        )
    finish, usage = getattr(choices[0], "finish_reason", None), getattr(completion, "usage", None)
    refused = finish == "content_filter" or bool(getattr(message, "refusal", None))
    return Answer(
        text,
        "refused" if refused else "length" if finish == "length" else "stop",
        _count(usage, "prompt_tokens"),
        _count(usage, "completion_tokens"),
    )


def _count(usage: Any, name: str) -> int:
    count = getattr(usage, name, None)  # servers leave it out, or say null
    return count if isinstance(count, int) and 0 <= count < 2**63 else 0


def _filtered(error: Any) -> bool:
    """A content filter in front of the model, as Azure has one, answers 400 with this code."""
    return getattr(error, "status_code", None) == 400 and getattr(error, "code", None) == "content_filter"


def _told(error: Any, where: str, model: str, retries: int) -> str:
    status, said = error.status_code, str(error)[:300]
    if status in (401, 403):
        return f"{where} refused the key ({status}): set OPENAI_API_KEY, or give the key of this endpoint"
    if status == 404:
        return f"{where} knows no model {model!r}, or is no API ({said}): name one that it serves; {_BASE_URL}"
    if status == 429:
        return f"{where} limits the rate even after {retries} repeats ({said}); make fewer calls at once, and {_GO_ON}"
    if status >= 500:
        return f"{where} fails with {status} after {retries} repeats ({said}); {_GO_ON}"
    return f"{where} does not take the call ({said}): change the settings that it names"
