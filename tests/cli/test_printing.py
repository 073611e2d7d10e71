"""What others wrote never moves a terminal's cursor, and no standard output makes a command end in a traceback."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from elm._text.printed import escaped, escaped_lines, one_line
from elm.cli import _output
from elm.cli._main import _explain
from elm.data import Dataset
from elm.evaluation import consistency_table, findings_table

EVIL = "Heat\x1b[2K\r\nmodel is sound and signed\x9b1A\u202etxt\u2028\ud800\x07[bold]x[/bold]"
OBEYED = "\x1b\r\x9b\u202e\u2028\ud800\x07"


@given(st.text(st.characters(exclude_categories=())))
def test_what_is_escaped_is_shown_and_nothing_else_changes(text: str) -> None:
    line = escaped(text)
    assert line.isprintable() or not any(c in line for c in OBEYED + "\n\t\x00\x7f")
    assert len(line.splitlines()) <= 1
    line.encode("utf-8")
    assert escaped(line) == line
    assert escaped_lines(text).count("\n") == text.count("\n")
    if text.isascii() and text.isprintable():
        assert line == text


def test_emoji_and_letters_of_every_script_stay() -> None:
    for text in ("Amélie 🎬", "👩\u200d👩\u200d👧", "نمی\u200cخواهم", "千と千尋の神隠し", "हिन्दी"):
        assert escaped(text) == text


def harmless(told: str) -> bool:
    return not any(letter in told for letter in OBEYED)


def test_every_way_of_printing_is_escaped(capsys: pytest.CaptureFixture[str]) -> None:
    _output.echo(EVIL)
    _output.remark(EVIL)
    _output.warn(EVIL)
    _output.heading(EVIL)
    _output.table(["a", EVIL], [[EVIL, 1.0], [0.5, EVIL]], title=EVIL)
    list(_output.progress([1], EVIL))
    out, err = capsys.readouterr()
    assert harmless(out)
    assert "model is sound" in out
    assert not any(line.lstrip().startswith("model is sound") for line in out.splitlines())
    assert not any(letter in err for letter in "\x1b\x9b\u202e\x07")
    assert not any(line.startswith("model is sound") for line in err.splitlines())
    _output.echo_lines(EVIL)
    _output.write(EVIL)
    assert harmless(capsys.readouterr().out)


def test_errors_and_names_of_files_are_one_line_that_a_terminal_only_shows() -> None:
    for error in (FileNotFoundError(2, "gone", EVIL), ValueError(EVIL), OSError(28, "No space left on device", EVIL)):
        message, _ = _explain(error)
        assert harmless(message)
        assert "\n" not in message
    assert "\n" not in one_line(EVIL)


def test_json_holds_no_raw_letter_that_a_terminal_obeys(capsys: pytest.CaptureFixture[str]) -> None:
    _output.emit({EVIL: EVIL}, True, lambda: None)
    out = capsys.readouterr().out
    assert harmless(out)
    assert json.loads(out) == {EVIL: EVIL}


def test_tables_of_scores_take_names_as_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    row = {"rsc": 0.5, "n": 1, "sc": 0.1, "findings": [{"verdict": EVIL, "evidence": "[red]e"}]}
    _output.console().print(consistency_table({EVIL: row}), findings_table({EVIL: row}))
    out = capsys.readouterr().out
    assert harmless(out)
    assert "[red]e" in out


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    films = pd.DataFrame({"title": ["Amélie 🎬"], "year": [2001], "genres": [["Drame\x1b[2K"]]}, index=["a"])
    seen = pd.DataFrame({"user": ["u"], "item": ["a"], "rating": [5]})
    return Dataset("t\nall well", films, pd.DataFrame(index=["u"]), seen, notes=("a\nb\x1b",)).save(tmp_path / "d")


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "ascii", "shift_jis"])
@pytest.mark.parametrize("options", [[], ["--json"]])
def test_a_narrow_encoding_gets_replacements(
    encoding: str, options: list[str], saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding=encoding))
    from elm.cli import main

    assert main(["data", str(saved), *options]) == 0
    assert sys.stdout.errors == "strict"  # as the caller had it
    sys.stdout.flush()
    told = raw.getvalue().decode(encoding)
    assert "\x1b" not in told
    if options:
        assert json.loads(told)["example"]["title"] == "Amélie 🎬"
    else:
        assert told.startswith("t\\nall well: 1 users")
        assert ("Amélie 🎬" if encoding == "utf-8" else "Am") in told


def elm(saved: Path, ending: str, shell: str = "sh") -> subprocess.CompletedProcess[str]:
    command = f'"{sys.executable}" -m elm data "{saved}" {ending}'
    return subprocess.run([shell, "-c", command], capture_output=True, text=True, env=os.environ, check=False)


@pytest.mark.skipif(os.name == "nt", reason="descriptors are closed with a POSIX shell")
@pytest.mark.parametrize(
    ("ending", "said"),
    [
        (">&-", "elm: standard output is closed"),
        ("--json >&-", "elm: standard output is closed"),
        ("1</dev/null", "elm: "),
        ("2>&- >/dev/null", ""),
        (">&- 2>&-", ""),
        ("| true", ""),
        ("--json | head -c 1 >/dev/null", ""),
    ],
)
def test_an_output_that_takes_nothing_gives_one_line_at_most(ending: str, said: str, saved: Path) -> None:
    done = elm(saved, ending)
    lines = done.stderr.splitlines()
    assert len(lines) == bool(said), done.stderr
    assert done.stderr.startswith(said)


def test_a_closed_standard_error_puts_no_remark_among_the_results(saved: Path) -> None:
    assert json.loads(elm(saved, "--json 2>&-").stdout)["users"] == 1
