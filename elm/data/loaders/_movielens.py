"""MovieLens as its owners publish it (Harper and Konstan 2015): 100K, 1M, latest-small, 25M and 32M."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from elm._errors import CallError, DataFileError, UnknownNameError
from elm.data._constants import GENRES
from elm.data._dataset import Dataset
from elm.data._titles import parse_title
from elm.data.generated._many_ratings import GENERATED
from elm.data.loaders._download import fetch_movielens
from elm.data.loaders._files import find_file, read_columns, read_fields
from elm.data.loaders._large_tables import different, id_columns


@dataclass(frozen=True)
class Release:
    """What is known of a release: the files that give it away, how it is read, its official counts."""

    files: tuple[tuple[str, ...], ...]  # each: one of these names must be there
    read: Callable[[Path], tuple[pd.DataFrame, pd.DataFrame | None, pd.DataFrame]]
    ratings: int | None = None
    users: int | None = None
    items: int | None = None


def load_movielens(name: str, folder: str | Path | None = None, complete: bool = True) -> Dataset:
    """Load a MovieLens release: "ml-100k", "ml-1m", "ml-latest-small", "ml-25m" or "ml-32m".

    folder: where its files lie (there, or one level below); without one they are downloaded once, checked and cached.
    complete: demand the official number of ratings, users and items, where it is known.

    Titles stand as published without the year; ratings as given (half stars in the newer releases). "IMAX", "unknown"
    and "(no genres listed)" are no genres. In 25M and 32M the ids of the interactions are categoricals of str.
    Raises `UnknownNameError`, and `DataFileError` for a file that is missing, cut off or not in its documented form.
    """
    if name not in RELEASES:
        raise UnknownNameError("MovieLens release", name, RELEASES)
    release = RELEASES[name]
    place = fetch_movielens(name) if folder is None else _locate(name, release, Path(folder))
    items, users, ratings = release.read(place)
    counts = {"ratings": len(ratings), "items": len(items)}
    if users is None:
        users = pd.DataFrame(index=pd.Index(_users(place, ratings).astype(str), name="user"))
    counts["users"] = len(users)
    for what, came in counts.items():
        official = getattr(release, what)
        if complete and official is not None and came != official:
            raise DataFileError(
                f"{place} should hold the official {official:,} {what} of {name} but has {came:,}; a file is cut off "
                "or of another release, so unpack it again"
            )
    try:
        made_up = (place / GENERATED).is_file()
        notes = ("these ratings are generated, by elm.data.write_generated: no person made them",) if made_up else ()
        return Dataset("generated" if made_up else name, items, users, id_columns(ratings), notes=notes)
    except CallError as error:
        raise DataFileError(f"the files in {place} do not fit together: {error}") from error


def _users(place: Path, ratings: pd.DataFrame) -> np.ndarray:
    try:
        return different(ratings["user"].to_numpy(), "user")
    except CallError as error:
        raise DataFileError(f"the files in {place} do not fit together: {error}") from error


def releases_in(folder: Path) -> list[str]:
    """The releases whose files lie in `folder` itself; those in the form of 25M are taken by the folder's name."""
    found = [name for name in ("ml-100k", "ml-1m") if _holds(folder, RELEASES[name])]
    if _holds(folder, RELEASES["ml-latest-small"]):
        found.append(folder.name if folder.name in RELEASES else "ml-latest-small")
    return found


def _holds(folder: Path, release: Release) -> bool:
    return all(find_file(folder, names) is not None for names in release.files)


def _locate(name: str, release: Release, folder: Path) -> Path:
    if not folder.is_dir():
        raise DataFileError(f"{folder} is not a folder; give the folder that holds the files of {name}")
    below = sorted((p for p in folder.iterdir() if p.is_dir()), key=lambda p: (p.name != name, p.name))
    for place in (folder, *below):
        if _holds(place, release):
            return place
    present = [place for place in (folder, *below) if any(find_file(place, names) for names in release.files)]
    place = present[0] if present else folder
    missing = [" or ".join(names) for names in release.files if find_file(place, names) is None]
    raise DataFileError(f"{place} should hold the files of {name}, but {', '.join(missing)} is missing there")


