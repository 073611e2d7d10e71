"""What real servers answer that is no text: one error of ours, which costs no paid answer and tells no secret."""

from __future__ import annotations

import math
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from faulty_endpoint import endpoint, failed, said

from elm._errors import CallError, TeacherError, UnusableTextError
from elm.chat import Asking, ChatJudge, chat_client, complete
from elm.chat._secrets import masked, shown_url
from elm.recommend import AskedModel
from elm.tasks import ChatTeacher, ItemBrief

FILMS = {"f1": ItemBrief("Heat", 1995)}
GOOD = "A calm film about the sea."
KEY = "sk-SECRETSECRETSECRET1234"


def choices(message: Any) -> dict[str, Any]:
    return {**said(GOOD)[1], "choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}


def ask(url: str, cache: Path | None = None, **options: Any) -> str:
    client = chat_client(url, "k-1234", timeout=options.pop("timeout", 5), retries=options.pop("retries", 0))
    return ChatTeacher(FILMS, "m", client, cache=cache, asking=Asking(attempts=1), **options).write("f1", "summary")


@pytest.mark.parametrize(
    "usage", [None, {}, {"prompt_tokens": None, "completion_tokens": None}, {"prompt_tokens": "7"}, 5, []]
)
def test_a_text_is_taken_whatever_the_usage_says(usage: Any, tmp_path: Path) -> None:
    with endpoint(lambda number, body: (200, {**said(GOOD)[1], "usage": usage})) as served:
        assert ask(served.url, tmp_path / "a.sqlite") == GOOD


@pytest.mark.parametrize(
    "body",
    [
        choices(None),
        choices({"role": "assistant", "content": None}),
        choices({}),
        choices(5),
        choices({"role": "assistant", "content": [{"type": "text", "text": GOOD}]}),
        choices({"role": "assistant", "content": 5}),
        choices({"role": "assistant", "content": {"text": GOOD}}),
        {"choices": [None]},
        {"choices": 5},
        {"choices": None},
        {"choices": {}},
        {"choices": "text"},
        [],
        None,
        5,
        b"[" * 200_000,
        b"{",
        b"",
        b"\xff\xfe",
        said("sea \ud800 x")[1],
        said("\udfff")[1],
    ],
)
def test_an_answer_that_holds_no_text_is_one_error(body: Any, tmp_path: Path) -> None:
    cache = tmp_path / "a.sqlite"
    with endpoint(lambda number, _: (200, body)) as served:
        with pytest.raises(TeacherError) as raised:
            ask(served.url, cache)
        assert "delete" not in str(raised.value)
        served.answer = lambda number, _: said(GOOD)
        assert ask(served.url, cache) == GOOD  # nothing of the fault was kept


def test_half_a_letter_is_the_fault_of_one_text() -> None:
    with endpoint(lambda number, body: said("sea \ud800")) as served, pytest.raises(UnusableTextError, match="half a"):
        ask(served.url)


def test_the_other_askers_meet_the_same_faults() -> None:
    with endpoint(lambda number, body: (200, {"choices": [None]})) as served:
        client = chat_client(served.url, retries=0)
        with pytest.raises(TeacherError, match="no chat completion"):
            ChatJudge("m", client).choose(["Yes?"], ["yes", "no"])
        with pytest.raises(TeacherError, match="no chat completion"):
            complete(client, {"model": "m", "messages": [{"role": "user", "content": "?"}]})
    with pytest.raises(TeacherError, match=r"`ask` must return the answer as a str, got NoneType"):
        AskedModel(lambda prompt: None, ["Heat"])._answer("?")  # type: ignore[arg-type,return-value]


@pytest.mark.parametrize(
    "told",
    [
        None,
        5,
        [],
        {"content": 5},
        {"content": [None, {"token": None}, {"token": "yes", "logprob": None}]},
        {"content": [{"token": "yes", "logprob": -0.1, "top_logprobs": [None, {"token": 3}]}]},
    ],
)
def test_a_judge_reads_what_it_can_of_the_probabilities(told: Any) -> None:
    body = said("yes")[1]
    body["choices"][0]["logprobs"] = told
    with endpoint(lambda number, _: (200, body)) as served:
        [chosen] = ChatJudge("m", chat_client(served.url, retries=0)).choose(["Yes?"], ["yes", "no"])
    assert chosen.choice == "yes"
    assert not chosen.probabilities or math.isclose(chosen.probabilities["yes"], 1.0)


@pytest.mark.parametrize("after", ["header", "nothing"])
def test_a_server_that_drips_is_given_up(after: str) -> None:
    """A byte now and then, in the headers or in the body, is no answer."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=_drip, args=(server, after), daemon=True).start()
        begun = time.monotonic()
        with pytest.raises(TeacherError, match=r"gave no whole answer in 0\.4 seconds, 2 times over"):
            ask(f"http://127.0.0.1:{server.getsockname()[1]}/v1", timeout=0.4, retries=1)
    assert time.monotonic() - begun < 3


def _drip(server: socket.socket, after: str) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
    connection, _ = server.accept()
    with connection:
        connection.sendall(head + (b"Content-Length: 9999\r\n\r\n" if after == "header" else b""))
        for _ in range(100):
            try:
                connection.sendall(b" " if after == "header" else b"x")
            except OSError:
                return
            time.sleep(0.1)


@pytest.mark.parametrize("status", [400, 401, 404, 429, 500])
def test_no_message_tells_a_key_or_a_password(status: int) -> None:
    echoed = f"Received API key = {KEY}; Authorization: Bearer {KEY}; me:hunter2; q=querysecret"
    with endpoint(lambda number, body: failed(status, echoed)) as served:
        url = served.url.replace("http://", "http://me:hunter2@") + "/?code=querysecret"
        with pytest.raises(TeacherError) as raised:
            ChatTeacher(FILMS, "m", chat_client(url, KEY, retries=0)).write("f1", "summary")
    assert "SECRET" not in str(raised.value)
    assert "hunter2" not in str(raised.value)
    assert "querysecret" not in str(raised.value)
    assert "***@127.0.0.1" in str(raised.value)


def test_a_password_is_hidden_where_nothing_answers() -> None:
    with pytest.raises(TeacherError) as raised:
        ask("http://me:hunter2@127.0.0.1:9/v1")
    assert "hunter2" not in str(raised.value)
    with pytest.raises(CallError) as wrong:
        chat_client("htp://me:hunter2@host/v1")
    assert "hunter2" not in str(wrong.value)


def test_addresses_keep_what_tells_where() -> None:
    assert shown_url("https://host:1/v1/") == "https://host:1/v1"
    assert shown_url("me:hunter2@host/v1").endswith("***@host/v1")
    assert masked("see https://a:b@host/x and sk-abcdefgh", None) == "see https://***@host/x and sk-***"


_FULL = """
import resource, signal, sys
from elm.chat import Answer, AnswerCache
cache = AnswerCache(sys.argv[1])
cache.keep("k", Answer("paid"))
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, 40_000))
try:
    for number in range(50):
        cache.keep(f"k{number}", Answer("y" * 5000))
except Exception as error:
    print(type(error).__name__, error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit of a file's size")
def test_a_full_disk_costs_no_paid_answer(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _FULL, str(tmp_path / "a.sqlite")], capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("DataFileError")
    assert "free some space and run the same call again; what it keeps stays" in done.stdout
