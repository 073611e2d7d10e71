"""Goodbooks-10K as published (Zajac 2017): ten thousand books, six million ratings, and the readers' tags as genres."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from elm._errors import CallError, DataFileError
from elm.data._dataset import Dataset
from elm.data.loaders._files import find_file
from elm.data.loaders._large_tables import id_columns

GOODBOOKS = "goodbooks-10k"
FILES = ("books.csv", "ratings.csv")
_TAGS = ("book_tags.csv", "tags.csv")
_RATINGS, _BOOKS = 5_976_479, 10_000

BOOK_GENRES = (
    "Art",
    "Biography",
    "Business",
    "Chick Lit",
    "Christian",
    "Classics",
    "Comics",
    "Contemporary",
    "Cookbooks",
    "Crime",
    "Fantasy",
    "Fiction",
    "Graphic Novels",
    "Historical Fiction",
    "History",
    "Horror",
    "Humor",
    "Manga",
    "Memoir",
    "Music",
    "Mystery",
    "Nonfiction",
    "Paranormal",
    "Philosophy",
    "Picture Books",
    "Poetry",
    "Psychology",
    "Religion",
    "Romance",
    "Science",
    "Science Fiction",
    "Self Help",
    "Short Stories",
    "Spirituality",
    "Sports",
    "Suspense",
    "Thriller",
    "Travel",
    "Young Adult",
)
"""What counts as a genre among the tags that readers give."""

_OTHER_NAMES = {
    "sci-fi": "science-fiction",
    "non-fiction": "nonfiction",
    "ya": "young-adult",
    "humour": "humor",
    "biographies": "biography",
    "memoirs": "memoir",
    "thrillers": "thriller",
    "self-improvement": "self-help",
    "mysteries": "mystery",
    "classic": "classics",
    "historical": "historical-fiction",
    "childrens-books": "picture-books",
}
_SHARE = 0.1  # of a book's most given genre: rarer ones are slips and opinions
_MOST = 5


def load_goodbooks(folder: str | Path, complete: bool = True) -> Dataset:
    """Read the official files: books.csv and ratings.csv (user_id, book_id, rating), and for genres book_tags.csv and
    tags.csv, without which a note says that there are none.

    A book's genres are its (at most five) most given tags among `BOOK_GENRES`, each given at least a tenth as often as
    the first. complete: demand the official number of books and ratings. There are no times. The first edition holds
    some ratings twice; the last of a pair stays, and a note says how many went.

    Raises `DataFileError` for a file that is missing, cut off or not in its documented form.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise DataFileError(f"{folder} is not a folder; give the folder that holds {' and '.join(FILES)}")
    books = _table(
        folder,
        "books.csv",
        {"book_id": "int64", "title": str, "original_publication_year": "float64", "goodreads_book_id": "int64"},
    )
    ratings = _table(folder, "ratings.csv", {"user_id": "int32", "book_id": "int32", "rating": "float32"})
    ratings = ratings.rename(columns={"user_id": "user", "book_id": "item"})
    notes = []
    repeated = ratings.duplicated(["user", "item"], keep="last")
    if repeated.any():
        ratings = ratings[~repeated]
        notes.append(f"{int(repeated.sum()):,} ratings of a book that the user rated again were left out")
    for what, came, official in (("books", len(books), _BOOKS), ("ratings", len(ratings), _RATINGS)):
        if complete and came != official:
            raise DataFileError(
                f"{folder} should hold the official {official:,} {what} of Goodbooks-10K but has {came:,}; a file is "
                "cut off or of another edition, which complete=False accepts"
            )
    genres = _genres(folder, books, notes)
    years = books["original_publication_year"]
    items = pd.DataFrame(
        {
            "title": books["title"].to_numpy(),
            "year": years.where(years % 1 == 0).astype("Int64").to_numpy(),
            "genres": pd.Series(genres, dtype=object).to_numpy(),
        },
        index=pd.Index(books["book_id"], name="item"),
    )
    users = pd.DataFrame(index=pd.Index(np.unique(ratings["user"]).astype(str), name="user"))
    try:
        return Dataset(GOODBOOKS, items, users, id_columns(ratings), notes=tuple(notes))
    except CallError as error:
        raise DataFileError(f"the files in {folder} do not fit together: {error}") from error


def holds_goodbooks(folder: Path) -> bool:
    """Whether the two files that it needs lie in the folder."""
    return all(find_file(folder, (name,)) is not None for name in FILES)


def _genres(folder: Path, books: pd.DataFrame, notes: list[str]) -> list[list[str]]:
    if any(find_file(folder, (name,)) is None for name in _TAGS):
        notes.append(f"{' and '.join(_TAGS)} are not in {folder}, so books have no genres")
        return [[] for _ in range(len(books))]
    given = _table(folder, "book_tags.csv", {"goodreads_book_id": "int64", "tag_id": "int64", "count": "int64"})
    names = _table(folder, "tags.csv", {"tag_id": "int64", "tag_name": str}).set_index("tag_id")["tag_name"]
    known = {genre.lower().replace(" ", "-"): genre for genre in BOOK_GENRES}
    tags = given["tag_id"].map(names.str.lower()).replace(_OTHER_NAMES)
    given = given.assign(genre=tags.map(known)).dropna(subset=["genre"])
    counts = given.groupby(["goodreads_book_id", "genre"], as_index=False)["count"].sum()
    counts = counts[counts["count"] >= _SHARE * counts.groupby("goodreads_book_id")["count"].transform("max")]
    counts = counts.sort_values(["goodreads_book_id", "count", "genre"], ascending=[True, False, True])
    found = counts.groupby("goodreads_book_id")["genre"].agg(lambda column: list(column)[:_MOST]).to_dict()
    return [found.get(book, []) for book in books["goodreads_book_id"].tolist()]


def _table(folder: Path, name: str, types: Any) -> pd.DataFrame:
    path = find_file(folder, (name,))
    if path is None:
        raise DataFileError(f"{folder / name} is missing; unpack all of Goodbooks-10K into one folder")
    try:
        frame = pd.read_csv(
            path,
            usecols=lambda column: column == "id" or column in types,
            encoding="utf-8-sig",
            keep_default_na=False,
            na_values=[""],
        )  # "NA" is a title, too
        if "id" in frame.columns and "goodreads_book_id" in types:  # the first edition's names
            frame = frame.rename(columns={"book_id": "goodreads_book_id", "id": "book_id"})
        return frame[list(types)].astype(types)
    except (ValueError, KeyError, UnicodeDecodeError, EOFError, OSError) as error:
        reason = " ".join(str(error).split())[:200]
        raise DataFileError(
            f"{path}: expected the columns {', '.join(types)}, but: {reason}; the file is cut off or in another form"
        ) from error