_NAMED = {
    "user": "userId",
    "item": "movieId",
    "rating": "rating",
    "time": "timestamp",
    "title": "title",
    "genres": "genres",
}
"""What the newer releases call the columns."""
_NAMED_1M = {"user": "user_id", "item": "movie_id", "rating": "rating"}


def _read_100k(folder: Path) -> tuple[pd.DataFrame, pd.DataFrame | None, pd.DataFrame]:
    ratings = read_columns(
        _file(folder, "u.data"), {"user": "int32", "item": "int32", "rating": "float32", "time": "int64"}, "\t"
    )
    films = read_fields(_file(folder, "u.item"), "|", 24)
    # columns 5 to 23 are flags: unknown, then the 18 genres in the order of GENRES
    genres = [[GENRES[k] for k, flag in enumerate(film[6:]) if flag == "1"] for film in films]
    people = read_fields(_file(folder, "u.user"), "|", 5)
    users = pd.DataFrame(people, columns=["user", "age", "gender", "occupation", "zip"]).set_index("user")
    return _items([film[0] for film in films], [film[1] for film in films], genres), users, ratings


def _read_1m(folder: Path) -> tuple[pd.DataFrame, pd.DataFrame | None, pd.DataFrame]:
    with_times = find_file(folder, ("ratings.dat",))
    types = {"user": "int32", "item": "int32", "rating": "float32"}
    if with_times is not None:
        ratings = read_columns(with_times, {**types, "time": "int64"}, "::")
    else:
        ratings = read_columns(_file(folder, "ratings_no_timestamps.csv"), types, ",", _NAMED_1M)
    people = read_fields(_file(folder, "users.dat"), "::", 5)
    users = pd.DataFrame(people, columns=["user", "gender", "age", "occupation", "zip"]).set_index("user")
    return film_list_1m(folder), users, ratings


def film_list_1m(folder: Path) -> pd.DataFrame:
    """The films of MovieLens 1M alone: title, year and genres by id."""
    ids, titles, genres = zip(*read_fields(_file(folder, "movies.dat"), "::", 3), strict=True)
    return _items(ids, titles, [text.split("|") for text in genres])


def _read_csv(folder: Path) -> tuple[pd.DataFrame, pd.DataFrame | None, pd.DataFrame]:
    types = {"user": "int32", "item": "int32", "rating": "float32", "time": "int64"}
    ratings = read_columns(_file(folder, "ratings.csv"), types, ",", _NAMED)
    films = read_columns(_file(folder, "movies.csv"), {"item": "str", "title": "str", "genres": "str"}, ",", _NAMED)
    return _items(films["item"], films["title"], [g.split("|") for g in films["genres"]]), None, ratings


def _file(folder: Path, name: str) -> Path:
    path = find_file(folder, (name,))
    if path is None:
        raise DataFileError(f"{folder / name} is missing; unpack the whole release into one folder")
    return path


def _items(ids: Iterable[str], titles: Iterable[str], genres: list[list[str]]) -> pd.DataFrame:
    parsed = [parse_title(title) for title in titles]
    names = {"Children's": "Children", **{genre: genre for genre in GENRES}}
    return pd.DataFrame(
        {
            "title": [title for title, _ in parsed],
            "year": pd.array([year for _, year in parsed], dtype="Int64"),
            "genres": pd.Series([[names[g] for g in row if g in names] for row in genres], dtype=object).to_numpy(),
        },
        index=pd.Index(list(ids), name="item"),
    )


_CSV = (("ratings.csv",), ("movies.csv",))
RELEASES: dict[str, Release] = {
    "ml-100k": Release((("u.data",), ("u.item",), ("u.user",)), _read_100k, 100_000, 943, 1_682),
    "ml-1m": Release(
        (("ratings.dat", "ratings_no_timestamps.csv"), ("movies.dat",), ("users.dat",)),
        _read_1m,
        1_000_209,
        6_040,
        3_883,
    ),
    "ml-latest-small": Release(_CSV, _read_csv),
    "ml-25m": Release(_CSV, _read_csv, 25_000_095, 162_541, 62_423),
    "ml-32m": Release(_CSV, _read_csv, 32_000_204, 200_948, 87_585),
}
