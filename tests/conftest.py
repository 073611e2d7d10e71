"""Rules that hold for every test: one thread, fixed seeds, no network beyond this machine."""

from __future__ import annotations

import os
import random
import socket
import sys
from typing import Any

import pytest

# Before numpy and torch are imported: their thread pools fight with the other test workers.
for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

_LOCAL = {"localhost", "127.0.0.1", "::1", "0.0.0.0", "", None}


def _guard(host: object) -> None:
    """Fail the test; a plain exception would be taken for "no network" by the code under test."""
    if isinstance(host, bytes):
        host = host.decode()
    if host not in _LOCAL and host != socket.gethostname():
        pytest.fail(f"a test reached for the network: {host}", pytrace=True)


def pytest_configure(config: pytest.Config) -> None:
    connect, lookup = socket.socket.connect, socket.getaddrinfo

    def guarded_connect(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6):
            _guard(address[0])
        connect(self, address)

    def guarded_lookup(host: Any, *args: Any, **kwargs: Any) -> Any:
        _guard(host)
        return lookup(host, *args, **kwargs)

    socket.socket.connect = guarded_connect  # type: ignore[method-assign]
    socket.getaddrinfo = guarded_lookup


@pytest.fixture(autouse=True)
def _seeds() -> None:
    """The code takes its seeds as arguments; these are for third-party code that draws from the global generators."""
    random.seed(0)
    if numpy := sys.modules.get("numpy"):
        numpy.random.seed(0)
    if torch := sys.modules.get("torch"):
        torch.manual_seed(0)


@pytest.fixture
def elm(capsys: pytest.CaptureFixture[str]) -> Any:
    """Call the command in this process: exit code, standard output, standard error."""
    from elm.cli import _output, main

    def call(*words: object) -> tuple[int, str, str]:
        code = main([str(word) for word in words])
        _output.set_quiet(False)
        out, err = capsys.readouterr()
        return code, out, err

    return call
