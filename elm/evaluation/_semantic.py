"""Semantic consistency (ELM, Section 3.2): does the text lead back to the vector, better than a copied text would?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from elm._errors import CallError
from elm.data import guard_disjoint
from elm.embeddings import VectorTable, nearest
from elm.evaluation._asked import Rows, paired_with
from elm.evaluation._facts import FactScores, fact_kinds, fact_scores
from elm.evaluation._frames import tidy, tidy_texts
from elm.evaluation._frauds import Finding, fraud_signs
from elm.evaluation._json import number
from elm.evaluation._probe import LinearProbe
from elm.evaluation._texts import (
    GIVEN,
    UNASKED,
    Describer,
    Encoder,
    Texts,
    encoded,
    partners,
    ratio_interval,
    texts_about,
    written,
)
from elm.metrics import cosine, paired_test, rank_between
from elm.tasks import Entity, ItemFacts, Task, TemplateTeacher
from elm.tasks import get as get_task

Floats = npt.NDArray[np.float64]
Array = npt.NDArray[np.float32]

SYSTEMS = ("model", "teacher", "nn", "shuffled", "random", "probe", "untrained")
"""Whose text is scored: the model's; the teacher's (the ceiling); the teacher's of the nearest training item; the
model's of another held-out item; the teacher's of a random training item; the teacher's from linearly probed
facts; that of the model behind an untrained adapter (on the first items). Of pairs, nearest and random stand for both
items."""


@dataclass(frozen=True)
class TaskScores:
    """Scores of one task over items or pairs, an entry each, by system (see `SYSTEMS`).

    sc: cosine of the encoded text and what the task is scored by, (n,) a system: the true vector; of pairs the
    teacher's text in another wording, or the mean of the two vectors. sc_text, sc_vector: against that wording, and
    against the vector or the mean of the two, for every task. Values are of the first items only where a system was
    not asked about all. facts: of the model, "nn" and "probe"; none for pairs. ids: an id, or two with a comma between.
    findings: what speaks against the texts, see `fraud_signs`. left_out: control -> why it was not scored. trained: how
    many of the items were trained on.
    """

    task: str
    ids: list[str]
    texts: dict[str, list[str]]
    sc: dict[str, Floats]
    facts: dict[str, FactScores]
    seed: int = 0
    sc_text: dict[str, Floats] = field(default_factory=dict)
    sc_vector: dict[str, Floats] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)
    trained: int = 0

    @property
    def rsc_text(self) -> float:
        """The same with the teacher's text, in another wording, in the place of the vector; NaN where not scored."""
        means = (self.sc_text[name].mean() if self.sc_text else np.nan for name in ("model", "nn", "teacher"))
        return float(rank_between(*means))

    @property
    def rsc(self) -> float:
        """(SC - SC nn) / (SC teacher - SC nn), of the means; NaN where the teacher does not beat the neighbour."""
        return float(rank_between(*(self.sc[name].mean() for name in ("model", "nn", "teacher"))))

    @property
    def rsc_interval(self) -> tuple[float, float]:
        """95 % bootstrap interval of `rsc` over films."""
        return ratio_interval(self.sc["model"], self.sc["nn"], self.sc["teacher"], self.seed)

    @property
    def p_value(self) -> float:
        """Paired t test over films: the model's text against that of another held-out film."""
        return paired_test(self.sc["model"], self.sc["shuffled"]).p_value

    def to_dict(self) -> dict[str, Any]:
        """Means and tests as plain numbers for JSON; None for what is not defined or was not asked."""
        means = {name: number(values.mean()) for name, values in self.sc.items()}
        return {
            "sc": means["model"],
            **{f"sc_{name}": means.get(name) for name in SYSTEMS[1:]},
            "rsc": number(self.rsc),
            "rsc_text": number(self.rsc_text),
            "rsc_interval": [number(end) for end in self.rsc_interval],
            "p_value": number(self.p_value),
            **_facts_dict("fact", self.facts.get("model")),
            **_facts_dict("probe", self.facts.get("probe")),
            **_facts_dict("nn", self.facts.get("nn")),
            "n": len(self.ids),
            "trained": self.trained,
            "findings": [finding.to_dict() for finding in self.findings],
            "left_out": dict(self.left_out),
        }

    def frame(self) -> pd.DataFrame:
        """A row a value: section "consistency"; measures "SC", "SC_text", "SC_vector", and those of facts."""
        measures = {
            "SC": self.sc,
            "SC_text": self.sc_text,
            "SC_vector": self.sc_vector,
            "fact_recall": {name: found.recall_each() for name, found in self.facts.items()},
            "fact_precision": {name: found.precision_each() for name, found in self.facts.items()},
        }
        return tidy("consistency", self.task, self.ids, measures)

    def texts_frame(self) -> pd.DataFrame:
        """A row a text: task, system, id, text."""
        return tidy_texts(self.task, self.ids, self.texts)


