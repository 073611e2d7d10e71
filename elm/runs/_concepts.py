"""Concepts of a run on disk: directions, and beside them the labels and settings that they were fitted with."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import pandas as pd

from elm._errors import CallError, DataFileError, UnknownNameError
from elm._storage.files import json_bytes, read_json
from elm._storage.inside import check_named, mark_as_made_here
from elm._storage.parquet import read_parquet
from elm.cav import CAV, CAVs, evidence, fact_concepts, fit, genome_concepts, genre_concepts, named_items, tag_concepts
from elm.data import Dataset, EntitySplit, load_genome, load_tags, split_entities
from elm.data import load as load_dataset
from elm.embeddings import VectorTable
from elm.runs._config import RunConfig
from elm.runs._open import Kind, open_table, run_settings

SETTINGS, _LABELS = "fitted.json", "labels.parquet"

Concepts = Mapping[str, Iterable[str] | pd.Series]


@dataclass(frozen=True)
class ConceptSettings:
    """What concepts were fitted on. run: a run folder, None for the shipped vectors; kind: "films" or "items";
    everything: with the held-out films, which are left out otherwise.
    """

    run: str | None = None
    kind: Kind = "films"
    method: str = "logistic"
    l2: float | None = None
    seed: int = 0
    everything: bool = False

    def table(self) -> VectorTable:
        """The vectors to fit on."""
        if self.kind not in ("films", "items"):
            raise CallError(f"concepts are fitted on vectors of 'films' or 'items', got {self.kind!r}")
        table = open_table(self.run, self.kind)
        if self.everything:
            return table
        held = {*(split := self._split()).validation, *split.test}
        return table.subset([item for item in table.ids if item not in held])

    def dataset(self) -> Dataset:
        """The data set of the run; the demo world for the shipped vectors."""
        named = {} if self.run is None else run_settings(self.run)
        return load_dataset(named.get("dataset", "demo"), seed=named.get("seed", 0))

    def _split(self) -> EntitySplit:
        if self.run is not None:
            return EntitySplit.load(Path(self.run) / "splits" / "films.json")
        shares = RunConfig()
        return split_entities(open_table(None, "films").ids, *shares.film_shares, seed=shares.seed)


def concept_source(
    settings: ConceptSettings,
    *,
    facts: bool = False,
    genres: bool = False,
    tags: Path | None = None,
    genome: Path | None = None,
    named: Mapping[str, Iterable[str]] | None = None,
) -> dict[str, pd.Series]:
    """Labels of concepts over the settings' table, from every source that is asked for; `CallError` for none.

    tags, genome: files or folders as MovieLens publishes them; named: concept -> items, by id or title.
    """
    table = settings.table()
    found: dict[str, pd.Series] = {}
    if facts:
        found |= fact_concepts(settings.dataset(), table)
    if genres:
        found |= genre_concepts(settings.dataset(), table)
    if tags is not None:
        found |= tag_concepts(load_tags(tags), table)
    if genome is not None:
        found |= genome_concepts(load_genome(genome), table)
    for name, items in (named or {}).items():
        chosen = [item for item in named_items(settings.dataset(), items) if item in table]
        found[name] = pd.Series([float(item in set(chosen)) for item in table.ids], index=table.ids)
    if not found:
        raise CallError("say where the concepts come from: known facts, genres, tags, the genome, or named items")
    return found


def fit_concepts(out: str | Path, settings: ConceptSettings, concepts: Mapping[str, pd.Series]) -> CAVs:
    """Fit, and save with labels and settings, so that `concept_evidence` can hold them against chance later."""
    cavs = fit(settings.table(), concepts, settings.method, seed=settings.seed, l2=settings.l2)  # type: ignore[arg-type]
    frame = pd.concat(
        [pd.DataFrame({"concept": name, "id": labels.index, "grade": labels}) for name, labels in concepts.items()]
    )
    cavs.save(out, {**_described(settings, out), _LABELS: frame.to_parquet(index=False)})
    mark_as_made_here(Path(out))
    return cavs


def open_concepts(folder: str | Path) -> tuple[CAVs, ConceptSettings]:
    """What `fit_concepts` saved; `DataFileError` where the folder is another or not whole, `CallError` where it came
    from elsewhere and names a run outside of itself (`trust` allows it).
    """
    cavs, path = CAVs.load(folder), Path(folder) / SETTINGS
    try:
        settings = ConceptSettings(**read_json(path))
        if settings.run is None:
            return cavs, settings
        run = os.path.normpath(Path(folder).resolve() / settings.run)
        check_named(Path(folder), {"run": run})
        return cavs, replace(settings, run=run)
    except TypeError as error:
        raise DataFileError(
            f"{path} does not say what the concepts were fitted on ({error}); fit them again"
        ) from error


def concept_evidence(folder: str | Path, random: int = 20, resamples: int = 5) -> pd.DataFrame:
    """The evidence for each saved concept (`elm.cav.evidence`), from its own labels; beside it popularity alone."""
    cavs, settings = open_concepts(folder)
    path = Path(folder) / _LABELS
    if all(cav.method == "sentence" for cav in cavs.values()):
        raise CallError(
            f"the concept of {folder} was made from sentences, so no labels can speak for it: fit one with --items, "
            "--tags, --genres or --facts to test it"
        )
    if not path.is_file():
        raise DataFileError(f"{path} is missing, so the concepts cannot be tested; fit them again")
    labels = read_parquet(path, kinds={"concept": "text", "id": "text"})
    concepts = {name: labels[labels["concept"] == name].set_index("id")["grade"] for name in cavs}
    table = settings.table()
    fame = settings.dataset().interactions["item"].value_counts().reindex(table.ids).fillna(0).astype(float)
    return evidence(
        table,
        concepts,
        settings.method,  # type: ignore[arg-type]
        fame,
        random,
        resamples,
        seed=settings.seed,
        l2=settings.l2,
    )


def concept_vector(
    cavs: CAVs, settings: ConceptSettings, item: str | None, user: str | None
) -> tuple[CAVs, str, VectorTable]:
    """The entity to move, its table, and the concepts in that table's units (users move along items' directions)."""
    if (item is None) == (user is None):
        raise CallError("say what to move: one of --item or --user")
    if user is not None and settings.kind != "items":
        raise CallError("users move along concepts fitted in their own space: fit them with --kind items")
    table = open_table(settings.run, "users" if user is not None else settings.kind)
    name = str(user if user is not None else item)
    if name not in table:
        raise UnknownNameError("user" if user is not None else "item", name, table.ids)
    return (cavs.measured_on(table) if user is not None else cavs), name, table


def sentence_concepts(out: str | Path, settings: ConceptSettings, cav: CAV) -> CAVs:
    """Save a concept made from sentences, which has no labels to test it by."""
    cavs = CAVs({cav.name: cav})
    cavs.save(out, _described(settings, out))
    mark_as_made_here(Path(out))
    return cavs


def _described(settings: ConceptSettings, out: str | Path) -> dict[str, bytes]:
    """The settings as a file, with the run's place as seen from the folder of concepts, wherever both are read from."""
    if settings.run is not None:
        run, home = Path(settings.run).resolve(), Path(out).resolve()
        near = run.drive == home.drive  # Windows knows no way from one disk to another
        settings = replace(settings, run=Path(os.path.relpath(run, home)).as_posix() if near else str(run))
    return {SETTINGS: json_bytes(asdict(settings))}
