"""`elm wishes`: a user's standing wishes in a file: add, list, edit, remove."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from elm.cli._options import Json, Quiet

if TYPE_CHECKING:
    from elm.recommend import StandingWishes

wishes = typer.Typer(help="Standing wishes of a user, kept in a file.", no_args_is_help=True, rich_markup_mode=None)

File = Annotated[Path, typer.Argument(help="The file of the wishes (JSON).")]
Number = Annotated[int, typer.Argument(help="The number of a wish, as `elm wishes list` shows it.")]
Text = Annotated[str, typer.Argument(help='The wish, such as "never war films" or "no horror after eight".')]


@wishes.command("add")
def add(file: File, text: Text, quiet: Quiet = False, json_mode: Json = False) -> None:
    """Keep another wish; the file is made where it is absent.

    Example: elm wishes add wishes.json "no horror after eight"
    """
    found = _open(file, new=True)
    found.add(text)
    _keep(found, file, json_mode)


@wishes.command("list")
def list_(file: File, quiet: Quiet = False, json_mode: Json = False) -> None:
    """Show the wishes, when they hold, and which of them a later one overrules.

    Example: elm wishes list wishes.json
    """
    _show(_open(file), json_mode)


@wishes.command("edit")
def edit(file: File, number: Number, text: Text, quiet: Quiet = False, json_mode: Json = False) -> None:
    """Put another sentence in a wish's place; it counts as the latest.

    Example: elm wishes edit wishes.json 2 "no horror after nine"
    """
    found = _open(file)
    found.edit(number, text)
    _keep(found, file, json_mode)


@wishes.command("remove")
def remove(file: File, number: Number, quiet: Quiet = False, json_mode: Json = False) -> None:
    """Take a wish away.

    Example: elm wishes remove wishes.json 2
    """
    found = _open(file)
    found.remove(number)
    _keep(found, file, json_mode)


def _open(file: Path, new: bool = False) -> StandingWishes:
    from elm.recommend import StandingWishes

    return StandingWishes() if new and not file.exists() else StandingWishes.load(file)


def _keep(found: StandingWishes, file: Path, json_mode: bool) -> None:
    found.save(file)
    _show(found, json_mode)


def _show(found: StandingWishes, json_mode: bool) -> None:
    from elm.cli._output import echo, emit

    remarks = found.contradictions()
    value = {
        "wishes": [{"number": one.number, "text": one.text, "when": one.when.said()} for one in found],
        "remarks": remarks,
    }

    def show() -> None:
        for one in found:
            echo(f"{one.number:3d}  {one.text}  ({one.when.said()})")
        for remark in remarks:
            echo(remark)

    emit(value, json_mode, show)
