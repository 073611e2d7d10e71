"""`elm embed`: make vectors from texts and ratings, check them, save them."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from elm.cli._options import Json, Quiet, Seed

if TYPE_CHECKING:
    from elm.data import Dataset
    from elm.embeddings import VectorTable, Way


class Engine(StrEnum):
    implicit = "implicit"
    jax = "jax"


class Kind(StrEnum):
    semantic = "semantic"
    wals = "wals"
    both = "both"


def embed(
    dataset: Annotated[str, typer.Argument(help="demo, ml-100k, ..., or a folder with a data set.")] = "demo",
    folder: Annotated[Path | None, typer.Option(help="Where the files of a named release lie.")] = None,
    out: Annotated[Path, typer.Option(help="Save each table in a folder of its own below this one.")] = Path("vectors"),
    kind: Annotated[
        Kind, typer.Option(help="semantic: from the items' texts; wals: from the ratings; or both.")
    ] = Kind.both,
    source: Annotated[
        list[str] | None,
        typer.Option(help="Texts that make the semantic vectors (repeatable); default: the first source there is."),
    ] = None,
    encoder: Annotated[str, typer.Option(help="Sentence encoder: a name or a local folder.")] = "all-MiniLM-L6-v2",
    factors: Annotated[int, typer.Option(min=1, help="Size of the behavioural vectors.")] = 64,
    engine: Annotated[
        Engine, typer.Option(help="What fits them: implicit, or jax with tables sharded over all devices.")
    ] = Engine.implicit,
    checkpoint: Annotated[
        Path | None, typer.Option(help="With --engine jax: a folder that a stopped fit goes on from.")
    ] = None,
    ratings: Annotated[
        Path | None,
        typer.Option(
            help="Parquet shards with columns user, item and rating, in place of a data set: a file or folder."
        ),
    ] = None,
    vectors: Annotated[
        Path | None, typer.Option(help="Vectors of your own to save as a table: .npy, .parquet or .csv; no data set.")
    ] = None,
    ids: Annotated[
        Path | None, typer.Option(help="Their ids: one id per line, or a CSV or Parquet file's column id.")
    ] = None,
    name: Annotated[str | None, typer.Option(help="Name of their space; the file's own by default.")] = None,
    seed: Seed = 0,
    quiet: Quiet = False,
    json_mode: Json = False,
) -> None:
    """Make vectors of a data set's items and users, check them, and save them.

    Semantic vectors (items) come from texts through a sentence encoder; behavioural vectors (users and items in one
    space) from ratings by weighted ALS. The check hides a fifth of each user's ratings and asks whether the vectors
    order them; the saved vectors are made from all ratings.

    Example: elm embed ml-100k --folder ~/movielens --kind wals --factors 32 --out runs/vectors
    Very many ratings: elm embed --ratings shards/ --engine jax --checkpoint runs/fit --out runs/vectors
    Vectors of your own: elm embed --vectors mine.npy --ids ids.txt --name mine --out runs/vectors
    """
    from elm._errors import CallError
    from elm.cli._output import emit
    from elm.data import load
    from elm.embeddings import wals

    if vectors is None and (ids is not None or name is not None):
        raise CallError("--ids and --name are of vectors of your own, so they go with --vectors FILE")
    value: dict[str, Any] = {"tables": {}}
    if vectors is not None:
        table = _own(vectors, ids, name or vectors.stem)
        _save(table, table.space.name, out, value)
        emit(value, json_mode, lambda: _show(value))
        return
    way = _way(engine, checkpoint)
    if ratings is not None:
        value["ratings"] = str(ratings)
        _save_factors(wals(ratings, factors, seed=seed, **way), out, value)
        emit(value, json_mode, lambda: _show(value))
        return
    data = load(dataset, folder, seed=seed)
    value = {"dataset": data.name, "tables": {}}
    if kind != Kind.wals:
        _semantic(data, source, encoder, not quiet, out, value)
    if kind != Kind.semantic:
        _wals(data, factors, seed, way, out, value)
    emit(value, json_mode, lambda: _show(value))


def _own(path: Path, ids: Path | None, name: str) -> VectorTable:
    """The table of a file of vectors, in a space of this name."""
    from elm._errors import CallError
    from elm.adapters import is_name
    from elm.embeddings import VectorTable

    if not is_name(name):
        raise CallError(f"a space's name is of letters, digits, spaces and - + @ _, and {name!r} is not: give --name")
    if path.suffix.lower() == ".npy":
        return VectorTable.from_npy(path, ids, name)
    if path.suffix.lower() not in (".parquet", ".csv"):
        raise CallError(f"--vectors takes a .npy, .parquet or .csv file, got {path.name}")
    if ids is not None:
        raise CallError(f"{path.name} has its ids in a column, so --ids goes with a .npy file")
    return VectorTable.from_parquet(path, name=name)


def _semantic(
    data: Dataset, source: list[str] | None, encoder: str, progress: bool, out: Path, value: dict[str, Any]
) -> None:
    from elm._errors import CallError
    from elm.embeddings import SentenceEncoder, semantic

    sources = source or list(data.sources[:1])
    if not sources:
        raise CallError(
            f"data set {data.name!r} has no texts for semantic vectors; use --kind wals or join texts first"
        )
    texts: dict[str, list[str]] = {}
    for name in sources:
        for item, some in data.texts_of(name).items():
            texts.setdefault(item, []).extend(some)
    table = semantic(texts, SentenceEncoder(encoder), progress=progress)
    value["texts"] = sources
    _save(table, "semantic", out, value)
    value["neighbours_semantic"] = _example(data, table)


def _way(engine: Engine, checkpoint: Path | None) -> Way:
    from elm._errors import CallError
    from elm.embeddings import Sharded

    if engine == Engine.implicit:
        if checkpoint is not None:
            raise CallError("--checkpoint goes with --engine jax")
        return {}
    return {"engine": "jax", "sharded": Sharded(checkpoint=checkpoint)}


def _wals(data: Dataset, factors: int, seed: int, way: Way, out: Path, value: dict[str, Any]) -> None:
    from elm.data import split_ratings
    from elm.embeddings import rating_order, wals

    seen, hidden = split_ratings(data.interactions, 0.8, seed)
    check = rating_order(*wals(seen, factors=factors, seed=seed), hidden)
    if check["n_users"] and check["n_users_auc"]:
        value["check"] = check
    tables = wals(data, factors=factors, seed=seed, **way)
    _save_factors(tables, out, value)
    value["neighbours_wals"] = _example(data, tables[1])


def _save_factors(tables: tuple[VectorTable, VectorTable], out: Path, value: dict[str, Any]) -> None:
    for table, name in zip(tables, ("wals-users", "wals-items"), strict=True):
        _save(table, name, out, value)


def _save(table: VectorTable, name: str, out: Path, value: dict[str, Any]) -> None:
    table.save(out / name)
    value["tables"][name] = {
        "folder": str(out / name),
        "n": len(table),
        "dim": table.space.dim,
        "space": table.space.name,
        "metric": table.space.metric,
        "fingerprint": table.space.fingerprint,
    }


def _example(data: Dataset, table: VectorTable) -> dict[str, Any]:
    """The most rated item of the table and the five items nearest to it."""
    from elm.embeddings import nearest

    counts = data.interactions["item"].value_counts()
    item = next((name for name in counts.index if name in table), table.ids[0])
    found, scores = nearest(table.by_direction(), table[item], min(5, len(table)), [item])
    titles = data.items["title"]
    return {
        "item": item,
        "title": titles[item],
        "nearest": [
            {"item": name, "title": titles[name], "cosine": round(float(score), 4)}
            for name, score in zip(found[0], scores[0], strict=False)
        ],
    }


def _show(value: dict[str, Any]) -> None:
    from elm.cli._output import echo

    for name, about in value["tables"].items():
        echo(f"{name}: {about['n']:,} vectors of {about['dim']} numbers, saved in {about['folder']}")
    if "texts" in value:
        echo(f"semantic vectors are made from the texts: {', '.join(value['texts'])}")
    if "check" in value:
        check = value["check"]
        echo(
            f"order of held-out ratings: Spearman {check['spearman']:.3f} (chance 0), AUC of liked against not "
            f"{check['auc']:.3f} (chance 0.5), {check['n_users']:,} users"
        )
    for kind in ("semantic", "wals"):
        if example := value.get(f"neighbours_{kind}"):
            echo()
            echo(f"nearest to {example['title']} ({kind}):")
            for entry in example["nearest"]:
                echo(f"  {entry['cosine']:.3f}  {entry['title']}")
