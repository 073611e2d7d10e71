"""`elm serve`: a port, what is loaded, and the server until it is told to stop."""

from __future__ import annotations

import contextlib
import errno
import ipaddress
import secrets
import signal
import socket
import threading
import time
import warnings
import webbrowser
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from elm._errors import CallError, OutsideDataWarning, RequestWarning

_API = ("fastapi", "uvicorn", "prometheus_client")
_PAGE = (*_API, "gradio", "plotly")


@dataclass(frozen=True)
class ServeOptions:
    """api: JSON over HTTP alone, without the page. token: asked of every caller; made where the address is not of this
    machine alone. waiting, seconds: limits (docs/serve.md). browser: open the page in one."""

    host: str = "127.0.0.1"
    port: int = 7860
    token: str | None = None
    api: bool = False
    waiting: int = 64
    seconds: float = 30.0
    browser: bool = False


def serve(
    run: str | Path | None = None,
    options: ServeOptions | None = None,
    ready: Callable[[dict[str, Any]], None] = lambda told: None,
) -> None:
    """Serve a run folder, a model folder or, for None, the shipped demo, until the process is told to stop.

    ready: called with url, token, what is served, and how many seconds that took to load. Raises `CallError` where the
    extra is missing, a port is in use, or an option cannot be; errors of what is loaded are those of `open_served`.
    """
    options = options or ServeOptions()
    _check_extra(_API if options.api else _PAGE)
    token = options.token
    if token is not None and (len(token) < 8 or not token.isprintable() or not token.isascii()):
        raise CallError("a token is 8 plain letters and signs or more; leave --token out to have one made")
    if token is None and not is_local(options.host):
        token = secrets.token_urlsafe(24)
    with contextlib.closing(_bound(options.host, options.port)) as port:
        _serve(run, options, token, port, ready)


def _serve(
    run: str | Path | None,
    options: ServeOptions,
    token: str | None,
    port: socket.socket,
    ready: Callable[[dict[str, Any]], None],
) -> None:
    from elm.serve.api._app import guarded, make_api
    from elm.serve.api._logs import log_to_stderr
    from elm.serve.core._limits import Limits
    from elm.serve.core._served import open_served
    from elm.serve.core._service import Service

    for told in (
        OutsideDataWarning,
        RequestWarning,
    ):  # answers tell of it, and a log must not hold words
        warnings.simplefilter("ignore", told)
    began = time.perf_counter()
    service = Service(open_served(run), Limits(waiting=options.waiting, seconds=options.seconds))
    app = make_api(service)
    if not options.api:
        from elm.serve.page._mount import with_page

        app = with_page(app, service)
    service.warm()
    log_to_stderr()
    host, number = port.getsockname()[:2]
    seconds = round(time.perf_counter() - began, 2)
    shown = f"[{host}]" if ":" in host else host
    url = f"http://{shown}:{number}/"
    ready({"serves": service.served.name, "url": url, "token": token, "api": options.api, "seconds": seconds})
    if options.browser and not options.api:
        _show(url if token is None else f"{url}?token={token}")
    server(guarded(app, service, token), service).run(sockets=[port])


def server(app: Any, service: Any) -> Any:
    """A uvicorn server that stops in order: it takes nothing new, and what runs has some seconds to end."""
    import uvicorn

    class Server(uvicorn.Server):
        @contextlib.contextmanager
        def capture_signals(self) -> Iterator[None]:
            """As uvicorn's, which would raise the signal once more in the end: a stop is no failure."""
            if threading.current_thread() is not threading.main_thread():
                yield
                return
            before = {one: signal.signal(one, self.handle_exit) for one in (signal.SIGINT, signal.SIGTERM)}
            try:
                yield
            finally:
                for one, handler in before.items():
                    signal.signal(one, handler)

        def handle_exit(self, sig: int, frame: Any) -> None:
            service.stopping = True
            super().handle_exit(sig, frame)

    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        lifespan="on",
        ws="none",
        limit_concurrency=512,
        timeout_keep_alive=15,
        timeout_graceful_shutdown=10,
    )
    return Server(config)


def is_local(host: str) -> bool:
    """Whether an address is of this machine alone.

    >>> is_local("127.0.0.1"), is_local("::1"), is_local("0.0.0.0"), is_local("localhost"), is_local("example.org")
    (True, True, False, True, False)
    """
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _check_extra(names: tuple[str, ...]) -> None:
    if missing := [name.replace("_", "-") for name in names if find_spec(name) is None]:
        raise CallError(
            f"`elm serve` needs the extra `page`, of which {', '.join(missing)} is missing: "
            "pip install 'elm-toolkit[page]'"
        )


def _bound(host: str, port: int) -> socket.socket:
    """A socket that listens; bound before anything is loaded, so that a port in use is told at once."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        found = socket.socket(family, kind, protocol)
    except (OSError, OverflowError) as error:
        raise CallError(f"{host} port {port} is no address to serve at ({error}); see --host and --port") from None
    try:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind(address)
        found.listen(128)
    except OSError as error:
        found.close()
        if error.errno == errno.EADDRINUSE:
            raise CallError(
                f"port {port} of {host} is in use; choose another with --port, or 0 for a free one"
            ) from None
        raise CallError(f"cannot listen at {host} port {port} ({error.strerror}); see --host and --port") from None
    return found


def _show(url: str) -> None:
    """Open the page in a browser where there is one; its address was printed anyway."""
    with contextlib.suppress(webbrowser.Error, OSError):
        webbrowser.open(url)
