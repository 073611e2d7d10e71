"""What holds for every `elm` command: exit codes, one-line errors, pure JSON, an example in its help."""

from __future__ import annotations

import errno
import json
import os
import re
import signal
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pytest
import typer

from elm._errors import CallError, DataFileError, OutsideDataWarning, UnknownNameError
from elm.cli import _main, _output, main
from elm.cli._options import Json, Quiet


def commands(group: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, (*path, name))
        else:
            yield (*path, name), command


COMMANDS = dict(commands(typer.main.get_command(_main.app)))


@pytest.fixture
def running(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], Any]], int]:
    """Run a function as the command `elm work`; returns the exit code."""

    def run(work: Callable[[], Any], *options: str) -> int:
        app = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False)

        @app.command()
        def command(quiet: Quiet = False, json_mode: Json = False) -> None:
            work()

        monkeypatch.setattr(_main, "app", app)
        return main(list(options))

    return run


@pytest.fixture(autouse=True)
def _plain_run(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.delenv("ELM_DEBUG", raising=False)
    yield
    _output.set_quiet(False)


def raising(error: BaseException) -> Callable[[], None]:
    def work() -> None:
        raise error

    return work


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_help_shows_an_example(path: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*path, "--help"]) == 0
    out, err = capsys.readouterr()
    assert f"Example: elm {' '.join(path)}" in " ".join(out.split())
    assert not err


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_every_command_speaks_json_and_can_be_quiet(path: tuple[str, ...]) -> None:
    options = {name for parameter in COMMANDS[path].params for name in parameter.opts}
    assert {"--json", "--quiet"} <= options


def test_elm_alone_and_help_list_the_commands(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    alone = capsys.readouterr().out
    assert main(["--help"]) == 0
    assert capsys.readouterr().out.strip() == alone.strip()
    for path in COMMANDS:
        assert path[0] in alone


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["dta"], r"elm: No such command 'dta'\. Did you mean 'data'\? \(see elm --help\)"),
        (["data", "--sed", "1"], r"elm: No such option: --sed; did you mean --seed\? \(see elm data --help\)"),
        (["data", "--seed", "x"], r"elm: Invalid value for '--seed': .*integer.*"),
        (["data", "dmo"], r"elm: unknown data set 'dmo'; did you mean 'demo'\?.*"),
    ],
)
def test_a_wrong_call_is_one_line_and_exit_code_2(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    out, err = capsys.readouterr()
    assert not out
    assert err.count("\n") == 1
    assert re.fullmatch(message, err.strip())


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (CallError("a seed is\n  zero or more"), 2, "elm: a seed is zero or more"),
        (UnknownNameError("task", "sumary", ["summary"]), 2, "elm: unknown task 'sumary'; did you mean 'summary'?"),
        (DataFileError("u.data is cut off"), 1, "elm: u.data is cut off"),
        (KeyboardInterrupt(), 130, "elm: stopped; the same command goes on from here"),
        (
            OSError(errno.ENOSPC, "No space left on device", "runs/a"),
            1,
            "elm: the disk is full at runs/a; free some space and run the same command again",
        ),
        (
            RuntimeError("Error while serializing: I/O error: No space left on device (os error 28)"),
            1,
            "elm: the disk is full; free some space and run the same command again",
        ),
        (
            PermissionError(errno.EACCES, "Permission denied", "/root/x"),
            1,
            "elm: /root/x: permission denied; check the path and its permissions",
        ),
        (
            ZeroDivisionError("division by zero"),
            1,
            "elm: unexpected ZeroDivisionError: division by zero (ELM_DEBUG=1 shows where)",
        ),
    ],
)
def test_a_failure_is_one_line(
    running: Callable[..., int], capsys: pytest.CaptureFixture[str], error: BaseException, code: int, message: str
) -> None:
    assert running(raising(error)) == code
    out, err = capsys.readouterr()
    assert (out, err) == ("", message + "\n")


