"""`elm bench forms`: forms for raters, and what their answers say."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from elm.cli._options import Json, Quiet, Seed


def forms(
    paths: Annotated[
        list[Path], typer.Argument(help="A run with a report; with --answers, the files that raters saved.")
    ],
    out: Annotated[Path | None, typer.Option(help="Folder for forms.html, forms.csv and key.csv.")] = None,
    answers: Annotated[bool, typer.Option("--answers", help="Score the answers in these files.")] = False,
    key: Annotated[Path | None, typer.Option(help="The key.csv that was made with the forms.")] = None,
    outputs: Annotated[int, typer.Option(min=2, help="Texts to rate in each task, the teacher's among them.")] = 40,
    choices: Annotated[int, typer.Option(min=0, help="Texts in each task for the choice between two.")] = 30,
    seed: Seed = 0,
    quiet: Quiet = False,
    json_mode: Json = False,
) -> None:
    """Human evaluation as in the ELM paper: five-point forms over a run's texts, and the choice between two.

    Raters open forms.html (it works without a network and sends nothing) or fill in forms.csv; keep key.csv to
    yourself. Their files are scored with elm bench forms --answers a.csv b.csv --key key.csv.

    Example: elm bench forms runs/quickstart --out forms
    """
    from elm._errors import CallError

    if answers:
        if key is None:
            raise CallError("answers are scored with the key of their form: name it with --key")
        _score(paths, key, seed, json_mode)
        return
    if len(paths) != 1 or out is None:
        raise CallError("forms are made of one run, in a folder named with --out; to score answers, add --answers")
    from elm.cli._output import echo, emit, remark
    from elm.runs import bench_forms

    value = bench_forms(paths[0], out, outputs, choices, seed)
    emit(
        value,
        json_mode,
        lambda: echo(
            f"{out / 'forms.html'}: {value['questions']} questions about {sum(value['outputs'].values())} texts"
        ),
    )
    remark(f"keep {out / 'key.csv'} from the raters")


def _score(paths: list[Path], key: Path, seed: int, json_mode: bool) -> None:
    from elm.cli._output import emit
    from elm.evaluation import FormScores, read_answers, read_key

    table = read_key(key)
    value = FormScores.of(read_answers(paths, table), table, seed).to_dict()
    emit(value, json_mode, lambda: show_scores(value))


def show_scores(value: Mapping[str, Any]) -> None:
    """Print scores of forms: a row per task and system."""
    from elm.cli._output import echo, table

    titles = {
        "scale": "Agreement with the statements (0: none, 1: full)",
        "choice": "Right choices of two (chance: 0.5)",
    }
    chance = {"scale": [], "choice": ["p to chance"]}
    for kind, title in titles.items():
        rows = [
            [
                task,
                system,
                one["mean"],
                f"{one['interval'][0]:.2f} to {one['interval'][1]:.2f}",
                one["n"],
                found["p_holm"] if system == "model" else None,
                *([one["p_chance"]] if kind == "choice" else []),
                found["alpha"],
            ]
            for task, found in value[kind].items()
            for system, one in found["systems"].items()
        ]
        if rows:
            heads = ["task", "system", "score", "95 %", "texts", "p (Holm) to teacher", *chance[kind], "alpha"]
            table(heads, rows, title, words=(0, 1))
    told = {kind: "not defined" if a is None else f"{a:.2f}" for kind, a in value["alpha"].items()}
    alpha = f"{told['scale']} on the scale, {told['choice']} for choices"
    echo(f"{value['answers']} answers of {len(value['raters'])} raters; Krippendorff's alpha: {alpha}")
