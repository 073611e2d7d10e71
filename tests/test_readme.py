"""What README.md and CONTRIBUTING.md show is there: examples print what they say, commands, options, names, folders.

Their links are checked in `test_house.py`.
"""

from __future__ import annotations

import doctest
import importlib
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import elm

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS = ("README.md", "CONTRIBUTING.md")
PLACEHOLDER = "@@"


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
        text = text_of(name)
        shown = [
            line.removeprefix("$ ")
            for language, block in blocks(text)
            if language != "python"
            for line in block.splitlines()
        ]
        shown += re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL))
        found |= {line.partition("  #")[0].strip() for line in shown if re.match(rf"{program} [a-z-]", line)}
    return sorted(found)


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
def test_the_examples_of_the_readme_print_what_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = text_of("README.md")
    if PLACEHOLDER in text:
        pytest.skip(f"README.md still holds {PLACEHOLDER} where a result belongs")
    monkeypatch.chdir(tmp_path)
    report: list[str] = []
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE)
    fenced = "\n".join(f"{block}\n" for _, block in blocks(text) if ">>> " in block)
    runner.run(doctest.DocTestParser().get_doctest(fenced, {}, "README.md", None, None), out=report.append)
    assert runner.tries
    assert not runner.failures, "".join(report)


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
    missing = [word for word in words if word.startswith("-") and word.partition("=")[0] not in {*options, "--help"}]
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
