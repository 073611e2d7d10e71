"""The setting of CTRL-Rec, Section 3: each user's ratings in chronological halves, and a request that fits the user."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import sparse

from elm._errors import CallError
from elm.data import Dataset
from elm.recommend import Card, RequestWriter, Wish, positives


@dataclass(frozen=True, eq=False)
class Halves:
    """The earlier half of each user's ratings (train) and the later one (test), (users, items) raw ratings each."""

    dataset: Dataset
    users: list[str]
    items: list[str]
    train: sparse.csr_matrix
    test: sparse.csr_matrix

    @cached_property
    def genres(self) -> list[frozenset[str]]:
        """The genres of each item, by the data set: what genre requests are scored by."""
        return [frozenset(found) for found in self.dataset.items["genres"].reindex(self.items)]

    def has(self, genre: str) -> np.ndarray:
        """Which items have a genre, (items,) of bool."""
        return np.array([genre in found for found in self.genres])


def chronological_halves(dataset: Dataset, seed: int = 0, users: int | None = None) -> Halves:
    """Split each user's ratings by time, ties by item; the earlier half (rounded up) is trained on.

    A generated world without times is split in an order drawn from `seed`. users: so many of them, drawn (default: all
    with at least four ratings). Raises `CallError` where there are none.
    """
    rng = np.random.default_rng(seed)
    rows = dataset.interactions
    when = rows["time"].to_numpy() if dataset.has_times else rng.permutation(len(rows))
    rows = rows.assign(_when=when, user=rows["user"].astype(str), item=rows["item"].astype(str))
    counts = rows["user"].value_counts()
    kept = [user for user in dataset.users.index if counts.get(user, 0) >= 4]
    if users is not None and users < len(kept):
        kept = [kept[place] for place in np.sort(rng.permutation(len(kept))[:users])]
    if not kept:
        raise CallError(f"{dataset.name} has no user with four ratings; a benchmark of requests needs such")
    rows = rows[rows["user"].isin(set(kept))].sort_values(["user", "_when", "item"], ignore_index=True)
    place = rows.groupby("user").cumcount()
    early = (place < (rows.groupby("user")["item"].transform("size") + 1) // 2).to_numpy()
    items = list(dataset.items.index)
    row = {user: number for number, user in enumerate(kept)}
    column = {item: number for number, item in enumerate(items)}
    shape = (len(kept), len(items))
    where = (rows["user"].map(row).to_numpy(), rows["item"].map(column).to_numpy())
    rating = rows["rating"].to_numpy(dtype=np.float32)
    train, test = (
        sparse.csr_matrix((rating[some], (where[0][some], where[1][some])), shape=shape) for some in (early, ~early)
    )
    return Halves(dataset, kept, items, train, test)


def genre_wishes(halves: Halves, writer: RequestWriter, seed: int = 0) -> list[Wish]:
    """One request a user for one genre, drawn by how often the user liked it in the earlier half."""
    rng = np.random.default_rng(seed)
    table = np.stack([halves.has(genre) for genre in writer.genres], axis=1).astype(float)
    likes = np.asarray(positives(halves.train) @ table) + 1e-9
    shares = likes / likes.sum(axis=1, keepdims=True)
    return [writer.genre(str(rng.choice(writer.genres, p=row)), rng) for row in shares]


def open_wishes(halves: Halves, writer: RequestWriter, degrees: np.ndarray, seed: int = 0) -> list[Wish]:
    """One open-ended request a user: a mood, two of them, or one without another, that fits what the user liked.

    degrees: (moods, items), how far items have each of the writer's moods. What is asked for is drawn by how much more
    of it the user liked than others do; what is to be avoided is the least liked of what goes with it.
    """
    rng = np.random.default_rng(seed)
    liked = positives(halves.train)
    mean = np.asarray(liked @ degrees.T) / np.maximum(np.diff(liked.indptr), 1)[:, None]
    lean = (mean - mean.mean(axis=0)) / np.maximum(mean.std(axis=0), 1e-9)
    found = []
    for number, row in enumerate(lean):
        chance = np.exp(row - row.max())
        first, second = rng.choice(len(row), 2, replace=False, p=chance / chance.sum())
        worst = int(np.argmin(row))
        wanted = [writer.moods[first]] if number % 3 else [writer.moods[first], writer.moods[second]]
        unwanted = [writer.moods[worst]] if number % 3 == 2 and worst != first else []
        found.append(writer.about(wanted, rng, unwanted, kind="open"))
    return found


def user_texts(halves: Halves, cards: Sequence[Card], most: int = 20) -> list[str]:
    """What a judge may be told of each user: titles and genres, where they are told, of the latest liked items, 20 as
    in the paper."""
    liked = positives(halves.train)
    rows = (liked.indices[start:stop][-most:] for start, stop in zip(liked.indptr[:-1], liked.indptr[1:], strict=True))

    def said(card: Card) -> str:
        return f"{card.title} ({', '.join(card.kinds)})" if card.kinds else card.title

    return ["liked " + "; ".join(said(cards[column]) for column in row) if len(row) else "nothing yet" for row in rows]
