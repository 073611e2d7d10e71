"""`elm repair` and `elm trust`: what a reader of a folder never does by itself."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from elm.cli._options import Json, Quiet

Folder = Annotated[Path, typer.Argument(help="A folder that elm saved.")]


def repair(folder: Folder, quiet: Quiet = False, json_mode: Json = False) -> None:
    """Finish a save of a folder that was interrupted, so that it can be read again.

    Only a save that was made for this very folder on this machine is finished. Example: elm repair runs/films/model
    """
    from elm._storage.folders import finish_save
    from elm.cli._output import echo, emit

    finished = finish_save(folder)
    said = f"finished the interrupted save of {folder}" if finished else f"{folder} is whole: nothing to repair"
    emit({"folder": str(folder), "finished": finished}, json_mode, lambda: echo(said))


def trust(folder: Folder, quiet: Quiet = False, json_mode: Json = False) -> None:
    """Allow a run, or a folder of concepts, that came from elsewhere to read the folders that it names.

    Example: elm trust runs/from-a-colleague
    """
    from elm.cli._output import echo, emit
    from elm.runs import trust as trust_folder

    named = trust_folder(folder)
    lines = [f"{key}: {value}" for key, value in named.items()]
    emit(
        {"folder": str(folder), "named": named},
        json_mode,
        lambda: echo("\n".join([f"{folder} may now read what it names", *lines])),
    )
