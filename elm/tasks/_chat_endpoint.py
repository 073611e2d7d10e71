"""One call of an OpenAI-compatible endpoint, and what its failures mean, in words that say what to do."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from elm._errors import CallError, TeacherError
from elm.tasks._asking import Answer

if TYPE_CHECKING:
    from openai import OpenAI


def chat_client(url: str | None = None, api_key: str | None = None, timeout: float = 120.0, retries: int = 6) -> OpenAI:
    """A client of `openai` for an endpoint, such as "http://localhost:8000/v1"; without `url`, that of OpenAI itself.

    api_key: by default that of the environment (OPENAI_API_KEY); a local server needs none. A call that times out
    (`timeout` seconds without an answer) or is answered 408, 409, 429 or 5xx is repeated up to `retries` times, after
    as long as the answer's Retry-After says (up to two minutes), else after a time that doubles, with jitter. Any
    client of that library, such as `AzureOpenAI`, can stand in its place.

    Raises `CallError` where the library is not installed, the URL is none, or OpenAI's own endpoint gets no key.
    """
    try:
        import openai
    except ImportError as error:
        raise CallError('chat teachers need the client library: pip install "elm-toolkit[chat]"') from error
    url = url or os.environ.get("OPENAI_BASE_URL")
    if url is not None and not url.startswith(("http://", "https://")):
        raise CallError(f'an endpoint is the URL of its API, such as "http://localhost:8000/v1", got {url!r}')
    key = api_key or os.environ.get("OPENAI_API_KEY") or ("none" if url is not None else None)
    if key is None:
        raise CallError("the endpoint of OpenAI needs a key: set OPENAI_API_KEY, or name another endpoint")
    return openai.OpenAI(base_url=url, api_key=key, timeout=timeout, max_retries=retries)


def complete(client: OpenAI, fields: dict[str, Any]) -> tuple[Answer, int]:
    """Make one call with these fields; returns the answer, and how often the call had to be repeated.

    Raises `TeacherError` where there is no answer: none of those failures is the fault of one text.
    """
    try:
        found, retried = completion(client, fields)
    except TeacherError as error:
        if filtered(error.__cause__):
            return Answer("", "refused"), 0
        raise
    return answer_of(found, str(client.base_url).rstrip("/")), retried


def completion(client: OpenAI, fields: dict[str, Any]) -> tuple[Any, int]:
    """The same, with the whole completion as the library gives it; a content filter's refusal is a failure, too."""
    import openai

    where = str(client.base_url).rstrip("/")
    try:
        raw = client.chat.completions.with_raw_response.create(**fields)
        return raw.parse(), raw.retries_taken
    except openai.APIStatusError as error:
        raise TeacherError(_told(error, where, str(fields.get("model")), client.max_retries)) from error
    except openai.APITimeoutError as error:
        raise TeacherError(
            f"{where} gave no answer in {client.timeout} seconds, {client.max_retries + 1} times over; {_GO_ON}, "
            "with a longer timeout or fewer calls at once"
        ) from error
    except openai.APIConnectionError as error:
        cause = error.__cause__ or error
        raise TeacherError(f"{where} cannot be reached ({cause}); start the server and {_GO_ON}") from error
    except (openai.APIError, ValueError) as error:
        raise TeacherError(f"{where} answered with no chat completion ({error}); {_BASE_URL}") from error


_GO_ON = "run the same call again, which goes on from the answers that are kept"
_BASE_URL = 'give the base of an OpenAI-compatible API, which mostly ends in "/v1"'


def answer_of(completion: Any, where: str) -> Answer:
    """What a completion says; `TeacherError` where it is none."""
    choices = getattr(completion, "choices", None)
    if not choices:
        raise TeacherError(f"{where} answered with no chat completion; {_BASE_URL}")
    message, finish, usage = choices[0].message, choices[0].finish_reason, completion.usage
    refused = finish == "content_filter" or bool(getattr(message, "refusal", None))
    return Answer(
        message.content or "",
        "refused" if refused else "length" if finish == "length" else "stop",
        usage.prompt_tokens if usage else 0,
        usage.completion_tokens if usage else 0,
    )


def filtered(error: Any) -> bool:
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
