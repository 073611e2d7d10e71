"""Behavioural consistency of items (ELM, Appendix B): does a text about an item order the users as they rated it?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from elm._errors import CallError
from elm.embeddings import VectorTable, fold_in
from elm.evaluation._candidates import Candidates, Draw, draw_candidates, graded_ndcg, rank_agreement
from elm.evaluation._frames import tidy
from elm.evaluation._json import number
from elm.evaluation._semantic import TaskScores
from elm.evaluation._texts import Encoder, encoded, ratio_interval
from elm.metrics import paired_test, rank_between
from elm.tasks import TemplateTeacher

Floats = npt.NDArray[np.float64]

_SWAPPED = {"user": "item", "item": "user"}


@dataclass(frozen=True)
class ItemBehaviour:
    """Spearman (bc) and NDCG of one task's texts with the ratings of each item, (n,) a system.

    Systems are those of `TaskScores`, "cf" (the collaborative model itself) and "popular" (users by their activity).
    """

    task: str
    ids: list[str]
    bc: dict[str, Floats]
    ndcg: dict[str, Floats]
    seed: int = 0

    @property
    def rbc(self) -> float:
        """(BC - BC shuffled) / (BC teacher - BC shuffled), of the means; NaN where the teacher is not above."""
        return float(rank_between(*(self.bc[name].mean() for name in ("model", "shuffled", "teacher"))))

    @property
    def p_value(self) -> float:
        """Paired t test over items: the model's text against that about another held-out item."""
        return paired_test(self.bc["model"], self.bc["shuffled"]).p_value

    def to_dict(self) -> dict[str, Any]:
        """Means and tests as plain numbers for JSON."""
        interval = ratio_interval(self.bc["model"], self.bc["shuffled"], self.bc["teacher"], self.seed)
        return {
            "n": len(self.ids),
            **{"bc" if name == "model" else f"bc_{name}": number(v.mean()) for name, v in self.bc.items()},
            "rbc": number(self.rbc),
            "rbc_interval": [number(end) for end in interval],
            "p_value": number(self.p_value),
            **{"ndcg" if name == "model" else f"ndcg_{name}": number(v.mean()) for name, v in self.ndcg.items()},
        }

    def frame(self) -> pd.DataFrame:
        """A row a value: section "behaviour"; measures "BC" and "NDCG". The texts are those of `TaskScores`."""
        return tidy("behaviour", self.task, self.ids, {"BC": self.bc, "NDCG": self.ndcg})


def item_behaviour(
    scores: Mapping[str, TaskScores],
    *,
    train_ids: Sequence[str],
    items: VectorTable,
    users: VectorTable,
    ratings: pd.DataFrame,
    teacher: TemplateTeacher,
    encoder: Encoder,
    unrated: int = 100,
    draw: Draw = "popular",
    seed: int = 0,
) -> dict[str, ItemBehaviour]:
    """Score the texts that `item_consistency` had written, task by task; tasks over two items are left out.

    A ranker reads a text and orders the users who rated the item together with `unrated` who did not and count as 0,
    drawn in proportion to how many items they rated (or uniformly). It is a ridge from the text's vector to the item's
    collaborative vector, fitted for each task on the teacher's texts about the training items; users are folded in from
    ratings of training items alone, so nobody's opinion of a held-out item is known to it.

    items, users: the collaborative tables. ratings: of those users (user, item, rating). Raises `CallError` where no
    held-out item was rated, or fewer than ten training items are of the table.
    """
    known = [item for item in train_ids if item in items]
    if len(known) < 10:
        raise CallError(f"a ranker of users needs ten training items of the collaborative table, got {len(known)}")
    seen = ratings[ratings["item"].isin(set(known))]
    readers = fold_in(items.subset(known), seen[seen["user"].isin(set(users.ids))], users=users)
    active = np.asarray(seen["user"].value_counts().reindex(readers.ids).fillna(0), dtype=np.float64)
    targets = items.rows(known)
    found = {}
    for task, one in scores.items():
        if any("," in item for item in one.ids):
            continue
        held = ratings[ratings["item"].isin(set(one.ids) & set(items.ids))].rename(columns=_SWAPPED)
        candidates = draw_candidates(held.iloc[:0], held, readers, active, unrated, draw, seed)
        ridge = _ridge(encoded(encoder, [teacher.write(item, task) for item in known]), targets)
        found[task] = _behaviour(one, candidates, ridge, items, readers, active, encoder, seed)
    return found


def _ridge(rows: npt.NDArray[np.float32], targets: npt.NDArray[np.float32]) -> Any:
    from sklearn.linear_model import RidgeCV

    return RidgeCV(alphas=np.logspace(-3, 3, 13)).fit(rows, targets)


def _behaviour(
    scores: TaskScores,
    candidates: Candidates,
    ridge: Any,
    items: VectorTable,
    readers: VectorTable,
    active: Floats,
    encoder: Encoder,
    seed: int,
) -> ItemBehaviour:
    rows = [scores.ids.index(item) for item in candidates.users]
    ordered = {
        name: candidates.picked(ridge.predict(encoded(encoder, [texts[row] for row in rows])) @ readers.vectors.T)
        for name, texts in scores.texts.items()
    }
    ordered["cf"] = candidates.picked(items.rows(candidates.users) @ readers.vectors.T)
    ordered["popular"] = candidates.picked(active)
    return ItemBehaviour(
        scores.task,
        candidates.users,
        {name: rank_agreement(found, candidates.gains) for name, found in ordered.items()},
        {name: graded_ndcg(found, candidates.gains) for name, found in ordered.items()},
        seed,
    )
