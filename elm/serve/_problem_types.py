"""The kinds of problems that a server tells, and the errors of ours that they stand for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from elm._errors import (
    BusyError,
    CallError,
    ElmError,
    ServerError,
    TimeLimitError,
    UnknownNameError,
    VectorError,
)

TYPE = "urn:elm:problem:"
"""What the `type` of each problem begins with."""

_ERRORS: Mapping[str, type[ElmError]] = {
    "unknown-name": UnknownNameError,
    "vector": VectorError,
    "call": CallError,
    "busy": BusyError,
    "time-limit": TimeLimitError,
    "slow-body": TimeLimitError,
    "too-large": CallError,
    "media-type": CallError,
    "bad-request": CallError,
    "token": ServerError,
    "stopping": ServerError,
    "not-available": ServerError,
}


def named() -> list[str]:
    """The kinds, by the end of their `type`."""
    return list(_ERRORS)


def as_error(body: Any, status: int) -> ElmError:
    """The error that a problem's body tells of; `ServerError` for a body of another form."""
    if not isinstance(body, dict) or not isinstance(body.get("detail"), str):
        return ServerError(f"the server answered with status {status} and no problem that can be read")
    kind = _ERRORS.get(str(body.get("type", "")).removeprefix(TYPE), ServerError)
    if kind is UnknownNameError:  # it writes its own message from what is known, which is known over there
        error = UnknownNameError.__new__(UnknownNameError)
        Exception.__init__(error, body["detail"])
        error.nearest = body.get("nearest")
        return error
    return kind(body["detail"])
