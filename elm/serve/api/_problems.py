"""One form for every error: application/problem+json (RFC 9457)."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from elm._errors import (
    BusyError,
    CallError,
    ElmError,
    ServerError,
    TimeLimitError,
    UnknownNameError,
    VectorError,
)
from elm.serve._problem_types import TYPE, named

KIND = "application/problem+json"

_KINDS: Sequence[tuple[type[ElmError], int, str, str]] = (
    (UnknownNameError, 404, "unknown-name", "Unknown name"),
    (VectorError, 422, "vector", "Not a vector of this space"),
    (CallError, 422, "call", "Not a call that can work"),
    (BusyError, 429, "busy", "Too many requests wait"),
    (TimeLimitError, 503, "time-limit", "Took too long"),
    (ServerError, 503, "stopping", "The server is stopping"),
    (ElmError, 503, "not-available", "Not available here"),
)
_BY_STATUS = {
    400: ("bad-request", "Bad request"),
    401: ("token", "A token is needed"),
    404: ("no-such-path", "No such path"),
    405: ("method", "Method not allowed"),
    408: ("slow-body", "The request came too slowly"),
    413: ("too-large", "The request is too large"),
    415: ("media-type", "Not JSON"),
    421: ("host", "Another host was meant"),
}
_log = logging.getLogger("elm.serve")


def problem(status: int, kind: str, title: str, detail: str, more: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The body of an error. more: further members, such as `nearest`."""
    return {"type": TYPE + kind, "title": title, "status": status, "detail": detail, **(more or {})}


def of_status(status: int, detail: str, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """An error of HTTP itself."""
    kind, title = _BY_STATUS.get(status, ("http", "Error"))
    return _response(problem(status, kind, title, detail), headers)


def of_error(error: ElmError) -> dict[str, Any]:
    """The body for one of our errors; an `UnknownNameError` brings the `nearest` name."""
    status, kind, title = next((s, k, t) for of, s, k, t in _KINDS if isinstance(error, of))
    near = getattr(error, "nearest", None)
    return problem(status, kind, title, str(error), {"nearest": near} if near else None)


def handle_problems(app: FastAPI) -> None:
    """Have every error of an app answered in this form."""

    @app.exception_handler(ElmError)
    async def ours(request: Request, error: ElmError) -> JSONResponse:
        return _response(of_error(error))

    @app.exception_handler(RequestValidationError)
    async def odd(request: Request, error: RequestValidationError) -> JSONResponse:
        return _response(of_validation(error))

    @app.exception_handler(HTTPException)
    async def http(request: Request, error: HTTPException) -> JSONResponse:
        return of_status(error.status_code, str(error.detail), error.headers)

    @app.exception_handler(Exception)
    async def unseen(request: Request, error: Exception) -> JSONResponse:
        _log.error("failed", extra={"route": request.url.path, "error": type(error).__name__})
        told = "this should not happen; the server's log names the request"
        return _response(problem(500, "failed", "Failed", told))


def of_validation(error: RequestValidationError) -> dict[str, Any]:
    """The body for a request that is not what the schema says: the first fault in `detail`, all of them in `errors`,
    without what was sent."""
    found = []
    for one in error.errors()[:20]:
        where = ".".join(str(part) for part in one["loc"] if part != "body")
        found.append({"at": where[:200], "message": str(one["msg"])[:300]})
    first = found[0] if found else {"at": "", "message": "not what the schema says"}
    at = f"{first['at']}: " if first["at"] else ""
    return problem(422, "call", "Not a call that can work", at + first["message"], {"errors": found})


def _response(body: dict[str, Any], headers: Mapping[str, str] | None = None) -> JSONResponse:
    status = body["status"]
    more = {"Retry-After": "1"} if status in (429, 503) else {}
    return JSONResponse(body, status, {**(headers or {}), **more}, KIND)


PROBLEM_SCHEMA: dict[str, Any] = {
    "title": "Problem",
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "examples": [TYPE + name for name in named()]},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "nearest": {"type": "string"},
        "errors": {"type": "array", "items": {"type": "object"}},
    },
}


def responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """What a route may answer beside its result, for the schema."""
    told = {status: title for _, status, _, title in reversed(_KINDS)} | {s: t for s, (_, t) in _BY_STATUS.items()}
    told |= {404: "Unknown name", 422: "Not a call that can work", 503: "Took too long, or stopping"}
    return {status: {"description": told[status], "content": {KIND: {"schema": PROBLEM_SCHEMA}}} for status in statuses}
