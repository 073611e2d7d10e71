"""What a reader learns: rows of tasks about training entities, their means and pairs, in the teacher's words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from elm.data import EntitySplit
from elm.model import EmbeddingLanguageModel, plain_ids, prompt_ids
from elm.runs.readers._config import SINGLE, ReaderConfig
from elm.runs.readers._means import means_of
from elm.runs.readers._pairs import Pairs
from elm.tasks import NOTHING, TEXT, KeyWords, TextTeacher, get
from elm.training import LoopConfig, TwoStage, WrittenLessons

Row = dict[str, Any]

_LR = (2e-3, 1e-3)  # of the adapter in stage one, of both in stage two
_LORA_SHARE = 0.3  # of that, for a base that is trained by low-rank updates
_STAGE_ONE = (40, 400)  # its steps: a third of stage two's, within these
_START = (40, 300)  # steps of the start in words, which are cheap: eight times through the rows, within these


@dataclass(frozen=True)
class ReaderWorld:
    """Pairs, split, and teacher of a reader; the teacher's key words are learned from training texts alone."""

    pairs: Pairs
    split: EntitySplit
    key_words: KeyWords | None

    @classmethod
    def of(cls, pairs: Pairs, config: ReaderConfig) -> ReaderWorld:
        """The table has the statistics of training entities alone; `CallError` where no word comes up twice."""
        split = pairs.split(config.shares, config.seed)
        known = Pairs(pairs.table.with_statistics_of(split.train), pairs.texts)
        learned = [text for id in split.train for text in pairs.texts[id]]
        return cls(known, split, None if config.task == (TEXT.id,) else KeyWords.fit(learned))

    def teacher(self, config: ReaderConfig, more: dict[str, list[str]] | None = None) -> TextTeacher:
        """Of all entities, and of the means in `more`."""
        return TextTeacher({**self.pairs.texts, **(more or {})}, self.key_words, config.words)


def lessons(world: ReaderWorld, config: ReaderConfig) -> WrittenLessons:
    """All rows that the reader learns, none about a held-out entity."""
    from datasets import Dataset

    train, table, texts = world.split.train, world.pairs.table, {}
    means = None
    if config.groups:
        means = means_of(world.pairs, train, max(2, len(train) * config.groups // 100), config.seed)
        table = table.joined(means.table)
        texts = means.texts
    teacher = world.teacher(config, texts)
    rows = [row for task in config.task for row in _rows(task, train, teacher, config)]
    if means is not None:
        known = [id for id in means.near if "common" in config.task and teacher.write(id, "common") != NOTHING]
        rows += [_row("common", [id], teacher) for id in known]
        rows += [_row("topics", [id], teacher) for id in means.table.ids if "topics" in config.task]
    held = (*world.split.validation, *world.split.test)
    return WrittenLessons(table.space.name, table, Dataset.from_list(rows), held, domain="items")


def _rows(task: str, train: Sequence[str], teacher: TextTeacher, config: ReaderConfig) -> Iterator[Row]:
    """The rows of one task about training entities; each text of an entity is quoted once."""
    if task in ("text", "gist"):
        yield from (_row(task, [id], teacher, n) for id in train for n in range(len(teacher.texts[id])))
    elif task == "topics":
        yield from (_row(task, [id], teacher) for id in train)
    elif task == "difference":
        order = np.random.default_rng([config.seed, 8]).permutation(len(train))
        pairs = [(train[a], train[b]) for a, b in zip(order, np.roll(order, 1), strict=True)]
        yield from (_row(task, list(pair), teacher) for pair in pairs)


def _row(task: str, ids: list[str], teacher: TextTeacher, variant: int = 0) -> Row:
    entity = ids[0] if len(ids) == 1 else (ids[0], ids[1])
    return {"task": task, "entities": ids, "text": teacher.write(entity, task, variant)}


def schedule(model: EmbeddingLanguageModel, found: WrittenLessons, config: ReaderConfig) -> TwoStage:
    """How long both stages take: stage two goes `epochs` times through all rows, by the tokens of a sample of them."""
    adapter = model.adapter(found.adapter).config
    sample = np.random.default_rng(config.seed).choice(len(found.rows), size=min(200, len(found.rows)), replace=False)
    lengths = []
    for row in found.rows.select(sample):
        task = get(row["task"], "items")
        prompt = prompt_ids(model.tokenizer, task.prompt, [adapter.soft_tokens] * len(task.marks))
        lengths.append(len(prompt.ids) + len(plain_ids(model.tokenizer, row["text"])) + 1)
    per_epoch = len(found.rows) * float(np.mean(lengths)) / config.batch_tokens
    two = max(20, round(config.epochs * per_epoch))
    known = config.reader is not None and adapter.landmarks > 0  # an adapter that was trained before goes on
    one = _STAGE_ONE[0] // 2 if known else int(np.clip(two // 3, *_STAGE_ONE))
    start = None if known else LoopConfig(int(np.clip(per_epoch, *_START)), _LR[0], save_every=50)
    loops = (LoopConfig(one, _LR[0], save_every=50), LoopConfig(two, _LR[1], save_every=50))
    share, seed = _LORA_SHARE if config.lora else 1.0, config.seed + int(config.reader is not None)  # in another order
    return TwoStage(
        *loops, llm_lr=share, batch_tokens=config.batch_tokens, seed=seed, lora_rank=config.lora, start=start
    )


def single(config: ReaderConfig) -> list[str]:
    """The tasks of the reader that are about one entity."""
    return [task for task in config.task if task in SINGLE]
