"""Readers for public collections of film texts, and MovieLens with all of them joined."""

from __future__ import annotations

import html
import json
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from elm._errors import DataFileError
from elm.data._dataset import Dataset
from elm.data._texts import join_texts, read_table
from elm.data._titles import parse_title
from elm.data.loaders._files import find_file, read_bytes
from elm.data.loaders._movielens import film_list_1m, load_movielens

_NO_PLOT = "It looks like we don't have any Plot Summaries"
_OMDB_FIELDS = 11  # id, title, year, MPAA, released, genres, director, writer, actors, plot, poster


def read_imdb_details(path: str | Path) -> pd.DataFrame:
    """IMDb descriptions by ML-100K id, from a JSON list of films: columns item, text. Placeholders are left out."""
    path = Path(path)
    try:
        films = json.loads(read_bytes(path))
        rows = [(str(film["movie_id"]), (film["description"] or "").strip()) for film in films]
    except (ValueError, KeyError, TypeError) as error:
        raise DataFileError(
            f"{path} should be a JSON list of films with movie_id and description, but: {error!r}; fetch it again"
        ) from error
    return pd.DataFrame([row for row in rows if row[1] and _NO_PLOT not in row[1]], columns=["item", "text"])


def read_tmdb_details(path: str | Path) -> pd.DataFrame:
    """TMDB details by ML-1M id: columns item, title, year, text (the overview), keywords, cast, director (lists)."""
    table = read_table(Path(path))
    absent = {"movieId", "title", "overview", "keywords", "casts", "directors"} - set(table.columns)
    if absent:
        raise DataFileError(f"{path} should have the column {', '.join(sorted(absent))}; it is in another form")
    titles = [parse_title(title) for title in table["title"]]
    return pd.DataFrame(
        {
            "item": table["movieId"].astype(str),
            "title": [title for title, _ in titles],
            "year": pd.array([year for _, year in titles], dtype="Int64"),
            "text": [html.unescape(text) if isinstance(text, str) else None for text in table["overview"]],
            "keywords": pd.Series([_names(v) for v in table["keywords"]], dtype=object),
            "cast": pd.Series([_names(v) for v in table["casts"]], dtype=object),
            "director": pd.Series([_names(v) for v in table["directors"]], dtype=object),
        }
    )


def read_omdb_plots(path: str | Path) -> tuple[pd.DataFrame, int]:
    """OMDb plots by ML-1M id from "::" rows: columns item, title, year, text; and how many malformed rows were skipped.

    Raises `DataFileError` where more than one row in twenty is malformed: then it is another kind of file.
    """
    path = Path(path)
    lines = [line for line in read_bytes(path).decode("utf-8", errors="replace").split("\n") if line.strip()]
    rows, skipped = [], 0
    for line in lines:
        fields = line.split("::")
        year = fields[2][:4] if len(fields) == _OMDB_FIELDS else ""
        if not (fields[0].isdigit() and year.isdigit()):
            skipped += 1
            continue
        plot = fields[9].strip()
        rows.append((fields[0], fields[1].strip(), int(year), "" if plot == "N/A" else plot))
    if not rows or skipped > 0.05 * len(lines):
        raise DataFileError(
            f"{path} should have {_OMDB_FIELDS} fields separated by '::' per row, but {skipped} of {len(lines)} rows "
            "do not; it is cut off or in another form"
        )
    told = [row for row in rows if row[3]]  # a film without a plot has no text
    return pd.DataFrame(told, columns=["item", "title", "year", "text"]), skipped


