"""A map of a space: every entity a point in the plane, with its neighbours, for a look around in other tools."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from elm._errors import CallError
from elm._storage.files import written_aside
from elm._typing import Floats
from elm.embeddings._encoder import unit
from elm.embeddings._neighbours import nearest
from elm.embeddings._table import VectorTable
from elm.embeddings.search._exact import Index


def space_map(
    table: VectorTable,
    method: Literal["tsne", "pca"] = "tsne",
    neighbours: int = 10,
    seed: int = 0,
    index: Index | None = None,
) -> pd.DataFrame:
    """Columns projection_x, projection_y and neighbors, one row per entity, indexed by id.

    method: "tsne" keeps neighbourhoods (distances between far points mean nothing), "pca" keeps the two directions of
    largest spread. In a cosine space directions are mapped, not lengths. neighbors: {"ids": row numbers, "distances":
    1 - cosine, or the difference to the largest dot product}, nearest first, without the entity itself. index: see
    `nearest`.

    Raises `CallError` for fewer than four entities, an unknown method, or more neighbours than others.
    """
    if len(table) < 4 or not 1 <= neighbours < len(table):
        raise CallError(
            f"a map needs four entities and from 1 to {len(table) - 1} neighbours, got {len(table)} and {neighbours}"
        )
    rows = unit(table.vectors) if table.space.metric == "cosine" else table.vectors
    places = _projected(rows.astype(np.float64), method, seed)
    ids, scores = nearest(table, table.vectors, neighbours, exclude=table.ids, index=index)
    distances = (1.0 if table.space.metric == "cosine" else scores[:, :1]) - scores
    return pd.DataFrame(
        {
            "projection_x": places[:, 0],
            "projection_y": places[:, 1],
            "neighbors": [
                {"ids": table.row_numbers(near).tolist(), "distances": np.maximum(far, 0).tolist()}
                for near, far in zip(ids, distances, strict=True)
            ],
        },
        index=pd.Index(table.ids, name="id"),
    )


def export_map(frame: pd.DataFrame, path: str | Path, columns: pd.DataFrame | None = None) -> Path:
    """Write a map as Parquet, with further `columns` by id (titles, texts, concept scores) beside it.

    The names are those of Embedding Atlas: `embedding-atlas FILE --x projection_x --y projection_y --neighbors
    neighbors`. Raises `CallError` where `columns` lack an entity of the map or repeat one of its columns.
    """
    if columns is not None:
        absent = frame.index.difference(columns.index)
        twice = frame.columns.intersection(columns.columns)
        if len(absent) or len(twice):
            raise CallError(
                f"columns beside a map have a row for each of its entities and names of their own; without a row: "
                f"{len(absent)}, named twice: {', '.join(map(str, twice)) or 'none'}"
            )
        frame = frame.join(columns)
    path = Path(path)
    with written_aside(path) as aside:
        frame.reset_index().to_parquet(aside, index=False)
    return path


def _projected(rows: Floats, method: str, seed: int) -> Floats:
    from sklearn.decomposition import PCA

    flat = PCA(2, svd_solver="full").fit_transform(rows) if rows.shape[1] > 1 else np.pad(rows, ((0, 0), (0, 1)))
    if method == "pca":
        return flat
    if method != "tsne":
        raise CallError(f"method must be 'tsne' or 'pca', got {method!r}")
    from sklearn.manifold import TSNE

    # Started from the principal components, as scikit-learn scales them, so that a seed gives one map.
    start = flat / max(flat[:, 0].std(), 1e-12) * 1e-4
    perplexity = min(30.0, (len(rows) - 1) / 3)
    return np.asarray(TSNE(2, perplexity=perplexity, init=start, random_state=seed).fit_transform(rows))
