"""`elm bench request-ways`: four ways to ask for the same thing, side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from elm.cli import _options as options
from elm.cli.bench._recommend import chosen_thresholds, parse_settings

if TYPE_CHECKING:
    import numpy as np

    from elm.recommend import TextSplit


def request_ways(
    dataset: options.DataName,
    folder: options.DataFolder = None,
    model: Annotated[str, typer.Option(help="The text model: tears- and a backbone.")] = "tears-multi-vae",
    genres: Annotated[int, typer.Option(min=1, help="So many of the largest genres are asked for, in turn.")] = 10,
    k: Annotated[int, typer.Option(min=1, help="Places that count.")] = 10,
    held_out: options.HeldOutUsers = None,
    setting: Annotated[
        list[str] | None, typer.Option("--set", help="A setting of the model, as tears-multi-vae.epochs=8.")
    ] = None,
    device: Annotated[str, typer.Option(help="Where models are trained: cpu or cuda.")] = "cpu",
    seed: options.Seed = 0,
    quiet: options.Quiet = False,
    json_mode: options.Json = False,
) -> None:
    """An edited profile under alpha, guidance, a request and a concept: what each does for "more of a genre", and its
    price in what the user really chose later, and in milliseconds.

    Example: elm bench request-ways demo --set tears-multi-vae.epochs=8
    """
    import numpy as np

    from elm.cli._output import emit, is_quiet
    from elm.data import load
    from elm.evaluation import Asking, four_ways
    from elm.recommend import FactJudge, cards_of, fit_text_model, split_dataset, text_split

    data = load(dataset, folder, seed)
    limits = chosen_thresholds(data, held_out, None, None)
    split = split_dataset(data, "paper", seed, limits, "time" if data.has_times else "random")
    texts = text_split(data, split)
    given = parse_settings(setting or []).get(model, {})
    rec = fit_text_model(model, texts, seed=seed, device=device, progress=not is_quiet(), **given)
    test = texts.held_out("test")
    counts = {name: sum(name in found for found in texts.genres) for name in texts.kinds}
    chosen = sorted(counts, key=lambda name: -counts[name])[:genres]
    masks = {name: np.array([name in found for found in texts.genres]) for name in chosen}
    wanted = [chosen[place % len(chosen)] for place in range(test.inputs.shape[0])]
    asking = Asking(
        test.inputs,
        list(test.profiles),
        test.targets,
        wanted,
        masks,
        FactJudge(cards_of(data, split.items)),
        _directions(texts, chosen, seed),
    )
    value = {"dataset": data.name, "model": model, "users": len(wanted), "k": k, "rows": four_ways(rec, asking, k=k)}
    emit(value, json_mode, lambda: _show(value))


def _directions(texts: TextSplit, genres: list[str], seed: int) -> dict[str, np.ndarray]:
    """How far each item lies along each genre, by directions in the space of item factors of the training users."""
    import numpy as np

    from elm.cav import fit, genre_concepts
    from elm.embeddings import wals

    train = texts.split.rows[texts.split.rows["part"] == "train"][["user", "item", "rating"]]
    _, table = wals(train, 32, min_item_ratings=1, seed=seed)
    concepts = {name: found for name, found in genre_concepts(texts.dataset, table).items() if name in genres}
    cavs = fit(table, concepts, seed=seed)
    scores = {}
    for name in genres:
        along = np.full(len(texts.split.items), np.nan)
        places = [place for place, item in enumerate(texts.split.items) if item in table]
        along[places] = cavs[name].score(table.rows([texts.split.items[place] for place in places]))
        scores[name] = along
    return scores


def _show(value: dict[str, Any]) -> None:
    from elm.cli._output import echo, table

    said = f"{value['dataset']}: {value['users']} test users, each asks for more of one genre"
    echo(f"{said}; engagement by {value['model']}")
    table(
        ["way", "weight", f"share in first {value['k']}", f"NDCG@{value['k']}", f"R@{value['k']}", "ms a user"],
        [
            [
                row["way"],
                f"{row['weight']:g}",
                f"{row['share']:.3f}",
                f"{row['ndcg']:.3f}",
                f"{row['recall']:.3f}",
                f"{row['ms']:.2f}",
            ]
            for row in value["rows"]
        ],
        "four ways to ask",
    )
    echo("weight: alpha of the text for the first two, w_control for the others; the profile stands at alpha 0.5 there")
