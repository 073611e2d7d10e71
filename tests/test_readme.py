"""What README.md, CONTRIBUTING.md and the manual show is there: examples print what they say, commands, options, names.

Their links are checked in `test_house.py`.
"""

from __future__ import annotations

import doctest
import importlib
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import elm

ROOT = Path(__file__).resolve().parents[1]
MANUAL = sorted(str(path.relative_to(ROOT)) for path in (ROOT / "docs").rglob("*.md") if path.name != "command-line.md")
DOCUMENTS = ("README.md", "CONTRIBUTING.md", *MANUAL)


def text_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def blocks(text: str) -> Iterator[tuple[str, str]]:
    """(language, content) of each fenced block."""
    for found in re.finditer(r"^```(\w*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        yield found[1], found[2]


def commands(program: str) -> list[str]:
    """What the documents tell a person to type: lines of fenced blocks, and code in a sentence."""
    found = set()
    for name in DOCUMENTS:
        text = re.sub(r"\\\n\s*", "", text_of(name))  # a command goes on after a backslash
        shown = [
            line.removeprefix("$ ")
            for language, block in blocks(text)
            if language != "python"
            for line in block.splitlines()
        ]
        shown += re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL))
        found |= {line.partition("  #")[0].strip() for line in shown if re.match(rf"{program} [a-z]", line)}
    return sorted(line for line in found if " ... " not in line)


def tree(name: str, heading: str) -> list[str]:
    """Paths in the annotated tree below a heading; an indented line lies in the folder of the last line that is not."""
    section = text_of(name).partition(f"## {heading}\n")[2]
    paths, folder = [], ""
    for line in next(iter(blocks(section)))[1].splitlines():
        names = re.findall(r"(?<![\w./-])[\w.-]+/[\w./-]*", line)
        if line.startswith(" ") and names:
            names[0] = folder + names[0]
        elif names:
            folder = names[0]
        paths += names
    return paths


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in ("README.md", *MANUAL) if ">>> " in text_of(name)])
def test_the_examples_of_a_page_print_what_it_says(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    report: list[str] = []
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS)
    fenced = "\n".join(f"{block}\n" for _, block in blocks(text_of(name)) if ">>> " in block)
    runner.run(doctest.DocTestParser().get_doctest(fenced, {}, name, None, None), out=report.append)
    assert runner.tries
    assert not runner.failures, "".join(report)


@pytest.mark.slow
def test_the_manual_is_built_without_a_warning(tmp_path: Path) -> None:
    pytest.importorskip("furo", reason="the extra docs is not installed")
    command = [sys.executable, "-m", "sphinx", "-b", "html", "-q", "-W", "--keep-going"]
    command += ["-d", str(tmp_path / "seen"), str(ROOT / "docs"), str(tmp_path / "html")]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr[-3000:]
    index = (tmp_path / "html" / "searchindex.js").read_text(encoding="utf-8")
    assert index.startswith("Search.setIndex(")  # a script, which a page of files may load: search needs no server
    pages = "".join(path.read_text(encoding="utf-8") for path in (tmp_path / "html").rglob("*.html"))
    assert not re.search(r"<(?:script|link|img)[^>]+(?:src|href)=.https?://", pages), "it fetches nothing"
    assert "elm.describe" in pages
    assert "elm bench consistency" in pages


@pytest.mark.parametrize("line", commands("elm"))
def test_each_command_shown_exists_with_its_options(line: str) -> None:
    import typer

    from elm.cli._main import app

    words = shlex.split(line)[1:]
    command: Any = typer.main.get_command(app)
    while words and hasattr(command, "commands"):
        assert words[0] in command.commands, f"`{line}`: no command {words[0]!r}"
        command = command.commands[words.pop(0)]
    options = {name for param in command.params for name in (*param.opts, *param.secondary_opts)}
    shown = [word.partition("=")[0] for word in words if re.match("--?[a-z]", word)]
    missing = [word for word in shown if word not in {*options, "--help"}]
    assert not missing, f"`{line}`: no option {', '.join(missing)}"


@pytest.mark.parametrize("line", commands("make"))
def test_each_target_of_make_exists(line: str) -> None:
    assert re.search(rf"^{shlex.split(line)[1]}:", text_of("Makefile"), re.MULTILINE)


@pytest.mark.parametrize(("name", "heading"), [("README.md", "Where things are"), ("CONTRIBUTING.md", "The rooms")])
def test_what_the_tree_names_is_there(name: str, heading: str) -> None:
    paths = tree(name, heading)
    assert len(paths) >= 10
    missing = [path for path in paths if not (ROOT / path).exists()]
    assert not missing
    rooms = {f"elm/{path.parent.name}" for path in (ROOT / "elm").glob("[!_]*/__init__.py")}
    assert rooms <= {path.rstrip("/") for path in paths}, "a room is missing from the tree"


def test_names_in_python_examples_exist() -> None:
    shown = "".join(block for language, block in blocks(text_of("README.md")) if language == "python")
    names = set(re.findall(r"\belm\.(\w+)(?:\.(\w+))?", shown))
    assert names
    for first, second in sorted(names):
        assert hasattr(elm, first), f"elm.{first}"
        if second:
            assert hasattr(importlib.import_module(f"elm.{first}"), second), f"elm.{first}.{second}"
