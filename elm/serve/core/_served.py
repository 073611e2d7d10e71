"""What a server loads once: model, vectors, data set, recommender; concepts and certificates when first asked for."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from elm._errors import CallError, DataFileError, FolderBusyError, UnknownNameError
from elm._storage.folders import hold
from elm._storage.inside import RUN
from elm.cav import CAVs, fact_concepts, fit, genre_concepts
from elm.data import Dataset
from elm.data import load as load_dataset
from elm.embeddings import VectorTable, space_map
from elm.model import EmbeddingLanguageModel
from elm.recommend import AnyRecommender, Recommender, SteeredRecommender
from elm.runs import certifier, open_model, open_recommender, open_tables, run_settings, steered
from elm.tasks import shortened

History = dict[str, float]
_DRAWN = 20_000
"""Points of a map; a browser draws more of them, but nobody tells them apart."""


@dataclass(eq=False)
class Served:
    """run: the folder, None for what the package ships. tables: by kind ("films", "users", "items"), those that there
    are. data, recommender: None where the folder has none."""

    run: Path | None
    model: EmbeddingLanguageModel
    tables: Mapping[str, VectorTable] = field(default_factory=dict)
    data: Dataset | None = None
    recommender: AnyRecommender | None = None
    _locks: dict[str, threading.Lock] = field(default_factory=dict, repr=False)
    _made: dict[str, Any] = field(default_factory=dict, repr=False)

    @property
    def name(self) -> str:
        """What people call it: the folder's name, or "demo"."""
        return "demo" if self.run is None else self.run.name

    @cached_property
    def titles(self) -> dict[str, str]:
        """Item id -> title; of items without one the id."""
        if self.data is not None:
            return {str(item): str(title) for item, title in self.data.items["title"].items()}
        if self.recommender is not None:
            return dict(zip(self.recommender.items, self.recommender.titles, strict=True))
        return {}

    def title(self, item: str) -> str:
        return self.titles.get(item, item)

    def table(self, kind: str) -> VectorTable:
        """The vectors of a kind; `CallError` where the folder has none."""
        if kind not in self.tables:
            there = ", ".join(self.tables) or "none"
            raise CallError(f"{self.name} holds no vectors of {kind} (it has: {there}); pass a vector instead")
        return self.tables[kind]

    def vector(self, kind: str, name: str) -> VectorTable:
        """One row of a table; `UnknownNameError` suggests the nearest id."""
        table = self.table(kind)
        if name not in table:
            raise UnknownNameError("user" if kind == "users" else "item", name, table.ids)
        return table.subset([name])

    @cached_property
    def _rows(self) -> Mapping[Any, np.ndarray]:
        assert self.data is not None
        rows: Any = self.data.interactions.groupby("user", observed=True).indices
        return dict(rows)

    def history(self, user: str) -> History:
        """The ratings of a user among the items that are ranked; `UnknownNameError` for one whom nobody knows."""
        if self.data is None:
            raise CallError(f"{self.name} names no data set, so no user has ratings; pass a history")
        if user not in self._rows:
            raise UnknownNameError("user", user, self.data.users.index)
        rows = self.data.interactions.iloc[self._rows[user]]
        known = set(self.recommender.items) if self.recommender is not None else set(self.titles)
        pairs = zip(rows["item"].astype(str), rows["rating"].astype(float), strict=True)
        return {item: rating for item, rating in pairs if item in known}

    @property
    def ranker(self) -> AnyRecommender:
        """The recommender; `CallError` where there is none."""
        if self.recommender is None:
            raise CallError(f"{self.name} has no recommender, so there are no lists; serve a run that trained one")
        return self.recommender

    @property
    def reader(self) -> Recommender:
        """The recommender that reads texts; `CallError` where there is none."""
        base = self.ranker.base if isinstance(self.ranker, SteeredRecommender) else self.ranker
        if not isinstance(base, Recommender):
            raise CallError("what an edit did is told of recommenders that read texts (TEARS), and this one reads none")
        return base

    def concepts(self, kind: str) -> CAVs:
        """Directions of genres, and of known facts where there are any, fitted on "films" or "items" when first asked
        for; those of "users" are the directions of items, measured on users."""
        found: CAVs = self._once(f"concepts {kind}", lambda: self._concepts(kind))
        return found

    def _concepts(self, kind: str) -> CAVs:
        if kind == "users":
            return self.concepts("items").measured_on(self.table("users"))
        if self.data is None:
            raise CallError(f"{self.name} names no data set, so no concepts are known")
        table = self.table(kind)
        labels = genre_concepts(self.data, table)
        if self.data.facts is not None:
            labels |= fact_concepts(self.data, table)
        return fit(table, labels)

    def certifier(self, task: str) -> Any:
        """What gives texts of a task certificates, calibrated when first asked for."""
        return self._once(f"certifier {task}", lambda: certifier(self.run, task, progress=False))

    def map_points(self, kind: str, method: str) -> dict[str, Any]:
        """The vectors of a kind in the plane, at most 20,000 of them: ids, x, y, titles, and the beginning of a text.

        Made once; errors of `elm.embeddings.space_map`.
        """
        found: dict[str, Any] = self._once(f"map {kind} {method}", lambda: self._map_points(kind, method))
        return found

    def _map_points(self, kind: str, method: Any) -> dict[str, Any]:
        table = self.table(kind)
        if len(table) > _DRAWN:
            rows = np.linspace(0, len(table) - 1, _DRAWN).astype(int)
            table = table.subset([table.ids[row] for row in rows])
        frame = space_map(table, method, neighbours=1)
        told: dict[str, str] = {}
        if self.data is not None and kind != "users" and self.data.sources:
            texts = self.data.texts_of(self.data.sources[-1])
            told = {str(item): some[0] for item, some in texts.items() if some}
        return {
            "ids": table.ids,
            "x": [round(float(x), 4) for x in frame["projection_x"]],
            "y": [round(float(y), 4) for y in frame["projection_y"]],
            "titles": [self.title(id) for id in table.ids],
            "texts": [shortened(told[id], 20) if id in told else "" for id in table.ids],
        }

    def _once(self, name: str, make: Any) -> Any:
        with self._locks.setdefault(name, threading.Lock()):
            if name not in self._made:
                self._made[name] = make()
            return self._made[name]