def movielens_100k_with_texts(folder: str | Path) -> Dataset:
    """MovieLens 100K with texts about its films, as far as their files lie below `folder`.

    Sources: "imdb" (by id, from ml-100k-text), "tmdb" and "omdb" (from ml-1m-text by title and year; the titles of
    its ids come from ml-1m/movies.dat or from the TMDB table). `notes` tell how each joined, or that it is absent.
    """
    folder = Path(folder)
    dataset = load_movielens("ml-100k", folder)
    imdb = find_file(folder / "ml-100k-text", ("movielens100k_details.json",))
    if imdb is None:
        dataset = _without(dataset, "imdb", folder / "ml-100k-text/movielens100k_details.json.gz")
    else:
        dataset, _ = join_texts(dataset, read_imdb_details(imdb), source="imdb")

    tmdb = find_file(folder / "ml-1m-text", ("movies_details.parquet",))
    if tmdb is None:
        dataset = _without(dataset, "tmdb", folder / "ml-1m-text/movies_details.parquet")
    else:
        dataset, _ = join_texts(dataset, read_tmdb_details(tmdb), by="title", source="tmdb")

    return _with_omdb(dataset, folder, "title", lambda plots: _movielens_titles(plots, folder, tmdb))


def movielens_1m_with_texts(folder: str | Path) -> Dataset:
    """MovieLens 1M with texts about its films, by id, as far as their files lie in `folder`/ml-1m-text.

    Sources: "tmdb" (overviews), "keywords" (TMDB's, a line per film) and "omdb" (plots). `notes` tell how each joined.
    """
    folder = Path(folder)
    dataset = load_movielens("ml-1m", folder)
    tmdb = find_file(folder / "ml-1m-text", ("movies_details.parquet",))
    if tmdb is None:
        dataset = _without(dataset, "tmdb", folder / "ml-1m-text/movies_details.parquet")
    else:
        table = read_tmdb_details(tmdb)
        dataset, _ = join_texts(dataset, table, source="tmdb")
        words = table.assign(text=table["keywords"].map(", ".join))
        dataset, _ = join_texts(dataset, words, source="keywords")
    return _with_omdb(dataset, folder, "item", lambda plots: plots)


WITH_TEXTS: Mapping[str, Callable[[str | Path], Dataset]] = {
    "ml-100k": movielens_100k_with_texts,
    "ml-1m": movielens_1m_with_texts,
}
"""Data set -> its reader with texts."""


def _with_omdb(dataset: Dataset, folder: Path, by: str, named: Callable[[pd.DataFrame], pd.DataFrame]) -> Dataset:
    """The data set with OMDb's plots, under the ids or titles that `named` gives them, where their file is there."""
    omdb = find_file(folder / "ml-1m-text", ("movies_extrainfos.dat",))
    if omdb is None:
        return _without(dataset, "omdb", folder / "ml-1m-text/movies_extrainfos.dat.gz")
    plots, skipped = read_omdb_plots(omdb)
    dataset, _ = join_texts(dataset, named(plots), by=by, source="omdb")
    return dataset.with_texts(dataset.texts[:0], notes=[f"texts 'omdb': {skipped} malformed rows skipped"])


def _movielens_titles(plots: pd.DataFrame, folder: Path, tmdb: Path | None) -> pd.DataFrame:
    """The plots under MovieLens's own titles where those are at hand: OMDb's differ in wording."""
    films = folder / "ml-1m"
    if find_file(films, ("movies.dat",)) is not None:
        titles = film_list_1m(films)
    elif tmdb is not None:
        titles = read_tmdb_details(tmdb).set_index("item")
    else:
        return plots
    known = plots[plots["item"].isin(titles.index)]
    return known.assign(
        title=titles.loc[known["item"], "title"].to_numpy(), year=titles.loc[known["item"], "year"].to_numpy()
    )


def _without(dataset: Dataset, source: str, path: Path) -> Dataset:
    return dataset.with_texts(dataset.texts[:0], notes=[f"texts {source!r}: none, {path} is absent"])


def _names(value: object) -> list[str]:
    """Names from a list of names or of {"name": ...}; an absent list is empty."""
    if not isinstance(value, list | tuple | np.ndarray):
        return []
    return [str(entry["name"] if isinstance(entry, dict) else entry) for entry in value]
