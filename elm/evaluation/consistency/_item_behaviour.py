"""Behavioural consistency of items (ELM, Appendix B): does a text about an item order the users as they rated it?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from elm._errors import CallError
from elm._typing import Array, Floats, Integers
from elm.embeddings import VectorTable, fold_in
from elm.evaluation._json import number
from elm.evaluation._measures import SECTIONS, p_value
from elm.evaluation._protocols import Encoder
from elm.evaluation.consistency._held_out import Collaborative, HeldOutItems
from elm.evaluation.consistency._item_scores import TaskScores
from elm.evaluation.consistency._tidy import tidy
from elm.evaluation.consistency._user_scores import ranker_dicts, ranker_p
from elm.evaluation.rankers._candidates import (
    Candidates,
    Draw,
    draw_candidates,
    graded_ndcg,
    picked_in_blocks,
    rank_agreement,
)
from elm.evaluation.rankers._projection import TextProjection
from elm.evaluation.rankers._rankers import Ranker, TrainedRanker, scored
from elm.metrics import partners

COLLABORATIVE = "collaborative vectors of their ratings of training items"
"""What users are to the trained ranker."""

_SWAPPED = {"user": "item", "item": "user"}


@dataclass(frozen=True)
class ItemBehaviour:
    """Spearman (bc) and NDCG of one task's texts with the ratings of each item, by system.

    Systems are those of `TaskScores`, "teacher_shuffled" (the teacher's text about another held-out item), "cf" (the
    collaborative model itself) and "popular" (users by their activity). Values are (n,), of the first items where a
    system was not asked about all. users_as: what the users are to the ranker. rankers: bc by further ones, by name.
    """

    task: str
    ids: list[str]
    bc: dict[str, Floats]
    ndcg: dict[str, Floats]
    seed: int = 0
    users_as: str = COLLABORATIVE
    rankers: dict[str, dict[str, Floats]] = field(default_factory=dict)

    @property
    def rbc(self) -> float:
        """(BC - BC shuffled) / (BC teacher - BC shuffled), of the means; NaN where the teacher is not above."""
        return SECTIONS["behaviour"].stands(self.bc)

    @property
    def p_value(self) -> float:
        """Paired t test over items: the model's text against that about another held-out item."""
        return p_value(self.bc)

    def to_dict(self) -> dict[str, Any]:
        """Means and tests as plain numbers for JSON."""
        return {
            "n": len(self.ids),
            "users_as": self.users_as,
            **SECTIONS["behaviour"].means_of(self),
            **SECTIONS["behaviour"].standing(self.bc, self.seed),
            "ranker_p": number(ranker_p(self.bc)),
            "rankers": ranker_dicts(self.rankers),
        }

    def frame(self) -> pd.DataFrame:
        """A row per value: section "behaviour"; measures "BC" and "NDCG", "BC_" with the name of each further ranker.

        The texts are those of `TaskScores`.
        """
        further = {f"BC_{name}": values for name, values in self.rankers.items()}
        return tidy("behaviour", self.task, self.ids, {**SECTIONS["behaviour"].values(self), **further})


