"""`elm bench`: scores with controls."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from elm.cli._options import Json, Quiet

bench = typer.Typer(help="Score a run on what it has never seen.", no_args_is_help=True, rich_markup_mode=None)


@bench.callback()
def _bench() -> None:
    """Score a run on what it has never seen."""


@bench.command("consistency")
def consistency(
    run: Annotated[Path, typer.Argument(help="A run folder; its held-out films and users are scored.")],
    films: Annotated[int, typer.Option(min=2, help="How many held-out films, at most.")] = 200,
    users: Annotated[int, typer.Option(min=2, help="How many held-out users, at most.")] = 200,
    zero_shot: Annotated[bool, typer.Option("--zero-shot", help="Also the untrained ranker of the ELM paper.")] = False,
    quiet: Quiet = False,
    json_mode: Json = False,
) -> None:
    """Semantic and behavioural consistency of a run's texts, beside the teacher's and beside controls that must fail.

    Example: elm bench consistency runs/quickstart
    """
    from elm.cli._output import console, emit, is_quiet
    from elm.evaluation import behaviour_table, consistency_table, facts_table, profile_table, versions_table
    from elm.runs import bench_run

    value = bench_run(run, films, users, zero_shot=zero_shot, progress=not is_quiet())

    def show() -> None:
        films, profile = value["consistency"], value["profile"]
        users = {"user_profile": profile, "user_summary": profile["user_summary"]}
        console().print(consistency_table(films), facts_table(films), profile_table(users),
                        behaviour_table(value["behaviour"]))  # fmt: skip
        if value["versions"]:
            console().print(versions_table(value["versions"]))

    emit(value, json_mode, show)
