"""`elm recommend`: ranked items from a history, a profile text, or a mixture of both."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from elm.cli._options import Json, Quiet

if TYPE_CHECKING:
    from elm.recommend import Recommendation


def recommend(
    run: Annotated[
        Path, typer.Argument(help="A run folder (its `recommender` is read), or a recommender's own folder.")
    ],
    user: Annotated[
        str | None, typer.Option(help="A user of the run's data set, whose ratings are the history.")
    ] = None,
    history: Annotated[
        str | None, typer.Option(help='Ratings as "id:rating,id:rating"; a bare id counts as 5.')
    ] = None,
    profile: Annotated[str | None, typer.Option(help="A text about the user.")] = None,
    profile_file: Annotated[Path | None, typer.Option(help="A file with that text.")] = None,
    alpha: Annotated[
        float, typer.Option(help="Weight of the text: 1 text only, 0 history only; no effect where one is missing.")
    ] = 0.5,
    k: Annotated[int, typer.Option(help="How many items.")] = 20,
    quiet: Quiet = False,
    json_mode: Json = False,
) -> None:
    """Recommend items from what is known of a user.

    Example: elm recommend runs/quickstart --user u7 --profile "They love war films. They avoid comedies." --alpha 0.7
    """
    from elm._errors import CallError
    from elm.cli._output import emit
    from elm.runs import open_recommender

    if user is not None and history is not None:
        raise CallError("--user and --history are two ways to give one history; use one of them")
    text = _profile(profile, profile_file)
    ratings = _user_ratings(run, user) if user is not None else parse_history(history)
    if ratings is None and text is None:
        raise CallError("nothing to recommend from; give --user or --history, --profile or --profile-file, or both")
    recommender = open_recommender(run, reads_text=text is not None)
    if user is not None and ratings is not None:
        known = set(recommender.items)
        ratings = {item: rating for item, rating in ratings.items() if item in known}
        if not ratings and text is None:
            raise CallError(f"user {user!r} has rated nothing that this recommender ranks; give a --profile")
    ratings = ratings or None
    places = recommender.recommend(ratings, text, alpha, k)
    used = 1.0 if ratings is None else 0.0 if text is None else alpha
    value = {
        "run": str(run),
        "user": user,
        "alpha": used,
        "profile": text,
        "rated": len(ratings or {}),
        "items": [{"place": n, **place._asdict()} for n, place in enumerate(places, start=1)],
    }
    emit(value, json_mode, lambda: _show(places, value))


def parse_history(text: str | None) -> dict[str, float] | None:
    """Ratings from "id:rating,id:rating"; None for None.

    >>> parse_history("12:4, 50")
    {'12': 4.0, '50': 5.0}
    """
    from elm._errors import CallError

    if text is None:
        return None
    ratings: dict[str, float] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        item, colon, rating = part.rpartition(":")
        try:
            ratings[(item if colon else part).strip()] = float(rating) if colon else 5.0
        except ValueError:
            raise CallError(f'--history takes "id:rating,id:rating" with numbers as ratings, got {part!r}') from None
    if not ratings:
        raise CallError('--history holds no item; write "id:rating,id:rating", or leave it out')
    return ratings


def _profile(text: str | None, file: Path | None) -> str | None:
    from elm._errors import CallError, DataFileError

    if text is not None and file is not None:
        raise CallError("--profile and --profile-file both give the text; use one of them")
    if file is None:
        return text
    try:
        return file.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise CallError(f"--profile-file {file} does not exist; check the path") from error
    except UnicodeDecodeError as error:
        raise DataFileError(f"{file} is not UTF-8 text ({error.reason}); save it as UTF-8") from error


def _user_ratings(run: Path, user: str) -> dict[str, float]:
    """The ratings of one user of the run's data set, which `run.json` names."""
    from elm._errors import CallError, UnknownNameError
    from elm._storage.files import read_json
    from elm.data import load

    named: dict[str, Any] = read_json(run / "run.json")
    if "dataset" not in named:
        raise CallError(f"{run / 'run.json'} names no data set, so --user has no ratings; use --history")
    dataset = load(named["dataset"], seed=named.get("seed", 0))
    if user not in dataset.users.index:
        raise UnknownNameError("user", user, dataset.users.index)
    rows = dataset.interactions[dataset.interactions["user"] == user]
    return {str(item): float(rating) for item, rating in zip(rows["item"], rows["rating"], strict=True)}


def _show(places: list[Recommendation], value: dict[str, Any]) -> None:
    from elm.cli._output import echo

    both = f"{value['rated']} ratings and the profile"
    source = {1.0: "the profile alone", 0.0: f"{value['rated']} ratings alone"}.get(value["alpha"], both)
    echo(f"from {source}, alpha {value['alpha']:g}")
    for number, place in enumerate(places, start=1):
        echo(f"{number:3d}  {place.title}  [{place.item}]")
