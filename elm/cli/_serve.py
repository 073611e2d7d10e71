"""`elm serve`: the page, or the same as JSON over HTTP."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from elm.cli._options import Json, Quiet


def serve(
    run: Annotated[Path | None, typer.Argument(help="A run or model folder; the shipped demo without it.")] = None,
    api: Annotated[bool, typer.Option("--api", help="JSON over HTTP alone, without the page.")] = False,
    host: Annotated[
        str, typer.Option(help="Where to listen; another address than this machine's own asks for a token.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Which port; 0 takes a free one.")] = 7860,
    token: Annotated[
        str | None, typer.Option(help="What callers must send; made where it is needed and left out.")
    ] = None,
    browser: Annotated[bool, typer.Option("--open", help="Open the page in a browser.")] = False,
    waiting: Annotated[int, typer.Option(min=1, help="Requests that may wait in each queue.")] = 64,
    seconds: Annotated[float, typer.Option(min=1.0, help="Longest time for one answer.")] = 30.0,
    quiet: Quiet = False,
    json_mode: Json = False,
) -> None:
    """Serve a page on which vectors are read and profiles edited, and the same as JSON over HTTP (docs/serve.md).

    Nothing is loaded from the network, and no text of a user is kept on disk. Ctrl-C stops.

    Example: elm serve runs/quickstart
    Without the page: elm serve --api --port 8000
    """
    from elm.cli._output import echo, emit
    from elm.serve import ServeOptions
    from elm.serve import serve as run_server

    def ready(told: dict[str, Any]) -> None:
        def text() -> None:
            echo(f"{told['serves']} at {told['url']}" + (f"?token={told['token']}" if told["token"] else ""))
            if told["token"]:
                echo(f"other programs send the header: Authorization: Bearer {told['token']}")

        emit(told, json_mode, text)

    run_server(run, ServeOptions(host, port, token, api, waiting, seconds, browser), ready)
