"""`elm data`: look at a data set, and save it for the other commands."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from elm.cli._options import Json, Quiet, Seed


def data(
    name: Annotated[
        str,
        typer.Argument(
            help="demo, demo-shop, ml-100k, ml-1m, ml-latest-small, ml-25m, ml-32m, goodbooks-10k, netflix, or a folder"
            " with a saved data set, a MovieLens release, Amazon reviews, Goodbooks-10K or the Netflix Prize."
        ),
    ] = "demo",
    folder: Annotated[
        Path | None, typer.Option(help="Where the files of a named release lie; without it they are downloaded once.")
    ] = None,
    texts: Annotated[
        bool, typer.Option("--texts", help="ml-100k with --folder: also join the film texts that lie there.")
    ] = False,
    core: Annotated[
        int, typer.Option(min=1, help="Keep users and items with at least this many ratings (k-core).")
    ] = 1,
    skip_damaged: Annotated[
        bool, typer.Option("--skip-damaged", help="Amazon reviews: skip damaged lines and count them.")
    ] = False,
    out: Annotated[Path | None, typer.Option(help="Save the data set in this folder.")] = None,
    seed: Seed = 0,
    quiet: Quiet = False,
    json_mode: Json = False,
) -> None:
    """Load a data set, print what it holds, and save it with --out.

    Example: elm data ml-100k --folder ~/movielens --out runs/data
    Example: elm data ~/amazon/Baby --core 5 --out runs/baby
    """
    from elm._errors import CallError
    from elm.cli._output import emit
    from elm.data import WITH_TEXTS, amazon, k_core, load, summarize

    if texts and (name not in WITH_TEXTS or folder is None):
        raise CallError(f"--texts goes with {' or '.join(WITH_TEXTS)} and --folder, the folder that holds its texts")
    if skip_damaged and (texts or folder):
        raise CallError("--skip-damaged goes with a file or folder of Amazon reviews, and with no --folder")
    if skip_damaged:
        dataset = amazon(name, core=core, damaged="skip", seed=seed)
    elif texts and folder:
        dataset = WITH_TEXTS[name](folder)
        dataset = k_core(dataset, core) if core > 1 else dataset
    else:
        dataset = load(name, folder, seed, core)
    value = summarize(dataset)
    if out is not None:
        value["saved"] = str(dataset.save(out))
    emit(value, json_mode, lambda: _show(value))


def _show(value: dict[str, Any]) -> None:
    from elm.cli._output import echo

    echo(f"{value['name']}: {value['users']:,} users, {value['items']:,} items, {value['ratings']:,} ratings")
    echo(f"density {value['density']:.2%}, {'with' if value['has_times'] else 'without'} times")
    for what in ("user", "item"):
        spread = value[f"ratings_per_{what}"]
        echo(
            f"ratings per {what}: min {spread['min']}, median {spread['median']:g}, mean {spread['mean']:.1f}, "
            f"max {spread['max']}"
        )
    echo("ratings: " + ", ".join(f"{rating}: {share:.1%}" for rating, share in value["histogram"].items()))
    for source, count in value["texts"].items():
        echo(f"texts {source!r}: {count['texts']:,} on {count['items']:,} items")
    if value["example"]:
        item = value["example"]
        year = f" ({item['year']})" if item["year"] else ""
        kinds = ", ".join(item["genres"]) or "of no kind"
        echo()
        echo(f"most rated: {item['title']}{year}, {kinds}; {item['ratings']} ratings")
        for source, text in item["texts"].items():
            echo(f"  {source}: {text if len(text) <= 300 else text[:297] + '...'}")
    for note in value["notes"]:
        echo(f"note: {note}")
    if "saved" in value:
        echo()
        echo(f"saved in {value['saved']}")
