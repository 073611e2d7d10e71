"""`elm describe`: what the model reads from a vector."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from elm.cli._options import Json, Quiet, Seed

if TYPE_CHECKING:
    import numpy as np

Run = Annotated[Path | None, typer.Option(help="A run or model folder; the shipped demo model without it.")]


def describe(
    task: Annotated[
        str | None,
        typer.Option(
            help="A task id, such as positive_review or five_positive; summary by default, user_summary with --user."
        ),
    ] = None,
    item: Annotated[str | None, typer.Option(help="An item of the run's film vectors.")] = None,
    user: Annotated[str | None, typer.Option(help="A user of the run's user vectors.")] = None,
    vectors: Annotated[Path | None, typer.Option(help="A .npy file of shape (dim,) or (n, dim).")] = None,
    space: Annotated[
        str | None, typer.Option(help="Which space the vectors are of, where two have their size.")
    ] = None,
    run: Run = None,
    temperature: Annotated[
        float | None,
        typer.Option(min=0.0, help="0 takes the likeliest words, above it samples; the task's own by default."),
    ] = None,
    seed: Seed = 0,
    quiet: Quiet = False,
    json_mode: Json = False,
) -> None:
    """Describe one or several vectors in words.

    Example: elm describe --item f7 --task positive_review
    """
    from elm._errors import CallError
    from elm.cli._output import echo, emit
    from elm.runs import open_model, open_vector

    if sum(x is not None for x in (item, user, vectors)) != 1:
        raise CallError("say what to describe: one of --item, --user or --vectors")
    task = task or ("summary" if user is None else "user_summary")
    model = open_model(run)
    if vectors is not None:
        array, names = read_vectors(vectors), None
    else:
        kind: Literal["films", "users"] = "films" if item is not None else "users"
        name = str(item or user)
        array, names = open_vector(run, kind, name)[None], [name]
    texts: Any = model.describe(array, task, space=space, seed=seed, temperature=temperature)
    texts = [texts] if isinstance(texts, str) else texts
    names = names or [str(row) for row in range(len(texts))]
    value = {"task": task, "texts": [{"id": name, "text": text} for name, text in zip(names, texts, strict=True)]}
    emit(value, json_mode, lambda: echo("\n\n".join(texts)))


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
) -> None:
    """Write the profile of a user, known or new, in plain words.

    Example: elm profile --history "f1:5,f9:4,f30:1"
    """
    from elm._errors import CallError
    from elm.cli._output import echo, emit
    from elm.cli._recommend import parse_history
    from elm.runs import open_model, open_vector, vector_of_history

    if (user is None) == (history is None):
        raise CallError("say whose profile: one of --user or --history")
    ratings = parse_history(history)
    vector = open_vector(run, "users", str(user)) if ratings is None else vector_of_history(run, ratings)
    text = open_model(run).describe(vector, task, seed=seed)
    emit({"user": user, "task": task, "profile": text}, json_mode, lambda: echo(text))


def read_vectors(path: Path) -> np.ndarray:
    """The array of a .npy file of numbers; pickled objects are refused. Raises `DataFileError`."""
    import numpy as np

    from elm._errors import DataFileError

    try:
        array = np.load(path, allow_pickle=False)
    except FileNotFoundError as error:
        raise DataFileError(f"{path} does not exist; save vectors with numpy.save") from error
    except (ValueError, EOFError, OSError) as error:
        array, reason = None, str(error)
    else:
        reason = f"it holds {getattr(array, 'dtype', 'several arrays')}"
    if not isinstance(array, np.ndarray) or array.dtype.kind not in "fiuc":
        raise DataFileError(f"{path} is not a whole .npy file of numbers ({reason}); save it again with numpy.save")
    return array
