"""Certificates for the texts of a run's model, or of the shipped one, calibrated on its validation entities."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from tqdm.auto import tqdm

from elm._errors import CallError
from elm._storage.files import read_json, write_json
from elm._typing import Flags
from elm.embeddings import SentenceEncoder, VectorTable
from elm.evaluation import (
    CachedEncoder,
    Calibration,
    Certifier,
    Evidence,
    FactWitness,
    LinearProbe,
    TextProjection,
    beats_neighbour,
    no_false_fact,
)
from elm.model import SHIPPED, EmbeddingLanguageModel, load_model, shipped_model
from elm.runs._config import RunConfig
from elm.runs._experiment_data import World, build_world
from elm.runs._open import open_run
from elm.runs.scoring._shipped import shipped_world
from elm.tasks import Task

NAME = "certificates.json"
TRUE, NEARER = "no false fact", "a text nearer to the vector than that of the nearest known entity"


def certifier(run: str | Path | None, task: str, *, progress: bool = True) -> Certifier:
    """What gives the texts of a task certificates: for the model of a run, or for the shipped one (None).

    A rule is calibrated on the model's texts about validation entities when it is first asked for (a minute or more for
    films, whose tasks share one) and kept in the run's folder. Texts about generated films are right where they hold no
    false fact; about others, and about users, where they lie nearer to the vector than the text about the nearest
    training entity. For users that nearness is taken through a projection of texts into their space.

    Raises `CallError` for a task over two items or one that the model did not learn, `DataFileError` for no run.
    """
    return _certifier(SHIPPED if run is None else Path(run), task, run is None, _stamp(run), progress)


@lru_cache(maxsize=8)
def _certifier(place: Path, task: str, shipped: bool, stamp: str, progress: bool) -> Certifier:
    known = Known.shipped(progress) if shipped else Known.of_run(place, progress)
    told = known.model.task(task)
    group, tasks = known.group(told)
    evidence = known.evidence(told)
    kept = read_json(place / NAME) if (place / NAME).exists() else {}
    rules = kept.get("rules", {}) if kept.get("model") == stamp else {}
    if group in rules:
        return Certifier(evidence, Calibration.from_dict(rules[group]))
    made = known.calibrated(evidence, tasks)
    with suppress(PermissionError):  # a run that may only be read is calibrated each time
        write_json(place / NAME, {"model": stamp, "rules": {**rules, group: made.calibration.to_dict()}})
    return made


def write_rules(known: Known, model: Path, path: Path) -> list[str]:
    """Calibrate every task of a model that lies in a folder, and write the rules, which know it by its manifest."""
    groups = {known.group(task)[0]: task for task in known.tasks()}
    rules = {
        name: known.calibrated(known.evidence(task), known.group(task)[1]).calibration.to_dict()
        for name, task in groups.items()
    }
    write_json(path, {"model": _stamp_of(model), "rules": rules})
    return list(rules)


@dataclass(frozen=True)
class Known:
    """A model and its world: what evidence is made of."""

    model: EmbeddingLanguageModel
    world: World
    config: RunConfig
    encoder: CachedEncoder
    progress: bool = True

    @classmethod
    def shipped(cls, progress: bool = True) -> Known:
        """The shipped model and the demo world."""
        encoder = SentenceEncoder()
        return cls(shipped_model(), shipped_world(RunConfig(), encoder), RunConfig(), CachedEncoder(encoder), progress)

    @classmethod
    def of_run(cls, place: Path, progress: bool = True) -> Known:
        """Those of a run folder."""
        run, config = open_run(place)
        encoder = SentenceEncoder(config.encoder)
        world = build_world(run, config, encoder, progress)
        return cls(load_model(place), world, config, CachedEncoder(encoder), progress)

    def tasks(self) -> list[Task]:
        """The tasks over one vector that the model learned."""
        learned = [name for space in self.model.adapters for name in self.model.adapter(space).config.tasks]
        return [task for task in map(self.model.task, learned) if len(task.marks) == 1]

    def group(self, task: Task) -> tuple[str, list[str]]:
        """The rule's name, and the tasks that share it: those over one film do, each over users has its own.

        Raises `CallError` for a task over two items, and for one that was not learned.
        """
        tasks = self.tasks()
        if len(task.marks) == 2:
            raise CallError(f"certificates are for texts about one vector, and {task.id!r} is about two")
        if task.id not in [known.id for known in tasks]:
            raise CallError(f"task {task.id!r} was not trained; the model learned {', '.join(t.id for t in tasks)}")
        if task.reads == "user":
            return task.id, [task.id]
        return "items", [known.id for known in tasks if known.reads != "user"]

    def evidence(self, task: Task) -> Evidence:
        """What texts of the task are held against: training entities alone."""
        world = self.world
        if task.reads == "user":
            teacher = world.user_teacher(self.config.seed)
            texts = [teacher.write(user, task) for user in world.users.ids]
            projection = TextProjection.of_profiles(self.encoder, texts, world.users.vectors)
            return Evidence(world.users, projection, teacher.write, None, world.items)
        training = world.films.subset(list(world.film_split.train))
        witness = None
        if world.dataset.facts is not None:
            facts = [world.film_facts[item] for item in training.ids]
            witness = FactWitness(LinearProbe.fit(training.vectors, facts, self.config.seed))
        return Evidence(training, self.encoder, world.film_teacher(self.config.seed).write, witness)

    def entities(self, task: str, part: str = "validation") -> VectorTable:
        """The held-out entities of a part of the split that a task reads."""
        if self.model.task(task).reads == "user":
            return self.world.held_users.subset(getattr(self.world.user_split, part))
        return self.world.films.subset(list(getattr(self.world.film_split, part)))

    def calibrated(self, evidence: Evidence, tasks: Sequence[str]) -> Certifier:
        """A rule learned from what the model writes about validation entities."""
        table = self.entities(tasks[0])
        texts, right = {}, {}
        for task in tqdm(tasks, desc="calibrating certificates", disable=not self.progress or len(tasks) < 2):
            texts[task] = list(self.model.describe(table, task, seed=self.config.seed))
            right[task] = self.right(evidence, texts[task], table, task)
        claim = TRUE if self._by_facts(tasks[0]) else NEARER
        return Certifier.fit(evidence, texts, table.vectors, right, claim, self.config.seed)

    def right(self, evidence: Evidence, texts: list[str], table: VectorTable, task: str) -> Flags:
        """(n,): whether each text about the table's entities is what a certificate claims."""
        if self._by_facts(task):
            return no_false_fact(texts, [self.world.film_facts[item] for item in table.ids])
        return beats_neighbour(evidence.signs(texts, table.vectors, task, np.zeros(evidence.known.space.dim)))

    def _by_facts(self, task: str) -> bool:
        return self.model.task(task).reads != "user" and self.world.dataset.facts is not None


def _stamp(run: str | Path | None) -> str:
    return _stamp_of(SHIPPED / "demo" if run is None else Path(run) / "model")


def _stamp_of(model: Path) -> str:
    """The hash of a model's manifest, by which a rule knows its model."""
    manifest = model / "manifest.json"
    return hashlib.sha256(manifest.read_bytes()).hexdigest() if manifest.exists() else ""
