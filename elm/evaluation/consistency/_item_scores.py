"""What is known of a task over items after scoring: each measure by system, as numbers, tables and plain values."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from elm._typing import Floats
from elm.evaluation._json import number
from elm.evaluation._measures import SECTIONS, p_value
from elm.evaluation.consistency._facts import FactScores
from elm.evaluation.consistency._shortcuts import Finding
from elm.evaluation.consistency._tidy import tidy, tidy_texts
from elm.metrics import rank_between

SYSTEMS = SECTIONS["consistency"].texts
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
    not asked about all. facts: of the model, "nn" and "probe"; none for pairs. named: names and years, where the
    items have a text of their own, of the model, "teacher" and "nn". ids: an id, or two with a comma between.
    findings: what speaks against the texts, see `fraud_signs`. left_out: control -> why it was not scored. trained: how
    many of the items were trained on. best_of: of how many texts each of the model's is the nearest to its vector by
    the very encoder that SC uses; above 1 SC is no judge of them.
    """

    task: str
    ids: list[str]
    texts: dict[str, list[str]]
    sc: dict[str, Floats]
    facts: dict[str, FactScores]
    seed: int = 0
    sc_text: dict[str, Floats] = field(default_factory=dict)
    sc_vector: dict[str, Floats] = field(default_factory=dict)
    named: dict[str, FactScores] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)
    trained: int = 0
    best_of: int = 1

    @property
    def rsc_text(self) -> float:
        """The same with the teacher's text, in another wording, in the place of the vector; NaN where not scored."""
        means = (self.sc_text[name].mean() if self.sc_text else np.nan for name in ("model", "nn", "teacher"))
        return float(rank_between(*means))

    @property
    def rsc(self) -> float:
        """(SC - SC nn) / (SC teacher - SC nn), of the means; NaN where the teacher does not beat the neighbour."""
        return SECTIONS["consistency"].stands(self.sc)

    @property
    def rsc_interval(self) -> tuple[float, float]:
        """95 % bootstrap interval of `rsc` over films."""
        return SECTIONS["consistency"].interval(self.sc, self.seed)

    @property
    def p_value(self) -> float:
        """Paired t test over films: the model's text against that of another held-out film."""
        return p_value(self.sc)

    def to_dict(self) -> dict[str, Any]:
        """Means and tests as plain numbers for JSON; None for what is not defined or was not asked."""
        return {
            **dict.fromkeys(f"sc_{name}" for name in SYSTEMS[1:]),
            **SECTIONS["consistency"].means_of(self),
            **SECTIONS["consistency"].standing(self.sc, self.seed),
            "rsc_text": number(self.rsc_text),
            **_facts_dict("fact", self.facts.get("model")),
            **_facts_dict("probe", self.facts.get("probe")),
            **_facts_dict("nn", self.facts.get("nn")),
            "named": {name: _facts_dict("named", found) for name, found in self.named.items()},
            "n": len(self.ids),
            "trained": self.trained,
            "findings": [finding.to_dict() for finding in self.findings],
            "left_out": dict(self.left_out),
            "best_of": self.best_of,
        }

    def frame(self) -> pd.DataFrame:
        """A row per value: section "consistency"; measures "SC", "SC_text", "SC_vector", and those of facts."""
        return tidy("consistency", self.task, self.ids, SECTIONS["consistency"].values(self))

    def texts_frame(self) -> pd.DataFrame:
        """A row per text: task, system, id, text."""
        return tidy_texts(self.task, self.ids, self.texts)


def _facts_dict(prefix: str, scores: FactScores | None) -> dict[str, dict[str, float] | None]:
    """precision and recall under the names of the report, "overall" first; None where they were not scored."""
    precision, recall = (scores.precision, scores.recall) if scores is not None else (None, None)
    return {f"{prefix}_precision": precision, f"{prefix}_recall": recall}
