"""What a source of vectors gives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from elm.embeddings._space import Metric


@dataclass(frozen=True)
class Found:
    """ids: None where the source has none. vectors: anything that `real_array` reads as (n, dim). by: the source, in
    words. metric: what its vectors are compared by.
    """

    ids: list[str] | None
    vectors: Any
    by: str
    metric: Metric = "cosine"
