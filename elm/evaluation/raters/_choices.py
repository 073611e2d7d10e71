"""The choice between two (LangPTune, Section 4.6): which of two items, or of two entities, is a text about?"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd

from elm.evaluation.raters._forms import Choice

CHANCE = 0.5
"""The share of right choices that a text gets which says nothing."""


def about_which(told: Mapping[str, str], question: str, seed: int = 0) -> Callable[[str], Choice | None]:
    """Choices between an entity and another one of `told` (id -> what is known), drawn by the seed and the id alone.

    The other differs from it: one that is described by the same words is never drawn. An id that is not told has no
    choice, nor has one whose others are all alike.
    """
    ids = sorted(told)

    def choice(id: str) -> Choice | None:
        if id not in told:
            return None
        others = [one for one in ids if told[one] != told[id]]
        if not others:
            return None
        other = others[_rng(id, seed).integers(len(others))]
        return Choice(question, told[id], told[other])

    return choice


def next_item(
    hidden: pd.DataFrame, rated: pd.DataFrame, told: Mapping[str, str], question: str, seed: int = 0
) -> Callable[[str], Choice | None]:
    """Choices between an item that a user went on to like and one that the user never rated, drawn by seed and user.

    hidden: the ratings that no text was made from (user, item, rating); the right item is drawn among the user's best
    there, if these are above the user's own mean. rated: the other ratings. told: item -> what is known of it. The
    other item is drawn among those in `told`, as often as they were rated by anybody in `hidden`, so that fame does not
    give the answer away.
    """
    hidden, rated = (frame[frame["item"].isin(set(told))] for frame in (hidden, rated))
    seen: dict[str, set[str]] = {}
    for frame in (hidden, rated):
        for user, items in frame.groupby("user", observed=True)["item"]:
            seen.setdefault(str(user), set()).update(map(str, items))
    known: Sequence[str] = sorted(map(str, hidden["item"]))  # one entry per rating
    mean = pd.concat([hidden, rated]).groupby("user", observed=True)["rating"].mean()
    groups = {str(user): group for user, group in hidden.groupby("user", observed=True)}

    def choice(user: str) -> Choice | None:
        if user not in groups:
            return None
        group, rng = groups[user], _rng(user, seed)
        best = sorted(map(str, group.loc[group["rating"] == group["rating"].max(), "item"]))
        others = [item for item in known if item not in seen[user]]
        if not others or float(group["rating"].max()) <= float(mean[user]):
            return None
        right, other = best[rng.integers(len(best))], others[rng.integers(len(others))]
        return Choice(question, told[right], told[other])

    return choice


def _rng(id: str, seed: int) -> np.random.Generator:
    return np.random.default_rng([seed, *id.encode()])
