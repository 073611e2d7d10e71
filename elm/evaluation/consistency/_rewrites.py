"""Do other versions of an item do as they say: is the funnier one funnier than its own text, and still about it?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from elm._errors import UnknownNameError
from elm._typing import Array, Floats, Integers
from elm.cav import CAV
from elm.embeddings import VectorTable, unit
from elm.evaluation._json import number
from elm.evaluation._protocols import Encoder, encoded
from elm.evaluation.consistency._item_scores import TaskScores
from elm.metrics import partners

System = Literal["version", "shuffled", "fixed"]

VERSIONS = {"funnier": "funny", "sadder": "dark", "scarier": "frightening"}
"""Task -> the concept that its texts should have more of; of the known attributes, "dark" is the nearest to sad."""

_NEAREST = 0.1  # a text is about an item whose vector is among this share of all scored ones, the nearest to the text


@dataclass(frozen=True)
class VersionScores:
    """How other versions of n items stand beside the items' own texts.

    own: (n,) the concept's score in the item's own text. concept, rank: system -> (n,): the concept's score in a text,
    and the share of other items whose vectors lie nearer to the text than the item's does. Systems: the item's
    "version"; "shuffled", the version of another item; and "fixed", the one of all versions that has most of the
    concept, for every item. Both controls rise wherever a version does: what tells them apart is whom they are about.
    """

    task: str
    name: str
    own: Floats
    concept: dict[System, Floats]
    rank: dict[System, Floats]

    def rises(self, system: System = "version") -> float:
        """In how many of the items the concept's score is above that of the own text."""
        return float((self.concept[system] > self.own).mean())

    def share(self, system: System = "version") -> float:
        """In how many of the items it is, in a text about the item: its vector is in the nearest tenth to the text."""
        about = self.rank[system] < _NEAREST
        return float(((self.concept[system] > self.own) & about).mean())

    def to_dict(self) -> dict[str, Any]:
        """Means and shares as plain numbers: `share`, that of both controls, and `rises`, which asks for the concept
        alone.
        """
        return {
            "concept": self.name,
            "share": self.share(),
            "shuffled": self.share("shuffled"),
            "fixed": self.share("fixed"),
            "rises": self.rises(),
            "score": number(self.concept["version"].mean()),
            "own": number(self.own.mean()),
            "n": len(self.own),
        }


def version_scores(
    scores: Mapping[str, TaskScores],
    concepts: Mapping[str, CAV],
    encoder: Encoder,
    items: VectorTable,
    own: str = "summary",
) -> dict[str, VersionScores]:
    """Compare the model's texts of `VERSIONS` with its texts of the task `own` about the same items, by concept.

    scores: of `item_consistency`; concepts: fitted on training items, in the space of `encoder`; items: the table that
    was scored. Tasks that were not scored are left out. Raises `UnknownNameError` where `own` was not scored or a
    concept is missing.
    """
    if own not in scores:
        raise UnknownNameError("scored task", own, scores)
    found = {}
    for task, name in VERSIONS.items():
        if task not in scores:
            continue
        if name not in concepts:
            raise UnknownNameError("concept", name, concepts)
        plain, read = (encoded(encoder, scores[one].texts["model"]) for one in (own, task))
        grades = np.asarray(concepts[name].score(read), dtype=np.float64)
        rows: dict[System, Integers] = {
            "version": np.arange(len(read)),
            "shuffled": partners(len(read), scores[task].seed),
            "fixed": np.full(len(read), grades.argmax()),
        }
        like = unit(read) @ unit(items.rows(scores[task].ids)).T  # (texts, items)
        found[task] = VersionScores(
            task,
            name,
            np.asarray(concepts[name].score(plain), dtype=np.float64),
            {system: grades[chosen] for system, chosen in rows.items()},
            {system: _ranks(like[chosen]) for system, chosen in rows.items()},
        )
    return found


def _ranks(like: Array) -> Floats:
    """For each text (n), about the item of its row: the share of other items that are more like it, of (n, n)."""
    shares: Floats = (like > np.diagonal(like)[:, None]).sum(1) / max(1, len(like) - 1)
    return shares


VERSION_HEADS = ("version", "summary", "rises in", "rises and about it", "another film's", "one text for all")


def version_cells(row: Mapping[str, Any]) -> list[Any]:
    """What stands under `VERSION_HEADS`; None where scores of an older version do not know it."""
    shares = [row[name] for name in ("rises", "share", "shuffled", "fixed")] if "rises" in row else [row["share"]]
    told = [f"{share:.0%}" for share in shares]
    return [row["score"], row["own"], *told, *[None] * (4 - len(told))]
