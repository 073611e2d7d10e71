"""A LanceDB table searched where it lies: exactly, one batch of rows in memory at a time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from elm._errors import CallError, DataFileError
from elm.embeddings.search._exact import BLOCK, Best, checked_queries


class LanceIndex:
    """Exact search in a LanceDB table (package lancedb) of any size; rows are counted in the table's order."""

    def __init__(self, folder: str | Path, column: str = "vector") -> None:
        """folder: NAME.lance. column: of fixed-size lists.

        Raises `CallError` where lancedb is not installed or there is no such column, `DataFileError` for a folder that
        holds no whole table.
        """
        self._folder, self._column = Path(folder), column
        self._table = opened_lance(self._folder)
        kinds = {field.name: field.type for field in self._table.schema}
        self.dim = getattr(kinds.get(column), "list_size", 0)
        if not self.dim or self.dim < 1:
            raise CallError(
                f"{folder} needs a column {column!r} of vectors of one size, and has {', '.join(map(str, kinds))[:120]}"
            )

    def search(self, requests: npt.ArrayLike, k: int) -> tuple[np.ndarray, np.ndarray]:
        """See `Index`; ties go to the lower row."""
        queries = checked_queries(requests, self.dim, k)
        found, start = Best(len(queries), min(k, max(1, self._table.count_rows()))), 0
        for rows in self._batches():
            found.take(queries @ rows.T, start)
            start += len(rows)
        return found.rows, found.products

    def _batches(self) -> Iterator[np.ndarray]:
        reader: Any = self._table.search().select([self._column]).limit(self._table.count_rows())
        for batch in reader.to_batches(BLOCK):
            column = batch.column(self._column)
            rows = column.flatten().to_numpy(zero_copy_only=False).astype(np.float32).reshape(-1, self.dim)
            if len(rows) != len(column) or not np.isfinite(rows).all():
                raise DataFileError(
                    f"{self._folder} must hold a vector of finite numbers in each row of {self._column!r}"
                )
            yield rows


def opened_lance(path: Path) -> Any:
    """The table in a folder NAME.lance; errors as of `LanceIndex`."""
    try:
        import lancedb
    except ImportError as error:
        raise CallError("a LanceDB table is read by the package lancedb: pip install lancedb") from error
    try:
        return lancedb.connect(str(path.parent)).open_table(path.stem)
    except (ValueError, OSError, RuntimeError) as error:
        raise DataFileError(f"{path} is not a whole LanceDB table ({' '.join(str(error).split())[:120]})") from error
