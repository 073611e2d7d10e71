"""Ids of very many ratings: one string per id, and not one per rating."""

from __future__ import annotations

import numpy as np
import pandas as pd

from elm._errors import CallError

CATEGORICAL_FROM = 5_000_000  # ratings; above this ids are categoricals, which keeps memory bounded
_LARGEST_ID = 10_000_000  # a damaged number must not make the table of ids huge


def id_columns(ratings: pd.DataFrame) -> pd.DataFrame:
    """Interactions with integer ids of user and item as strings; in large tables as categoricals of strings."""
    columns = {}
    for what in ("user", "item"):
        ids = ratings[what].to_numpy()
        present = different(ids, what)
        code = np.zeros(present[-1] + 1 if len(present) else 0, dtype=np.int32)
        code[present] = np.arange(len(present), dtype=np.int32)
        names = pd.Index([str(i) for i in present.tolist()], dtype=str)
        column = pd.Series(pd.Categorical.from_codes(code[ids], categories=names))
        columns[what] = column if len(ratings) >= CATEGORICAL_FROM else column.astype(str)
    rest = {c: ratings[c].reset_index(drop=True) for c in ("rating", "time") if c in ratings}
    return pd.DataFrame({**columns, **rest})


def different(ids: np.ndarray, what: str) -> np.ndarray:
    """The integer ids that come at all, sorted, without sorting all of them. `CallError` for one out of bounds."""
    if len(ids) and (ids.min() < 0 or ids.max() > _LARGEST_ID):
        raise CallError(f"{what} ids must lie between 0 and {_LARGEST_ID:,}, but {ids.min()} to {ids.max()} came")
    seen = np.zeros(int(ids.max()) + 1 if len(ids) else 0, dtype=bool)
    seen[ids] = True
    return np.flatnonzero(seen)
