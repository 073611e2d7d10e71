"""`elm docs`: the manual in a browser."""

from __future__ import annotations

import webbrowser
from pathlib import Path

import typer

from elm.cli._options import Json, Quiet

_ROOT = Path(__file__).resolve().parents[2]


def docs(quiet: Quiet = False, json_mode: Json = False) -> None:
    """Open the manual that `make docs` built; its path is printed, too.

    Example: elm docs
    """
    from elm._errors import CallError
    from elm.cli._output import emit

    page = _ROOT / "docs" / "_build" / "html" / "index.html"
    if not page.is_file():
        raise CallError(
            f"the manual is built in a checkout of the repository, but {page.parent} holds none; run there: make docs"
        )
    opened = webbrowser.open(page.as_uri())
    emit({"page": str(page), "opened": opened}, json_mode, lambda: typer.echo(str(page)))
