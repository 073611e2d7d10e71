"""Texts from whatever holds them: id -> the texts of each entity."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from elm._errors import CallError, DataFileError
from elm.data import Dataset, ids_of
from elm.embeddings import read_frame

_IDS = ("id", "ids", "item", "item_id", "user", "user_id", "key", "word", "name", "show_id")
_TEXTS = ("text", "texts", "description", "body", "content", "review", "plot", "sentence", "abstract", "summary")
_KNOWN = "a .csv, .tsv, .jsonl, .parquet, .arrow or .feather table, a .txt file, a folder of .txt files, or a data set"

Texts = dict[str, list[str]]


def texts_of(source: Any, ids: Sequence[str] | None = None, column: str | None = None) -> Texts:
    """The texts of each entity, in the order that they come in; empty ones are left out.

    source: a mapping id -> text or texts; a series by its index; a pandas or Arrow table or a `datasets` data set, with
    a column of texts (`column`, else the one named "text", "description" or the like) and ids (a column named "id" or
    the like, else an index that was set); a file of such a table; a .txt file, a text a line; a folder of .txt files,
    each named by its id; a `Dataset` of ours, with the texts of all its sources; or a list. ids: those of the vectors,
    for a source that has none: its rows are theirs, in order.

    Raises `CallError` for a source of another kind, for rows that are more or fewer than the ids, or where no text is
    left, and `DataFileError` for a file that cannot be read.

    >>> texts_of(["A war at sea.", "", "Two in love."], ids=["a", "b", "c"])
    {'a': ['A war at sea.'], 'c': ['Two in love.']}
    """
    found = _found(source, ids, column)
    kept = {id: [text.strip() for text in texts if text and text.strip()] for id, texts in found.items()}
    kept = {id: texts for id, texts in kept.items() if texts}
    if not kept:
        raise CallError(f"there is no text to learn in {_told(source)}: all are empty, or there are none")
    return kept


def _found(source: Any, ids: Sequence[str] | None, column: str | None) -> Texts:
    if isinstance(source, str | os.PathLike):
        return _of_path(Path(source), ids, column)
    if isinstance(source, Dataset):
        found: Texts = {}
        for name in source.sources:
            for item, texts in source.texts_of(name).items():
                found.setdefault(item, []).extend(texts)
        return found
    if isinstance(source, pd.Series):
        return _gathered(ids_of(source.index), source.tolist())
    if isinstance(source, Mapping):
        return _gathered(ids_of(source), list(source.values()))
    if not isinstance(source, pd.DataFrame) and hasattr(source, "to_pandas"):
        source = source.to_pandas()
    if isinstance(source, pd.DataFrame):
        return _of_frame(source, ids, column, "the table of texts")
    if isinstance(source, Iterable) and not isinstance(source, bytes):
        return _in_order(list(source), ids)
    raise CallError(f"texts come as {_KNOWN}, a mapping or a list, got {type(source).__name__}")


def _of_path(path: Path, ids: Sequence[str] | None, column: str | None) -> Texts:
    if path.is_dir() and (path / "dataset.json").is_file():
        return _found(Dataset.load(path), ids, column)
    if path.is_dir():
        files = sorted(path.rglob("*.txt"))
        if not files:
            raise DataFileError(f"{path} holds no .txt file; texts come as {_KNOWN}")
        return {str(file.relative_to(path).with_suffix("")): [_read(file)] for file in files}
    if not path.is_file():
        raise DataFileError(f"there are no texts at {path}: name a file or folder that is there")
    if path.suffix.lower() == ".txt":
        return _in_order(_read(path).splitlines(), ids)
    frame = read_frame(path)
    if frame is None:
        raise DataFileError(f"{path} is no source of texts: they come as {_KNOWN}")
    return _of_frame(frame, ids, column, str(path))


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataFileError(f"{path} should be a text in UTF-8 ({error}); save it so, or leave it out") from error


def _of_frame(frame: pd.DataFrame, ids: Sequence[str] | None, column: str | None, where: str) -> Texts:
    names = {str(name).strip().lower(): name for name in frame.columns}
    if column is not None and column not in frame.columns:
        raise CallError(f"{where} has no column {column!r}; its columns are {', '.join(map(str, frame.columns))[:200]}")
    chosen = column or next((names[name] for name in _TEXTS if name in names), None)
    if chosen is None:
        raise CallError(
            f"{where} should have a column of texts, named text or description; it has "
            f"{', '.join(map(str, frame.columns))[:200]}: name the column that is meant"
        )
    own = next((names[name] for name in _IDS if name in names and names[name] != chosen), None)
    texts = frame[chosen].tolist()
    if own is not None:
        return _gathered(ids_of(frame[own]), texts)
    if not isinstance(frame.index, pd.RangeIndex):
        return _gathered(ids_of(frame.index), texts)
    return _in_order(texts, ids)


def _in_order(texts: Sequence[Any], ids: Sequence[str] | None) -> Texts:
    """Texts without ids of their own: those of the vectors, or their numbers."""
    if ids is not None and len(ids) != len(texts):
        raise CallError(
            f"texts without ids stand in the order of the vectors, one each: got {len(texts)} texts for {len(ids)} "
            "vectors; give texts with ids (a mapping, or a table with a column id)"
        )
    names = list(ids) if ids is not None else [str(row) for row in range(len(texts))]
    return _gathered(names, texts)


def _gathered(ids: Sequence[str], texts: Sequence[Any]) -> Texts:
    found: Texts = {}
    for id, cell in zip(ids, texts, strict=True):
        found.setdefault(id, []).extend(_cell(cell, id))
    return found


def _cell(cell: Any, id: str) -> list[str]:
    if isinstance(cell, str):
        if any("\ud800" <= letter <= "\udfff" for letter in cell):
            raise CallError(
                f"a text is whole, and that of {id!r} holds half a letter (a lone surrogate); mend or drop it"
            )
        return [cell]
    if cell is None or (isinstance(cell, float) and cell != cell) or cell is pd.NA:
        return []
    if isinstance(cell, Iterable) and not isinstance(cell, bytes | Mapping):
        return [text for one in cell for text in _cell(one, id)]
    raise CallError(f"a text is a string, and that of {id!r} is {type(cell).__name__}")


def _told(source: Any) -> str:
    return str(source) if isinstance(source, str | os.PathLike) else f"the {type(source).__name__} that came"


def without_names(texts: Texts, names: Texts) -> Texts:
    """The texts of entities none of whose texts holds one of the names, such as titles that are held out elsewhere.

    A name counts as a run of whole words, in capital or small letters; a year in brackets behind it does not.
    """
    known = {tuple(_plain(re.sub(r"\(\d{4}\)\s*$", "", name))) for some in names.values() for name in some} - {()}
    longest = max(map(len, known), default=0)

    def named(text: str) -> bool:
        found = _plain(text)
        return any(
            tuple(found[place : place + size]) in known for place in range(len(found)) for size in range(1, longest + 1)
        )

    return {id: some for id, some in texts.items() if not any(map(named, some))}


def _plain(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())
