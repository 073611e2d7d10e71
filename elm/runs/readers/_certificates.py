"""Certificates for a reader's texts: a right one lies nearer to the truth than a copied text would."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from elm._errors import CallError
from elm._typing import Flags
from elm.embeddings import SentenceEncoder, VectorTable, nearest
from elm.evaluation import LEAST, CachedEncoder, Certifier, Encoder, Evidence
from elm.metrics import cosine
from elm.model import EmbeddingLanguageModel, load_model
from elm.runs.readers._config import ReaderConfig
from elm.runs.readers._lessons import ReaderWorld, single
from elm.runs.readers._open import open_reader
from elm.runs.readers._score import text_reader
from elm.tasks import Task

CLAIM = "a text that is nearer to the true one than the text of the nearest known entity is"
_MOST = 100  # validation entities that rules are calibrated on


@dataclass(frozen=True)
class KnownReader:
    """A reader and what it was trained on: what evidence is made of. reads: texts into the space of the vectors."""

    model: EmbeddingLanguageModel
    world: ReaderWorld
    config: ReaderConfig
    encoder: CachedEncoder
    reads: Encoder

    @classmethod
    def of_run(cls, place: Path, progress: bool = True) -> KnownReader:
        """That of a reader's folder."""
        _, config, world = open_reader(place)
        encoder = SentenceEncoder(config.encoder)
        return cls(load_model(place), world, config, CachedEncoder(encoder), text_reader(world, encoder))

    def tasks(self) -> list[Task]:
        """Its tasks over one entity."""
        return [self.model.task(name) for name in single(self.config)]

    def group(self, task: Task) -> tuple[str, list[str]]:
        """The rule's name, and the tasks that share it; `CallError` for a task that is not about one entity."""
        names = [known.id for known in self.tasks()]
        if task.id not in names:
            raise CallError(f"certificates of a reader are for {', '.join(names)}, and not for {task.id!r}")
        return "texts", names

    def evidence(self, task: Task) -> Evidence:
        """What texts are held against: training entities alone."""
        training = self.world.pairs.table.subset(self.world.split.train)
        return Evidence(training, self.reads, self.world.teacher(self.config).write)

    def calibrated(self, evidence: Evidence, tasks: Sequence[str], least: float = LEAST) -> Certifier:
        """A rule learned from what the model writes about validation entities."""
        table = self.world.pairs.table.subset(self.world.split.validation[:_MOST])
        texts = {task: list(self.model.describe(table, task, seed=self.config.seed)) for task in tasks}
        right = {task: self.right(own, table, task) for task, own in texts.items()}
        return Certifier.fit(evidence, texts, table.vectors, right, CLAIM, self.config.seed, least)

    def right(self, texts: Sequence[str], table: VectorTable, task: str) -> Flags:
        """(n,): whether each text is nearer to the teacher's text, by the sentence encoder, than a copied one."""
        teacher, training = self.world.teacher(self.config), self.world.pairs.table.subset(self.world.split.train)
        copied = [teacher.write(found[0], task) for found in nearest(training, table.vectors, 1)[0]]
        true = self.encoder.encode([teacher.write(id, task) for id in table.ids])
        result: Flags = cosine(self.encoder.encode(list(texts)), true) > cosine(self.encoder.encode(copied), true)
        return result
