"""`elm bench control`: do recommendations follow what a person edits?"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from elm.cli import _options as options
from elm.cli.bench._recommend import chosen_thresholds, parse_settings, sources, steps_in

if TYPE_CHECKING:
    import pandas as pd

    from elm.data import Dataset

T = TypeVar("T")


def control(
    dataset: options.DataName,
    folder: options.DataFolder = None,
    models: Annotated[
        str, typer.Option(help="Text models, such as tears-recvae, tears-base and gers-recvae; parted by commas.")
    ] = "tears-recvae,tears-multi-vae,tears-macridvae",
    seeds: options.Seeds = 5,
    alphas: Annotated[str, typer.Option(help="Weights of the text, parted by commas.")] = "0,0.25,0.5,0.75,1",
    genres: Annotated[int, typer.Option(min=2, help="So many of the largest genres take part.")] = 10,
    between: Annotated[
        str, typer.Option(help="Ranks between which the target of a fine-grained edit lies, both included.")
    ] = "100,500",
    attributes: Annotated[
        Path | None, typer.Option(help="CSV of soft attributes: item, attribute, score in [0, 1]. Demo: its moods.")
    ] = None,
    part: Annotated[str, typer.Option(help="Who is measured: test, or validation while choosing settings.")] = "test",
    protocol: Annotated[str, typer.Option(help="paper or repo-compat (docs/recommend.md).")] = "paper",
    random_order: options.RandomOrder = False,
    held_out: options.HeldOutUsers = None,
    user_ratings: options.UserRatings = None,
    item_ratings: options.ItemRatings = None,
    setting: Annotated[
        list[str] | None, typer.Option("--set", help="A setting of a model, as tears-recvae.epochs=50; may come often.")
    ] = None,
    texts: options.Texts = None,
    style: options.TextStyle = None,
    wordings: Annotated[
        str, typer.Option(help="Whose words the edits have: template, held-out, validation, or a JSON file of wishes.")
    ] = "template",
    ask: Annotated[str | None, typer.Option(help="A chat model that edits the texts; by default rules do.")] = None,
    endpoint: options.Endpoint = None,
    kind: Annotated[str, typer.Option(help="What an item is called in the phrases.")] = "film",
    device: Annotated[str, typer.Option(help="Where models are trained: cpu or cuda.")] = "cpu",
    out: options.ResultsFolder = None,
    figures: Annotated[Path | None, typer.Option(help="Folder for the figures (PNG).")] = None,
    map_by: Annotated[str, typer.Option("--map", help="How latents are laid in the plane: pca or tsne.")] = "pca",
    seed: options.Seed = 0,
    quiet: options.Quiet = False,
    json_mode: options.Json = False,
) -> None:
    """Three tasks of control on held-out users: genres flipped, one sentence about an item, more and less of a genre.

    Changes are signed: a move in the wrong direction counts against. docs/control.md says how each is measured.

    Example: elm bench control demo --models tears-recvae --seeds 2 --figures figures
    """
    from elm._errors import CallError
    from elm.cli._output import emit, is_quiet
    from elm.data import load
    from elm.evaluation import wish_set
    from elm.recommend import LanguageModelEditor, split_dataset
    from elm.runs import ControlTasks, TextModels, bench_control, file_summaries
    from elm.tasks import domain_named, domain_of

    choices = {
        "--part": (part, ("test", "validation")),
        "--map": (map_by, ("pca", "tsne")),
        "--protocol": (protocol, ("paper", "repo-compat")),
    }
    for option, (came, known) in choices.items():
        if came not in known:
            raise CallError(f"{option} is {' or '.join(known)}, got {came!r}")
    client = options.asked_model(ask, endpoint)
    grid, ranks = numbers(alphas, "--alphas", float), numbers(between, "--between", int)
    if len(ranks) != 2:
        raise CallError(f"--between takes two ranks, such as 100,500, got {between!r}")
    data = load(dataset, folder, seed)
    domain = domain_named(domain_of(data))
    wishes = wish_set(wordings, domain.items)
    limits = chosen_thresholds(data, held_out, user_ratings, item_ratings)
    order: Any = "random" if random_order else "time"
    given = {
        "dataset": dataset,
        "alphas": grid,
        "genres": genres,
        "between": ranks,
        "part": part,
        "attributes": str(attributes or ""),
        "protocol": protocol,
        "random_order": random_order,
        "held_out": held_out,
        "user_ratings": user_ratings,
        "item_ratings": item_ratings,
        "set": setting,
        **({} if style is None else {"style": style}),
        "ask": ask,
        "kind": kind,
        "map": map_by,
        **({} if wordings == "template" else {"wordings": wishes.hash}),
    }
    given |= sources(data, seed, texts=texts, attributes=attributes)
    shared = TextModels(
        data,
        settings=parse_settings(setting or []),
        written=file_summaries(texts) if texts is not None else None,
        style=style,  # type: ignore[arg-type]
        device=device,
        progress=not is_quiet(),
    )
    tasks = ControlTasks(
        part=part,  # type: ignore[arg-type]
        attributes=soft_attributes(data, attributes),
        editor=None if client is None else LanguageModelEditor(client, kind),
        genres=genres,
        alphas=tuple(grid),
        between=(ranks[0], ranks[1]),
        phrases=(f"More {{}} {kind}s.", f"Less {{}} {kind}s."),
        map_by=map_by,  # type: ignore[arg-type]
        wordings=None if wordings == "template" else wishes,
        items=domain.items,
    )
    value = bench_control(
        shared,
        lambda number: split_dataset(data, protocol, number, limits, order),  # type: ignore[arg-type]
        list(dict.fromkeys(name.strip() for name in models.split(",") if name.strip())),
        range(seed, seed + seeds),
        tasks,
        steps_in(out, given),
    )
    if figures is not None:
        _draw(value, figures)
    plain = {key: entry for key, entry in value.items() if key != "maps"}
    emit({"dataset": data.name, "wordings": wordings, **plain}, json_mode, lambda: _show(value))


def numbers(words: str, option: str, kind: Callable[[str], T]) -> list[T]:
    """Numbers parted by commas.

    >>> numbers("0, 0.5,1", "--alphas", float)
    [0.0, 0.5, 1.0]
    """
    from elm._errors import CallError

    try:
        return [kind(word) for word in words.split(",")]
    except ValueError as error:
        raise CallError(f"{option} takes numbers parted by commas, got {words!r}") from error


def soft_attributes(data: Dataset, path: Path | None) -> dict[str, pd.Series]:
    """Attribute -> score by item id: of the file where one is given, else the moods of the demo world, else none."""
    import pandas as pd

    from elm._errors import DataFileError
    from elm.data import ATTRIBUTES

    if path is None:
        facts = None if data.facts is None else data.facts.items
        moods = [name for name in ATTRIBUTES if facts is not None and name in facts]
        return {name.replace("_", "-"): facts[name] for name in moods} if facts is not None else {}
    try:
        table = pd.read_csv(path, dtype={"item": str, "attribute": str})
        scores = table.astype({"score": float}).set_index("item")
        found = {str(name): rows["score"] for name, rows in scores.groupby("attribute", sort=False)}
    except (OSError, ValueError, KeyError) as error:
        raise DataFileError(f"{path} is no CSV with columns item, attribute, score ({error}); write it so") from error
    for name, rows in found.items():
        if not rows.between(0, 1).all():
            raise DataFileError(f"{path}: scores of {name!r} must lie in [0, 1]; scale them to that range")
        if rows.index.has_duplicates or not rows.index.isin(data.items.index).any():
            raise DataFileError(
                f"{path}: {name!r} needs one score per item, of items of {data.name}; some repeat or none is"
            )
    return found


def _draw(value: dict[str, Any], folder: Path) -> None:
    from elm.cli._output import remark
    from elm.evaluation import guided_figure, guided_map_figure, trade_off_figure

    means = by_model(value["rows"])
    figures = {"trade-off": trade_off_figure(means, baseline=value["popularity"]["mean"])}
    for task in ("guided", "attributes"):
        having = {model: rows for model, rows in means.items() if any(row["task"] == task for row in rows)}
        if having:
            alphas = {row["alpha"] for rows in having.values() for row in rows if row["task"] == task}
            figures[task] = guided_figure(having, min(alphas, key=lambda alpha: abs(alpha - 0.5)), task)
    figures |= {f"map-{model}": guided_map_figure(found, model) for model, found in value["maps"].items()}
    folder.mkdir(parents=True, exist_ok=True)
    for name, figure in figures.items():
        figure.savefig(folder / f"{name}.png", dpi=120)
    remark(f"figures: {folder}")


def by_model(rows: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """Model -> its rows, in order."""
    return {model: [row for row in rows if row["model"] == model] for model in dict.fromkeys(r["model"] for r in rows)}


_TABLES = {
    "large": (
        "Large scope: two genres change places",
        ("rise", "rise_share", "fall", "fall_share", "users", "ndcg", "ndcg_users"),
    ),
    "bound": ("Upper bound: all shares on the new favourite", ("rise", "rise_share", "fall", "fall_share", "users")),
    "fine": ("Fine-grained: one sentence about one item", ("gain", "gain_se", "share", "share_edits", "users")),
    "guided": ("Guided: more and less of a genre, mean of all", ("rise", "rise_share", "fall", "fall_share", "users")),
    "attributes": ("Guided: soft attributes, mean of all", ("rise", "rise_share", "fall", "fall_share", "users")),
}

_STANCE = ("share", "neutral", "template", "effect", "moved", "spread")


def _mean(row: dict[str, Any], measure: str) -> float | str | None:
    """A measure's mean over seeds; None in rows of a run that an older version began without it."""
    found: float | None = row.get(measure, {}).get("mean")
    return f"{found:g}" if found is not None and measure.endswith("users") else found


