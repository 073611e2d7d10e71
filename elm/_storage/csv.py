"""CSV tables that people open in a spreadsheet: no cell of text is a formula there, and we read back what we wrote."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from elm._storage.files import written_aside

if TYPE_CHECKING:
    import pandas as pd

_FORMULA = re.compile("['=+@\t\r\n\uff1d\uff0b\uff0d\uff20-]")  # also the wide forms, and the mark itself
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)


def disarmed(cell: Any) -> Any:
    """A cell that no spreadsheet takes for a formula: text that begins as one gets an apostrophe, numbers stay.

    >>> [disarmed(cell) for cell in ("=1+1", "- likes war", "-0.5", -0.5, "plain")]
    ["'=1+1", "'- likes war", '-0.5', -0.5, 'plain']
    """
    if not isinstance(cell, str) or not _FORMULA.match(cell) or _NUMBER.fullmatch(cell):
        return cell
    return f"'{cell}"


def bare(cell: Any) -> Any:
    """What `disarmed` was given.

    >>> [bare(cell) for cell in ("'=1+1", "-0.5", "'Tis", bare(disarmed("'Tis")))]
    ['=1+1', '-0.5', "'Tis", "'Tis"]
    """
    return cell[1:] if isinstance(cell, str) and cell.startswith("'") and _FORMULA.match(cell, 1) else cell


def write_csv(path: str | Path, frame: pd.DataFrame, float_format: str | None = None) -> None:
    """Write a table, disarmed, without its index; a kill or a full disk leaves what was there before."""
    safe = _mapped(frame, disarmed)
    returns = any("\r" in str(cell) for name in safe.select_dtypes(exclude="number") for cell in safe[name])
    quoting: Any = csv.QUOTE_NONNUMERIC if returns else csv.QUOTE_MINIMAL  # else the rest of such a cell begins a row
    with written_aside(path) as aside:
        safe.to_csv(aside, index=False, lineterminator="\n", float_format=float_format, quoting=quoting)


def read_csv_texts(path: str | Path, sep: str = ",") -> pd.DataFrame:
    """The table that `write_csv` wrote, every cell as the text that it was; errors are those of pandas.

    sep: between cells, in a file of others.
    """
    import pandas as pd

    return _mapped(pd.read_csv(path, sep=sep, dtype=str, keep_default_na=False, encoding="utf-8-sig"), bare)


def _mapped(frame: pd.DataFrame, change: Callable[[Any], Any]) -> pd.DataFrame:
    """The frame with a change to its names and to each cell of its columns of text."""
    import pandas as pd

    texts = [name for name in frame.columns if not pd.api.types.is_numeric_dtype(frame[name])]
    cells = {name: frame[name].astype(object).map(change) for name in texts}
    return frame.assign(**cells).rename(columns=change) if texts else frame.rename(columns=change)
