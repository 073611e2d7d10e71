"""`elm cav`: fit concepts, see whether they are real, move vectors along them, and read them in words."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from elm.cli._options import Json, Quiet, Seed

if TYPE_CHECKING:
    import pandas as pd

cav = typer.Typer(help="Concept vectors: fit, list, test, move, narrate.", no_args_is_help=True, rich_markup_mode=None)

Folder = Annotated[Path, typer.Argument(help="A folder that `elm cav fit` made.")]
Item = Annotated[str | None, typer.Option(help="An item of the vectors that the concepts were fitted on.")]
User = Annotated[str | None, typer.Option(help="A user, for concepts fitted with --kind items.")]
TaskId = Annotated[
    str | None, typer.Option(help="What the model writes; positive_review by default, user_profile with --user.")
]


@cav.command("fit")
def fit(
    out: Annotated[Path, typer.Option(help="Folder for the concepts.")] = Path("runs/concepts"),
    run: Annotated[Path | None, typer.Option(help="A run folder; the shipped demo vectors without it.")] = None,
    kind: Annotated[
        str, typer.Option(help='"films": semantic vectors; "items": the items in the users\' space, to move users.')
    ] = "films",
    facts: Annotated[bool, typer.Option("--facts", help="The known attributes of a generated world.")] = False,
    genres: Annotated[bool, typer.Option("--genres", help="The genres of the run's data set.")] = False,
    tags: Annotated[Path | None, typer.Option(help="MovieLens tags: tags.csv, tags.parquet or their folder.")] = None,
    genome: Annotated[Path | None, typer.Option(help="A folder with the tag genome.")] = None,
    items: Annotated[
        list[str] | None, typer.Option(help='A concept by example, "name=id,id,..." (ids or titles); may be repeated.')
    ] = None,
    sentence: Annotated[str | None, typer.Option(help="A concept in words, for semantic vectors.")] = None,
    against: Annotated[str | None, typer.Option(help="The opposite of --sentence.")] = None,
    method: Annotated[str, typer.Option(help="logistic, ridge, difference or ranking.")] = "logistic",
    everything: Annotated[
        bool, typer.Option("--everything", help="Fit on the held-out films too, which are left out otherwise.")
    ] = False,
    seed: Seed = 0,
    quiet: Quiet = False,
    json_mode: Json = False,
) -> None:
    """Fit one direction per concept, and measure it on entities held out of the fit.

    Example: elm cav fit --facts --out runs/concepts
    """
    from elm._errors import CallError
    from elm.cli._output import emit
    from elm.runs import ConceptSettings, concept_source, fit_concepts, sentence_concepts

    settings = ConceptSettings(str(run) if run else None, kind, method, None, seed, everything)  # type: ignore[arg-type]
    if (sentence is None) != (against is None):
        raise CallError("a concept in words needs --sentence and its opposite in --against")
    if sentence is not None and against is not None:
        if facts or genres or tags or genome or items:
            raise CallError("a concept in words goes into a folder of its own, without another source beside it")
        from elm.cav import from_sentences
        from elm.embeddings import SentenceEncoder

        cavs = sentence_concepts(out, settings, from_sentences(SentenceEncoder(), settings.table(), sentence, against))
    else:
        source = concept_source(settings, facts=facts, genres=genres, tags=tags, genome=genome, named=_named(items))
        cavs = fit_concepts(out, settings, source)
    report = cavs.report()
    emit({"folder": str(out), "concepts": _rows(report)}, json_mode, lambda: _show(report))


@cav.command("list")
def list_(folder: Folder, quiet: Quiet = False, json_mode: Json = False) -> None:
    """The concepts of a folder, with their held-out scores.

    Example: elm cav list runs/concepts
    """
    from elm.cli._output import emit
    from elm.runs import open_concepts

    report = open_concepts(folder)[0].report()
    emit({"folder": str(folder), "concepts": _rows(report)}, json_mode, lambda: _show(report))


@cav.command("test")
def evidence(
    folder: Folder,
    random: Annotated[int, typer.Option(min=2, help="Random concepts to be held against.")] = 20,
    resamples: Annotated[int, typer.Option(min=1, help="Refits on halves of the entities.")] = 5,
    quiet: Quiet = False,
    json_mode: Json = False,
) -> None:
    """Is each concept real? Random concepts, refits on halves, popularity alone, and p values corrected for many.

    Example: elm cav test runs/concepts
    """
    from elm.cli._output import emit
    from elm.runs import concept_evidence

    found = concept_evidence(folder, random, resamples)
    columns = ["auc", "auc_popularity", "random_auc", "above_random", "stability", "p_fdr"]
    emit({"folder": str(folder), "concepts": _rows(found)}, json_mode, lambda: _show(found, columns))


@cav.command("move")
def move(
    folder: Folder,
    along: Annotated[list[str], typer.Argument(help='One or several of "concept=amount", in standard deviations.')],
    item: Item = None,
    user: User = None,
    keep: Annotated[list[str] | None, typer.Option(help="A concept whose score must not change.")] = None,
    task: TaskId = None,
    save: Annotated[Path | None, typer.Option(help="Write the moved vector as .npy.")] = None,
    seed: Seed = 0,
    quiet: Quiet = False,
    json_mode: Json = False,
) -> None:
    """Move a vector along concepts, and describe it before and after.

    Example: elm cav move runs/concepts funny=2 dark=-1 --item f863
    """
    import numpy as np

    from elm._storage.files import written_aside
    from elm.cli._output import echo, echo_lines, emit
    from elm.runs import concept_vector, open_concepts, open_model

    cavs, settings = open_concepts(folder)
    amounts = _amounts(along)
    cavs, name, table = concept_vector(cavs, settings, item, user)
    moved = cavs.move(table[name], amounts, keep=keep or (), near=table)
    task = task or ("positive_review" if user is None else "user_profile")
    before, after = open_model(settings.run).describe(np.stack([table[name], moved]), task, seed=seed)
    if save is not None:
        with written_aside(save) as aside, open(aside, "wb") as file:
            np.save(file, moved)
    scores = {c: {"before": float(cavs[c].score(table[name])), "after": float(cavs[c].score(moved))} for c in cavs}
    value = {"id": name, "amounts": amounts, "task": task, "before": before, "after": after, "scores": scores}

    def show() -> None:
        echo(name)
        echo_lines(f"{before}\n")
        echo(f"{name} {' '.join(f'{c} {a:+g}' for c, a in amounts.items())}")
        echo_lines(f"{after}\n")
        echo("  ".join(f"{c} {s['before']:+.2f} -> {s['after']:+.2f}" for c, s in scores.items()))

    emit(value, json_mode, show)


@cav.command("narrate")
def narrate(
    folder: Folder,
    concept: Annotated[str, typer.Argument(help="One of the folder's concepts.")],
    item: Item = None,
    user: User = None,
    task: TaskId = None,
    amount: Annotated[float, typer.Option(help="How far to move, either way.")] = 2.0,
    among: Annotated[int, typer.Option(min=2, help="Entities to move, where none is named.")] = 60,
    seed: Seed = 0,
    quiet: Quiet = False,
    json_mode: Json = False,
) -> None:
    """A concept in the model's words: the path of one entity's move, or the words that moving many brings.

    Example: elm cav narrate runs/concepts funny --item f863
    """
    from elm.cav import narrate_concept, narrate_move
    from elm.cli._output import echo_lines, emit, table
    from elm.runs import concept_vector, open_concepts, open_model, open_table

    cavs, settings = open_concepts(folder)
    model, users = open_model(settings.run), user is not None or (item is None and settings.kind == "items")
    task = task or ("user_profile" if users else "positive_review")
    if item is not None or user is not None:
        cavs, name, vectors = concept_vector(cavs, settings, item, user)
        steps = (-amount, -amount / 2, 0.0, amount / 2, amount)
        told = narrate_move(model, cavs[concept], vectors[name], task, steps, seed)
        parts = {"amounts": told.amounts, "texts": told.texts, "gained": told.gained, "lost": told.lost}
        emit({"id": name, "concept": concept, "task": task, **parts}, json_mode, lambda: echo_lines(str(told)))
        return
    import numpy as np

    vectors = open_table(settings.run, "users") if users else settings.table()
    chosen = np.random.default_rng(seed).permutation(len(vectors))[:among]
    mover = cavs[concept].measured_on(vectors) if users else cavs[concept]
    words = narrate_concept(model, mover, vectors.vectors[chosen], task, amount, seed)
    ends = words if len(words) <= 24 else words.iloc[[*range(12), *range(-12, 0)]]
    rows = [(word, *(float(row[c]) for c in ("more", "less", "shift", "p_value"))) for word, row in ends.iterrows()]
    emit(
        {"concept": concept, "task": task, "n": len(chosen), "words": _rows(words)},
        json_mode,
        lambda: table(["word", f"at +{amount:g}", f"at -{amount:g}", "shift", "p"], rows),
    )


def _named(items: list[str] | None) -> dict[str, list[str]]:
    from elm._errors import CallError

    found = {}
    for entry in items or []:
        name, equals, ids = entry.partition("=")
        chosen = [one.strip() for one in ids.split(",") if one.strip()]
        if not (name.strip() and equals and chosen):
            raise CallError(f'--items takes "name=id,id,...", got {entry!r}')
        if name.strip() in found:
            raise CallError(f"a concept is named once, with all its items, and {name.strip()!r} comes twice")
        found[name.strip()] = chosen
    return found


def _amounts(along: list[str]) -> dict[str, float]:
    """Amounts by concept from "concept=amount".

    >>> _amounts(["funny=2", "dark=-0.5"])
    {'funny': 2.0, 'dark': -0.5}
    """
    from elm._errors import CallError

    found: dict[str, float] = {}
    for entry in along:
        name, _, amount = entry.rpartition("=")
        try:
            value = float(amount)
        except ValueError:
            value = float("nan")
        if not name or value != value or value in (float("inf"), float("-inf")):
            raise CallError(f'a move is written "concept=amount" with a finite amount, got {entry!r}')
        if name in found:
            raise CallError(f"a concept moves by one amount, and {name!r} has two; add them up or leave one out")
        found[name] = value
    return found


def _rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(k): v for k, v in row.items()} for row in frame.reset_index().to_dict("records")]


def _show(
    frame: pd.DataFrame, columns: list[str] | tuple[str, ...] = ("auc", "accuracy", "p_fdr", "n_positive", "n_negative")
) -> None:
    from elm.cli._output import table

    shown = frame.sort_values("auc", ascending=False)
    rows = [(name, *(_plain(row[c]) for c in columns)) for name, row in shown.iterrows()]
    table(["concept", *(c.replace("_", " ") for c in columns)], rows)


def _plain(value: Any) -> Any:
    return f"{value:.1e}" if isinstance(value, float) and 0 < abs(value) < 5e-4 else value
