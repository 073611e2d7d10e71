"""Do other versions of an item do as they say: is the funnier one funnier than the item's own text?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from elm._errors import UnknownNameError
from elm._typing import Floats
from elm.cav import CAV
from elm.evaluation._json import number
from elm.evaluation._protocols import Encoder, encoded
from elm.evaluation.consistency._item_scores import TaskScores

VERSIONS = {"funnier": "funny", "sadder": "dark", "scarier": "frightening"}
"""Task -> the concept that its texts should have more of; of the known attributes, "dark" is the nearest to sad."""


@dataclass(frozen=True)
class VersionScores:
    """The concept's score in the version's text and in the item's own, (n,) each, and with how many it rises."""

    task: str
    concept: str
    version: Floats
    own: Floats

    @property
    def share(self) -> float:
        """How many of the items have a higher score in the version."""
        return float((self.version > self.own).mean())

    def to_dict(self) -> dict[str, Any]:
        """Means and the share as plain numbers."""
        return {"concept": self.concept, "share": self.share, "score": number(self.version.mean()),
                "own": number(self.own.mean()), "n": len(self.own)}  # fmt: skip


def version_scores(
    scores: Mapping[str, TaskScores], concepts: Mapping[str, CAV], encoder: Encoder, own: str = "summary"
) -> dict[str, VersionScores]:
    """Compare the model's texts of `VERSIONS` with its texts of the task `own` about the same items, by concept.

    scores: of `item_consistency`; concepts: fitted on training items, in the space of `encoder`. Tasks that were not
    scored are left out. Raises `UnknownNameError` where `own` was not scored or a concept is missing.
    """
    if own not in scores:
        raise UnknownNameError("scored task", own, scores)
    found = {}
    for task, concept in VERSIONS.items():
        if task not in scores:
            continue
        if concept not in concepts:
            raise UnknownNameError("concept", concept, concepts)
        read = [np.asarray(concepts[concept].score(encoded(encoder, scores[name].texts["model"])), dtype=np.float64)
                for name in (task, own)]  # fmt: skip
        found[task] = VersionScores(task, concept, *read)
    return found
