"""Consistency along a way through the space: does the text follow a vector that is moved or mixed (ELM, Section 4)?"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from elm._errors import CallError
from elm._typing import Array, Floats
from elm.cav import CAV
from elm.embeddings import VectorTable, unit
from elm.evaluation._protocols import Describer, Encoder, encoded, written_moved
from elm.evaluation.rankers._candidates import Candidates, graded_ndcg
from elm.evaluation.rankers._rankers import TrainedRanker
from elm.metrics import cosine, partners, spearman


@dataclass(frozen=True)
class Moves:
    """Where vectors are taken. move: (vectors (n, dim), amount) -> moved vectors (n, dim), such as `cav.move` or a
    mixture with another vector. amounts: such as (-2, -1, 0, 1, 2). concept: measured in the texts, where one is given.
    """

    move: Callable[[Array, float], Array]
    amounts: Sequence[float]
    concept: CAV | None = None

    def steps(self, ids: Sequence[str]) -> tuple[float, ...]:
        """The amounts in order, each once; `CallError` for fewer than two of them or of the entities moved."""
        steps = tuple(sorted({float(amount) for amount in self.amounts}))
        if len(ids) < 2 or len(steps) < 2 or not np.isfinite(steps).all():
            raise CallError(
                f"a way needs two entities and two finite amounts or more, got {len(ids)} entities and amounts {steps}"
            )
        return steps


@dataclass(frozen=True)
class AlongScores:
    """Scores of texts about moved vectors, each (n entities, m amounts), by system.

    measure: "sc", cosine of the text and the moved vector, or "ndcg", of the profile's order against what the
    collaborative model predicts for the moved vector. Systems: "model"; "shuffled", the model's text about another
    moved vector; "still", its text about the vector before the move; for films "nn", the teacher's text of the training
    film nearest to the moved vector; for users "random", a random order, and "teacher", the unmoved user's profile.
    concept: how much of the concept the text has, in its standard deviations; empty where no concept was given.
    texts: for each amount n texts.
    """

    measure: str
    task: str
    amounts: tuple[float, ...]
    ids: list[str]
    texts: list[list[str]]
    scores: dict[str, Floats]
    concept: Floats = field(default_factory=lambda: np.zeros((0, 0)))

    @property
    def rises(self) -> Floats:
        """Spearman of amounts and concept scores, entity by entity (n,)."""
        return spearman(np.broadcast_to(np.array(self.amounts), self.concept.shape), self.concept)

    def frame(self) -> pd.DataFrame:
        """Means over entities: one row per amount, one column per system, "concept" last where there is one."""
        columns = {name: values.mean(0) for name, values in self.scores.items()}
        columns |= {"concept": self.concept.mean(0)} if self.concept.size else {}
        return pd.DataFrame(columns, index=pd.Index(self.amounts, name="amount"))

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers; "rising": the share of entities whose concept score follows the amounts (Spearman 0.8)."""
        value: dict[str, Any] = {
            "measure": self.measure,
            "task": self.task,
            "n": len(self.ids),
            "amounts": list(self.amounts),
        }
        value |= {str(name): column.tolist() for name, column in self.frame().items()}
        return value | ({"rising": float((self.rises >= 0.8).mean())} if self.concept.size else {})


def semantic_along(
    model: Describer,
    task: str,
    table: VectorTable,
    ids: Sequence[str],
    moves: Moves,
    encoder: Encoder,
    known: Mapping[str, str],
    seed: int = 0,
) -> AlongScores:
    """Semantic consistency of texts about moved or mixed vectors (ELM, Figure 4).

    Args:
        table, ids: held-out items of a text space, whose encoder is `encoder`.
        known: the teacher's texts of training items by id, for the nearest-neighbour control.

    Raises `CallError` for fewer than two items or amounts, or where an item is scored that the teacher's texts are of.
    """
    if both := set(ids) & set(known):
        raise CallError(f"known texts are of training items, and {sorted(both)[0]!r} is scored")
    near = table.subset(list(known))

    def score(vectors: Array, said: Mapping[str, list[str]]) -> dict[str, Floats]:
        nearest = [known[near.ids[row]] for row in (unit(vectors) @ unit(near.vectors).T).argmax(1)]
        return {name: cosine(encoded(encoder, some), vectors) for name, some in {**said, "nn": nearest}.items()}

    entities = table.subset(ids)
    return _along("sc", model, task, entities, moves, score, lambda texts: encoded(encoder, texts), seed)


def behavioural_along(
    model: Describer,
    task: str,
    users: VectorTable,
    moves: Moves,
    candidates: Candidates,
    ranker: TrainedRanker,
    profiles: Mapping[str, str],
    seed: int = 0,
) -> AlongScores:
    """Behavioural consistency of profiles of moved users (ELM, Figure 5): NDCG with the predicted ratings as gains.

    Args:
        users: held-out users' vectors, among them those of `candidates` (`draw_candidates`), who are scored.
        ranker: reads a text as a vector of their space, by which it orders its items, and by which the concept is
            measured. A prediction is the dot product with an item, its gain the excess over the lowest.
        profiles: the teacher's text of each user, for the line "teacher" (the paper's ground truth, unmoved).
    """
    entities, items = users.subset(candidates.users), ranker.items
    order = np.random.default_rng(seed).random((len(entities), len(items)))
    first = candidates.picked(entities.vectors @ items.vectors.T)
    teacher = _against(candidates.picked(ranker.scores([profiles[user] for user in entities.ids])), first)

    def score(vectors: Array, said: Mapping[str, list[str]]) -> dict[str, Floats]:
        truth = candidates.picked(vectors @ items.vectors.T)
        found = {name: _against(candidates.picked(ranker.scores(some)), truth) for name, some in said.items()}
        return {**found, "random": _against(candidates.picked(order), truth), "teacher": teacher}

    return _along("ndcg", model, task, entities, moves, score, ranker.predict, seed)


def _against(scores: list[Floats], predicted: list[Floats]) -> Floats:
    return graded_ndcg(scores, [row - row.min() for row in predicted])


def _along(
    measure: str,
    model: Describer,
    task: str,
    entities: VectorTable,
    moves: Moves,
    score: Callable[[Array, Mapping[str, list[str]]], dict[str, Floats]],
    read: Callable[[list[str]], Array],
    seed: int,
) -> AlongScores:
    """score: moved vectors and the texts about them by system -> values (n,) by system. read: of the concept."""
    steps = moves.steps(entities.ids)
    moved = [np.asarray(moves.move(entities.vectors, step), dtype=np.float32) for step in steps]
    texts = [written_moved(model, vectors, task, seed) for vectors in moved]
    still, others = written_moved(model, entities.vectors, task, seed), partners(len(entities), seed)
    rows = [
        score(vectors, {"model": found, "shuffled": [found[row] for row in others], "still": still})
        for vectors, found in zip(moved, texts, strict=True)
    ]
    scores = {name: np.stack([row[name] for row in rows], axis=1) for name in rows[0]}
    concept = np.zeros((0, 0))
    if moves.concept is not None:
        concept = np.stack([moves.concept.score(read(found)) for found in texts], axis=1)
    return AlongScores(measure, task, steps, entities.ids, texts, scores, concept)
