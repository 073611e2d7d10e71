"""Steering: a concept is moved in the vector, and the text about the moved vector has to follow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from elm._errors import CallError
from elm._typing import Floats
from elm.cav import CAV
from elm.embeddings import VectorTable
from elm.evaluation._json import number
from elm.evaluation._protocols import Describer, Encoder, encoded, written_moved
from elm.metrics import paired_test, spearman


@dataclass(frozen=True)
class SteerScores:
    """The concept's score in the re-encoded texts, (n films, m amounts), of moves along it and of a control.

    along: moves along the concept; along_random: by the same amounts along a random direction.
    texts: amount -> n texts. rises: (n,) Spearman of amounts and scores, film by film; the same for the control.
    """

    concept: str
    task: str
    amounts: tuple[float, ...]
    ids: list[str]
    along: Floats
    along_random: Floats
    texts: dict[float, list[str]]

    @property
    def rises(self) -> Floats:
        return _rank_with(self.amounts, self.along)

    @property
    def rises_random(self) -> Floats:
        return _rank_with(self.amounts, self.along_random)

    def to_dict(self) -> dict[str, Any]:
        """Means over films; p_value: paired t test of the rise along the concept against that along the control."""
        return {
            "concept": self.concept,
            "task": self.task,
            "n": len(self.ids),
            "amounts": list(self.amounts),
            "score_along_concept": [number(v) for v in self.along.mean(0)],
            "score_along_random": [number(v) for v in self.along_random.mean(0)],
            "spearman": number(self.rises.mean()),
            "spearman_random": number(self.rises_random.mean()),
            "p_value": number(paired_test(self.rises, self.rises_random).p_value),
        }


def steer_scores(
    model: Describer,
    task: str,
    table: VectorTable,
    ids: Sequence[str],
    cav: CAV,
    encoder: Encoder,
    amounts: Sequence[float] = (-2.0, -1.0, 0.0, 1.0, 2.0),
    seed: int = 0,
) -> SteerScores:
    """Move the vectors of held-out items along a concept, let the model write, and score the concept in its texts.

    table, cav, encoder: of one space; a score is in standard deviations of the concept among the table's entities. The
    control moves by the same amounts along a random direction. Raises `CallError` for fewer than two items or amounts.
    """
    ids, steps = list(ids), tuple(float(amount) for amount in amounts)
    if len(ids) < 2 or len(set(steps)) < 2:
        raise CallError(f"steering needs two items and two amounts or more, got {len(ids)} and {len(set(steps))}")
    vectors = table.rows(ids)
    direction = np.random.default_rng(seed).standard_normal(table.space.dim)
    direction /= np.linalg.norm(direction)
    control = replace(cav, name="random", direction=direction.astype(np.float32)).measured_on(table)
    texts = {
        mover.name: [written_moved(model, mover.move(vectors, step), task, seed) for step in steps]
        for mover in (cav, control)
    }
    flat = [text for by_step in texts.values() for found in by_step for text in found]
    scores = cav.score(encoded(encoder, flat)).reshape(2, len(steps), len(ids))  # (concept or random, step, entity)
    return SteerScores(
        cav.name, task, steps, ids, scores[0].T, scores[1].T, dict(zip(steps, texts[cav.name], strict=True))
    )


def _rank_with(amounts: tuple[float, ...], scores: Floats) -> Floats:
    return spearman(np.broadcast_to(np.array(amounts), scores.shape), scores)
