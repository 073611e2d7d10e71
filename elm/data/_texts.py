"""Joining texts from elsewhere to a data set's items: by id, or by title and year."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from elm._errors import CallError, DataFileError
from elm._storage.parquet import read_parquet
from elm.data._cells import blank, missing
from elm.data._cells import texts as texts_of
from elm.data._cells import years as years_of
from elm.data._dataset import Dataset
from elm.data._ids import id_column
from elm.data._titles import match_titles, parse_title
from elm.data.loaders._files import decoded, read_bytes

READERS = ".csv, .csv.gz, .parquet, .json, .jsonl, .json.gz or .jsonl.gz"


@dataclass(frozen=True)
class JoinReport:
    """How a join of texts went."""

    source: str
    items_joined: int
    items: int
    texts_joined: int
    texts_empty: int
    texts_unmatched: int

    def __str__(self) -> str:
        rest = [f"{n} {what}" for n, what in ((self.texts_empty, "empty"), (self.texts_unmatched, "unmatched")) if n]
        left = f" (left out: {', '.join(rest)})" if rest else ""
        return f"texts {self.source!r}: {self.items_joined} of {self.items} items, {self.texts_joined} texts{left}"


def join_texts(
    dataset: Dataset, frame_or_path: pd.DataFrame | str | Path, by: str = "item", source: str | None = None
) -> tuple[Dataset, JoinReport]:
    """Join texts to the data set's items; returns the larger data set and what became of the texts.

    frame_or_path: a table (or a csv, parquet, json or jsonl file) with the column text, and
        by="item": item, the data set's ids;
        by="title": title, and year where the title does not end in it, as in "Heat (1995)".
    source: the name of the texts; without one the table needs a column source.
    Empty texts and texts of films that are not found are counted and left out; the report also joins `dataset.notes`.
    Raises `CallError` for missing columns, and where not a single text joins.

    >>> films = pd.DataFrame({"title": ["Matrix, The"], "year": [1999], "genres": [["Action"]]}, index=["7"])
    >>> ratings = pd.DataFrame({"user": ["1"], "item": ["7"], "rating": [5]})
    >>> data = Dataset("tiny", films, pd.DataFrame(index=["1"]), ratings)
    >>> plots = pd.DataFrame({"title": ["The Matrix (1999)"], "text": ["A hacker wakes up."]})
    >>> data, report = join_texts(data, plots, by="title", source="plots")
    >>> data.texts_of("plots"), str(report)
    ({'7': ['A hacker wakes up.']}, "texts 'plots': 1 of 1 items, 1 texts")
    """
    table = frame_or_path if isinstance(frame_or_path, pd.DataFrame) else read_table(Path(frame_or_path))
    if by not in ("item", "title"):
        raise CallError(f"texts join by 'item' or by 'title', but by={by!r} came")
    needed = {by, "text"} | (set() if source else {"source"})
    absent = needed - set(table.columns)
    if absent:
        raise CallError(
            f"texts joined by {by} need the columns {', '.join(sorted(needed))}, but {', '.join(sorted(absent))} is "
            f"missing (there are: {', '.join(map(str, table.columns))})"
        )
    filled = table[~blank(table["text"])]
    if by == "item":
        ids = id_column(filled["item"], "item").astype(str)
        rows = filled.assign(item=ids)[ids.isin(dataset.items.index)]
    else:
        rows = _by_title(dataset, filled)
    if rows.empty:
        raise CallError(f"no text joined an item of {dataset.name!r} by {by}; check that both speak of the same items")
    texts = pd.DataFrame(
        {
            "item": rows["item"],
            "source": source or texts_of(rows["source"], "column 'source'"),
            "text": texts_of(rows["text"], "column 'text'").str.strip(),
        }
    )
    report = JoinReport(
        source=source or ", ".join(sorted(set(texts["source"]))),
        items_joined=int(texts["item"].nunique()),
        items=dataset.n_items,
        texts_joined=len(texts),
        texts_empty=len(table) - len(filled),
        texts_unmatched=int((~filled.index.isin(rows.index)).sum()),
    )
    return dataset.with_texts(texts.reset_index(drop=True), notes=[str(report)]), report


def read_table(path: Path) -> pd.DataFrame:
    """A table from a csv, parquet, json or jsonl file; `DataFileError` where it cannot be read."""
    kind = next((s for s in (".csv", ".parquet", ".jsonl", ".json") if s in path.suffixes), None)
    if kind is None:
        raise DataFileError(f"{path}: texts are read from {READERS} files; convert it to one of them")
    try:
        if kind == ".csv":
            file = io.StringIO(decoded(read_bytes(path)))
            words = dict.fromkeys(("item", "title", "source", "text"), str)
            return pd.read_csv(file, dtype=words, keep_default_na=False, na_values=[""])  # "NA" is a title, too
        if kind == ".parquet":
            return read_parquet(path)
        return pd.read_json(path, lines=kind == ".jsonl", dtype={"item": str})
    except DataFileError:
        raise
    except FileNotFoundError as error:
        raise DataFileError(f"{path} is missing; give the path of an existing file") from error
    except Exception as error:  # each reader has its own errors for a damaged file
        raise DataFileError(f"{path} is not a readable {kind} file ({' '.join(str(error).split())[:200]})") from error


def _by_title(dataset: Dataset, table: pd.DataFrame) -> pd.DataFrame:
    """Rows of `table` with the ids of our items; a film that we have twice gets its texts twice."""
    parsed = [parse_title("" if missing(title) else str(title)) for title in table["title"]]
    titles = pd.Series([title for title, _ in parsed], index=table.index)
    years = pd.Series([year for _, year in parsed], index=table.index, dtype="Int64")
    if "year" in table.columns:
        years = years_of(table["year"], strict=False).fillna(years)
    film = titles + "\n" + years.astype(str)
    theirs = pd.DataFrame({"title": titles, "year": years}).set_axis(film).loc[lambda f: ~f.index.duplicated()]
    found = match_titles(dataset.items, theirs)
    pairs = pd.DataFrame({"item": found.index.to_numpy(), "film": found.to_numpy()})
    joined = table.drop(columns="item", errors="ignore").assign(film=film, row=table.index).merge(pairs, on="film")
    return joined.set_index("row")
