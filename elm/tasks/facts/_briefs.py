"""What a teacher that is a language model is given about an item or a user."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from elm._errors import CallError, UnknownNameError
from elm.data import Dataset
from elm.tasks.teachers._teacher import Entity


@dataclass(frozen=True)
class ItemBrief:
    """One item: its title, and what else is known. A model that knows the item needs no texts (ELM tells titles).

    >>> ItemBrief("Heat", 1995).label
    'Heat (1995)'
    """

    title: str
    year: int | None = None
    kinds: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    domain: str = "films"

    def __post_init__(self) -> None:
        if not self.title.strip():
            raise CallError("an item is described to a teacher by its title, and the one given is empty")

    @property
    def label(self) -> str:
        """The title with its year, as it stands in a question."""
        return self.title if self.year is None else f"{self.title} ({self.year})"

    def background(self) -> str:
        """What is known besides the title, or nothing."""
        parts = [", ".join(self.kinds), *self.texts]
        known = "\n".join(part.strip() for part in parts if part.strip())
        return f"What is known of {self.label}:\n{known}" if known else ""


@dataclass(frozen=True)
class UserBrief:
    """One user: a few items that they rated high and a few that they rated low (ELM, Section 3.1: five each)."""

    liked: tuple[ItemBrief, ...]
    disliked: tuple[ItemBrief, ...]
    domain: str = "films"

    def __post_init__(self) -> None:
        if not self.liked or not self.disliked:
            raise CallError("a user is described to a teacher by liked and disliked items, at least one each")


Brief = ItemBrief | UserBrief


def briefs_of(briefs: Mapping[str, Brief], entity: Entity) -> tuple[Brief, ...]:
    """What is given about an entity; `UnknownNameError` for an id without a brief."""
    ids = (entity,) if isinstance(entity, str) else tuple(entity)
    if unknown := next((i for i in ids if i not in briefs), None):
        raise UnknownNameError("entity", unknown, briefs, "(the teacher has no brief of it)")
    return tuple(briefs[i] for i in ids)


def item_briefs(
    dataset: Dataset, sources: Sequence[str] = (), words: int = 150, domain: str = "films"
) -> dict[str, ItemBrief]:
    """Item id -> its brief: title, year, kinds, and the texts of `sources`, each cut after `words` words.

    Raises `UnknownNameError` for a source that the data set does not have.
    """
    texts = [dataset.texts_of(source) for source in sources]
    briefs = {}
    for item, title, year, kinds in zip(
        dataset.items.index, dataset.items["title"], dataset.items["year"], dataset.items["genres"], strict=True
    ):
        some = tuple(" ".join(text.split()[:words]) for found in texts for text in found.get(item, ()))
        briefs[str(item)] = ItemBrief(title, None if pd.isna(year) else int(year), tuple(kinds), some, domain)
    return briefs


def user_briefs(
    interactions: pd.DataFrame,
    items: Mapping[str, ItemBrief],
    n: int = 5,
    like: float = 4.0,
    dislike: float = 2.0,
    seed: int = 0,
) -> dict[str, UserBrief]:
    """User id -> `n` items drawn from those rated `like` or higher, and `n` from those rated `dislike` or lower.

    interactions: columns user, item, rating. The draw depends on the user and the seed alone. Where one side has fewer
    than `n`, all items above (below) the user's own mean are drawn from; a user who has fewer than `n` of those is left
    out. Items keep their kinds but not their texts: twenty plots would fill a prompt. Raises `CallError` for an `n`
    below one.
    """
    if n < 1:
        raise CallError(f"a brief holds at least one liked and one disliked item, but n={n} came")
    rated = interactions[interactions["item"].isin(set(items))]
    found = {}
    for user, group in rated.groupby("user", sort=True, observed=True):
        rating, mean = group["rating"].to_numpy(float), float(group["rating"].mean())
        ids = group["item"].astype(str).to_numpy()
        sides = [
            _side(ids, strict, loose, n)
            for strict, loose in ((rating >= like, rating > mean), (rating <= dislike, rating < mean))
        ]
        if min(map(len, sides)) < n:
            continue
        rng = np.random.default_rng([seed, *str(user).encode()])
        liked, disliked = (
            tuple(replace(items[str(i)], texts=()) for i in rng.choice(side, n, replace=False)) for side in sides
        )
        found[str(user)] = UserBrief(liked, disliked, liked[0].domain)
    return found


def _side(ids: np.ndarray, strict: np.ndarray, loose: np.ndarray, n: int) -> np.ndarray:
    return np.sort(ids[strict] if strict.sum() >= n else ids[loose])
