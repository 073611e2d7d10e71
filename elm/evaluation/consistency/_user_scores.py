"""What is known of a user task after scoring: each measure by system, as numbers, tables and plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from elm._typing import Floats
from elm.evaluation._json import number
from elm.evaluation._measures import SECTIONS, means, p_value
from elm.evaluation.consistency._shortcuts import Finding
from elm.evaluation.consistency._tidy import tidy, tidy_texts
from elm.evaluation.rankers._candidates import Draw
from elm.metrics import entity_p_value

Systems = dict[str, Floats]
"""System -> values of the held-out users, (n,); of the first of them where a system was not asked about all."""

TEXTS = SECTIONS["profile"].texts
"""Whose text the ranker reads: the model's; the teacher's; the model's of another held-out user; the teacher's of a
random training user; the teacher's of the training user whose vector is nearest by cosine; the teacher's from linearly
probed tastes; that of the model behind an untrained adapter (on the first users); the teacher's of another held-out
user."""

OTHER_DRAW: dict[Draw, Draw] = {"popular": "uniform", "uniform": "popular"}


@dataclass(frozen=True)
class UserScores:
    """Scores of one user task, an entry a held-out user, by system.

    bc, ndcg: against held-out ratings, systems of `TEXTS` and "cf" (the collaborative model itself) and "popular"; the
    unrated candidates as `draw` says, in other_bc and other_ndcg drawn the other way.
    cf_bc, cf_ndcg: Spearman and NDCG against the collaborative model's predictions. NDCG's gain is a prediction minus
    the lowest among that user's candidates: never negative, and as far apart as the predictions are.
    sc: cosine of the user's vector and the text, projected into the users' space (`TextProjection`).
    rankers: bc by further rankers, name -> system -> values.
    findings: what speaks against the texts, see `fraud_signs`. left_out: control -> why it was not scored.
    trained: how many of the users were trained on.
    """

    task: str
    users: list[str]
    texts: dict[str, list[str]]
    bc: Systems
    ndcg: Systems
    cf_bc: Systems
    cf_ndcg: Systems
    seed: int = 0
    draw: Draw = "popular"
    other_bc: Systems = field(default_factory=dict)
    other_ndcg: Systems = field(default_factory=dict)
    sc: Systems = field(default_factory=dict)
    rankers: dict[str, Systems] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)
    trained: int = 0

    @property
    def rbc(self) -> float:
        """(BC - BC shuffled) / (BC teacher - BC shuffled), of the means; NaN where the teacher is not above."""
        return SECTIONS["profile"].stands(self.bc)

    @property
    def rbc_interval(self) -> tuple[float, float]:
        """95 % bootstrap interval of `rbc` over users."""
        return SECTIONS["profile"].interval(self.bc, self.seed)

    @property
    def p_value(self) -> float:
        """Paired t test over users: the model's text against that of another held-out user."""
        return p_value(self.bc)

    def to_dict(self) -> dict[str, Any]:
        """Means and tests as plain numbers for JSON; None for what is not defined."""
        return {
            "n": len(self.users),
            "trained": self.trained,
            "draw": self.draw,
            **SECTIONS["profile"].means_of(self),
            **SECTIONS["profile"].standing(self.bc, self.seed),
            "ranker_p": number(ranker_p(self.bc)),
            "cf_rbc": number(SECTIONS["profile"].stands(self.cf_bc)),
            OTHER_DRAW[self.draw]: {**means("bc", self.other_bc), **means("ndcg", self.other_ndcg)},
            "rankers": ranker_dicts(self.rankers),
            "zero_shot": ranker_dicts(self.rankers).get("zero_shot", {}),
            "findings": [finding.to_dict() for finding in self.findings],
            "left_out": dict(self.left_out),
        }

    def frame(self) -> pd.DataFrame:
        """A row per value: section "profile"; measures "BC" and "NDCG" with the held-out ratings (and "BC_uniform", or
        "BC_popular", with candidates drawn the other way), "BC_predicted" and "NDCG_predicted" with the collaborative
        model's predictions, "SC", and "BC_" with the name of each further ranker.
        """
        further = {f"BC_{name}": values for name, values in self.rankers.items()}
        measures = {**SECTIONS["profile"].values(self, OTHER_DRAW[self.draw]), **further}
        return tidy("profile", self.task, self.users, measures)

    def texts_frame(self) -> pd.DataFrame:
        """A row per text: task, system, id, text."""
        return tidy_texts(self.task, self.users, self.texts)


def ranker_p(values: Systems) -> float:
    """What a ranker can tell at all: the paired t test of the teacher's text against its text about another entity."""
    if not {"teacher", "teacher_shuffled"} <= set(values):
        return float("nan")
    return entity_p_value(values["teacher"], values["teacher_shuffled"])


def ranker_dicts(rankers: Mapping[str, Systems]) -> dict[str, dict[str, float | None]]:
    """Ranker -> the means of its systems, and `ranker_p`, as plain numbers."""
    return {name: {**means("bc", values), "ranker_p": number(ranker_p(values))} for name, values in rankers.items()}