def open_served(run: str | Path | None = None) -> Served:
    """Load a run folder or a model folder, or, for None, the demo that the package ships.

    Raises `DataFileError` where the folder is neither, `FolderBusyError` while another process trains in it, and
    `CallError` for a run without a trained model; the errors of what it holds are theirs.
    """
    if run is None:
        data = load_dataset("demo")
        return Served(None, open_model(None), open_tables(None), data, steered(open_recommender(None), data))
    run = Path(run)
    if not run.is_dir():
        raise DataFileError(f"{run} is no folder; name a run folder or a model folder, or none for the demo")
    if not (run / RUN).is_file():
        return Served(run, open_model(run))
    _check_finished(run)
    settings = run_settings(run)
    found = load_dataset(settings["dataset"], seed=settings.get("seed", 0)) if "dataset" in settings else None
    ranker = open_recommender(run) if (run / "recommender").is_dir() else None
    if ranker is not None and found is not None and not isinstance(ranker, SteeredRecommender):
        ranker = steered(ranker, found)
    return Served(run, open_model(run), open_tables(run), found, ranker)


def _check_finished(run: Path) -> None:
    """Raise where a run is in training, or was stopped before it had a model."""
    if (run / ".lock").exists():
        try:
            hold(run, wait=0.0)
        except FolderBusyError:
            raise FolderBusyError(
                f"{run} is still being trained by another process; serve it once that is done"
            ) from None
        except OSError:  # a run that may only be read is in nobody's hands
            pass
    if not (run / "model").is_dir():
        raise CallError(f"{run} is a run whose model was not trained to its end; run the command that began it again")
