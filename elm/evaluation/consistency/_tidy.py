"""Scores and texts as tidy tables, a row per value: what runs are compared and drawn by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

COLUMNS = ("section", "task", "measure", "system", "id", "value")
TEXT_COLUMNS = ("task", "system", "id", "text")


def tidy(section: str, task: str, ids: Sequence[str], measures: Mapping[str, Mapping[str, Any]]) -> pd.DataFrame:
    """Columns `COLUMNS`, from measure -> system -> values in the order of `ids` (n); fewer values are of the first ids.

    >>> tidy("profile", "user_profile", ["u1", "u2"], {"BC": {"model": [0.5, 0.25]}})["value"].tolist()
    [0.5, 0.25]
    """
    parts = [
        pd.DataFrame(
            {
                "section": section,
                "task": task,
                "measure": measure,
                "system": system,
                "id": list(ids)[: len(values)],
                "value": np.asarray(values, dtype=np.float64),
            }
        )
        for measure, systems in measures.items()
        for system, values in systems.items()
    ]
    return joined(parts, COLUMNS)


def tidy_texts(task: str, ids: Sequence[str], texts: Mapping[str, Sequence[str]]) -> pd.DataFrame:
    """Columns `TEXT_COLUMNS`, from system -> texts in the order of `ids` (n); fewer texts are of the first ids."""
    parts = [
        pd.DataFrame({"task": task, "system": system, "id": list(ids)[: len(found)], "text": list(found)})
        for system, found in texts.items()
    ]
    return joined(parts, TEXT_COLUMNS)


def joined(parts: Sequence[pd.DataFrame], columns: Sequence[str]) -> pd.DataFrame:
    """The tables one below the other; without any, an empty one with these columns."""
    kept = [part for part in parts if len(part)]
    return pd.concat(kept, ignore_index=True) if kept else pd.DataFrame(columns=list(columns))
