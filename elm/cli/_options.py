"""Options that several commands share, so that they are named and explained the same everywhere."""

from __future__ import annotations

from typing import Annotated

import typer

from elm.cli._output import is_quiet, set_quiet


def _quiet(asked: bool) -> bool:
    set_quiet(asked or is_quiet())  # `elm --quiet embed` and `elm embed --quiet` are the same
    return is_quiet()


Json = Annotated[bool, typer.Option("--json", help="Print JSON on standard output, and nothing else there.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", callback=_quiet, help="No progress bars and no remarks.")]
Seed = Annotated[int, typer.Option(min=0, help="Seed of everything that is drawn.")]