def item_consistency(
    model: Describer | Texts,
    task_ids: Sequence[str],
    table: VectorTable,
    train_ids: Sequence[str],
    held_out_ids: Sequence[str],
    facts: Mapping[str, ItemFacts],
    teacher: TemplateTeacher,
    encoder: Encoder,
    seed: int = 0,
    probe: bool = True,
    untrained: Describer | None = None,
    untrained_items: int = 40,
    include_training: bool = False,
    progress: bool = False,
) -> dict[str, TaskScores]:
    """Score tasks over items on held-out items: task id -> `TaskScores`.

    Args:
        model: what writes, or given `Texts` of each task about exactly the entities of `entities_asked`.
        table: vectors of the training and the held-out items, made by `encoder`. Of a space that no encoder of texts
            made, give a `TextProjection` in its place: the teacher's score is then the ceiling that its error leaves.
        facts: the true facts of both; items without aspects (real ones) are scored on genres alone.
        teacher: writes the ceiling and the copied texts; the texts that made the vectors must be others.
        probe: fit linear probes on the training items and score their texts too.
        untrained: the model behind untrained adapters (`untrained`), asked about the first `untrained_items` items.
        include_training: score items that were trained on, all the same; the scores say how many.

    Tasks over two items pair every held-out item with another one: at random, or with its nearest, held out as well.

    Raises `LeakageError` where a held-out item is a training item, `CallError` for fewer than two held-out items or
    an encoder of another space, `UnknownNameError` for an id that the table does not know.
    """
    if not include_training:
        guard_disjoint(train_ids, held_out_ids, "items")
    held_out, training = list(held_out_ids), table.subset(list(train_ids))
    vectors = table.rows(held_out)
    domain = facts[held_out[0]].domain if held_out else "films"
    apart = partners(len(held_out), seed)
    copied = _copied(training, held_out, vectors, seed)
    read = None
    if probe:
        found = LinearProbe.fit(training.vectors, [facts[item] for item in training.ids], seed).read(vectors)
        read = TemplateTeacher(dict(zip(held_out, found, strict=True)), teacher.seed)
    scores = {}
    for task in (get_task(id, domain) for id in _tracked(task_ids, progress)):
        with_whom = paired_with(task, table, held_out, seed)

        def entities(ids: list[str], with_whom: Rows | None = with_whom) -> list[Entity]:
            return list(ids) if with_whom is None else [(ids[a], ids[b]) for a, b in enumerate(with_whom)]

        asked = vectors if with_whom is None else (vectors, vectors[with_whom])
        texts = {
            "model": texts_about(model, asked, task.id, [_name(e) for e in entities(held_out)], seed),
            "teacher": [teacher.write(entity, task) for entity in entities(held_out)],
        }
        texts["shuffled"] = [texts["model"][row] for row in apart]
        texts |= {name: [teacher.write(e, task) for e in entities(ids)] for name, ids in copied.items()}
        if untrained is not None:
            some = asked[:untrained_items] if with_whom is None else tuple(side[:untrained_items] for side in asked)
            texts["untrained"] = written(untrained, some, task.id, seed)
        if read is not None:
            texts["probe"] = [read.write(entity, task) for entity in entities(held_out)]
        reworded = [teacher.write(entity, task, variant=1) for entity in entities(held_out)]
        scored = _score(task, entities(held_out), texts, reworded, asked, [facts[item] for item in held_out], encoder,
                       training.ids, seed)  # fmt: skip
        missing = {} if untrained is not None else {"untrained": GIVEN if isinstance(model, Mapping) else UNASKED}
        scores[task.id] = replace(scored, left_out=missing, trained=len(set(held_out) & set(training.ids)))
    return scores


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


def _score(
    task: Task,
    entities: list[Entity],
    texts: dict[str, list[str]],
    reworded: list[str],
    vectors: npt.NDArray[np.float32] | tuple[npt.NDArray[np.float32], ...],
    facts: list[ItemFacts],
    encoder: Encoder,
    trained_on: list[str],
    seed: int,
) -> TaskScores:
    rows = encoded(encoder, [text for found in (*texts.values(), reworded) for text in found])  # one call for all
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
    ids = [_name(entity) for entity in entities]
    return TaskScores(
        task=task.id,
        ids=ids,
        texts=texts,
        sc=sc_text if task.scored_by == "text" else sc_vector,
        facts={name: fact_scores(texts[name], facts, fact_kinds(facts[0])) for name in scored},
        seed=seed,
        sc_text=sc_text,
        sc_vector=sc_vector,
        findings=fraud_signs(texts, parts, ids, (task.prompt, task.ask), trained_on, seed),
    )


def _name(entity: Entity) -> str:
    return entity if isinstance(entity, str) else ",".join(entity)


def _tracked(task_ids: Sequence[str], progress: bool) -> Any:
    from tqdm.auto import tqdm

    return tqdm(task_ids, desc="scoring", disable=not progress)


def _facts_dict(prefix: str, scores: FactScores | None) -> dict[str, dict[str, float] | None]:
    """precision and recall under the names of the report, "overall" first; None where they were not scored."""
    precision, recall = (scores.precision, scores.recall) if scores is not None else (None, None)
    return {f"{prefix}_precision": precision, f"{prefix}_recall": recall}
