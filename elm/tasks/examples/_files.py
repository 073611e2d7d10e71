"""Examples on disk: one folder, written whole."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from elm._errors import CallError, DataFileError
from elm._storage.files import read_json, write_json
from elm._storage.folders import folder_written_aside, read_whole
from elm._storage.names import is_own_name
from elm.tasks.examples._build import COLUMNS

if TYPE_CHECKING:
    from datasets import DatasetDict

_ABOUT, _FORMAT = "examples.json", 1


def save_examples(examples: DatasetDict, folder: str | Path) -> Path:
    """Write examples as `datasets` does, with `examples.json`, which counts them; returns the folder.

    A kill leaves the old folder or the new one. `examples.push_to_hub("owner/name")` shares them, and
    `datasets.load_dataset("owner/name", streaming=True)` streams them from there.
    """
    check_examples(examples)
    counts = {part: rows.num_rows for part, rows in examples.items()}
    with folder_written_aside(folder, retired=("train", "validation", "test")) as aside, _no_bars():
        examples.save_to_disk(str(aside))
        write_json(aside / _ABOUT, {"format": _FORMAT, "columns": list(COLUMNS), "examples": counts})
    return Path(folder)


def load_examples(folder: str | Path) -> DatasetDict:
    """Read what `save_examples` wrote; rows stay on disk until they are used.

    `load_examples(folder)["train"].to_iterable_dataset(num_shards=64)` streams a part. Raises `DataFileError` for a
    folder that is incomplete, cut off or something else.
    """
    from datasets import DatasetDict

    folder = Path(folder)

    def read() -> DatasetDict:
        about = read_json(folder / _ABOUT)
        if not isinstance(about, dict) or about.get("format") != _FORMAT:
            raise DataFileError(f"{folder / _ABOUT} does not describe examples of this version; make them again")
        _check_names(folder)
        try:
            found = DatasetDict.load_from_disk(str(folder))
        except Exception as error:  # pyarrow, fsspec and json have errors of their own for a damaged file
            what = " ".join(str(error).split())  # theirs may have several lines
            raise DataFileError(f"the examples in {folder} cannot be read ({what}); make them again") from error
        if {part: rows.num_rows for part, rows in found.items()} != about.get("examples"):
            raise DataFileError(f"{folder} does not hold the examples that {_ABOUT} counts; make them again")
        return found

    return read_whole(folder, read)


def _check_names(folder: Path) -> None:
    """`DataFileError` where the descriptions that `datasets` reads name files of another folder."""
    try:
        parts = read_json(folder / "dataset_dict.json")["splits"]
        files = [
            entry["filename"]
            for part in parts
            if is_own_name(part)
            for entry in read_json(folder / part / "state.json")["_data_files"]
        ]
    except (KeyError, TypeError) as error:
        raise DataFileError(f"{folder} does not say which files hold its examples; make them again") from error
    if odd := [name for name in [*parts, *files] if not is_own_name(name)]:
        raise DataFileError(f"{folder} names {str(odd[0])[:80]!r}, and examples lie in files of their own folder")


def check_examples(examples: DatasetDict) -> None:
    """Raise `CallError` where a part lacks a column that examples have."""
    for part, rows in examples.items():
        if missing := [name for name in COLUMNS if name not in rows.column_names]:
            raise CallError(
                f"examples have the columns {', '.join(COLUMNS)}, but part {part!r} lacks {', '.join(missing)}"
            )


@contextmanager
def _no_bars() -> Iterator[None]:
    from datasets.utils import are_progress_bars_disabled, disable_progress_bars, enable_progress_bars

    if are_progress_bars_disabled():
        yield
        return
    disable_progress_bars()
    try:
        yield
    finally:
        enable_progress_bars()