def item_behaviour(
    scores: Mapping[str, TaskScores],
    held_out: HeldOutItems,
    known: Collaborative,
    encoder: Encoder,
    rankers: Mapping[str, Ranker] | None = None,
    unrated: int = 100,
    draw: Draw = "popular",
    seed: int = 0,
) -> dict[str, ItemBehaviour]:
    """Score the texts that `item_consistency` had written, task by task; tasks over two items are left out.

    A ranker reads a text and orders the users who rated the item together with `unrated` who did not and count as 0,
    drawn in proportion to how many items they rated (or uniformly). It is a `TextProjection` into the collaborative
    space, fitted for each task on the teacher's texts about the training items; users are folded in from ratings of
    training items alone, so nobody's opinion of a held-out item is known to it.

    rankers: further ones that score texts against the users of `known`, by what the users are to them: `liked_vectors`
    or their profiles, with a `ZeroShotRanker` that reads texts. Raises `CallError` where no held-out item was rated,
    fewer than ten training items are of the collaborative table, or a ranker gives NaN.
    """
    items, users, ratings, teacher = known.items, known.users, known.ratings, held_out.teacher
    learned = [item for item in held_out.train_ids if item in items]
    if len(learned) < 10:
        raise CallError(f"a ranker of users needs ten training items of the collaborative table, got {len(learned)}")
    seen = ratings[ratings["item"].isin(set(learned))]
    readers = fold_in(items.subset(learned), seen[seen["user"].isin(set(users.ids))], users=users)
    active = np.asarray(seen["user"].value_counts().reindex(readers.ids).fillna(0), dtype=np.float64)
    judges = {
        name: _Judge(ranker, len(users), users.row_numbers(readers.ids)) for name, ranker in (rankers or {}).items()
    }
    found = {}
    for task, one in scores.items():
        if any("," in item for item in one.ids):
            continue
        held = ratings[ratings["item"].isin(set(one.ids) & set(items.ids))].rename(columns=_SWAPPED)
        candidates = draw_candidates(held.iloc[:0], held, readers, active, unrated, draw, seed).in_order_of(one.ids)
        lessons = TextProjection.of_texts(encoder, [teacher.write(item, task) for item in learned], items.rows(learned))
        trained = _Judge(TrainedRanker(lessons, readers), len(readers))
        own = items.rows(candidates.users)
        lines = {
            "cf": picked_in_blocks(lambda some, own=own: own[some] @ readers.vectors.T, [candidates], len(own))[0],  # type: ignore[misc]
            "popular": candidates.picked(active),
        }
        found[task] = _behaviour(one, candidates, trained, lines, judges, seed)
    return found


@dataclass(frozen=True)
class _Judge:
    """A ranker of so many users; columns: which of them can be candidates, None for all."""

    ranker: Ranker
    entries: int
    columns: Integers | None = None

    def picked(self, texts: list[str], candidates: Candidates) -> list[Floats]:
        def block(some: slice) -> Array:
            found = scored(self.ranker, texts[some], self.entries)
            return found if self.columns is None else found[:, self.columns]

        return picked_in_blocks(block, [candidates], len(texts))[0]


def _behaviour(
    scores: TaskScores,
    candidates: Candidates,
    trained: _Judge,
    lines: dict[str, list[Floats]],
    judges: Mapping[str, _Judge],
    seed: int,
) -> ItemBehaviour:
    texts = _texts_of(scores, candidates, seed)
    ordered = {name: trained.picked(some, candidates) for name, some in texts.items()} | lines
    return ItemBehaviour(
        scores.task,
        candidates.users,
        {name: rank_agreement(found, candidates.gains) for name, found in ordered.items()},
        {name: graded_ndcg(found, candidates.gains) for name, found in ordered.items()},
        seed,
        rankers={
            name: {n: rank_agreement(judge.picked(some, candidates), candidates.gains) for n, some in texts.items()}
            for name, judge in judges.items()
        },
    )


def liked_vectors(
    users: VectorTable, films: VectorTable, ratings: pd.DataFrame, train_ids: Sequence[str], least: float = 4.0
) -> Array:
    """Each user as the mean vector of the texts of the training items that they rated `least` or more, (users, dim).

    films: the semantic table. A user without such a rating is zeros. It is one answer to how a text encoder may know a
    user (ELM, Appendix B, leaves it open); the user's own profile, encoded, is another.
    """
    liked = ratings[(ratings["rating"] >= least) & ratings["item"].isin({i for i in train_ids if i in films})]
    liked = liked[liked["user"].isin(set(users.ids))]
    found = np.zeros((len(users), films.space.dim))
    rows = users.row_numbers(liked["user"])
    np.add.at(found, rows, films.rows(liked["item"]))
    return (found / np.maximum(np.bincount(rows, minlength=len(users)), 1)[:, None]).astype(np.float32)


def _texts_of(scores: TaskScores, candidates: Candidates, seed: int) -> dict[str, list[str]]:
    """Each system's texts about the items that can be ordered; those of the first ones where it wrote fewer."""
    place = {item: row for row, item in enumerate(scores.ids)}
    rows = [place[item] for item in candidates.users]
    texts = {name: [some[row] for row in rows if row < len(some)] for name, some in scores.texts.items()}
    texts["teacher_shuffled"] = [texts["teacher"][row] for row in partners(len(rows), seed)]
    return texts
