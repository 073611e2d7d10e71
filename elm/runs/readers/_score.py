"""What a reader is worth: its texts about held-out entities beside copied and shuffled ones, and a verdict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from elm.embeddings import SentenceEncoder
from elm.evaluation import (
    CachedEncoder,
    ControlOptions,
    Describer,
    Encoder,
    HeldOutItems,
    TaskScores,
    TextProjection,
    Texts,
    item_consistency,
)
from elm.metrics import entity_p_value
from elm.runs.readers._config import ReaderConfig
from elm.runs.readers._lessons import ReaderWorld, single
from elm.runs.readers._means import means_of
from elm.tasks import ItemFacts, TextTeacher

COMMON_OF = 20
"""Neighbours whose mean is asked for what they have in common."""

SURE = 0.05
"""p value of a paired test below which two mean scores differ."""

_PROJECTED = 5_000  # training entities that a projection of texts is fitted on, at most


def text_reader(world: ReaderWorld, encoder: SentenceEncoder) -> Encoder:
    """What encodes texts into the space of the vectors: the encoder that made them, else a projection of it, fitted on
    training entities.
    """
    space, cached = world.pairs.table.space, CachedEncoder(encoder)
    if space.fingerprint == encoder.fingerprint:
        return cached
    some = world.split.train[:_PROJECTED]
    texts = [" ".join(world.pairs.texts[id]) for id in some]
    return TextProjection.of_texts(cached, texts, world.pairs.table.rows(some))


def score_reader(
    model: Describer | Texts,
    world: ReaderWorld,
    config: ReaderConfig,
    encoder: Encoder,
    *,
    ids: Sequence[str] | None = None,
    tasks: Sequence[str] | None = None,
    progress: bool = True,
) -> dict[str, TaskScores]:
    """Each task on held-out entities: the first `scored` test entities, or `ids`.

    "common" is asked about means of twenty neighbours among the test entities. Beside the model's stand the teacher's
    text, that about the nearest training entity, and the model's about another.
    """
    chosen = list(world.split.test[: config.scored] if ids is None else ids)
    asked, teacher, table = list(config.task if tasks is None else tasks), world.teacher(config), world.pairs.table
    parts = [
        (
            [task for task in asked if task != "common"],
            HeldOutItems(table, world.split.train, chosen, _facts(teacher, chosen), teacher),
        )
    ]
    if "common" in asked:
        test = world.split.test
        means = means_of(world.pairs, test, len(chosen), config.seed, min(COMMON_OF, len(test)))
        own, of_means = means.table.ids, world.teacher(config, means.texts)
        held_out = HeldOutItems(table.joined(means.table), world.split.train, own, _facts(of_means, own), of_means)
        parts.append((["common"], held_out))
    controls = ControlOptions(probe=False)
    found: dict[str, TaskScores] = {}
    for some, held_out in parts:
        found |= item_consistency(model, some, held_out, encoder, controls, config.seed, progress) if some else {}
    return found


def _facts(teacher: TextTeacher, ids: Sequence[str]) -> dict[str, ItemFacts]:
    """The facts of the scored entities alone: a look at a few of them while training makes no others."""
    return {id: ItemFacts(text=" ".join(teacher.texts[id]), domain="items") for id in ids if id in teacher.texts}


def key_word_recall(scores: TaskScores) -> dict[str, float]:
    """System -> share of the teacher's key words that its text names, mean over entities; of tasks in key words."""
    wanted = [set(_words(text)) for text in scores.texts["teacher"]]
    return {
        name: float(
            np.mean([len(own & set(_words(text))) / max(1, len(own)) for own, text in zip(wanted, texts, strict=True)])
        )
        for name, texts in scores.texts.items()
        if len(texts) == len(wanted)
    }


def _words(text: str) -> list[str]:
    return [word.strip(" .,;").lower() for word in text.replace(",", " ").split()]


def verdict(scores: Mapping[str, TaskScores], world: ReaderWorld, config: ReaderConfig) -> str:
    """One line: whether the reader's texts lie nearer to the vectors than the nearest training entity's text does, and
    what would be next where they do not.
    """
    task = single(config)[0]
    own = scores[task]
    model, copied, shuffled = (float(own.sc[name].mean()) for name in ("model", "nn", "shuffled"))
    figures = f"SC {model:.2f}, the nearest training entity's text {copied:.2f}, shuffled {shuffled:.2f}"
    head = f"on {len(own.ids)} held-out entities, task {task!r}: {figures}"
    if not own.p_value < SURE or model <= shuffled:  # of fewer than five entities none is known
        return f"{head}. Its texts do not tell one vector from another: do not use it. {_next(world, config)}"
    p = entity_p_value(own.sc["model"], own.sc["nn"])
    if p < SURE and model > copied:
        return f"{head}. It reads the vectors better than copying the nearest text (p {p:.2g})."
    standing = "copying the nearest text is still better" if p < SURE else "copying the nearest text is as good"
    return f"{head}. It reads the vectors, but {standing} (p {p:.2g}). {_next(world, config)}"


def _next(world: ReaderWorld, config: ReaderConfig) -> str:
    """What to try, most promising first."""
    pairs = len(world.split.train)
    tips = []
    if config.base == "shipped":
        tips.append("a base with a larger language (--base gemma-3-270m)")
    if pairs < 5_000:
        tips.append(f"more vectors with texts (it learned from {pairs:,}; 5,000 or more serve better)")
    if config.epochs < 6 and config.base != "shipped":
        tips.append(f"longer training (--epochs {2 * config.epochs:g})")
    tips.append("shorter texts, or only the task 'topics'")
    return f"Next: {'; or '.join(tips[:2])}."


def expectation(pairs: int) -> str | None:
    """What few pairs allow, said before a training begins; None where there are enough."""
    if pairs >= 500:
        return None
    return (
        f"only {pairs} vectors have texts: expect the kind of text and common topics at best, no details; from about "
        "2,000 on texts begin to tell one vector from another"
    )
