"""`elm bench recommend`: recommenders on one data set, side by side."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from elm.cli import _options as options

if TYPE_CHECKING:
    from elm.chat import Client
    from elm.data import Dataset
    from elm.recommend import Backbone, RecommendationSplit

ASKED = "asked"


def recommend(
    dataset: options.DataName,
    folder: options.DataFolder = None,
    models: Annotated[
        str,
        typer.Option(
            help="popularity, random, wals, nmf, lightgcn, ease, multi-dae, multi-vae, recvae, macridvae; tears-, "
            "gers- or tuned- before one of the last four, tears-base, gers-base; @1 behind them for alpha 1; "
            "comma-separated."
        ),
    ] = "popularity,wals,ease,multi-vae",
    seeds: options.Seeds = 5,
    protocol: Annotated[str, typer.Option(help="paper, repo-compat or weak (docs/recommend.md).")] = "paper",
    random_order: options.RandomOrder = False,
    split: Annotated[Path | None, typer.Option(help="A saved split; then the models' own seeds alone change.")] = None,
    save_split: Annotated[Path | None, typer.Option(help="Save the split of the first seed here, for others.")] = None,
    held_out: options.HeldOutUsers = None,
    user_ratings: options.UserRatings = None,
    item_ratings: options.ItemRatings = None,
    reference: Annotated[str | None, typer.Option(help="The model that the others are tested against.")] = None,
    setting: Annotated[
        list[str] | None, typer.Option("--set", help="A setting of a model, such as recvae.epochs=50; may be repeated.")
    ] = None,
    controls: Annotated[
        bool, typer.Option(help="EASE, backbones and controls that must fail beside models that read texts.")
    ] = True,
    texts: options.Texts = None,
    style: options.TextStyle = None,
    fast: Annotated[bool, typer.Option("--fast", help="Autoencoders compute in bfloat16.")] = False,
    device: Annotated[str, typer.Option(help="Where autoencoders are trained: cpu or cuda.")] = "cpu",
    ask: Annotated[
        str | None, typer.Option(help="A chat model that is asked for lists directly; its row is called asked.")
    ] = None,
    endpoint: options.Endpoint = None,
    ask_items: Annotated[int, typer.Option(min=1, help="How many items, the most liked, are in its prompt.")] = 1000,
    out: options.ResultsFolder = None,
    seed: options.Seed = 0,
    quiet: options.Quiet = False,
    json_mode: options.Json = False,
) -> None:
    """Recall and NDCG of recommenders on held-out users, with tests against one of them, seconds and memory.

    Example: elm bench recommend ml-100k --folder ~/movielens --models ease,recvae,multi-vae --seeds 5
    """
    from elm._errors import CallError
    from elm.cli._output import emit, is_quiet
    from elm.data import load
    from elm.recommend import AUTOENCODERS, FitOptions, RecommendationSplit, bench_models, split_dataset, with_controls
    from elm.runs import TextModels, file_summaries, natural_pairs

    client = options.asked_model(ask, endpoint)
    data = load(dataset, folder, seed)
    names = [name.strip() for name in models.split(",") if name.strip()]
    names = with_controls(names, list(AUTOENCODERS)) if controls else names
    names += [ASKED] if ask is not None and ASKED not in names else []
    limits = chosen_thresholds(data, held_out, user_ratings, item_ratings)
    order: Any = "random" if random_order else "time"
    fixed = RecommendationSplit.load(split) if split is not None else None

    def split_of(number: int) -> RecommendationSplit:
        return fixed or split_dataset(data, protocol, number, limits, order)  # type: ignore[arg-type]

    if save_split is not None:
        split_of(seed).save(save_split)
    given = {
        "dataset": dataset,
        "protocol": protocol,
        "random_order": random_order,
        "split": str(split or ""),
        "held_out": held_out,
        "user_ratings": user_ratings,
        "item_ratings": item_ratings,
        "set": setting,
        **({} if style is None else {"style": style}),
        "fast": fast,
        "ask": ask,
        "ask_items": ask_items,
    }
    given |= sources(data, seed, texts=texts, split=split)
    written = file_summaries(texts) if texts is not None else None
    settings = parse_settings(setting or [])
    shared = TextModels(
        data,
        settings=settings,
        half=fast,
        written=written,
        style=style,  # type: ignore[arg-type]
        device=device,
        progress=not is_quiet(),
    )
    others: dict[str, Any] = shared.makers(names)
    if texts is not None and not others:
        raise CallError("--texts goes with models that read texts, such as tears-recvae, and none is among --models")
    if client is not None:
        if ASKED in settings:
            raise CallError(f"{ASKED!r} takes no --set; --ask, --endpoint and --ask-items say how it is asked")
        others[ASKED] = lambda part, number: _asked(data, part, client, ask_items)
    value = bench_models(
        split_of,
        names,
        range(seed, seed + seeds),
        reference=reference,
        others=others,
        pairs=natural_pairs(names),
        options=FitOptions(settings, device, half=fast, progress=not is_quiet()),
        step=steps_in(out, given),
    )
    emit({"dataset": data.name, **value}, json_mode, lambda: _show(value))


def parse_settings(words: list[str]) -> dict[str, dict[str, Any]]:
    """Settings by model, from words such as recvae.epochs=50.

    >>> parse_settings(["recvae.epochs=50", "ease.values=ratings"])
    {'recvae': {'epochs': 50}, 'ease': {'values': 'ratings'}}
    """
    import json

    from elm._errors import CallError

    found: dict[str, dict[str, Any]] = {}
    for word in words:
        name, equals, value = word.partition("=")
        model, dot, setting = name.strip().partition(".")
        if not (equals and dot and model and setting):
            raise CallError(f"--set takes MODEL.SETTING=VALUE, such as recvae.epochs=50, got {word!r}")
        try:
            found.setdefault(model, {})[setting] = json.loads(value)
        except ValueError:
            found.setdefault(model, {})[setting] = value.strip()
    return found


def chosen_thresholds(data: Dataset, held_out: int | None, user_ratings: int | None, item_ratings: int | None) -> Any:
    """The data set's usual thresholds, with what was given in place of them."""
    from dataclasses import replace

    from elm.recommend import PAPER_THRESHOLDS, Thresholds

    given = {"held_out": held_out, "user_ratings": user_ratings, "item_ratings": item_ratings}
    base = PAPER_THRESHOLDS.get(data.name, Thresholds())
    return replace(base, **{name: value for name, value in given.items() if value is not None})


