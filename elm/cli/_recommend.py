"""`elm recommend`: ranked items from a history, a profile text, or a mixture of both."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from elm.cli._options import Json, Quiet

if TYPE_CHECKING:
    from elm.recommend import Asked, Recommendation


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
    request: Annotated[str | None, typer.Option(help='A request, such as "something light for tonight".')] = None,
    wishes: Annotated[Path | None, typer.Option(help="A file of standing wishes (`elm wishes`).")] = None,
    occasion: Annotated[
        str | None, typer.Option("--with", help="The occasion for which wishes are checked, such as kids.")
    ] = None,
    at: Annotated[
        str | None, typer.Option(help="The time for which wishes are checked, as 2026-11-28T21:00; default: now.")
    ] = None,
    concept: Annotated[
        list[str] | None, typer.Option(help="A concept and its amount from -1 to 1, such as dark=-1; may be repeated.")
    ] = None,
    w_control: Annotated[float, typer.Option(help="Weight of the request: 0 ignores it, 1 follows it alone.")] = 0.8,
    values: Annotated[
        str, typer.Option(help="What judges requests: facts, encoder, or the folder of what was distilled.")
    ] = "facts",
    explain: Annotated[bool, typer.Option("--explain", help="Also show what each part did to each rank.")] = False,
    quiet: Quiet = False,
    json_mode: Json = False,
) -> None:
    """Recommend items from what is known of a user.

    A request, standing wishes and concepts bend the list of any recommender (docs/requests.md).

    Example: elm recommend runs/quickstart --user u7 --profile "They love war films. They avoid comedies." --alpha 0.7
    """
    from elm._errors import CallError
    from elm.cli._output import emit
    from elm.runs import open_recommender, open_steered

    if user is not None and history is not None:
        raise CallError("--user and --history are two ways to give one history; use one of them")
    text = _profile(profile, profile_file)
    ratings = _user_ratings(run, user) if user is not None else parse_history(history)
    if ratings is None and text is None:
        raise CallError("nothing to recommend from; give --user or --history, --profile or --profile-file, or both")
    asked = parse_asked(request, wishes, occasion, at, concept, w_control)
    if explain and asked is None:
        raise CallError("--explain tells what --request, --wishes and --concept do; give one of them")
    recommender: Any = open_recommender(run, text is not None) if asked is None else open_steered(run, values)
    if user is not None and ratings is not None:
        known = set(recommender.items)
        ratings = {item: rating for item, rating in ratings.items() if item in known}
        if not ratings and text is None:
            raise CallError(f"user {user!r} has rated nothing that this recommender ranks; give a --profile")
    ratings = ratings or None
    places = recommender.recommend(ratings, text, alpha, k, **({} if asked is None else vars(asked)))
    used = 1.0 if ratings is None else 0.0 if text is None else alpha
    value: dict[str, Any] = {
        "run": str(run),
        "user": user,
        "alpha": used,
        "profile": text,
        "rated": len(ratings or {}),
        "items": [{"place": n, **place._asdict()} for n, place in enumerate(places, start=1)],
    }
    if asked is not None:
        value |= {"request": asked.request, "concepts": asked.concepts, "w_control": asked.w_control}
    if text is not None and hasattr(recommender, "remarks"):
        value["remarks"] = recommender.remarks(text)
    if explain:
        value["explanation"] = recommender.explain(ratings, text, alpha, k, asked=asked).to_dict()
    emit(value, json_mode, lambda: _show(places, value))


def parse_asked(
    request: str | None,
    wishes: Path | None,
    occasion: str | None,
    at: str | None,
    concept: list[str] | None,
    w_control: float,
) -> Asked | None:
    """What bends the list, from the options of the command; None where nothing does."""
    from datetime import datetime

    from elm._errors import CallError
    from elm.recommend import Asked, StandingWishes

    if wishes is None and (occasion is not None or at is not None):
        raise CallError("--with and --at say when standing wishes hold; give --wishes, too")
    if request is None and wishes is None and not concept:
        return None
    standing = None
    if wishes is not None:
        try:
            now = datetime.fromisoformat(at) if at is not None else None
        except ValueError:
            raise CallError(f"--at takes a time such as 2026-11-28T21:00, got {at!r}") from None
        standing = StandingWishes.load(wishes).at(now, [occasion] if occasion else ())
    return Asked(request, standing, parse_concepts(concept or []), w_control)


def parse_concepts(words: list[str]) -> dict[str, float]:
    """Concepts and their amounts.

    >>> parse_concepts(["dark=-1", "funny=0.5"])
    {'dark': -1.0, 'funny': 0.5}
    """
    from elm._errors import CallError

    found = {}
    for word in words:
        name, _, amount = word.rpartition("=")
        try:
            found[name.strip()] = float(amount)
        except ValueError:
            raise CallError(f"--concept takes NAME=AMOUNT, such as dark=-1, got {word!r}") from None
    return found


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
    from elm.cli._output import echo, table

    both = f"{value['rated']} ratings and the profile"
    source = {1.0: "the profile alone", 0.0: f"{value['rated']} ratings alone"}.get(value["alpha"], both)
    echo(f"from {source}, alpha {value['alpha']:g}")
    for number, place in enumerate(places, start=1):
        echo(f"{number:3d}  {place.title}  [{place.item}]")
    for line in value.get("remarks", ()):
        echo(f"note: {line}")
    told = value.get("explanation")
    if told is None:
        return
    names = [name for name in told["places"][0] if name not in ("place", "item", "title")] if told["places"] else []
    table(
        ["place", "title", *names], [[row["place"], row["title"], *(row[n] for n in names)] for row in told["places"]]
    )
    for what in ("brought", "left_out"):
        for part, titles in told[what].items():
            if titles:
                echo(f"{part} {'brought in' if what == 'brought' else 'keeps out'}: {', '.join(titles)}")
    for remark in told["remarks"]:
        echo(remark)
