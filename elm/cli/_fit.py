"""`elm fit` and `elm train reader`: a model that reads anyone's vectors, or those of a text encoder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from elm.cli._options import Json, Quiet, Seed, Track

Base = Annotated[
    str,
    typer.Option(help='"auto" (gemma-3-270m where it is installed), "shipped", a folder, a GGUF file, or a Hub id.'),
]
Epochs = Annotated[
    float | None, typer.Option(help="How often each text is learned; 1 by default, 12 with the shipped base.")
]
Words = Annotated[int, typer.Option(min=4, help="Maximum number of words learned of each text.")]
Lora = Annotated[
    int | None, typer.Option(min=0, help="Rank of the base's updates; 16 by default, 0 trains all weights.")
]
Groups = Annotated[int, typer.Option(min=0, help="Means of vectors to learn from, in percent of the training vectors.")]
Scored = Annotated[int, typer.Option(min=2, help="Maximum number of held-out vectors that are scored.")]
Reader = Annotated[Path | None, typer.Option("--reader", help="A trained reader to begin from, of the same base.")]
Column = Annotated[str | None, typer.Option(help="The column of texts; by default the one named text or description.")]
Tasks = Annotated[str, typer.Option(help="Comma-separated: text, gist, topics, common, difference.")]
Fresh = Annotated[bool, typer.Option("--fresh", help="Begin again instead of resuming.")]


def fit(
    vectors: Annotated[Path, typer.Argument(help="A file or folder of vectors (see docs/own-vectors.md).")],
    texts: Annotated[
        Path, typer.Option(help="Texts of the vectors, joined by id: a table, or a folder of .txt files.")
    ],
    out: Annotated[Path, typer.Option(help="The reader's folder.")] = Path("my-reader"),
    base: Base = "auto",
    tasks: Tasks = "text,topics",
    name: Annotated[str, typer.Option(help="What the space of the vectors is called.")] = "vectors",
    column: Column = None,
    epochs: Epochs = None,
    words: Words = 60,
    groups: Groups = 0,
    lora: Lora = None,
    reader: Reader = None,
    scored: Scored = 100,
    fresh: Fresh = False,
    track: Track = None,
    seed: Seed = 0,
    quiet: Quiet = False,
    json_mode: Json = False,
) -> None:
    """Train a model that reads your vectors in words, and say what it is worth; the same call goes on where it was.

    Example: elm fit vectors.parquet --texts texts.csv --out my-reader
    """
    from elm.cli._output import is_quiet
    from elm.embeddings import vector_table
    from elm.runs import texts_of
    from elm.training import tracked

    table = vector_table(vectors, name=name)
    found = texts_of(texts, table.ids, column)
    options: dict[str, Any] = {"epochs": epochs, "lora": lora, "reader": None if reader is None else str(reader)}
    options |= {"base": base, "task": _listed(tasks), "words": words, "groups": groups, "scored": scored, "seed": seed}
    with tracked(track, out.absolute()):
        _fit(table, found, out, options, fresh, not is_quiet(), json_mode)


def reader(
    corpus: Annotated[
        Path,
        typer.Argument(
            help="Texts: a .csv, .parquet or .jsonl table, a .txt file, a folder of .txt files, a data set."
        ),
    ],
    out: Annotated[Path, typer.Option(help="The reader's folder.")] = Path("runs/reader"),
    encoder: Annotated[str, typer.Option(help="Sentence encoder whose vectors are read.")] = "all-MiniLM-L6-v2",
    base: Base = "auto",
    tasks: Tasks = "text,gist,topics,common,difference",
    column: Column = None,
    without: Annotated[
        Path | None, typer.Option(help="A text file: texts that name one of its lines are left out (held-out titles).")
    ] = None,
    epochs: Epochs = None,
    words: Words = 60,
    groups: Groups = 50,
    lora: Lora = None,
    scored: Scored = 100,
    fresh: Fresh = False,
    track: Track = None,
    seed: Seed = 0,
    quiet: Quiet = False,
    json_mode: Json = False,
) -> None:
    """Train a general reader of a sentence encoder's vectors: any text teaches it, whatever it is about.

    Example: elm train reader texts.csv --encoder all-MiniLM-L6-v2 --base gemma-3-270m --out runs/reader
    """
    from elm.cli._output import is_quiet
    from elm.embeddings import SentenceEncoder, semantic
    from elm.runs import texts_of, without_names
    from elm.training import tracked

    found = texts_of(corpus, column=column)
    if without is not None:
        found = without_names(found, texts_of(without))
    table = semantic(found, SentenceEncoder(encoder), name=encoder.rpartition("/")[2], progress=not is_quiet())
    options: dict[str, Any] = {"epochs": epochs, "lora": lora, "encoder": encoder, "base": base, "task": _listed(tasks)}
    options |= {"words": words, "groups": groups, "scored": scored, "seed": seed}
    with tracked(track, out.absolute()):
        _fit(table, found, out, options, fresh, not is_quiet(), json_mode)


def _fit(
    table: Any, texts: Any, out: Path, options: dict[str, Any], fresh: bool, progress: bool, json_mode: bool
) -> None:
    from elm.cli._output import echo, emit
    from elm.runs import fit as fit_reader

    options = {name: value for name, value in options.items() if value is not None}
    found = fit_reader(table, texts, out=out, fresh=fresh, progress=progress, **options)
    value = {"reader": str(found.folder), "verdict": found.verdict, "consistency": found.scores}

    def show() -> None:
        echo(f"reader in {out}: {found.verdict}")
        echo(f"read your vectors: elm describe --run {out} --vectors FILE --task {options['task'][0]}")

    emit(value, json_mode, show)


def _listed(names: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in names.split(",") if name.strip())
