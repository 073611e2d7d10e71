"""Guided control: "More war films." and "Less war films." beside a history (TEARS, Section 6.3)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse

from elm._errors import CallError
from elm._typing import Floats
from elm.metrics import genre_ndcg, top_k
from elm.recommend import Scorer, affirmed, genre_masks, genre_words, sentiment

PHRASES = ("More {} films.", "Less {} films.")


class SignedScorer(Scorer, Protocol):
    """A recommender that can take a text away from a history, as `Recommender` can."""

    def scores(
        self,
        histories: sparse.csr_matrix | None,
        profiles: Any,
        alpha: float | None,
        signs: Sequence[int] | None = None,
    ) -> np.ndarray:
        """(n, items); a sign of -1 for a user subtracts the text's part: (1 - alpha) z_history - alpha z_text."""
        ...


@dataclass(frozen=True)
class Guided:
    """How much of each attribute is in the top k, from 0 to 1: `before` (attributes, n users) at alpha 0, `more` and
    `less` (attributes, alphas, n) under the phrases."""

    names: tuple[str, ...]
    alphas: tuple[float, ...]
    before: Floats
    more: Floats
    less: Floats
    k: int

    @property
    def rise(self) -> Floats:
        """What "more" adds, (attributes, alphas, n)."""
        return self.more - self.before[:, None]

    @property
    def fall(self) -> Floats:
        """What "less" takes away, (attributes, alphas, n)."""
        return self.before[:, None] - self.less

    def summary(self) -> pd.DataFrame:
        """A row an attribute and alpha, then a row per alpha named "mean": `before`, mean `rise` and `fall`, and
        `rise_share`, `fall_share` of users moved the right way; over all `users`."""
        found = {
            "before": np.broadcast_to(self.before.mean(axis=1)[:, None], self.rise.shape[:2]),
            "rise": self.rise.mean(axis=2),
            "rise_share": (self.rise > 0).mean(axis=2),
            "fall": self.fall.mean(axis=2),
            "fall_share": (self.fall > 0).mean(axis=2),
        }
        names = [*self.names, "mean"]
        index = pd.MultiIndex.from_product([names, self.alphas], names=["name", "alpha"])
        table = {measure: np.vstack([values, values.mean(axis=0)]).ravel() for measure, values in found.items()}
        return pd.DataFrame(table, index=index).assign(users=self.before.shape[1]).reset_index()


def genre_attributes(item_genres: Sequence[Collection[str]], genres: Sequence[str]) -> dict[str, Floats]:
    """Genres as attributes for `guided`: the genre's name inside a sentence -> 1 for each item that has it, else 0.

    Raises `UnknownNameError` for a genre that no item has.
    """
    masks = genre_masks(genres, item_genres).astype(np.float64)
    return {genre_words(genre).label[0]: mask for genre, mask in zip(genres, masks, strict=True)}


def guided(
    recommender: SignedScorer,
    histories: sparse.csr_matrix,
    attributes: Mapping[str, npt.ArrayLike],
    alphas: Sequence[float] = (0.25, 0.5, 0.75),
    k: int = 20,
    phrases: tuple[str, str] = PHRASES,
    less: Literal["affirmed", "subtracted", "added"] = "affirmed",
) -> Guided:
    """Ask for more and for less of each attribute with a phrase in place of a profile, for every user.

    attributes: what stands in the phrase -> (items,) in [0, 1] how much of it each item has, in the recommender's
        order. phrases: one for more and one for less, with {} for the attribute.
    less: what a phrase that `sentiment` reads as negative does. "affirmed": it is taken away from the history, "less"
        read as "more" (`elm.recommend.affirmed`); "subtracted": it is taken away as it stands, as in Section 6.3;
        "added": it is mixed in like any text, which shows what the words do alone; no rule reads the phrases then.

    Raises `CallError` for an attribute that no item has or that leaves [0, 1], and for phrases of the wrong sentiment.
    """
    if less not in ("affirmed", "subtracted", "added"):
        raise CallError(f"less is 'affirmed', 'subtracted' or 'added', got {less!r}")
    if not attributes or not alphas:
        raise CallError(f"guidance needs an attribute and an alpha, got {len(attributes)} and {len(alphas)}")
    weights = {name: _weights(name, values, len(recommender.items)) for name, values in attributes.items()}
    n = histories.shape[0]
    start = top_k(recommender.scores(histories, None, 0.0), k)
    before = np.stack([genre_ndcg(start, own, k) for own in weights.values()])
    found = np.zeros((2, len(weights), len(alphas), n))
    for side, (template, wanted) in enumerate(zip(phrases, (1, -1), strict=True)):
        for place, (name, own) in enumerate(weights.items()):
            phrase = template.format(name)
            sign = wanted if less == "added" else sentiment(phrase)
            if sign != wanted:
                raise CallError(f"{phrase!r} reads as asking for {'more' if sign > 0 else 'less'}; change the phrase")
            signs = {"signs": [sign] * n} if sign < 0 and less != "added" else {}
            text = affirmed(phrase) if less == "affirmed" else phrase
            for row, alpha in enumerate(alphas):
                ranked = top_k(recommender.scores(histories, [text] * n, alpha, **signs), k)
                found[side, place, row] = genre_ndcg(ranked, own, k)
    return Guided(tuple(weights), tuple(alphas), before, found[0], found[1], k)


def _weights(name: str, values: npt.ArrayLike, items: int) -> Floats:
    weights = np.asarray(values, dtype=np.float64)
    if weights.shape != (items,):
        raise CallError(f"the attribute {name!r} needs a number per item, ({items},), got shape {weights.shape}")
    if not (np.isfinite(weights).all() and weights.min() >= 0 and weights.max() <= 1):
        raise CallError(f"the attribute {name!r} must lie in [0, 1] for every item; scale it to that range")
    if not weights.any():
        raise CallError(f"no item has anything of {name!r}; guide by what the catalogue has")
    return weights
