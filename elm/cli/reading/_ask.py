"""`elm ask`: a question about a vector, or about two."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from elm.cli._options import Json, Quiet, Seed
from elm.cli._placement import placed
from elm.cli.reading._describe import Items, Run, gather


@placed
def ask(
    question: Annotated[
        str,
        typer.Argument(
            help="In your words; {first} and {second} say where the vectors go, else it is asked behind one."
        ),
    ],
    item: Items = None,
    user: Annotated[str | None, typer.Option(help="A user of the run's user vectors.")] = None,
    vectors: Annotated[Path | None, typer.Option(help="A .npy file of shape (dim,) or (n, dim), or a table.")] = None,
    space: Annotated[
        str | None, typer.Option(help="The space of the vectors, where two spaces have their dimension.")
    ] = None,
    run: Run = None,
    temperature: Annotated[float, typer.Option(min=0.0, help="0 takes the likeliest words, above it samples.")] = 0.0,
    max_new_tokens: Annotated[int, typer.Option(min=1, help="How long the answer may be.")] = 128,
    seed: Seed = 0,
    quiet: Quiet = False,
    json_mode: Json = False,
    placement: Any = None,
) -> None:
    """Ask a question about a vector; the answer to one vector (or pair) is printed as it is written.

    A model that has learned tasks alone, as the shipped one, answers from the facts that its texts state, or says that
    it cannot; one on a base with a chat template answers in its own words.

    Example: elm ask "Where is it set?" --item f7
    """
    from elm.cli._output import echo, echo_lines, emit, write
    from elm.runs import open_model

    array, names = gather(run, item, user, vectors)
    options: dict[str, Any] = {"space": space, "seed": seed, "temperature": temperature}
    model = open_model(run, **placement)
    if len(names) == 1 and not json_mode:
        one = tuple(table.vectors[0] for table in array) if isinstance(array, tuple) else _single(array)
        for piece in model.ask(one, question, max_new_tokens=max_new_tokens, stream=True, **options):
            write(piece)
        echo()
        return
    answers: Any = model.ask(array, question, max_new_tokens=max_new_tokens, **options)
    answers = [answers] if isinstance(answers, str) else answers
    rows = [{"id": name, "answer": answer} for name, answer in zip(names, answers, strict=True)]
    emit({"question": question, "answers": rows}, json_mode, lambda: echo_lines("\n\n".join(r["answer"] for r in rows)))


def _single(array: Any) -> Any:
    """The one vector of a table or of an array of one row, (dim,)."""
    rows = getattr(array, "vectors", array)
    return rows[0] if rows.ndim == 2 else rows
