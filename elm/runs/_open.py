"""Reading from a run, or from what the package ships where no run is named."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, Unpack

import numpy as np
import pandas as pd

from elm._errors import DataFileError, UnknownNameError
from elm._storage.inside import RUN, check_links, check_named
from elm.embeddings import SentenceEncoder, VectorTable, fold_in
from elm.model import EmbeddingLanguageModel, PlacementOptions, load_model, shipped_model, shipped_vectors
from elm.recommend import AnyRecommender, shipped_recommender
from elm.recommend import load as load_recommender
from elm.runs._config import RunConfig
from elm.runs._folder import RunFolder

Kind = Literal["films", "users", "items"]

_KINDS: dict[Kind, tuple[str, ...]] = {
    "films": ("films", "entities"),
    "users": ("users", "held_users"),
    "items": ("items",),
}


def open_run(path: str | Path) -> tuple[RunFolder, RunConfig]:
    """An existing run and its settings; `DataFileError` where the folder is not a run, `CallError` where it came from
    elsewhere and names folders outside of itself (`trust` allows them).
    """
    run = RunFolder(path)
    return run, RunConfig.from_dict(run_settings(path), run.path / RUN)


def run_settings(path: str | Path) -> dict[str, Any]:
    """The settings of an existing run as they stand; errors of `open_run`."""
    run = RunFolder(path)
    settings = run.settings()
    check_named(run.path, named_paths(settings))
    return settings


def named_paths(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of a run that may name files and folders of this disk."""
    return {key: settings[key] for key in ("dataset", "base", "encoder") if settings.get(key) is not None}


def open_model(run: str | Path | None, **placement: Unpack[PlacementOptions]) -> EmbeddingLanguageModel:
    """The model of a run or model folder, placed as `load_model` does it; the shipped one for None."""
    if run is None:
        return shipped_model(**placement)
    check_links(run)
    return load_model(run, **placement)


def open_table(run: str | Path | None, kind: Kind) -> VectorTable:
    """The vectors of a run ("films", "users", "items"); the shipped demo vectors for None."""
    if run is None:
        return shipped_vectors(kind)
    check_links(run)
    folder = Path(run) / "vectors"
    if not folder.is_dir():
        raise DataFileError(f"{run} has no vectors/; name a run folder that `elm train run` or `elm quickstart` made")
    tables = [VectorTable.load(folder / name) for name in _KINDS[kind] if (folder / name).is_dir()]
    if not tables:
        raise DataFileError(f"{run} holds no vectors of {kind}: it was trained on others")
    return tables[0].joined(*tables[1:])


def open_tables(run: str | Path | None) -> dict[str, VectorTable]:
    """All tables of vectors of a run by their kind, of a model's folder none; the shipped ones for None."""
    there = None if run is None else Path(run) / "vectors"
    kinds = [kind for kind, names in _KINDS.items() if there is None or any((there / name).is_dir() for name in names)]
    return {kind: open_table(run, kind) for kind in kinds}


def open_vector(run: str | Path | None, kind: Kind, name: str) -> VectorTable:
    """One vector by id, as a table of one row, which knows its space; an unknown id is an `UnknownNameError` that
    suggests the nearest.
    """
    table = open_table(run, kind)
    if name not in table:
        raise UnknownNameError(kind.removesuffix("s"), name, table.ids)
    return table.subset([name])


def vector_of_history(run: str | Path | None, ratings: Mapping[str, float]) -> VectorTable:
    """The vector of a new user, folded in from ratings by item id, as a table of one row ("new")."""
    return folded_history(open_table(run, "items"), open_table(run, "users"), ratings)


def folded_history(items: VectorTable, users: VectorTable, ratings: Mapping[str, float]) -> VectorTable:
    """The same for tables at hand; `UnknownNameError` for an item without a vector."""
    for item in ratings:
        if item not in items:
            raise UnknownNameError("item", item, items.ids, "(known are the items that training users rated)")
    frame = pd.DataFrame({"user": "new", "item": list(ratings), "rating": np.array(list(ratings.values()), np.float32)})
    return fold_in(items, frame, users)


def open_recommender(run: str | Path | None, reads_text: bool = True) -> AnyRecommender:
    """The recommender of a run folder, or one in a folder of its own, with the run's sentence encoder; the shipped one
    for None.

    reads_text: whether a text will come; without one the encoder is not looked for. Raises `CheckpointError` where
    there is no whole recommender.
    """
    if run is None:
        return shipped_recommender()
    run = Path(run)
    folder = run / "recommender" if (run / "recommender").is_dir() else run
    made = run_settings(run) if (run / RUN).is_file() else {}
    named = made.get("encoder") if reads_text or made.get("text_lora_rank") else None  # a tuned encoder starts from it
    return load_recommender(folder, SentenceEncoder(named) if named else None)
