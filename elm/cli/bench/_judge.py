"""`elm bench judge`: forms answered by a language model."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any

import typer

from elm.cli._options import Endpoint, Json, Prices, Quiet, Seed


def judge(
    folder: Annotated[Path, typer.Argument(help="A folder of forms, made by elm bench forms.")],
    model: Annotated[str, typer.Option(help="The model that judges, as its endpoint names it.")],
    endpoint: Endpoint = None,
    prices: Prices = None,
    concurrency: Annotated[int, typer.Option(min=1, help="Calls at once.")] = 8,
    max_tokens: Annotated[
        int, typer.Option(min=1, help="Maximum tokens of an answer; models that reason first need more.")
    ] = 16,
    seed: Seed = 0,
    quiet: Quiet = False,
    json_mode: Json = False,
) -> None:
    """Have a language model answer the forms as a rater, and score its answers where key.csv lies beside them.

    An answer is the expected one, from the log-probabilities of 1 to 5 (of 1 and 2); where the server gives none, the
    number that was said. It is written as a rater's file, to be scored together with people's. Answers are kept.

    Example: elm bench judge forms --model a-model --endpoint http://localhost:8000/v1
    """
    from elm.chat import Asking, ChatJudge, Client
    from elm.cli._output import echo, emit, is_quiet
    from elm.evaluation import FormScores, judge_forms, read_answers, read_forms, read_key

    form, items = read_forms(folder)
    asking = Asking(temperature=0.0, max_tokens=max_tokens)
    client = Client(model, endpoint, cache=folder / "judge.sqlite", prices=prices, concurrency=concurrency)
    judged = judge_forms(items, ChatJudge(client, asking=asking, seed=seed), model, progress=not is_quiet())
    name = re.sub(r"[^\w.-]+", "-", model).strip("-.") or "judge"
    answers = folder / f"answers-{name}.csv"
    judged.save(answers, form)
    value: dict[str, Any] = {"file": str(answers), "judge": judged.to_dict(), "spending": client.usage.line()}
    if (folder / "key.csv").is_file() and len(judged.answers):
        key = read_key(folder / "key.csv")
        value["scores"] = FormScores.of(read_answers([answers], key), key, seed).to_dict()

    def show() -> None:
        from elm.cli.bench._forms import show_scores

        if "scores" in value:
            show_scores(value["scores"])
        told = value["judge"]
        echo(
            f"{answers}: {told['answers']} answers, {told['from_probabilities']} of them expected scores from "
            f"log-probabilities, {told['from_words']} as said, {told['unusable']} unusable; {value['spending']}"
        )

    emit(value, json_mode, show)