def sources(data: Dataset, seed: int, **places: Path | None) -> dict[str, Any]:
    """What a run folder's results depend on beside the options: files and folders by their contents, a generated
    world's seed."""
    from elm._storage.files import sha256

    found: dict[str, Any] = {"world": seed} if data.facts is not None else {}
    for name, place in places.items():
        if place is not None:
            files = sorted(place.iterdir()) if place.is_dir() else [place]
            found[f"{name}_sha256"] = [sha256(file) for file in files if file.is_file()]
    return found


def steps_in(out: Path | None, given: dict[str, Any]) -> Any:
    """How finished parts are kept: in a run folder, begun or gone on with; without one, not at all."""
    if out is None:
        return lambda name, work: work()
    from elm.runs import RunFolder

    return RunFolder.start(out, given).step


def _asked(data: Dataset, split: RecommendationSplit, client: Client, items: int) -> Backbone:
    """The chat model, with the titles of this split's items; its prompt lists those that most training users like."""
    from elm.recommend import AskedModel, Popularity

    liked = Popularity.fit(split.train()).counts
    return AskedModel(
        client,
        data.items["title"].reindex(split.items).tolist(),
        candidates=sorted((-liked).argsort(kind="stable")[:items].tolist()),
        kind="film" if data.name.startswith(("ml-", "demo", "netflix")) else "item",
    )


def _show(value: dict[str, Any]) -> None:
    from elm.cli._output import echo, table

    first = value["splits"][0]
    users, lacking = first["users"], first["without_targets"]["test"]
    echo(
        f"{first['dataset']}, protocol {first['protocol']}{' in a drawn order' if first['order'] == 'random' else ''}: "
        f"{users['train']:,} training users, {users['validation']:,} for validation, {users['test']:,} for the test, "
        f"{first['items']:,} items; {value['rows'][0]['seeds']} seeds"
    )
    if lacking:
        echo(f"not scored: {lacking:,} test users, who like nothing of what was held out")
    metrics = [name for name, entry in value["rows"][0].items() if name.startswith(("recall@", "ndcg@"))]
    mixed = ["alpha"] if any("alpha" in row for row in value["rows"]) else []
    table(
        [
            "model",
            *(name.replace("recall@", "R").replace("ndcg@", "N") for name in metrics),
            "sd",
            *mixed,
            "p seeds",
            "p users",
            "s",
            "MiB",
        ],
        [
            [
                row["model"],
                *(row[name]["mean"] for name in metrics),
                row["ndcg@20"]["sd"],
                *(_alphas(row.get("alpha")) for _ in mixed),
                *_p(row["ndcg@20"]),
                f"{row['seconds']:.1f}",
                _whole(row["memory_mib"]),
            ]
            for row in value["rows"]
        ],
    )
    echo(
        f"R is Recall, N is NDCG; sd: of N@20 over seeds; p: of N@20 against {value['reference']}, two-sided, in pairs"
    )
    if mixed:
        echo("alpha: weight of the text, chosen for each seed on validation users unless @ gives it")
    if value["pairs"]:
        table(
            ["model", "against", "N@20 gain", "p seeds", "p users"],
            [[pair["model"], pair["reference"], f"{pair['gain']:+.4f}", *_p(pair)] for pair in value["pairs"]],
        )
    for row in value["rows"]:
        if row["failures"]:
            echo(f"{row['model']}: no usable answer for {row['failures']} users, who score 0")


def _alphas(each: list[float] | None) -> str:
    """The weights that were chosen, from the least to the largest."""
    if each is None:
        return "-"
    low, high = min(each), max(each)
    return f"{low:g}" if low == high else f"{low:g}-{high:g}"


def _p(entry: dict[str, float | None]) -> list[str]:
    return ["-" if entry.get(name) is None else f"{entry[name]:.2g}" for name in ("p_seeds", "p_users")]


def _whole(number: float | None) -> str:
    return "-" if number is None else f"{number:.0f}"
