"""How Sphinx builds the manual: `make docs` writes it to `docs/_build/html`, searchable without a server."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib.metadata import version as version_of
from pathlib import Path
from typing import Any

project = "elm"
author = "The elm authors"
version = release = version_of("elm-toolkit")
extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx.ext.viewcode",
    "sphinx_copybutton",
]
exclude_patterns = ["_build"]

html_theme = "furo"
html_title = f"elm {version}"
html_static_path: list[str] = []
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True

myst_heading_anchors = 3
myst_enable_extensions = ["colon_fence"]
suppress_warnings = ["myst.header", "ref.python"]  # the second: a short name of a type that two rooms have

# Names and code in docstrings stand in single backquotes.
default_role = "code"
autodoc_typehints = "signature"
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
python_use_unqualified_type_names = True

# Docstrings are plain text: "name: what it is", a line each, and "|x|" and "coef_" as people write them.
_MARKS = re.compile(r"(?<!`)(\|)|(?<=\w)(_)(?=[\s,.;:)\"]|$)")
_FIELD = re.compile(r"[\w`\"][\w`\"., /-]*: ")


def _escaped(line: str) -> str:
    parts = line.split("`")  # odd parts are code, where nothing is escaped
    return "`".join(part if n % 2 else _MARKS.sub(r"\\\1\2", part) for n, part in enumerate(parts))


def _as_list(block: list[str]) -> list[str]:
    """Lines "name: what it is" as a list, where one goes on below it, indented; other blocks as they are."""
    first = next((n for n, line in enumerate(block) if _FIELD.match(line)), len(block))
    if not any(line.startswith(" ") for line in block[first:]):
        return block
    told = [
        f"  {line.strip()}" if line.startswith(" ") or not _FIELD.match(line) else f"- {line}" for line in block[first:]
    ]
    return [*block[:first], *([""] if first else []), *told]


def _plain_text(app: Any, what: str, name: str, found: Any, options: Any, lines: list[str]) -> None:
    made: list[str] = []
    for block in re.split(r"\n\s*\n", "\n".join(lines)):
        rows = block.split("\n")
        if not block.lstrip().startswith(">>> "):
            rows = [_escaped(row) for row in rows]
        if not re.match(r"\s*(>>> |(Args|Returns|Raises|Yields|Attributes):)", block):
            rows = _as_list(rows)
        made += [*rows, ""]
    lines[:] = made


def _is_of_another_room(app: Any, what: str, name: str, found: Any, skip: bool, options: Any) -> bool | None:
    """A name that a room passes on is told where it is at home."""
    if getattr(found, "__module__", None) == "sklearn.utils._metadata_requests":  # setters that scikit-learn adds
        return True
    room = f"elm.{app.env.docname.rpartition('/')[2]}"
    home = getattr(found, "__module__", None) or ""
    return (
        True
        if what == "module" and home.startswith("elm.") and room != "elm.elm" and not home.startswith(room)
        else None
    )


def _write_commands(app: Any) -> None:
    """The reference of the command line, as Typer writes it from the commands' own help."""
    out = Path(__file__).with_name("reference") / "command-line.md"
    words = ["elm.cli._main", "utils", "docs", "--name", "elm", "--title", "The command line", "--output", str(out)]
    subprocess.run([sys.executable, "-m", "typer", *words], check=True, capture_output=True)


def setup(app: Any) -> None:
    app.connect("builder-inited", _write_commands)
    app.connect("autodoc-skip-member", _is_of_another_room)
    app.connect("autodoc-process-docstring", _plain_text, priority=400)
