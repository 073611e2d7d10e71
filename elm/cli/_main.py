"""The `elm` command: its sub-commands, and what a person sees when one of them fails.

Each command's file imports only typer and the standard library at its top, so that `elm --help` stays quick.
"""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from elm._errors import ElmError
from elm._text.printed import escaped, one_line
from elm._version import __version__
from elm.cli import _output
from elm.cli._adapter import adapter
from elm.cli._cav import cav
from elm.cli._data import data
from elm.cli._docs import docs
from elm.cli._doctor import doctor
from elm.cli._embed import embed
from elm.cli._fit import fit, reader
from elm.cli._folder import repair, trust
from elm.cli._noise import quiet_libraries
from elm.cli._quickstart import quickstart
from elm.cli._recommend import recommend
from elm.cli._serve import serve
from elm.cli._tasks import tasks
from elm.cli._train import train
from elm.cli._wishes import wishes
from elm.cli.bench._bench import bench
from elm.cli.reading._ask import ask
from elm.cli.reading._describe import describe, profile

app = typer.Typer(
    name="elm",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)

# One line a command, in the order of `elm --help`; a sub-app with `app.add_typer(train, name="train")`.
app.command()(quickstart)
app.command()(data)
app.command()(embed)
app.add_typer(tasks, name="tasks")
app.command()(fit)
app.add_typer(train, name="train")
train.command("reader")(reader)
app.command()(describe)
app.command()(ask)
app.command()(profile)
app.command()(recommend)
app.add_typer(wishes, name="wishes")
app.add_typer(bench, name="bench")
app.add_typer(cav, name="cav")
app.add_typer(adapter, name="adapter")
app.command()(docs)
app.command()(serve)
app.command()(doctor)
app.command()(repair)
app.command()(trust)


def _show_version(asked: bool) -> None:
    if asked:
        _output.echo(f"elm {__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def _elm(
    context: typer.Context,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress bars and no remarks.")] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    """Read, question, edit and steer embedding vectors in plain language.

    Start here: elm quickstart. Each command shows an example with --help. An error is one line; ELM_DEBUG=1 shows
    where it came from.
    """
    _output.set_quiet(quiet)
    if context.invoked_subcommand is None:
        _output.echo_lines(context.get_help())


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the `elm` command and return its exit code: 0 done, 1 a failed run, 2 a wrong call, 130 stopped.

    Args:
        arguments: the words after `elm`; those of the process by default.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    debug = os.environ.get("ELM_DEBUG", "") not in ("", "0")
    if sys.stdout is None:
        _output.complain(
            "elm: standard output is closed, so no result can be printed: send it to a file or to /dev/null"
        )
        return 1
    only_results = _output.only_results_on_stdout() if "--json" in words else contextlib.nullcontext()
    with _output.forgiving_streams(), quiet_libraries(debug), only_results:
        try:
            code = _run(words)
            sys.stdout.flush()
        except (Exception, KeyboardInterrupt) as error:
            if debug and not isinstance(error, KeyboardInterrupt):
                raise
            message, code = _explain(error)
            if message:
                _output.complain(message)
                if "--json" in words and code != 130 and not _output.emitted():
                    _emit_error(error, message, code)
            _drop_what_cannot_be_written()
    return code


def _run(words: list[str]) -> int:
    result = app(args=words, prog_name="elm", standalone_mode=False)
    if result == 130:  # typer turns Ctrl-C into this
        raise KeyboardInterrupt
    return result if isinstance(result, int) else 0


def _explain(error: BaseException) -> tuple[str, int]:
    """The line that a person reads about `error` (empty: nothing to say), and the exit code."""
    if isinstance(error, ElmError):
        return f"elm: {one_line(error)}", error.exit_code
    if isinstance(error, KeyboardInterrupt | typer.Abort):
        return "elm: stopped; the same command goes on from here", 130
    if isinstance(error, BrokenPipeError):  # the reader has gone: `elm data | head -1`
        return "", 1
    if hasattr(error, "format_message"):  # a wrong call, in typer's words
        return _wrong_call(error), 2
    if _disk_full(error):
        where = f" at {escaped(error.filename)}" if isinstance(error, OSError) and error.filename else ""
        return f"elm: the disk is full{where}; free some space and run the same command again", 1
    if isinstance(error, OSError):
        return f"elm: {_about_file(error)}", 1
    return f"elm: unexpected {type(error).__name__}: {one_line(error)[:300]} (ELM_DEBUG=1 shows where)", 1


def _emit_error(error: BaseException, message: str, code: int) -> None:
    """What went wrong as JSON, in the place of the result that a program waits for."""
    kind = type(error).__name__ if isinstance(error, ElmError | OSError) else "CallError" if code == 2 else "Exception"
    with contextlib.suppress(OSError):
        told = {"kind": kind, "message": message.removeprefix("elm: "), "exit_code": code}
        _output.emit({"error": told}, True, lambda: None)


def _drop_what_cannot_be_written() -> None:
    """Python flushes standard output once more at exit, and would complain about a closed pipe or a full disk again."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def _wrong_call(error: BaseException) -> str:
    message: str = error.format_message()  # type: ignore[attr-defined]
    context = getattr(error, "ctx", None)
    if type(error).__name__ == "NoArgsIsHelpError":
        return message
    command = context.command_path if context is not None else "elm"
    if near := getattr(error, "possibilities", None):
        message = f"{getattr(error, 'message', message)}; did you mean {' or '.join(near)}?"
    return f"elm: {one_line(message)} (see {command} --help)"


def _disk_full(error: BaseException | None) -> bool:
    """True for "no space left", also where a library in another language wrapped it in an error of its own."""
    while error is not None:
        if getattr(error, "errno", None) == errno.ENOSPC or "No space left on device" in str(error):
            return True
        error = error.__cause__ or error.__context__
    return False


def _about_file(error: OSError) -> str:
    if error.filename is None:
        return one_line(error)
    what = (error.strerror or type(error).__name__).lower()
    return f"{escaped(error.filename)}: {what}; check the path and its permissions"
