"""Does a text alone follow wishes for and against, in the words of a set? Shares of what is asked for in the list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from elm._errors import CallError
from elm._typing import Floats
from elm.evaluation.controllability._wishes import WishSet, wish_set
from elm.metrics import top_k
from elm.recommend import Scorer

_NAMES = {1: "for", -1: "against", 0: "neither"}
_BATCH = 256


@dataclass(frozen=True)
class Asked:
    """Something that wishes are about. name: inside a sentence; weights: (items,) in [0, 1], how much of it each item
    has; about: what it is about without its name, None where nobody has said it."""

    name: str
    weights: npt.NDArray[np.floating]
    about: str | None = None


@dataclass(frozen=True)
class StanceScores:
    """A row a wish and thing. columns of `cases`: text, thing, stance, named, share (of the thing in the top k), and
    for that thing neutral (the share under the neutral text) and template (under the template's own wish)."""

    cases: pd.DataFrame

    def summary(self) -> pd.DataFrame:
        """A row per stance and kind of wish ("for, by name", "for, without it", ...).

        `share`, `neutral` and `template` are means. `effect`: how much of the template's change from neutral the wishes
        make, of neither None. `moved`: of the cases, those whose share is above (against: below) neutral; a share that
        neutral has at its end already cannot move, so these are left out. `spread`: mean distance from neutral.
        """
        found = []
        for (stance, named), some in self.cases.groupby(["stance", "named"], sort=False):
            sign = int(stance)  # type: ignore[call-overload]
            change, whole = some["share"] - some["neutral"], some["template"] - some["neutral"]
            told = some[some["neutral"] > 0] if sign < 0 else some[some["neutral"] < 1]
            moved = (told["share"] - told["neutral"]) * sign > 0
            found.append(
                {
                    "name": f"{_NAMES[sign]}, {'by name' if named else 'without it'}",
                    "alpha": 1.0,
                    "share": some["share"].mean(),
                    "neutral": some["neutral"].mean(),
                    "template": some["template"].mean() if sign else np.nan,
                    "effect": change.mean() / whole.mean() if sign and whole.mean() else np.nan,
                    "moved": moved.mean() if sign and len(told) else np.nan,
                    "spread": change.abs().mean(),
                    "cases": len(some),
                }
            )
        return pd.DataFrame(found)


def stance_scores(
    recommender: Scorer, wishes: WishSet, asked: Sequence[Asked], items: str = "films", k: int = 20
) -> StanceScores:
    """The top k of each wish about each thing, as a text alone (alpha 1, no history).

    items: what is ranked, in the plural. The neutral text says that all kinds are enjoyed. Wishes with {d} are passed
    over for things without words of what they are about. Raises `CallError` where no wish fits any thing.
    """
    plain, neutral = wish_set("template", items), f"They enjoy {items} of every kind."
    told = [(wish, thing) for thing in asked for wish in wishes.wishes if wish.named or thing.about is not None]
    if not told:
        raise CallError(f"the wishes of {wishes.name} need what genres are about, and the set says it of none of these")
    template = {(thing.name, wish.stance): wish.said(thing.name) for thing in asked for wish in plain.wishes}
    said = [wish.said(thing.name, thing.about) for wish, thing in told]
    lists = _lists(recommender, [neutral, *template.values(), *said], k)
    share = {thing.name: _shares(thing.weights, lists) for thing in asked}
    rows = []
    for wish, thing in told:
        own = share[thing.name]
        rows.append(
            {
                "text": wish.text,
                "thing": thing.name,
                "stance": wish.stance,
                "named": wish.named,
                "share": own[wish.said(thing.name, thing.about)],
                "neutral": own[neutral],
                "template": own[template[thing.name, wish.stance]] if wish.stance else np.nan,
            }
        )
    cases = pd.DataFrame(rows).sort_values(["stance", "named"], key=_order, kind="stable")
    return StanceScores(cases)


def _order(column: pd.Series) -> pd.Series:
    """For, against, neither; by name first."""
    return column.map({1: 0, -1: 1, 0: 2}) if column.name == "stance" else ~column


def _lists(recommender: Scorer, texts: Sequence[str], k: int) -> dict[str, Floats]:
    """Each text's list, (k,) columns."""
    once = list(dict.fromkeys(texts))
    found: dict[str, Floats] = {}
    for start in range(0, len(once), _BATCH):
        some = once[start : start + _BATCH]
        found.update(zip(some, top_k(recommender.scores(None, some, 1.0), k), strict=True))
    return found


def _shares(weights: npt.NDArray[np.floating], lists: Mapping[str, Floats]) -> dict[str, float]:
    return {text: float(np.mean(weights[np.asarray(ranked, dtype=np.int64)])) for text, ranked in lists.items()}