@pytest.mark.parametrize(
    ("arguments", "kind", "message"),
    [
        (["data", "dmo", "--json"], "UnknownNameError", "unknown data set 'dmo'; did you mean 'demo'?"),
        (["data", "--sed", "1", "--json"], "CallError", "No such option: --sed; did you mean --seed?"),
        (["describe", "--item", "f7", "--run", "nowhere", "--json"], "DataFileError", "nowhere"),
    ],
)
def test_with_json_an_error_is_an_object_too(
    arguments: list[str], kind: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code = main(arguments)
    out, err = capsys.readouterr()
    error = json.loads(out)["error"]
    assert (error["kind"], error["exit_code"]) == (kind, code)
    assert message in error["message"]
    assert err == f"elm: {error['message']}\n"


def test_after_a_result_comes_no_second_value(running: Callable[..., int], capsys: pytest.CaptureFixture[str]) -> None:
    def work() -> None:
        _output.emit({"done": 1}, True, lambda: None)
        raise DataFileError("the second file is cut off")

    assert running(work, "--json") == 1
    out, err = capsys.readouterr()
    assert json.loads(out) == {"done": 1}
    assert err == "elm: the second file is cut off\n"


def test_debug_keeps_the_traceback(running: Callable[..., int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ELM_DEBUG", "1")
    with pytest.raises(ZeroDivisionError):
        running(raising(ZeroDivisionError()))


def test_only_our_warnings_are_shown_each_once_on_one_line(
    running: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    def work() -> None:
        for _ in range(2):
            warnings.warn("far outside\nthe data", OutsideDataWarning, stacklevel=1)
        warnings.warn("set OPENBLAS_NUM_THREADS=1", RuntimeWarning, stacklevel=1)

    assert running(work) == 0
    assert capsys.readouterr().err == "elm: warning: far outside the data\n"


def test_json_mode_keeps_prints_of_libraries_off_standard_output(
    running: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    def work() -> None:
        print("Loading weights")
        _output.emit({"auc": np.float32("nan"), "n": np.int64(3), "at": Path("runs")}, True, lambda: None)

    assert running(work, "--json") == 0
    out, err = capsys.readouterr()
    assert json.loads(out) == {"auc": None, "n": 3, "at": "runs"}
    assert err == "Loading weights\n"


def test_quiet_silences_progress_and_remarks_but_not_results(
    running: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    def work() -> None:
        _output.remark("step 1")
        assert list(_output.progress([1, 2], "films")) == [1, 2]
        _output.echo("done")

    assert running(work) == 0
    out, err = capsys.readouterr()
    assert out == "done\n"
    assert "step 1" in err
    assert "films" in err
    assert running(work, "--quiet") == 0
    assert capsys.readouterr() == ("done\n", "")


def test_tables_are_not_cut_where_there_is_no_terminal(
    running: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    def work() -> None:
        _output.table(["task", "SC"], [["positive_review", 0.51239], ["[bold]", float("nan")]], title="Scores")

    assert running(work) == 0
    out = capsys.readouterr().out
    for words in ("Scores", "positive_review", "0.512", "[bold]", "-"):
        assert words in out


def elm(*arguments: str, **more: Any) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "elm", *arguments], text=True, **{"stdout": -1, "stderr": -1, "cwd": "/"} | more
    )


@pytest.mark.slow
def test_a_real_command_prints_one_json_value(tmp_path: Path) -> None:
    process = elm("data", "demo", "--json")
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    assert json.loads(out)["users"] >= 2000
    assert not err


@pytest.mark.slow
@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_a_full_disk_behind_standard_output() -> None:
    with open("/dev/full", "w") as full:
        process = elm("data", "demo", stdout=full)
        _, err = process.communicate(timeout=120)
    assert process.returncode == 1
    assert err == "elm: the disk is full; free some space and run the same command again\n"


@pytest.mark.slow
def test_a_reader_that_goes_away_is_no_error() -> None:
    process = elm("data", "demo")
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    err = process.stderr.read()
    assert process.wait(timeout=120) == 1
    assert not err


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_ctrl_c_ends_with_one_line(tmp_path: Path) -> None:
    script = (
        "import signal, sys, time, typer; from elm.cli import _main\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # a shell's background jobs inherit it ignored
        "app = typer.Typer()\n"
        "@app.command()\n"
        "def work(): print('at work', flush=True); time.sleep(60)\n"
        "_main.app = app; sys.exit(_main.main([]))"
    )
    process = subprocess.Popen([sys.executable, "-c", script], stdout=-1, stderr=-1, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "at work\n"
    time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert err == "elm: stopped; the same command goes on from here\n"


def test_options_may_stand_before_or_after_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    app = typer.Typer()
    seen: list[bool] = []

    @app.callback()
    def top(quiet: Annotated[bool, typer.Option("--quiet", "-q")] = False) -> None:
        _output.set_quiet(quiet)

    @app.command()
    def work(quiet: Quiet = False) -> None:
        seen.append(quiet and _output.is_quiet())

    for arguments in (["work"], ["-q", "work"], ["work", "-q"]):
        app(arguments, standalone_mode=False)
    assert seen == [False, True, True]
