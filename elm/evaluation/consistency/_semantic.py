"""Semantic consistency (ELM, Section 3.2): does the text lead back to the vector, better than a copied text would?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from elm._errors import CallError
from elm._typing import Array
from elm.embeddings import VectorTable, nearest
from elm.evaluation._protocols import GIVEN, UNASKED, Describer, Encoder, Texts, encoded, texts_about, written
from elm.evaluation.consistency._entities import Rows, paired_with
from elm.evaluation.consistency._facts import FactScores, fact_kinds, fact_scores
from elm.evaluation.consistency._held_out import ControlOptions, HeldOutItems
from elm.evaluation.consistency._item_scores import TaskScores
from elm.evaluation.consistency._names_and_years import named_scores
from elm.evaluation.consistency._shortcuts import fraud_signs
from elm.evaluation.controls._item_probe import LinearProbe
from elm.metrics import cosine, partners
from elm.tasks import Entity, ItemFacts, Task, TemplateTeacher
from elm.tasks import get as get_task


def item_consistency(
    model: Describer | Texts,
    task_ids: Sequence[str],
    held_out: HeldOutItems,
    encoder: Encoder,
    controls: ControlOptions | None = None,
    seed: int = 0,
    progress: bool = False,
) -> dict[str, TaskScores]:
    """Score tasks over items on held-out items: task id -> `TaskScores`.

    Args:
        model: what writes, or given `Texts` of each task about exactly the entities of `entities_asked`.
        encoder: the one that made the vectors. Of a space that no encoder of texts made, give a `TextProjection` in its
            place: the teacher's score is then the ceiling that its error leaves.

    Tasks over two items pair every held-out item with another one: at random, or with its nearest, held out as well.

    Raises `CallError` for fewer than two held-out items, one that comes twice or has no facts, or an encoder of another
    space, `UnknownNameError` for an id that the table does not know.
    """
    controls = controls or ControlOptions()
    teacher, untrained = held_out.teacher, controls.untrained
    ids, training = _checked(held_out), held_out.table.subset(list(held_out.train_ids))
    vectors, facts = held_out.table.rows(ids), [held_out.facts[item] for item in ids]
    apart = partners(len(ids), seed)
    copied = _copied(training, ids, vectors, seed)
    read = None
    if controls.probe:
        found = LinearProbe.fit(training.vectors, [held_out.facts[item] for item in training.ids], seed).read(vectors)
        read = TemplateTeacher(dict(zip(ids, found, strict=True)), seed)
    scores = {}
    for task in (get_task(id, facts[0].domain) for id in _tracked(task_ids, progress)):
        with_whom = paired_with(task, held_out.table, ids, seed)

        def entities(those: list[str], with_whom: Rows | None = with_whom) -> list[Entity]:
            return list(those) if with_whom is None else [(those[a], those[b]) for a, b in enumerate(with_whom)]

        asked = vectors if with_whom is None else (vectors, vectors[with_whom])
        texts = {
            "model": texts_about(model, asked, task.id, [_name(e) for e in entities(ids)], seed),
            "teacher": [teacher.write(entity, task) for entity in entities(ids)],
        }
        texts["shuffled"] = [texts["model"][row] for row in apart]
        texts |= {name: [teacher.write(e, task) for e in entities(those)] for name, those in copied.items()}
        if untrained is not None:
            some = asked[: controls.first] if with_whom is None else tuple(side[: controls.first] for side in asked)
            texts["untrained"] = written(untrained, some, task.id, seed)
        if read is not None:
            texts["probe"] = [read.write(entity, task) for entity in entities(ids)]
        reworded = [teacher.write(entity, task, variant=1) for entity in entities(ids)]
        wrote = _Written(entities(ids), texts, reworded, asked)
        scored = _score(task, wrote, facts, encoder, training.ids, seed)
        missing = {} if untrained is not None else {"untrained": GIVEN if isinstance(model, Mapping) else UNASKED}
        scores[task.id] = replace(scored, left_out=missing, trained=len(set(ids) & set(training.ids)))
    return scores


def _checked(held_out: HeldOutItems) -> list[str]:
    ids, facts = held_out.ids, held_out.facts
    if len(ids) < 2:
        raise CallError(f"scores need at least two held-out items, each a control for another, got {len(ids)}")
    twice = [id for id, count in Counter(ids).items() if count > 1]
    bare = [id for id in ids if id not in facts]
    if twice or bare:
        raise CallError(
            f"every held-out item is scored once, by its facts: {len(twice)} come twice and {len(bare)} have no facts, "
            f"such as {(twice or bare)[0]!r}"
        )
    return list(ids)


def _copied(training: VectorTable, held_out: list[str], vectors: Array, seed: int) -> dict[str, list[str]]:
    """For each item the nearest training item, and one at random; an item that was trained on stands for no other."""
    own = [[item] if item in training else [] for item in held_out]
    lists, _ = nearest(training, vectors, 1, exclude=own)
    others = np.random.default_rng([seed, 1]).integers(len(training), size=len(held_out))
    chosen = [
        training.ids[(row + int(training.ids[row] in same)) % len(training)]
        for row, same in zip(others, own, strict=True)
    ]
    return {"nn": [ids[0] for ids in lists], "random": chosen}


@dataclass(frozen=True)
class _Written:
    """Texts about the vectors of held-out entities, by system; reworded: other texts of the teacher."""

    entities: list[Entity]
    texts: dict[str, list[str]]
    reworded: list[str]
    vectors: Array | tuple[Array, ...]


def _score(
    task: Task, written: _Written, facts: list[ItemFacts], encoder: Encoder, trained_on: list[str], seed: int
) -> TaskScores:
    texts, vectors = written.texts, written.vectors
    rows = encoded(
        encoder, [text for found in (*texts.values(), written.reworded) for text in found]
    )  # one call for all
    first = vectors[0] if isinstance(vectors, tuple) else vectors
    if rows.shape[1] != first.shape[1]:
        raise CallError(
            f"the encoder must be the one that made the table: it writes vectors of {rows.shape[1]} numbers, the table "
            f"holds {first.shape[1]}"
        )
    ends = np.cumsum([len(found) for found in texts.values()])
    *found, other = np.split(rows, ends)
    parts = dict(zip(texts, found, strict=True))
    mixed = np.mean(vectors, axis=0) if isinstance(vectors, tuple) else first
    scored = [name for name in ("model", "nn", "probe") if name in texts and not isinstance(vectors, tuple)]
    by = {"text": other, "vector": mixed}
    sc_text, sc_vector = (
        {name: cosine(part, truth[: len(part)]) for name, part in parts.items()} for truth in by.values()
    )
    ids = [_name(entity) for entity in written.entities]
    sc = sc_text if task.scored_by == "text" else sc_vector
    return TaskScores(
        task=task.id,
        ids=ids,
        texts=texts,
        sc=sc,
        facts={name: fact_scores(texts[name], facts, fact_kinds(facts[0])) for name in scored},
        named=_named(texts, facts) if scored else {},
        seed=seed,
        sc_text=sc_text,
        sc_vector=sc_vector,
        findings=fraud_signs(texts, parts, ids, (task.prompt, task.ask), trained_on, sc, seed),
    )


def _named(texts: Mapping[str, list[str]], facts: Sequence[ItemFacts]) -> dict[str, FactScores]:
    """Names and years, where every item has a text of its own."""
    sources = [item.text for item in facts if item.text is not None]
    if len(sources) < len(facts):
        return {}
    return {name: named_scores(texts[name], sources) for name in ("model", "teacher", "nn")}


def _name(entity: Entity) -> str:
    return entity if isinstance(entity, str) else ",".join(entity)


def _tracked(task_ids: Sequence[str], progress: bool) -> Any:
    from tqdm.auto import tqdm

    return tqdm(task_ids, desc="scoring", disable=not progress)
