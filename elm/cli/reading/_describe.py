"""`elm describe`: what the model reads from a vector."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from elm.cli._options import Choose, ChoosingEncoder, DrawnTexts, Json, Quiet, Seed
from elm.cli._placement import placed
from elm.cli.reading._describe_table import (
    BatchSize,
    ByEngine,
    Cluster,
    EndpointUrl,
    EngineName,
    Out,
    Served,
    ShardRows,
    SkipBad,
    Workers,
)

if TYPE_CHECKING:
    import numpy as np

    from elm.embeddings import VectorTable

_MANY = 64  # more texts than this take a while, which a bar shows

Items = Annotated[list[str] | None, typer.Option("--item", help="An item of the run; twice for a task over two.")]
Run = Annotated[Path | None, typer.Option(help="A run or model folder; the shipped demo model without it.")]


@placed
def describe(
    task: Annotated[
        str | None,
        typer.Option(
            help="A task id, such as positive_review or five_positive; summary by default, user_summary with --user."
        ),
    ] = None,
    item: Items = None,
    user: Annotated[str | None, typer.Option(help="A user of the run's user vectors.")] = None,
    vectors: Annotated[
        Path | None, typer.Option(help="A .npy file, a table of vectors (CSV, Parquet), or a saved table.")
    ] = None,
    out: Out = None,
    skip_bad: SkipBad = False,
    batch_size: BatchSize = 64,
    shard_rows: ShardRows = 1024,
    engine: ByEngine = EngineName.transformers,
    endpoint: EndpointUrl = None,
    served: Served = None,
    workers: Workers = 2,
    cluster: Cluster = None,
    space: Annotated[
        str | None, typer.Option(help="The space of the vectors, where two spaces have their dimension.")
    ] = None,
    run: Run = None,
    temperature: Annotated[
        float | None,
        typer.Option(min=0.0, help="0 takes the likeliest words, above it samples; the task's own by default."),
    ] = None,
    allow_space_mismatch: Annotated[
        bool, typer.Option("--allow-space-mismatch", help="Read a table of another space all the same, with a warning.")
    ] = False,
    certify: Annotated[
        bool, typer.Option("--certify", help="Say how far each text may be trusted; a run is calibrated at first.")
    ] = False,
    n: DrawnTexts = 1,
    choose: Choose = "nearest",
    encoder: ChoosingEncoder = None,
    show_all: Annotated[bool, typer.Option("--all", help="All texts that were drawn, each with its score.")] = False,
    groups: Annotated[
        Path | None, typer.Option(help="CSV of id and label: describe the groups of a table (--vectors), not its rows.")
    ] = None,
    texts_of: Annotated[
        Path | None, typer.Option("--texts", help="CSV of id and text of members, for key words that set groups apart.")
    ] = None,
    seed: Seed = 0,
    quiet: Quiet = False,
    json_mode: Json = False,
    placement: Any = None,
) -> None:
    """Describe one or several vectors in words, or two items together.

    With --n 8 each text is the nearest of eight: they are encoded again, and the one whose vector is nearest is shown.

    Example: elm describe --item f7 --task positive_review --certify
    Two together: elm describe --item f7 --item f9 --task similarities
    Best of eight: elm describe --item f7 --n 8 --choose nearest
    A table of any size: elm describe --vectors vectors/semantic --out texts.parquet
    Clusters: elm describe --vectors vectors/semantic --groups labels.csv
    """
    from elm._errors import CallError
    from elm.cli._output import emit, is_quiet
    from elm.runs import open_model

    if certify and (n > 1 or show_all):
        raise CallError("certificates are calibrated on one text per vector: --certify goes without --n and --all")
    if texts_of is not None and groups is None:
        raise CallError("--texts are of the members of groups, so they go with --groups")
    if out is not None:
        from elm.bulk import Order
        from elm.cli.reading._describe_table import engine_of, write_table

        if vectors is None or item or user is not None or certify or show_all or n > 1 or groups is not None:
            raise CallError(
                "--out writes a text about each row of a table: --vectors TABLE, without --item, --user, --groups, "
                "--certify, --n, --all"
            )
        writer, model = engine_of(engine, run, placement, endpoint, served, workers, cluster)
        task = task or ("summary" if model is None else _usual(model))
        order = Order(task, space, seed, temperature, batch_size, allow_space_mismatch)
        write_table(writer, vectors, out, order, {"shard_rows": shard_rows, "skip_bad": skip_bad}, json_mode)
        return
    if skip_bad or engine != EngineName.transformers or endpoint is not None:
        raise CallError("--skip-bad, --engine and --endpoint go with --out, the file of the texts")
    if groups is not None:
        from elm.cli.reading._describe_groups import show_groups

        if vectors is None or not vectors.is_dir() or item or user is not None or certify or show_all:
            raise CallError("--groups are of a table: --vectors FOLDER, without --item, --user, --certify, --all")
        way = {"seed": seed, "temperature": temperature, "n": n, "choose": choose, "encoder": encoder, "space": space}
        way["allow_space_mismatch"] = allow_space_mismatch
        table: Any = of_path(vectors, None)[0]
        show_groups(open_model(run, **placement), table, groups, texts_of, task or "summary", way, json_mode)
        return
    model = open_model(run, **placement)
    task = task or ("user_summary" if user else "similarities" if item and len(item) == 2 else _usual(model))
    array, names = gather(run, item, user, vectors)
    progress = len(names) > _MANY and not is_quiet()
    found: Any = model.describe(
        array,
        task,
        space=space,
        seed=seed,
        temperature=temperature,
        progress=progress,
        allow_space_mismatch=allow_space_mismatch,
        n=n,
        choose=choose,
        encoder=encoder,
        return_all=n > 1 or show_all,
    )
    texts = found if isinstance(found, list) else [found]
    rows: list[dict[str, Any]] = [_row(name, text, show_all) for name, text in zip(names, texts, strict=True)]
    signed: list[Any] = []
    if certify:
        from elm.runs import certifier

        rule = certifier(run, task, progress=not is_quiet())
        signed = rule.certificates(texts, getattr(array, "vectors", array), task)
        rows = [{**row, "certificate": found.to_dict()} for row, found in zip(rows, signed, strict=True)]
    with_ids = vectors is not None and (vectors.is_dir() or vectors.suffix != ".npy") and not item and user is None
    result: dict[str, Any] = {"task": task, "texts": rows}
    if mismatch := model.space_mismatch(array, task, space=space):
        result["space_mismatch"] = mismatch
    below = [found.lines() for found in signed] or [_drawn_lines(row) for row in rows]
    emit(result, json_mode, lambda: _show(rows, with_ids, below))


def _usual(model: Any) -> str:
    """The task of a model where none is named: a summary, or the first that it learned where that is none of them."""
    learned = [task for adapter in model.adapters.values() for task in adapter.config.tasks]
    return "summary" if "summary" in learned or not learned else str(learned[0])


def _row(name: str, text: Any, show_all: bool) -> dict[str, Any]:
    """A text, or the nearest of several with its score and, where asked, all the others."""
    if isinstance(text, str):
        return {"id": name, "text": text}
    found = text.frame().sort_values("score", ascending=False, kind="stable")
    told = {"id": name, "text": text.text, "score": text.score}
    return {**told, "all": found[["text", "score"]].to_dict("records")} if show_all else told


def _drawn_lines(row: dict[str, Any]) -> list[str]:
    """What stands below a text: all that were drawn, where they were asked for."""
    return [f"{one['score']:.3f}  {one['text']}" for one in row.get("all", ())]


def gather(run: Path | None, items: list[str] | None, user: str | None, vectors: Path | None) -> tuple[Any, list[str]]:
    """What to read, and the names of the texts: a table or an array, or a pair of tables for two items.

    Raises `CallError` where it is not said, or said twice.
    """
    from elm._errors import CallError
    from elm.runs import open_vector

    if (items and user is not None) or (not items and user is None and vectors is None):
        raise CallError("say what to read: one of --item, --user or --vectors")
    if items and len(items) > 2:
        raise CallError(f"one item is read, or two together, got {len(items)}")
    if vectors is None:
        found = [open_vector(run, "films", name) for name in items or ()] or [open_vector(run, "users", str(user))]
        return (found[0], [(items or [str(user)])[0]]) if len(found) == 1 else (tuple(found), [",".join(items or ())])
    if items and len(items) == 2:
        pairs = [of_path(vectors, name)[0] for name in items]
        return tuple(pairs), [",".join(items)]
    return of_path(vectors, items[0] if items else user)


@placed
def profile(
    user: Annotated[str | None, typer.Option(help="A user of the run's user vectors.")] = None,
    history: Annotated[str | None, typer.Option(help='Ratings of a new user as "id:rating,id:rating".')] = None,
    task: Annotated[
        str, typer.Option(help="user_profile (ten bullets) or user_summary (four parts).")
    ] = "user_profile",
    run: Run = None,
    seed: Seed = 0,
    quiet: Quiet = False,
    json_mode: Json = False,
    placement: Any = None,
) -> None:
    """Write the profile of a user, known or new, in plain words.

    Example: elm profile --history "f1:5,f9:4,f30:1"
    """
    from elm._errors import CallError
    from elm.cli._output import echo_lines, emit
    from elm.cli._recommend import parse_history
    from elm.runs import open_model, open_vector, vector_of_history

    if (user is None) == (history is None):
        raise CallError("say whose profile: one of --user or --history")
    ratings = parse_history(history)
    vector = open_vector(run, "users", str(user)) if ratings is None else vector_of_history(run, ratings)
    (text,) = open_model(run, **placement).describe(vector, task, seed=seed)
    emit({"user": user, "task": task, "profile": text}, json_mode, lambda: echo_lines(text))


def of_path(path: Path, name: str | None) -> tuple[np.ndarray | VectorTable, list[str]]:
    """The vectors at `path` and their names: a saved table, or its one row `name`; or an array, whose rows are counted.

    A table brings its space, so that the model refuses one that it was not trained on.
    """
    from elm._errors import CallError, DataFileError
    from elm.embeddings import VectorTable, read_npy, vector_table

    if path.is_file() and path.suffix != ".npy":  # numbers with ids, of whatever space the model reads
        found = vector_table(path)
        found = found if name is None else found.subset([name])
        return found.vectors, found.ids
    if not path.is_dir():
        if name is not None:
            raise CallError(
                f"rows of an array have no names, so --item and --user go with a table's folder, not {path}"
            )
        array = read_npy(path)
        return array, [str(row) for row in range(len(array) if array.ndim > 1 else 1)]
    if not (path / "space.json").exists():
        if inner := sorted(place.parent.name for place in path.glob("*/space.json")):
            raise CallError(
                f"--vectors takes one table, and {path} is a folder of tables: name {' or '.join(inner)} in it"
            )
        raise DataFileError(
            f"{path} is not a whole .npy file of numbers, nor the folder of a table (it has no space.json); "
            "save one with numpy.save or `elm embed --out`"
        )
    table = VectorTable.load(path)
    table = table if name is None else table.subset([name])
    return table, table.ids


def _show(rows: list[dict[str, Any]], with_ids: bool, below: list[list[str]]) -> None:
    from elm._text.printed import escaped
    from elm.cli._output import echo_lines

    echo_lines(
        "\n\n".join(
            "\n".join(
                [*([escaped(row["id"])] if with_ids else []), row["text"], *(f"  {escaped(line)}" for line in own)]
            )
            for row, own in zip(rows, below, strict=True)
        )
    )
