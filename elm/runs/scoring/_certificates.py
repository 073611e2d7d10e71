"""Certificates for the texts of a run's model, or of the shipped one, calibrated on its validation entities."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

from tqdm.auto import tqdm

from elm._errors import CallError
from elm._storage.files import read_json, write_json
from elm._typing import Flags
from elm.embeddings import SentenceEncoder, VectorTable
from elm.evaluation import (
    LEAST,
    CachedEncoder,
    Calibration,
    Certifier,
    Evidence,
    FactWitness,
    LinearProbe,
    TextProjection,
    no_false_fact,
    tastes_hold,
)
from elm.model import SHIPPED, EmbeddingLanguageModel, load_model, shipped_model
from elm.runs._config import RunConfig
from elm.runs._experiment_data import World, build_world
from elm.runs._open import open_run
from elm.runs.readers._certificates import KnownReader
from elm.runs.readers._open import is_reader_folder
from elm.runs.scoring._shipped import shipped_world
from elm.tasks import Task, domain_named, trait_matrix

NAME = "certificates.json"
SCHEMA = 2
"""Of the rules in that file. Those of the first version trusted half of the texts, whatever they were worth."""

TASTES = "tastes that the person's other ratings bear out"
_HIDDEN = 3  # least number of ratings that tastes are compared with


class Certifiable(Protocol):
    """A model with what it was trained on, for which rules can be calibrated: a run's (`Known`) or a reader's."""

    @property
    def model(self) -> EmbeddingLanguageModel: ...

    def group(self, task: Task) -> tuple[str, list[str]]:
        """The rule's name, and the tasks that share it; `CallError` for a task without a rule."""

    def evidence(self, task: Task) -> Evidence:
        """What texts of the task are compared with: training entities alone."""

    def calibrated(self, evidence: Evidence, tasks: Sequence[str], least: float = LEAST) -> Certifier:
        """A rule learned from what the model writes about validation entities."""


def certifier(run: str | Path | None, task: str, *, least: float = LEAST, progress: bool = True) -> Certifier:
    """What gives the texts of a task certificates: for the model of a run, or for the shipped one (None).

    A rule is calibrated on the model's texts about validation entities when it is first asked for (a minute or more for
    films, whose tasks share one) and kept in the run's folder. Texts about films are right where they hold no false
    fact (of real films genres alone are known); about users, where the tastes that they state hold for ratings that the
    user's vector was not made from. Texts are read into the users' space through a projection.

    least: of trusted texts at least so many must be right, with 95 % confidence; rules for another rate than the usual
    one are made each time. A rule of another model or of an older version is made again.

    Raises `CallError` for a task over two items or one that the model did not learn, `DataFileError` for no run.
    """
    return _certifier(SHIPPED if run is None else Path(run), task, run is None, _stamp(run), least, progress)


@lru_cache(maxsize=8)
def _certifier(place: Path, task: str, shipped: bool, stamp: str, least: float, progress: bool) -> Certifier:
    known: Certifiable
    if shipped:
        known = Known.shipped(progress)
    else:
        known = KnownReader.of_run(place, progress) if is_reader_folder(place) else Known.of_run(place, progress)
    asked = known.model.task(task)
    group, tasks = known.group(asked)
    evidence = known.evidence(asked)
    kept = read_json(place / NAME) if (place / NAME).exists() else {}
    rules = kept.get("rules", {}) if (kept.get("schema"), kept.get("model")) == (SCHEMA, stamp) else {}
    if group in rules and least == LEAST:
        return Certifier(evidence, Calibration.from_dict(rules[group]))
    made = known.calibrated(evidence, tasks, least)
    if least == LEAST:
        with suppress(PermissionError):  # a run that may only be read is calibrated each time
            _write(place / NAME, stamp, {**rules, group: made.calibration.to_dict()})
    return made


def write_rules(known: Known, model: Path, path: Path) -> list[str]:
    """Calibrate every task of a model that lies in a folder, and write the rules, which know it by its manifest."""
    groups = {known.group(task)[0]: task for task in known.tasks()}
    rules = {
        name: known.calibrated(known.evidence(task), known.group(task)[1]).calibration.to_dict()
        for name, task in groups.items()
    }
    _write(path, _stamp_of(model), rules)
    return list(rules)


def _write(path: Path, stamp: str, rules: dict[str, Any]) -> None:
    write_json(path, {"schema": SCHEMA, "model": stamp, "rules": rules})


@dataclass(frozen=True)
class Known:
    """A model and its world: what evidence is made of."""

    model: EmbeddingLanguageModel
    world: World
    config: RunConfig
    encoder: CachedEncoder
    progress: bool = True

    @classmethod
    @lru_cache(maxsize=1)  # the world is generated anew otherwise, for each task
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
        """What texts of the task are compared with: training entities alone."""
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
        """The held-out entities of a part of the split that a task reads; of users those whose tastes can be judged by
        hidden ratings, three at least and not all alike.
        """
        if self.model.task(task).reads == "user":
            ratings = self.world.hidden.groupby("user")["rating"]
            judged = ratings.count().ge(_HIDDEN) & ratings.nunique().gt(1)
            users = [user for user in getattr(self.world.user_split, part) if judged.get(user, False)]
            return self.world.held_users.subset(users)
        return self.world.films.subset(list(getattr(self.world.film_split, part)))

    def calibrated(self, evidence: Evidence, tasks: Sequence[str], least: float = LEAST) -> Certifier:
        """A rule learned from what the model writes about validation entities."""
        table = self.entities(tasks[0])
        texts, right = {}, {}
        for task in tqdm(tasks, desc="calibrating certificates", disable=not self.progress or len(tasks) < 2):
            texts[task] = list(self.model.describe(table, task, seed=self.config.seed))
            right[task] = self.right(texts[task], table, task)
        return Certifier.fit(evidence, texts, table.vectors, right, self.claim(tasks[0]), self.config.seed, least)

    def claim(self, task: str) -> str:
        """What a right text is."""
        if self.model.task(task).reads == "user":
            return TASTES
        return f"no false {'fact' if self.world.dataset.facts is not None else domain_named(self.config.domain).kind}"

    def right(self, texts: Sequence[str], table: VectorTable, task: str) -> Flags:
        """(n,): whether each text about the table's entities is what a certificate claims."""
        if self.model.task(task).reads != "user":
            return no_false_fact(texts, [self.world.film_facts[item] for item in table.ids])
        training = self.world.dataset.restrict(users=self.world.user_split.train)
        traits = trait_matrix(training, self.config.domain)
        return tastes_hold(texts, table.ids, self.world.hidden, traits, self.config.domain)


def _stamp(run: str | Path | None) -> str:
    return _stamp_of(SHIPPED / "demo" if run is None else Path(run) / "model")


def _stamp_of(model: Path) -> str:
    """The hash of a model's manifest, by which a rule knows its model."""
    manifest = model / "manifest.json"
    return hashlib.sha256(manifest.read_bytes()).hexdigest() if manifest.exists() else ""
