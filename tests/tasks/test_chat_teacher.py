"""The chat teacher against endpoints that fail in every way, and against a real server of a real model."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest
from faulty_endpoint import Endpoint, endpoint, failed, said
from hypothesis import given
from hypothesis import strategies as st

from elm._errors import CallError, DataFileError, TeacherError, UnknownNameError, UnusableTextError
from elm.chat import Answer, AnswerCache, Asking, answer_key, chat_client
from elm.tasks import ChatTeacher, ItemBrief, get

FILMS = {f"f{n}": ItemBrief(f"Zanzibar {'I' * n}quux", 1990 + n) for n in range(1, 41)}
GOOD = "A cop hunts a thief through a city at night."


@pytest.fixture(autouse=True)
def _no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """The client waits half a second before its first repeat; tests wait less."""
    import openai._base_client as client

    monkeypatch.setattr(client, "INITIAL_RETRY_DELAY", 0.02)


def teacher(served: Endpoint, retries: int = 2, timeout: float = 5.0, **options: Any) -> ChatTeacher:
    return ChatTeacher(FILMS, "m", chat_client(served.url, timeout=timeout, retries=retries), **options)


def echo(number: int, body: dict[str, Any]) -> tuple[int, Any]:
    """An answer that depends on the film alone."""
    year = re.search(r"\((\d{4})\)", body["messages"][0]["content"])
    return said(f"{GOOD} It is set in {year[1] if year else 'no year'}.")


def test_texts_come_in_order_however_the_calls_end(tmp_path: Path) -> None:
    with endpoint(echo, delay=0.02) as served:
        teaching = teacher(served, concurrency=8, prices=(1.0, 10.0))
        texts = teaching.write_all(list(FILMS), "summary")
        assert texts == [f"{GOOD} It is set in {film.year}." for film in FILMS.values()]
        assert 1 < served.most_at_once <= 8
        body = served.calls[0]
    assert body["model"] == "m"
    assert body["temperature"] == 0.7
    assert body["max_tokens"] == 400
    assert "Sum up the film Zanzibar" in body["messages"][0]["content"]
    spent = teaching.spending
    assert (spent.calls, spent.tokens_in, spent.tokens_out) == (40, 440, 280)
    assert spent.cost == pytest.approx((440 * 1 + 280 * 10) / 1e6)
    assert spent.line() == "40 calls, 0.4k tokens in, 0.3k out, cost 0.00"


def test_variants_and_seeds_are_other_calls() -> None:
    with endpoint(echo) as served:
        for teaching in (teacher(served), teacher(served, seed=1), teacher(served, seed=None)):
            teaching.write("f1", "summary", 0)
            teaching.write("f1", "summary", 1)
    seeds = [call.get("seed") for call in served.calls]
    assert len(set(seeds[:4])) == 4
    assert seeds[4:] == [None, None]


def test_a_stopped_run_costs_nothing_twice(tmp_path: Path) -> None:
    def breaks(number: int, body: dict[str, Any]) -> tuple[int, Any]:
        return echo(number, body) if number < 10 else failed(400, "the server is being moved")

    with endpoint(breaks) as served:
        stopped = teacher(served, cache=tmp_path / "answers.sqlite", concurrency=2)
        with pytest.raises(TeacherError, match="does not take the call"):
            stopped.write_all(list(FILMS), "summary")
        served.answer, before = echo, len(served.calls)
        again = teacher(served, cache=tmp_path / "answers.sqlite", concurrency=2)
        texts = again.write_all(list(FILMS), "summary")
        assert len(served.calls) - before == 30
        assert again.spending.line() == "30 calls, 10 kept, 0.3k tokens in, 0.2k out"
        assert teacher(served, cache=tmp_path / "answers.sqlite").write_all(list(FILMS), "summary") == texts
        assert len(served.calls) - before == 30
        teacher(served, cache=tmp_path / "answers.sqlite", asking=Asking(temperature=0.1)).write("f1", "summary")
        assert len(served.calls) - before == 31


def test_a_text_with_the_name_is_asked_for_again_and_the_talk_is_kept(tmp_path: Path) -> None:
    def leaks(number: int, body: dict[str, Any]) -> tuple[int, Any]:
        return said(GOOD) if len(body["messages"]) == 3 else said("Zanzibar Iquux is about a cop.")

    with endpoint(leaks) as served:
        for _ in range(2):
            teaching = teacher(served, cache=tmp_path / "a.sqlite")
            assert teaching.write("f1", "summary") == GOOD
        assert len(served.calls) == 2
    assert 'The text says "Zanzibar Iquux"' in served.calls[1]["messages"][2]["content"]
    assert teaching.spending.line() == "0 calls, 2 kept, 1 asked again"


def test_texts_that_cannot_be_had_end_the_run_or_are_noted() -> None:
    def leaks(number: int, body: dict[str, Any]) -> tuple[int, Any]:
        return said("Zanzibar IIquux!") if "(1992)" in body["messages"][0]["content"] else echo(number, body)

    with endpoint(leaks) as served:
        with pytest.raises(UnusableTextError, match=r"3 answers about 'Zanzibar IIquux \(1992\)' did not"):
            teacher(served).write_all(["f1", "f2"], "summary")
        patient = teacher(served)
        assert [bool(text) for text in patient.write_all(["f1", "f2", "f3"], "summary", 1, on_failure="skip")] == [
            True,
            False,
            True,
        ]
    [failure] = patient.failures
    assert (failure.entity, failure.task, failure.variant) == ("f2", "summary", 1)
    assert 'names "Zanzibar IIquux"' in failure.reason


@pytest.mark.parametrize(
    ("first", "kept"),
    [
        (said(""), 1),
        (said(None), 1),
        (said(None, refusal="No."), 1),
        (said("A cop", "content_filter"), 2),
        (failed(400, "filtered", "content_filter"), 1),
        (said("I'm sorry, but I can't help with that."), 2),
        (said("A cop hunts a", "length"), 2),
    ],
)
def test_answers_that_are_no_texts_are_asked_for_again(first: tuple[int, Any], kept: int, tmp_path: Path) -> None:
    with endpoint(lambda number, body: first if number == 0 else said(GOOD)) as served:
        teaching = teacher(served, cache=tmp_path / "a.sqlite")
        assert teaching.write("f1", "summary") == GOOD
        assert len(served.calls) == 2
    assert teaching.cache is not None
    assert len(teaching.cache) == kept  # an empty answer is not kept: it may not come again


@pytest.mark.usefixtures("patience")
@pytest.mark.parametrize("status", [408, 429, 500, 503])
def test_a_busy_endpoint_is_called_again(status: int) -> None:
    with endpoint(lambda number, body: failed(status) if number < 2 else said(GOOD)) as served:
        teaching = teacher(served)
        assert teaching.write("f1", "summary") == GOOD
    assert len(served.calls) == 3
    assert teaching.spending.line() == "1 calls, 2 retried, 0.0k tokens in, 0.0k out"


def test_a_limited_rate_is_waited_out_as_the_endpoint_says() -> None:
    answers = [failed(429), said(GOOD)]
    with endpoint(lambda number, body: answers[number], headers={429: {"retry-after": "1"}}) as served:
        assert teacher(served).write("f1", "summary") == GOOD
    assert 0.9 < served.times[1] - served.times[0] < 2.5


@pytest.mark.usefixtures("patience")
@pytest.mark.parametrize(
    ("answer", "calls", "message"),
    [
        (failed(429, "quota"), 3, r"limits the rate even after 2 repeats \(.*quota.*\); make fewer calls"),
        (failed(500, "boom"), 3, r"fails with 500 after 2 repeats .*run the same call again, which goes on"),
        (failed(401), 1, r"/v1 refused the key \(401\): set OPENAI_API_KEY"),
        (failed(403), 1, r"/v1 refused the key \(403\)"),
        (failed(404, "no such model"), 1, r"knows no model 'm', or is no API \(.*such.*\): name one"),
        (failed(400, "too long"), 1, r"does not take the call \(.*too long.*\): change the settings"),
        ((200, b"<html>hello</html>"), 1, r'no chat completion.*mostly ends in "/v1"'),
        ((200, {"choices": []}), 1, "no chat completion"),
    ],
)
def test_an_endpoint_that_gives_no_answer_ends_the_run(answer: Any, calls: int, message: str) -> None:
    with endpoint(lambda number, body: answer) as served:
        with pytest.raises(TeacherError, match=message) as raised:
            teacher(served, concurrency=1).write_all(["f1", "f2"], "summary", on_failure="skip")
        assert not isinstance(raised.value, UnusableTextError)
        assert len([c for c in served.calls if "(1991)" in c["messages"][0]["content"]]) == calls


@pytest.mark.usefixtures("patience")
def test_an_endpoint_that_hangs_is_given_up() -> None:
    with (
        endpoint(lambda number, body: said(GOOD), delay=1.0) as served,
        pytest.raises(TeacherError, match=r"gave no whole answer in 0.2 seconds, 2 times over; .* longer timeout"),
    ):
        teacher(served, retries=1, timeout=0.2).write("f1", "summary")


@pytest.mark.usefixtures("patience")
def test_an_endpoint_that_is_not_there() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/v1"
    with pytest.raises(TeacherError, match=r"cannot be reached \(.*refused.*\); start the server"):
        ChatTeacher(FILMS, "m", chat_client(url, retries=1)).write("f1", "summary")


def test_the_key_goes_to_the_endpoint_and_a_local_one_needs_none(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(CallError, match="the endpoint of OpenAI needs a key: set OPENAI_API_KEY"):
        ChatTeacher(FILMS, "m")
    with pytest.raises(CallError, match=r"an endpoint is the URL of its API, such as .*got 'localhost:8000'"):
        ChatTeacher(FILMS, "m", "localhost:8000")
    with endpoint(echo) as served:
        ChatTeacher(FILMS, "m", served.url).write("f1", "summary")
        monkeypatch.setenv("OPENAI_API_KEY", "abc")
        ChatTeacher(FILMS, "m", served.url).write("f1", "summary")
        ChatTeacher(FILMS, "m", chat_client(served.url, "def")).write("f1", "summary")
    assert served.keys == ["Bearer none", "Bearer abc", "Bearer def"]


def test_without_the_client_library_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "openai", None)
    with pytest.raises(CallError, match=r'pip install "elm-toolkit\[chat\]"'):
        ChatTeacher(FILMS, "m", "http://localhost:1/v1")


def test_further_fields_go_with_a_call() -> None:
    asking = Asking(extra={"max_tokens": None, "max_completion_tokens": 50, "top_k": 3, "seed": None, "top_p": 0.5})
    with endpoint(echo) as served:
        teacher(served, asking=asking).write("f1", "summary")
    assert "max_tokens" not in served.calls[0]
    assert "seed" not in served.calls[0]
    assert [served.calls[0][name] for name in ("max_completion_tokens", "top_k", "top_p")] == [50, 3, 0.5]


def test_wrong_calls_cost_nothing() -> None:
    with endpoint(echo) as served:
        with pytest.raises(UnknownNameError, match=r"unknown entity 'f99'.*the teacher has no brief of it"):
            teacher(served).write_all(["f1", "f99"], "summary")
        with pytest.raises(UnknownNameError, match="did you mean 'summary'"):
            teacher(served).write("f1", "sumary")
        with pytest.raises(CallError, match="task 'similarities' reads pair"):
            teacher(served).write("f1", "similarities")
        with pytest.raises(CallError, match="on_failure is 'raise' or 'skip', got 'stop'"):
            teacher(served).write_all(["f1"], "summary", on_failure="stop")  # type: ignore[arg-type]
        with pytest.raises(CallError, match="got concurrency=0"):
            teacher(served, concurrency=0)
        with pytest.raises(CallError, match="prices are two numbers of 0 or more"):
            teacher(served, prices=(1.0, -1.0))
        assert not served.calls


def test_a_pair_is_told_of_both() -> None:
    with endpoint(echo) as served:
        assert GOOD in teacher(served).write(("f1", "f2"), "similarities")
    asked = served.calls[0]["messages"][0]["content"]
    assert "Zanzibar Iquux (1991) and Zanzibar IIquux (1992)" in asked


def test_progress_is_shown_only_where_it_is_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    with endpoint(echo, delay=0.15) as served:
        teacher(served).write_all(["f1", "f2"], "summary")
        assert not capsys.readouterr().err
        teacher(served, prices=(1e6, 1e6), concurrency=1).write_all(["f1", "f2"], "summary", progress=True)
    assert "1 calls, 0.0k tokens in, 0.0k out, cost 18.00" in capsys.readouterr().err


# The cache


def _keep(path: str, worker: int) -> None:
    cache = AnswerCache(path)
    for number in range(50):
        cache.keep(f"{worker}/{number}", Answer(f"text {worker} {number}", tokens_out=number))
        cache.keep("same", Answer(f"by {worker}"))


@pytest.mark.slow
def test_processes_share_a_cache_and_a_kill_loses_nothing_kept(tmp_path: Path) -> None:
    path, context = tmp_path / "answers.sqlite", get_context("spawn")
    workers = [context.Process(target=_keep, args=(str(path), n)) for n in range(2)]
    for worker in workers:
        worker.start()
    while not path.exists() or len(AnswerCache(path)) < 20:
        time.sleep(0.01)
    workers[0].kill()
    for worker in workers:
        worker.join()
    cache = AnswerCache(path)
    assert len(cache) >= 51
    assert cache.find("1/7") == Answer("text 1 7", "stop", 0, 7)
    assert {cache.find("same").text} < {"by 0", "by 1"}  # type: ignore[union-attr]


def test_a_file_that_is_no_cache_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("my notes " * 200)
    with pytest.raises(
        DataFileError, match=r"notes.txt should be a file of kept answers .* name another, and keep this one"
    ):
        AnswerCache(path)
    assert path.read_text().startswith("my notes")


PLAIN = st.one_of(st.none(), st.integers(), st.text(max_size=5), st.floats(allow_nan=False))
NESTED = st.dictionaries(st.text(max_size=3), st.one_of(PLAIN, st.lists(PLAIN, max_size=3)), max_size=4)


@given(NESTED, NESTED)
def test_keys_are_equal_for_equal_calls_alone(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert answer_key(one) == answer_key(dict(reversed(one.items())))
    if repr(sorted(one.items())) != repr(sorted(other.items())):
        assert answer_key(one) != answer_key(other)


# A real server


@pytest.fixture(scope="session")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of `transformers serve` with the shipped base model, which gets a plain chat template."""
    from elm.model import SHIPPED

    folder = tmp_path_factory.mktemp("served") / "base"
    shutil.copytree(SHIPPED / "base", folder)
    template = "{{ bos_token }}{% for message in messages %}{{ message['content'] }}{{ '\\n' }}{% endfor %}"
    (folder / "chat_template.jinja").write_text(template)
    settings = json.loads((folder / "generation_config.json").read_text())
    (folder / "generation_config.json").write_text(json.dumps(settings | {"do_sample": True}))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        str(Path(sys.executable).parent / "transformers"),
        "serve",
        str(folder),
        "--port",
        str(port),
        "--device",
        "cpu",
    ]
    log = folder.parent / "log"
    with open(log, "w") as out:
        server = subprocess.Popen(command, stdout=out, stderr=out, env={**os.environ, "HF_HUB_OFFLINE": "1"})
    try:
        _until(lambda: urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=1).status == 200, server, log)
        yield f"http://127.0.0.1:{port}/v1|{folder}"
    finally:
        server.terminate()
        server.wait(20)


