"""What stands before every request: host, token, size, seconds, headers - and what is logged and counted of it."""

from __future__ import annotations

import asyncio
import hmac
import logging
import time
import uuid
from collections.abc import Awaitable, Callable, MutableMapping
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qsl, urlencode

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import RedirectResponse, Response

from elm.serve.api._metrics import Metrics
from elm.serve.api._problems import of_status
from elm.serve.core._limits import Limits

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

COOKIE = "elm_token"
_LOCAL = {"127.0.0.1", "localhost", "::1"}
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": (
        "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; "
        "frame-src 'self'; object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
    ),
}
"""Nothing is loaded from elsewhere, whatever a text says. Gradio's own scripts stand in its page, hence the inline."""
_log = logging.getLogger("elm.serve")


class Guard:
    """The outermost layer of the app. token: None where only this machine can connect, and the host is looked at in its
    place: a page elsewhere whose name leads here is not let in."""

    def __init__(self, app: Any, limits: Limits, metrics: Metrics, token: str | None) -> None:
        self._app, self._limits, self._metrics, self._token = app, limits, metrics, token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":  # a websocket: nothing here speaks it
            await send({"type": "websocket.close", "code": 1008})
            return
        began, told = time.perf_counter(), {"status": 0, "bytes": 0}
        scope.setdefault("state", {})["request_id"] = uuid.uuid4().hex[:12]

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                told["status"] = message["status"]
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
                headers["X-Request-ID"] = scope["state"]["request_id"]
            await send(message)

        try:
            await self._let_in(scope, receive, sending, told)
        finally:
            seconds = time.perf_counter() - began
            route = getattr(scope.get("route"), "path", None) or ("page" if told["status"] < 400 else "other")
            self._metrics.seen(route, scope["method"], told["status"], seconds)
            more = {"method": scope["method"], "route": route, "id": scope["state"]["request_id"], **told}
            _log.info("request", extra={**more, "ms": round(seconds * 1000, 1)})

    async def _let_in(self, scope: Scope, receive: Receive, send: Send, told: dict[str, int]) -> None:
        refused = self._refused(scope)
        body = b""
        if refused is None and scope["method"] not in ("GET", "HEAD", "OPTIONS"):
            try:
                body = await self._body(scope, receive)
            except _Gone:
                return
            except _Refused as error:
                refused = error.response
        if refused is not None:
            await refused(scope, receive, send)
            return
        told["bytes"] = len(body)
        given = [body]

        async def receiving() -> Message:
            if given:
                return {"type": "http.request", "body": given.pop(), "more_body": False}
            return await receive()

        await self._app(scope, receiving if scope["method"] not in ("GET", "HEAD", "OPTIONS") else receive, send)

    def _refused(self, scope: Scope) -> Response | None:
        """The answer to a request that is not let in."""
        headers = Headers(scope=scope)
        if self._token is None:
            host = headers.get("host", "")
            name = host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]
            if name.lower() not in _LOCAL:
                return of_status(421, "this server answers on this machine alone; call it by 127.0.0.1 or localhost")
        elif scope["path"] != "/health":
            query = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
            asked = dict(query).get("token")
            if asked is not None and scope["method"] == "GET" and self._is_token(asked):
                rest = urlencode([(name, value) for name, value in query if name != "token"])
                away = RedirectResponse("?" + rest if rest else scope["path"], 303)
                away.set_cookie(COOKIE, self._token, httponly=True, samesite="strict")
                return away
            kind, _, sent = headers.get("authorization", "").partition(" ")
            if not (kind.lower() == "bearer" and self._is_token(sent.strip())) and not self._is_token(_cookie(headers)):
                told = (
                    "send the token that `elm serve` printed: Authorization: Bearer TOKEN, or ?token=TOKEN in a browser"
                )
                return of_status(401, told, {"WWW-Authenticate": "Bearer"})
        kind = headers.get("content-type", "").partition(";")[0].strip().lower()
        if scope["method"] == "POST" and scope["path"].startswith("/v1/") and kind != "application/json":
            return of_status(415, "send JSON, with Content-Type: application/json")
        return None

    def _is_token(self, given: str) -> bool:
        return hmac.compare_digest(given.encode("utf-8", "replace"), str(self._token).encode())

    async def _body(self, scope: Scope, receive: Receive) -> bytes:
        """The whole body, before anybody waits for it in vain."""
        most, seconds = self._limits.body, self._limits.body_seconds
        large = _Refused(of_status(413, f"a request has at most {most} bytes; send less at once"))
        length = Headers(scope=scope).get("content-length", "")
        if length.isdigit() and int(length) > most:
            raise large
        found = bytearray()
        try:
            async with asyncio.timeout(seconds):
                while True:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        raise _Gone
                    found += message.get("body", b"")
                    if len(found) > most:
                        raise large
                    if not message.get("more_body", False):
                        return bytes(found)
        except TimeoutError:
            told = f"a request is to arrive within {seconds:g} seconds; send it faster, or less"
            raise _Refused(of_status(408, told, {"Connection": "close"})) from None


class _Refused(Exception):
    def __init__(self, response: Response) -> None:
        super().__init__()
        self.response = response


class _Gone(Exception):
    """The client left before it had said what it wants."""


def _cookie(headers: Headers) -> str:
    try:
        found = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
    except CookieError:
        return ""
    return "" if found is None else found.value
