"""`elm bench summaries`: how long summaries are, and how much those of different users differ."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from elm.cli import _options as options
from elm.cli.bench._recommend import chosen_thresholds

if TYPE_CHECKING:
    from elm.chat import Client
    from elm.data import Dataset
    from elm.recommend import RecommendationSplit


def summaries(
    dataset: options.DataName,
    folder: options.DataFolder = None,
    texts: Annotated[
        list[Path] | None, typer.Option(help="JSON of texts from another writer, user id -> text; may be repeated.")
    ] = None,
    users: Annotated[
        int | None, typer.Option(min=1, help="How many users of the split, drawn; by default all.")
    ] = None,
    pairs: Annotated[int, typer.Option(min=1, help="How many pairs of users are compared.")] = 2000,
    protocol: Annotated[str, typer.Option(help="paper, repo-compat or weak (docs/recommend.md).")] = "paper",
    random_order: options.RandomOrder = False,
    user_ratings: options.UserRatings = None,
    item_ratings: options.ItemRatings = None,
    ask: Annotated[str | None, typer.Option(help="A chat model that writes summaries as well.")] = None,
    endpoint: options.Endpoint = None,
    cache: Annotated[Path | None, typer.Option(help="Keep its answers here; a second call reuses them.")] = None,
    out: Annotated[
        Path | None, typer.Option(help="Write the texts here, user id -> text: the chat model's, else the template's.")
    ] = None,
    seed: options.Seed = 0,
    quiet: options.Quiet = False,
    json_mode: options.Json = False,
) -> None:
    """Length, edit distance and BLEU of users' summaries, by template, from files, or by a chat model.

    Texts of the split's users are written from their inputs alone (docs/summaries.md).

    Example: elm bench summaries demo --texts mine.json --users 500
    """
    from elm._errors import CallError
    from elm._storage.files import write_json
    from elm.cli._output import emit, remark
    from elm.data import load
    from elm.evaluation import text_statistics
    from elm.recommend import split_dataset
    from elm.runs import file_summaries, template_summaries

    if ask is None and (endpoint is not None or cache is not None):
        raise CallError("--endpoint and --cache go with --ask, the model to ask")
    client = options.asked_model(ask, endpoint, cache)
    found = {path.name: file_summaries(path) for path in texts or []}
    if len(found) < len(texts or []):
        raise CallError("files of texts are named by their file names, and two have the same; rename one")
    data = load(dataset, folder, seed)
    limits = chosen_thresholds(data, None, user_ratings, item_ratings)
    order: Any = "random" if random_order else "time"
    found = {name: _known(said, data, name) for name, said in found.items()}
    split = split_dataset(data, protocol, seed, limits, order)  # type: ignore[arg-type]
    written = template_summaries(data, split)
    drawn = _drawn(list(written), users, seed)
    written = {user: written[user] for user in drawn}
    by_hand = {"template": written, **found}
    if client is not None:
        by_hand[client.model] = written = _asked(data, split, drawn, client, seed)
    if out is not None:
        write_json(out, written)
        remark(f"texts: {out}")
    rows = [{"writer": name, **text_statistics(list(said.values()), pairs, seed)} for name, said in by_hand.items()]
    emit({"dataset": data.name, "protocol": protocol, "rows": rows}, json_mode, lambda: _show(data.name, rows))


def _known(texts: dict[str, str], data: Dataset, name: str) -> dict[str, str]:
    """The texts of the data set's users; of others only their number is reported."""
    from elm._errors import CallError
    from elm.cli._output import warn

    own = {user: text for user, text in texts.items() if user in data.users.index}
    if not own:
        raise CallError(f"texts are of users of the data set, and none of the {len(texts)} in {name} is of one")
    if len(own) < len(texts):
        warn(f"{name}: {len(texts) - len(own)} of {len(texts)} texts are of users that the data set lacks: left out")
    return own


def _drawn(users: list[str], count: int | None, seed: int) -> list[str]:
    import numpy as np

    if count is None or count >= len(users):
        return users
    chosen = np.random.default_rng(seed).choice(len(users), count, replace=False)
    return [users[place] for place in np.sort(chosen)]


def _asked(data: Dataset, split: RecommendationSplit, users: list[str], client: Client, seed: int) -> dict[str, str]:
    """The chat model's texts; users that it has no usable text for are left out and told."""
    from elm._errors import TeacherError
    from elm.cli._output import is_quiet, warn
    from elm.runs import SummaryOptions, chat_summaries

    skipping = SummaryOptions(on_failure="skip")
    found = chat_summaries(data, split, client, users, skipping, seed, progress=not is_quiet())
    if not found:
        raise TeacherError(f"{client.model} gave no text that keeps the rules (docs/summaries.md); ask another model")
    if len(found) < len(users):
        warn(f"{client.model}: no usable text for {len(users) - len(found)} of {len(users)} users, who are left out")
    return found


def _show(name: str, rows: list[dict[str, Any]]) -> None:
    from elm.cli._output import echo, table

    echo(f"{name}: summaries, in words")
    table(
        ["texts", "users", "max", "min", "p90", "p10", "mean", "sd", "edit", "sd", "BLEU", "sd"],
        [
            [
                r["writer"],
                r["texts"],
                r["length"]["max"],
                r["length"]["min"],
                *(f"{r['length'][name]:.0f}" for name in ("p90", "p10")),
                *(f"{r['length'][name]:.1f}" for name in _SPREAD),
                *_numbers(r["edit"], 1),
                *_numbers(r["bleu"], 3),
            ]
            for r in rows
        ],
    )
    echo("edit, BLEU: between texts of different users; edit: words to insert, delete or replace; BLEU: up to 4 words")


_SPREAD = ("mean", "sd")


def _numbers(entry: dict[str, float | None], digits: int) -> list[str]:
    return ["-" if (value := entry[name]) is None else f"{value:.{digits}f}" for name in _SPREAD]