def _until(ready: Callable[[], bool], server: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(240):
        if server.poll() is not None:
            break
        try:
            if ready():
                return
        except OSError:
            time.sleep(0.25)
    raise AssertionError(f"transformers serve did not start:\n{log.read_text()[-2000:]}")


@pytest.mark.slow
def test_a_real_model_behind_a_real_server_teaches(real: str, tmp_path: Path) -> None:
    url, model = real.split("|")
    teaching = ChatTeacher(
        FILMS, model, url, asking=Asking(max_tokens=80, attempts=4), cache=tmp_path / "a", concurrency=2
    )
    texts = teaching.write_all(["f1", "f2", "f3"], "summary", on_failure="skip")
    assert sum(map(bool, texts)) == 3 - len(teaching.failures)
    assert any(texts), teaching.failures
    assert all("Zanzibar" not in text for text in texts)
    spent = teaching.spending
    assert spent.calls >= 3
    assert spent.tokens_in > 3 * 30
    assert spent.tokens_out > 3

    again = ChatTeacher(FILMS, model, url, asking=Asking(max_tokens=80, attempts=4), cache=tmp_path / "a")
    assert again.write_all(["f1", "f2", "f3"], "summary", on_failure="skip") == texts
    assert again.spending.calls == 0


@pytest.mark.slow
def test_a_real_server_is_asked_with_the_seed_and_says_what_it_does_not_serve(real: str) -> None:
    url, model = real.split("|")
    task = get("summary")
    first, same, other = (
        ChatTeacher(FILMS, model, url, asking=Asking(temperature=1.0, max_tokens=60, attempts=6), seed=seed).write_all(
            ["f1"], task, on_failure="skip"
        )
        for seed in (0, 0, 5)
    )
    assert first == same != other
    with pytest.raises(TeacherError, match=r"does not take the call|knows no model"):
        ChatTeacher(FILMS, "another-model", url).write("f1", task)
