"""Semantic consistency (ELM, Section 3.2): does the text lead back to the vector, better than a copied text would?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from elm._errors import CallError
from elm.data import guard_disjoint
from elm.embeddings import VectorTable, nearest
from elm.evaluation._facts import KINDS, FactScores, fact_scores
from elm.evaluation._json import number
from elm.evaluation._probe import LinearProbe
from elm.evaluation._texts import Describer, Encoder, encoded, partners, ratio_interval, written
from elm.metrics import cosine, paired_test, rank_between
from elm.tasks import FilmFacts, TemplateTeacher

Floats = npt.NDArray[np.float64]

SYSTEMS = ("model", "teacher", "nn", "shuffled", "random", "probe")
"""Whose text is scored: the model's; the teacher's (the ceiling); the teacher's of the nearest training film; the
model's of another held-out film; the teacher's of a random training film; the teacher's from linearly probed facts."""


@dataclass(frozen=True)
class TaskScores:
    """Scores of one film task, an entry a held-out film, by system (see `SYSTEMS`).

    sc: cosine of the encoded text and the true vector, (n,) a system. facts: of the model, "nn" and "probe".
    """

    task: str
    ids: list[str]
    texts: dict[str, list[str]]
    sc: dict[str, Floats]
    facts: dict[str, FactScores]
    seed: int = 0

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
            **{f"sc_{name}": means.get(name) for name in ("teacher", "nn", "shuffled", "random", "probe")},
            "rsc": number(self.rsc),
            "rsc_interval": [number(end) for end in self.rsc_interval],
            "p_value": number(self.p_value),
            **_facts_dict("fact", self.facts.get("model")),
            **_facts_dict("probe", self.facts.get("probe")),
            **_facts_dict("nn", self.facts.get("nn")),
            "n": len(self.ids),
        }


def film_consistency(
    model: Describer,
    task_ids: Sequence[str],
    table: VectorTable,
    train_ids: Sequence[str],
    held_out_ids: Sequence[str],
    facts: Mapping[str, FilmFacts],
    teacher: TemplateTeacher,
    encoder: Encoder,
    seed: int = 0,
    probe: bool = True,
    progress: bool = False,
) -> dict[str, TaskScores]:
    """Score film tasks on held-out films: task id -> `TaskScores`.

    Args:
        table: semantic vectors of the training and the held-out films, made by `encoder`.
        facts: the true facts of both; films without a setting (real ones) are scored on genres alone.
        teacher: writes the ceiling and the copied texts; the texts that made the vectors must be others.
        probe: fit linear probes on the training films and score their texts too.

    Raises `LeakageError` where a held-out film is a training film, `CallError` for fewer than two held-out films or
    an encoder of another space, `UnknownNameError` for an id that the table does not know.
    """
    guard_disjoint(train_ids, held_out_ids, "films")
    held_out, training = list(held_out_ids), table.subset(list(train_ids))
    vectors = table.rows(held_out)
    partner = partners(len(held_out), seed)
    lists, _ = nearest(training, vectors, 1)
    others = np.random.default_rng([seed, 1]).integers(len(training), size=len(held_out))
    copied = {"nn": [ids[0] for ids in lists], "random": [training.ids[row] for row in others]}
    read = None
    if probe:
        found = LinearProbe.fit(training.vectors, [facts[item] for item in training.ids], seed).read(vectors)
        read = TemplateTeacher(dict(zip(held_out, found, strict=True)), teacher.seed)
    scores = {}
    for task in _tracked(task_ids, progress):
        texts = {"model": written(model, vectors, task, seed), "teacher": [teacher.write(i, task) for i in held_out]}
        texts["shuffled"] = [texts["model"][row] for row in partner]
        texts |= {name: [teacher.write(item, task) for item in ids] for name, ids in copied.items()}
        if read is not None:
            texts["probe"] = [read.write(item, task) for item in held_out]
        scores[task] = _score(task, held_out, texts, vectors, [facts[item] for item in held_out], encoder, seed)
    return scores


def _score(
    task: str,
    ids: list[str],
    texts: dict[str, list[str]],
    vectors: npt.NDArray[np.float32],
    facts: list[FilmFacts],
    encoder: Encoder,
    seed: int,
) -> TaskScores:
    rows = encoded(encoder, [text for found in texts.values() for text in found])  # one call for all systems
    if rows.shape[1] != vectors.shape[1]:
        raise CallError(
            f"the encoder must be the one that made the table: it writes vectors of {rows.shape[1]} numbers, the table "
            f"holds {vectors.shape[1]}"
        )
    parts = dict(zip(texts, np.split(rows, len(texts)), strict=True))
    kinds = KINDS if facts[0].setting is not None else ("genres",)
    return TaskScores(
        task=task,
        ids=ids,
        texts=texts,
        sc={name: cosine(part, vectors) for name, part in parts.items()},
        facts={name: fact_scores(texts[name], facts, kinds) for name in ("model", "nn", "probe") if name in texts},
        seed=seed,
    )


def _tracked(task_ids: Sequence[str], progress: bool) -> Any:
    from tqdm.auto import tqdm

    return tqdm(task_ids, desc="scoring", disable=not progress)


def _facts_dict(prefix: str, scores: FactScores | None) -> dict[str, dict[str, float | None] | None]:
    """precision and recall under the names of the report, every kind named, None where it was not scored."""
    names = ("overall", *KINDS)
    if scores is None:
        return {f"{prefix}_precision": None, f"{prefix}_recall": None}
    return {
        f"{prefix}_precision": {name: scores.precision.get(name) for name in names},
        f"{prefix}_recall": {name: scores.recall.get(name) for name in names},
    }
