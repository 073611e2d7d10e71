"""The client against a server on this machine: the same answers, and our errors back."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
import small_served
from live import running

from elm._errors import BusyError, CallError, ServerError, TimeLimitError, UnknownNameError, VectorError
from elm.serve import Client
from elm.serve._answers import Edit, Neighbour, Ranked
from elm.serve._problem_types import as_error
from elm.serve.api._app import guarded, make_api
from elm.serve.core._service import Service

HEAD = b"POST /v1/recommend HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"


@pytest.fixture(scope="module")
def own() -> Iterator[Service]:
    made = small_served.service(body_seconds=0.5)
    yield made
    made.close()


@pytest.fixture(scope="module")
def url(own: Service) -> Iterator[str]:
    with running(guarded(make_api(own), own), own) as address:
        yield address


@pytest.fixture
def client(url: str) -> Iterator[Client]:
    with Client(url) as made:
        yield made


def test_calls_give_dataclasses(client: Client) -> None:
    served = small_served.served()
    found = client.describe([{"item": "i1"}], "say", seed=2, neighbours=1)
    assert found.texts[0].text == served.model.describe(served.tables["films"]["i1"], "say", seed=2)
    assert isinstance(found.texts[0].neighbours[0], Neighbour)
    assert client.profile("u1").rated == 6
    ranked = client.recommend("u1", profile="They love comedies.", k=2)
    assert isinstance(ranked, Ranked)
    assert [place.place for place in ranked.items] == [1, 2]
    assert isinstance(client.explain_edit("They like wit.", "They like war.", "u1", k=2), Edit)
    assert client.ask({"item": "i1"}, "Is it sad?").strip()
    assert {space.name for space in client.spaces()} == {"toy", "wals"}
    assert {task.id for task in client.tasks()} == {"say", "both", "tell"}
    assert client.health().status == "ready"
    assert "elm_requests_total" in client.metrics()
    assert client.describe_groups(["i1", "i2"])["size"] == 2


def test_errors_are_ours(client: Client) -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'i1'") as raised:
        client.describe([{"item": "i1q"}], "say")
    assert raised.value.nearest == "i1"
    with pytest.raises(VectorError, match="5 numbers"):
        client.describe([{"vector": [1.0] * 5}])
    with pytest.raises(CallError, match="n: "):
        client.describe([{"item": "i1"}], n=99)
    with pytest.raises(CallError, match="needs words"):
        list(client.stream({"item": "i1"}, " ."[:1]))
    with pytest.raises(CallError, match="at most 1000000 bytes"):
        client.recommend("u1", profile="a" * 1_100_000)


def test_each_problem_has_its_error() -> None:
    kinds: dict[str, Any] = {"busy": BusyError, "time-limit": TimeLimitError, "slow-body": TimeLimitError}
    kinds |= {"stopping": ServerError, "token": ServerError, "of a later version": ServerError}
    for kind, error in kinds.items():
        assert type(as_error({"type": f"urn:elm:problem:{kind}", "detail": "why"}, 500)) is error
    assert "status 502" in str(as_error("<html>", 502))


def test_nobody_there_is_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with Client(f"http://127.0.0.1:{port}") as client, pytest.raises(ServerError, match="elm serve --api"):
        client.health()


def test_a_token_goes_with_every_call(own: Service) -> None:
    with running(guarded(make_api(own), own, "secret-token"), own) as url:
        with Client(url, token="secret-token") as client:
            assert client.tasks()
        with Client(url) as client, pytest.raises(ServerError, match="token"):
            client.tasks()


def test_who_leaves_is_not_worked_for(own: Service, url: str) -> None:
    go, began = threading.Event(), threading.Event()

    def wait(stop: Any) -> None:
        began.set()
        go.wait(10)

    own.lists.submit(wait)
    began.wait(5)
    address = ("127.0.0.1", int(url.rpartition(":")[2]))
    body = b'{"user": "u1"}'
    with socket.create_connection(address) as one:
        one.sendall(HEAD % len(body) + body)
        _until(lambda: len(own.lists) == 1)
    _until(lambda: all(job.left.is_set() for job in own.lists._jobs))
    go.set()


def test_a_slow_client_is_let_go_and_others_are_answered(client: Client, url: str) -> None:
    address = ("127.0.0.1", int(url.rpartition(":")[2]))
    with socket.create_connection(address, timeout=10) as slow:
        slow.sendall(HEAD % 999 + b"{")
        assert client.recommend("u1", k=1).items
        assert b"408" in slow.recv(4096).splitlines()[0]


def _until(true: Any) -> None:
    end = time.monotonic() + 5
    while not true():
        assert time.monotonic() < end
        time.sleep(0.01)
