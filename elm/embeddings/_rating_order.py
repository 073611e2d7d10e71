"""The check on behavioural vectors: does the dot product order ratings that were held out?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from elm._errors import CallError
from elm.embeddings._confidence import interactions_of
from elm.embeddings._table import VectorTable

if TYPE_CHECKING:
    from elm.data import Dataset


def rating_order(users: VectorTable, items: VectorTable, held_out: Dataset | pd.DataFrame) -> dict[str, float]:
    """How well user . item orders held-out ratings: means over users, and over how many users.

    "spearman": rank correlation with the ratings (average ranks for ties), over users whose ratings and scores vary;
    "auc": chance that an item rated 4 or more scores above one rated less, over users with both kinds. Ratings of
    users or items without a vector are left out. 0 and 0.5 are chance.

    Returns spearman, auc (NaN without any such user), n_users, n_users_auc, n_ratings.
    """
    if not users.space.matches(items.space):
        raise CallError("users and items must come from one run of wals; two runs are two spaces")
    frame = interactions_of(held_out)
    frame = frame[frame["user"].isin(users.ids) & frame["item"].isin(items.ids)]
    score = np.einsum("nd,nd->n", users.rows(frame["user"]), items.rows(frame["item"])) if len(frame) else np.zeros(0)
    frame = frame.assign(score=score.astype(np.float64), liked=(frame["rating"] >= 4).astype(int))
    by_user = frame.groupby("user")

    rank = by_user[["rating", "score"]].rank()
    centred = rank - rank.groupby(frame["user"]).transform("mean")
    sums = pd.DataFrame(
        {"ab": centred["rating"] * centred["score"], "aa": centred["rating"] ** 2, "bb": centred["score"] ** 2}
    )
    sums = sums.groupby(frame["user"]).sum()
    sums = sums[(sums["aa"] > 0) & (sums["bb"] > 0)]
    spearman: pd.Series = sums["ab"] / np.sqrt(sums["aa"] * sums["bb"])

    positive, total = by_user["liked"].sum(), by_user.size()
    rank_sum = (rank["score"] * frame["liked"]).groupby(frame["user"]).sum()
    pairs = (positive * (total - positive)).where(lambda n: n > 0)
    auc = ((rank_sum - positive * (positive + 1) / 2) / pairs).dropna()
    return {
        "spearman": float(spearman.mean()),
        "auc": float(auc.mean()),
        "n_users": len(spearman),
        "n_users_auc": len(auc),
        "n_ratings": len(frame),
    }
