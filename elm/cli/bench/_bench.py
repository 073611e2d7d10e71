"""`elm bench`: scores with controls, reports, comparisons, and what raters and judges say."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from elm.cli._options import Choose, DrawnTexts, Json, Quiet
from elm.cli._placement import placed
from elm.cli.bench._control import control
from elm.cli.bench._forms import forms
from elm.cli.bench._judge import judge
from elm.cli.bench._profiles import profiles
from elm.cli.bench._recommend import recommend
from elm.cli.bench._request import request, request_cost
from elm.cli.bench._request_ways import request_ways
from elm.cli.bench._rewards import rewards
from elm.cli.bench._summaries import summaries

if TYPE_CHECKING:
    from elm.runs import BenchOptions

bench = typer.Typer(help="Score a run on what it has never seen.", no_args_is_help=True, rich_markup_mode=None)
bench.command("control")(control)
bench.command("forms")(forms)
bench.command("judge")(judge)
bench.command("profiles")(profiles)
bench.command("recommend")(recommend)
bench.command("request")(request)
bench.command("request-cost")(request_cost)
bench.command("request-ways")(request_ways)
bench.command("rewards")(rewards)
bench.command("summaries")(summaries)

Films = Annotated[int, typer.Option(min=2, help="Maximum number of held-out films.")]
Users = Annotated[int, typer.Option(min=2, help="Maximum number of held-out users.")]


@bench.callback()
def _bench() -> None:
    """Score a run on what it has never seen."""


@bench.command("consistency")
@placed
def consistency(
    runs: Annotated[
        list[Path], typer.Argument(help="A run folder: its held-out films and users are scored. Two or more: compared.")
    ],
    films: Films = 200,
    users: Users = 200,
    zero_shot: Annotated[bool, typer.Option("--zero-shot", help="Also the untrained ranker of the ELM paper.")] = False,
    texts: Annotated[
        Path | None, typer.Option(help="Score these texts, not the run's model (JSON lines: docs/consistency.md).")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder of the report; by default the run's, or one beside the texts.")
    ] = None,
    training: Annotated[
        bool, typer.Option("--training", help="Score training films instead: what is learned by heart.")
    ] = False,
    corpus: Annotated[
        Path | None,
        typer.Option(help="Of a reader: score the texts of this file, not its own held-out ones."),
    ] = None,
    tasks: Annotated[str, typer.Option(help="Of a reader: only these of its tasks, comma-separated.")] = "",
    n: DrawnTexts = 1,
    choose: Choose = "nearest",
    quiet: Quiet = False,
    json_mode: Json = False,
    placement: Any = None,
) -> None:
    """Semantic and behavioural consistency of a run's texts, beside the teacher's and beside controls that must fail.

    The report (report.html, report.json, scores.csv, texts.csv) goes into the run's folder. Several runs or reports are
    compared on the same held-out entities; a run without a report is scored first. With --n 8 each text about a film is
    the nearest of eight to its vector; the report, in a folder of its own, says that SC no longer judges them.

    Example: elm bench consistency runs/quickstart
    """
    from elm.model import Choosing, Placement
    from elm.runs import BenchOptions

    Choosing(n, choose)
    named = tuple(name.strip() for name in tasks.split(",") if name.strip())
    if len(runs) == 1:
        told = BenchOptions(zero_shot, texts, out, training, n, Placement(**placement), corpus, named)
        _score(runs[0], films, users, told, json_mode)
    else:
        _compare(
            runs,
            films,
            users,
            zero_shot,
            bool(texts or out or training or corpus or named or n > 1 or placement),
            json_mode,
        )


def _score(run: Path, films: int, users: int, told: BenchOptions, json_mode: bool) -> None:
    from elm.cli._output import console, emit, is_quiet, remark
    from elm.evaluation import (
        behaviour_table,
        consistency_table,
        facts_table,
        findings_table,
        profile_table,
        rankers_table,
        versions_table,
    )
    from elm.runs import bench_run

    value = bench_run(run, films, users, progress=not is_quiet(), **vars(told))

    def show() -> None:
        profile = value["profile"]
        own = {"user_profile": profile} if "bc" in profile else {}
        rest = {name: row for name, row in profile.items() if isinstance(row, dict) and "rbc" in row}
        if value["consistency"]:
            console().print(consistency_table(value["consistency"]), facts_table(value["consistency"]))
        if own or rest:
            console().print(profile_table(own | rest), rankers_table(own | rest))
        if value["behaviour"]:
            console().print(behaviour_table(value["behaviour"]))
        if value["versions"]:
            console().print(versions_table(value["versions"]))
        if (found := findings_table(value["consistency"], own, rest)) is not None:
            console().print(found)

    emit(value, json_mode, show)
    remark(f"report: {told.folder(run) / 'report.html'}")


def _compare(runs: list[Path], films: int, users: int, zero_shot: bool, other: bool, json_mode: bool) -> None:
    from elm._errors import CallError
    from elm.cli._output import console, echo, emit, is_quiet
    from elm.evaluation import comparison_table
    from elm.runs import bench_compare

    if other:
        raise CallError(
            "--texts, --out, --training, --corpus, --tasks, --n and --device are for one run; score each first, then "
            "compare the reports' folders"
        )
    value: dict[str, Any] = bench_compare(runs, films, users, zero_shot=zero_shot, progress=not is_quiet()).to_dict()

    def show() -> None:
        console().print(comparison_table(value))
        for line in value["left_out"]:
            echo(f"left out: {line}")

    emit(value, json_mode, show)


@bench.command("entities")
def entities(
    run: Annotated[Path, typer.Argument(help="A run folder, whose held-out films and users are to be written about.")],
    out: Annotated[Path, typer.Option(help="The file to write: one JSON object per line (task, prompt, id, vector).")],
    films: Films = 200,
    users: Users = 200,
    quiet: Quiet = False,
    json_mode: Json = False,
) -> None:
    """What another system has to write about: held-out ids and vectors of every task, one per line.

    Its texts, one JSON object per line with task, id and text, are scored by `elm bench consistency RUN --texts FILE`.

    Example: elm bench entities runs/quickstart --out entities.jsonl
    """
    from elm.cli._output import echo_lines, emit, is_quiet
    from elm.runs import bench_entities

    value = bench_entities(run, out, films, users, progress=not is_quiet())
    emit(value, json_mode, lambda: echo_lines("\n".join(f"{task}: {n} texts" for task, n in value["texts"].items())))
