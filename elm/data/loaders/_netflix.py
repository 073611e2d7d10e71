"""The Netflix Prize data as published (Bennett and Lanning 2007): 100 million ratings of 17,770 films, with dates."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd

from elm._errors import CallError, DataFileError
from elm.data._dataset import Dataset
from elm.data.loaders._files import find_file, read_bytes
from elm.data.loaders._large_tables import id_columns

NETFLIX = "netflix"
_RATINGS, _FILMS = 100_480_507, 17_770
_TITLES = ("movie_titles.csv", "movie_titles.txt")
_HEADING = re.compile(rb"^(\d+):[ \t]*\r?\n", re.MULTILINE)


def load_netflix(folder: str | Path, complete: bool = True) -> Dataset:
    """Read movie_titles and the ratings, as combined_data_1.txt to _4.txt or as training_set/mv_0000001.txt and so on.

    Each file of ratings is a film's number and a colon on a line, and then a line "user,rating,date" a rating. Dates
    become seconds since 1970 at midnight. The films come without genres. complete: demand the official counts. With all
    ratings, some 4 GB of memory are needed.

    Raises `DataFileError` for a file that is missing, cut off or not in its documented form.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise DataFileError(f"{folder} is not a folder; give the folder that holds {_TITLES[0]} and the ratings")
    items = _films(folder)
    files = rating_files(folder)
    if not files:
        raise DataFileError(
            f"{folder} holds neither combined_data_1.txt nor training_set/mv_0000001.txt; unpack them there"
        )
    ratings = pd.concat([_ratings(path) for path in files], ignore_index=True)
    for what, came, official in (("films", len(items), _FILMS), ("ratings", len(ratings), _RATINGS)):
        if complete and came != official:
            raise DataFileError(
                f"{folder} should hold the official {official:,} {what} of the Netflix Prize but has {came:,}; a file "
                "is missing or cut off, which complete=False accepts"
            )
    users = pd.DataFrame(index=pd.Index(np.unique(ratings["user"]).astype(str), name="user"))
    try:
        return Dataset(NETFLIX, items, users, id_columns(ratings), notes=("the Netflix Prize names no genres",))
    except CallError as error:
        raise DataFileError(f"the files in {folder} do not fit together: {error}") from error


def holds_netflix(folder: Path) -> bool:
    """Whether titles and at least one file of ratings lie in the folder."""
    return find_file(folder, _TITLES) is not None and bool(rating_files(folder))


def rating_files(folder: Path) -> list[Path]:
    """The files of ratings: the four combined ones, or else one per film."""
    combined = sorted(folder.glob("combined_data_*.txt*"))
    return combined or sorted((folder / "training_set").glob("mv_*.txt*"))


def _films(folder: Path) -> pd.DataFrame:
    path = find_file(folder, _TITLES)
    if path is None:
        raise DataFileError(f"{folder / _TITLES[0]} is missing; unpack the whole data set into one folder")
    rows = []
    for number, line in enumerate(read_bytes(path).decode("latin-1").splitlines(), start=1):
        fields = line.split(",", 2)  # titles hold commas, too
        if len(fields) != 3 or not fields[0].isdecimal():
            raise DataFileError(f"{path}, line {number}: expected number, year and title, but {line[:60]!r} came")
        rows.append(fields)
    numbers, years, titles = zip(*rows, strict=True) if rows else ((), (), ())
    year = pd.to_numeric(pd.Series(years, dtype=object), errors="coerce")  # "NULL" of seven films
    return pd.DataFrame(
        {
            "title": list(titles),
            "year": year.astype("Int64").to_numpy(),
            "genres": pd.Series([[] for _ in rows], dtype=object).to_numpy(),
        },
        index=pd.Index(list(numbers), name="item"),
    )


def _ratings(path: Path) -> pd.DataFrame:
    """The ratings of one file: its headings are cut out, the rest is read as one table."""
    import pyarrow as pa
    from pyarrow import csv

    data = read_bytes(path)
    headings = list(_HEADING.finditer(data))
    if not headings or headings[0].start() != 0:
        raise DataFileError(f"{path} should begin with a film's number and a colon; fetch it again")
    if not data.endswith(b"\n"):
        raise DataFileError(f"{path} is cut off: its last line has no end; fetch it again")
    ends = [heading.start() for heading in headings[1:]] + [len(data)]
    spans = [(heading.end(), end) for heading, end in zip(headings, ends, strict=True)]
    counts = [data.count(b"\n", start, end) for start, end in spans]
    items = np.repeat(np.array([int(heading[1]) for heading in headings], dtype=np.int32), counts)
    body = b"".join(data[start:end] for start, end in spans)
    types = {"user": pa.int32(), "rating": pa.float32(), "date": pa.date32()}
    try:
        table = csv.read_csv(
            pa.BufferReader(body),
            read_options=csv.ReadOptions(column_names=list(types)),
            convert_options=csv.ConvertOptions(column_types=types, strings_can_be_null=False, null_values=[]),
        )
    except (pa.ArrowInvalid, pa.ArrowKeyError) as error:
        reason = " ".join(str(error).split())[:200]
        raise DataFileError(
            f"{path}: expected lines of user, rating and date, but: {reason}; fetch it again"
        ) from error
    if table.num_rows != len(items):
        raise DataFileError(f"{path} has {len(items):,} lines but {table.num_rows:,} ratings; fetch it again")
    days = table["date"].cast(pa.int32()).to_numpy().astype(np.int64)
    user, rating = table["user"].to_numpy(), table["rating"].to_numpy()
    return pd.DataFrame({"user": user, "item": items, "rating": rating, "time": days * 86_400})
