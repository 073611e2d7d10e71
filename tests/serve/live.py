"""A server on a free port of this machine, in a thread of this process."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

from elm.serve._run import server


@contextlib.contextmanager
def running(app: Any, service: Any) -> Iterator[str]:
    """Its address, for the time of the block."""
    port = socket.create_server(("127.0.0.1", 0))
    made = server(app, service)
    thread = threading.Thread(target=made.run, kwargs={"sockets": [port]}, daemon=True)
    thread.start()
    end = time.monotonic() + 20
    while not made.started and time.monotonic() < end:
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{port.getsockname()[1]}"
    finally:
        made.should_exit = True
        made.force_exit = True
        thread.join(20)
        port.close()
