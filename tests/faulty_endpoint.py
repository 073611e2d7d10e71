"""A small OpenAI-compatible server on this machine that fails as its script says."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Body = dict[str, Any]


def said(text: str | None, finish: str = "stop", **message: Any) -> tuple[int, Body]:
    """A chat completion with this text: eleven tokens read, seven written."""
    choice = {"index": 0, "finish_reason": finish, "message": {"role": "assistant", "content": text, **message}}
    usage = {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18}
    return 200, {
        "id": "x",
        "object": "chat.completion",
        "created": 1,
        "model": "m",
        "choices": [choice],
        "usage": usage,
    }


def failed(status: int, message: str = "no", code: str | None = None) -> tuple[int, Body]:
    return status, {"error": {"message": message, "type": "t", "code": code}}


@dataclass
class Endpoint:
    """answer: the n-th call's body -> (status, body). calls: what came; headers: sent with an answer of that status;
    models: what is listed.
    """

    answer: Callable[[int, Body], tuple[int, Any]]
    headers: dict[int, dict[str, str]] = field(default_factory=dict)
    models: list[Body] = field(default_factory=list)
    delay: float = 0.0
    calls: list[Body] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    most_at_once: int = 0
    url: str = ""
    _now: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)


@contextlib.contextmanager
def endpoint(answer: Callable[[int, Body], tuple[int, Any]], **options: Any) -> Iterator[Endpoint]:
    """Serve for the time of the block."""
    served = Endpoint(answer, **options)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            with served._lock:
                number = len(served.calls)
                served.calls.append(body)
                served.times.append(time.monotonic())
                served.keys.append(self.headers.get("authorization", ""))
                served._now += 1
                served.most_at_once = max(served.most_at_once, served._now)
            time.sleep(served.delay)
            status, value = served.answer(number, body)
            with served._lock:
                served._now -= 1
            self._send(status, value)

        def do_GET(self) -> None:
            self._send(200, {"object": "list", "data": served.models})

        def _send(self, status: int, value: Any) -> None:
            data = value if isinstance(value, bytes) else json.dumps(value).encode()
            kind = "text/html" if isinstance(value, bytes) else "application/json"
            with contextlib.suppress(OSError):  # the caller may have gone
                self.send_response(status)
                sent = {"content-type": kind, "content-length": str(len(data)), **served.headers.get(status, {})}
                for name, header in sent.items():
                    self.send_header(name, header)
                self.end_headers()
                self.wfile.write(data)

        def log_message(self, *_: Any) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    served.url = f"http://127.0.0.1:{server.server_address[1]}/v1"
    try:
        yield served
    finally:
        server.shutdown()
        server.server_close()