def _show(value: dict[str, Any]) -> None:
    from elm.cli._output import echo, table

    first = value["splits"][0]
    echo(
        f"{first['dataset']}, protocol {first['protocol']}{' in a drawn order' if first['order'] == 'random' else ''}, "
        f"seeds: {len(value['splits'])}; NDCG@20 of popularity: {value['popularity']['mean']:.3f}"
    )
    for task, (title, measures) in _TABLES.items():
        rows = [row for row in value["rows"] if row["task"] == task and row["name"] in (None, "mean")]
        if rows:
            table(
                ["model", "alpha", *(name.replace("_", " ") for name in measures), f"sd {measures[0]}"],
                [[r["model"], f"{r['alpha']:g}", *(_mean(r, m) for m in measures), r[measures[0]]["sd"]] for r in rows],
                title,
            )
    for task, title in (("stance", "genres"), ("moods", "soft attributes")):
        rows = [row for row in value["rows"] if row["task"] == task]
        if rows:
            table(
                ["model", "wishes", *_STANCE],
                [[r["model"], r["name"], *(_mean(r, m) for m in _STANCE)] for r in rows],
                f"Wishes as texts alone, {title}: share in the top of the list",
                words=(0, 1),
            )
            echo("effect: of the template's change from neutral; moved: cases beyond it; spread: distance from it")
    if not any(row["task"] == "fine" for row in value["rows"]):
        echo("no fine-grained edits: items have no words (texts bring them), or no target ranks in the range")
    echo("rise, fall, gain: mean change in the direction that was meant; share: of users who moved that way")
