"""`elm serve` and what may be wrong with a call of it, a line each; and a stop in order."""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from elm._storage.folders import hold
from elm.serve import _run
from elm.serve.core._served import open_served

Elm = Callable[..., tuple[int, str, str]]


def refused(answer: tuple[int, str, str], *said: str) -> None:
    code, out, err = answer
    assert (code, out) in ((2, ""), (1, "")), err
    assert err.startswith("elm: ")
    assert err.count("\n") == 1
    for word in said:
        assert word in err


def test_a_port_in_use_is_told_before_anything_is_loaded(elm: Elm) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        refused(elm("serve", "--api", "--port", port), f"port {port} of 127.0.0.1 is in use", "--port")


def test_a_folder_that_is_no_run(elm: Elm, tmp_path: Path) -> None:
    refused(elm("serve", tmp_path / "absent", "--api", "--port", 0), "is no folder")
    refused(elm("serve", tmp_path, "--api", "--port", 0), str(tmp_path))
    (tmp_path / "run.json").write_text('{"dataset": "demo"}')
    refused(elm("serve", tmp_path, "--api", "--port", 0), "was not trained to its end")


def test_a_run_that_is_still_training(tmp_path: Path, elm: Elm) -> None:
    (tmp_path / "run.json").write_text('{"dataset": "demo"}')
    script = (
        f"from elm._storage.folders import hold; held = hold({str(tmp_path)!r}); print('held', flush=True); input()"
    )
    other = subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert other.stdout is not None
    assert other.stdout.readline() == "held\n"
    refused(elm("serve", tmp_path, "--api", "--port", 0), "still being trained", str(tmp_path))
    other.communicate("\n")
    hold(tmp_path)


def test_a_missing_extra_names_what_is_missing(elm: Elm, monkeypatch: pytest.MonkeyPatch) -> None:
    known = importlib.util.find_spec

    def without(name: str, *more: Any) -> Any:
        return None if name in ("gradio", "prometheus_client") else known(name, *more)

    monkeypatch.setattr(_run, "find_spec", without)
    refused(elm("serve"), "prometheus-client, gradio is missing", "elm-toolkit[page]")


def test_a_short_token(elm: Elm) -> None:
    refused(elm("serve", "--api", "--port", 0, "--token", "short"), "8 plain letters")


def test_the_demo_and_a_model_folder_are_served() -> None:
    from elm.model import SHIPPED

    bare = open_served(SHIPPED / "demo")
    assert (bare.name, bare.tables, bare.data, bare.recommender) == ("demo", {}, None, None)


@pytest.mark.slow
def test_the_command_serves_the_demo_asks_for_a_token_and_stops_in_order() -> None:
    from elm.serve import Client

    words = [sys.executable, "-m", "elm", "serve", "--api", "--host", "0.0.0.0", "--port", "0", "--json"]
    process = subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, "OMP_NUM_THREADS": "1"}
    )
    assert process.stdout is not None
    told = json.loads("".join(iter(process.stdout.readline, "}\n")) + "}")
    assert told["serves"] == "demo"
    assert len(told["token"]) >= 24
    url = told["url"].replace("0.0.0.0", "127.0.0.1")
    with Client(url, told["token"]) as client:
        film = client.describe([{"item": "f7"}], "summary").texts[0].text
        assert "chess academy" in film
        edited = client.explain_edit("They love war films.", "They love comedies.", "u7", alpha=0.7, k=10)
        assert edited.entered
        assert client.move({"item": "f7"}, {"dark": -1}, steps=2, k=2).points[1].concepts["dark"] < 0
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (0, "")
    assert all(json.loads(line)["event"] == "request" for line in err.splitlines())
