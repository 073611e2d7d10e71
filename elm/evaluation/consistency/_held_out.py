"""What texts are scored on: held-out items or users, what is known of them and of the training ones, and the controls.

Entities that were trained on are refused where the object is made, so that nothing is scored on them by accident.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from elm.data import guard_disjoint
from elm.embeddings import VectorTable
from elm.evaluation._protocols import Describer
from elm.evaluation.rankers._candidates import Draw
from elm.evaluation.rankers._rankers import Ranker
from elm.tasks import ItemFacts, Teacher, UserFacts


@dataclass(frozen=True)
class HeldOutItems:
    """Held-out items `ids` beside the training items `train_ids`.

    table: vectors of both. facts: the true facts of both; items without aspects (real ones) are scored on genres, and
    on names and years where they have a text of their own. teacher: writes the ceiling and the copied texts; the texts
    that made the vectors must be others. include_training: score items that were trained on, all the same; the scores
    say how many. Raises `LeakageError` where a held-out item is a training item.
    """

    table: VectorTable
    train_ids: Sequence[str]
    ids: Sequence[str]
    facts: Mapping[str, ItemFacts]
    teacher: Teacher
    include_training: bool = False

    def __post_init__(self) -> None:
        if not self.include_training:
            guard_disjoint(self.train_ids, self.ids, "items")


@dataclass(frozen=True)
class Collaborative:
    """The tables of the training users and of the items (`elm.embeddings.wals`), and these users' ratings (columns
    user, item, rating)."""

    users: VectorTable
    items: VectorTable
    ratings: pd.DataFrame


@dataclass(frozen=True)
class HeldOutUsers:
    """Held-out users, whose ratings are in two parts, such as `elm.data.split_ratings` gives at 80 %.

    inputs: what their vectors are folded in from. held: what the texts are scored against. facts: what the teacher
    knows of training users (from their ratings) and of held-out users (from `inputs` alone). include_training: as of
    `HeldOutItems`. Raises `LeakageError` where a held-out user was trained on.
    """

    known: Collaborative
    inputs: pd.DataFrame
    held: pd.DataFrame
    facts: Mapping[str, UserFacts]
    include_training: bool = False

    def __post_init__(self) -> None:
        if not self.include_training:
            guard_disjoint(self.known.users.ids, self.held["user"].unique(), "users")
            guard_disjoint(self.known.ratings["user"].unique(), self.held["user"].unique(), "users")


@dataclass(frozen=True)
class ControlOptions:
    """Controls that cost time. probe: fit a linear probe on the training entities, and score the teacher's texts about
    what it reads. untrained: the model behind untrained adapters (`untrained`), asked about the first `first` entities.
    """

    probe: bool = True
    untrained: Describer | None = None
    first: int = 40


@dataclass(frozen=True)
class RankOptions:
    """How texts about users are ranked by. ranker: the judge; by default a `TrainedRanker` fitted on the training
    users' teacher texts of the task. rankers: further ones to report beside it, by name. unrated: items that a user did
    not rate and that count as 0, drawn as `draw` says; scores with the other draw are reported, too.
    """

    ranker: Ranker | None = None
    rankers: Mapping[str, Ranker] = field(default_factory=dict)
    unrated: int = 100
    draw: Draw = "popular"
