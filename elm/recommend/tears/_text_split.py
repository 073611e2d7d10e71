"""A split for comparing recommenders, with a summary for each user: what TEARS and its twins are trained on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd
from scipy import sparse

from elm._errors import CallError
from elm.data import Dataset
from elm.embeddings import SentenceEncoder
from elm.recommend._held_out import HeldOut
from elm.recommend.benchmark._split import RecommendationSplit
from elm.recommend.tears._augmentation import make_views
from elm.recommend.tears._genre_encoder import genre_shares
from elm.recommend.tears._training import Views
from elm.recommend.tears._wish_views import Things
from elm.tasks import ProfileWriter, TasteWriter, domain_named, domain_of, plot_themes, text_topics, trait_matrix

Part = Literal["train", "validation", "test"]
Style = Literal["parts", "prose"]
_THEMES, _SHARED = 8, 10  # words that each plot is summed up in; items that a word has to sum up to be a theme
_MOODS = 3


@dataclass(frozen=True, eq=False)
class TextSplit:
    """A split and its texts. Every text is written from ratings of role "input" alone.

    texts: part -> one summary per user, in the order of `split.users(part)`. genres: those of each of `split.items`.
    words: what each item is about, from its moods or its plot; () where nothing is known.
    """

    split: RecommendationSplit
    dataset: Dataset
    texts: Mapping[str, list[str]]
    genres: list[tuple[str, ...]]
    words: list[tuple[str, ...]]
    writer: TasteWriter | ProfileWriter
    domain: str = "films"

    @cached_property
    def kinds(self) -> list[str]:
        """All genres that an item has."""
        return sorted({genre for found in self.genres for genre in found})

    def inputs(self, part: Part) -> sparse.csr_matrix:
        """What is known of each user of a part, (users, items) raw ratings."""
        return self.split.train_inputs() if part == "train" else self.split.held_out(part).inputs

    def shares(self, part: Part) -> np.ndarray:
        """The genre vectors of a part's users, (users, kinds): what GERS reads in place of a text."""
        return genre_shares(self.inputs(part), self.genres, self.kinds)

    def held_out(self, part: Literal["validation", "test"], shares: bool = False) -> HeldOut:
        """A part's users with their texts, or with their shares of genres."""
        return replace(self.split.held_out(part), profiles=self.shares(part) if shares else self.texts[part])

    def views(self, per_user: int, seed: int = 0, shares: bool = False) -> Views | None:
        """`per_user` views for each training user; None for 0."""
        if per_user == 0:
            return None
        ids, rng = np.asarray(self.split.items), np.random.default_rng(seed)

        def write(items: np.ndarray, ratings: np.ndarray) -> Any:
            if shares:
                row = sparse.csr_matrix((ratings, (np.zeros(len(items), int), items)), shape=(1, len(ids)))
                return genre_shares(row, self.genres, self.kinds)[0]
            return self.writer.write(ids[items].tolist(), ratings, rng)

        table = self.writer.reader.matrix(self.split.items)
        known = np.asarray([trait in self.kinds for trait in self.writer.reader.traits])
        return make_views(
            self.split.train(), table[:, known], write, others=table[:, ~known], per_user=per_user, seed=seed
        )

    def things(self) -> Things:
        """What wishes may be about: the kinds, and what else a summary tells, such as moods."""
        reader, domain = self.writer.reader, domain_named(self.domain)
        told = [trait for trait in reader.traits if not trait.startswith("theme:")]
        places = [reader.traits.index(trait) for trait in told]
        kinds = [trait in self.kinds for trait in told]
        words = [trait if kind else domain.trait(trait) for trait, kind in zip(told, kinds, strict=True)]
        return Things(words, kinds, reader.matrix(self.split.items)[:, places], (domain.items, domain.item))


def text_split(
    dataset: Dataset,
    split: RecommendationSplit,
    *,
    domain: str | None = None,
    texts: Mapping[str, str] | None = None,
    style: Style | None = None,
) -> TextSplit:
    """Write the summaries of a split's users, from their inputs, by template.

    What is common and what is rare is learned from the training users. Where the data set has texts about its items,
    topics of theirs are told as well (`text_topics`, by the words' vectors in the default sentence encoder).

    domain: whose words are used; by default that of the data set: films, books for Goodbooks, products for shops.
    texts: user -> text from another writer, such as a chat model or a reading of the users' vectors, in place of the
        template's; they must be written from the inputs alone. `CallError` where a user lacks one.
    style: "parts", the four parts of TEARS with single words of plots as themes (`TasteWriter`), or "prose"
        (`ProfileWriter`); by default parts for a generated world, whose traits are known, and prose for real data.
    """
    if style not in (None, *get_args(Style)):
        raise CallError(f"style is one of {', '.join(get_args(Style))}, got {style!r}")
    domain = domain or domain_of(dataset)
    ids, users = split.items, {part: split.users(part) for part in ("train", "validation", "test")}
    known = split.rows[split.rows["role"] == "input"] if not split.weak else split.rows[split.rows["part"] == "train"]
    style = style or ("parts" if dataset.facts is not None else "prose")
    plots = _plots(dataset, ids)
    themes = (_shared if style == "parts" else _topics(dataset))(plots) if plots else None
    writer = (TasteWriter if style == "parts" else ProfileWriter)(_learned_from(dataset, split), domain, themes)
    by_template = texts is None
    if texts is None:
        texts = {
            str(user): writer.write(rows["item"].tolist(), rows["rating"].to_numpy(), _wording(str(user)))
            for user, rows in known.groupby("user", sort=False)
        }
    lacking = [user for user in dict.fromkeys(chain.from_iterable(users.values())) if user not in texts]
    if lacking and by_template:
        raise CallError(
            f"a text is written from inputs, but {len(lacking)} users of the split have none, such as {lacking[0]!r}; "
            "keep users with 3 ratings or more"
        )
    if lacking:
        raise CallError(f"every user of the split needs a text, but {len(lacking)} have none, such as {lacking[0]!r}")
    return TextSplit(
        split,
        dataset,
        {part: [texts[user] for user in found] for part, found in users.items()},
        [tuple(found) for found in dataset.items["genres"].reindex(ids)],
        _words(dataset, ids, themes, domain),
        writer,
        domain,
    )


def _learned_from(dataset: Dataset, split: RecommendationSplit) -> Dataset:
    """The training users' ratings, in a weak split without those that are held out."""
    own = dataset.restrict(users=split.users("train"))
    if not split.weak:
        return own
    hidden = split.rows[split.rows["part"] != "train"]
    pairs = pd.MultiIndex.from_frame(own.interactions[["user", "item"]].astype(str))
    held = pairs.isin(pd.MultiIndex.from_frame(hidden[["user", "item"]].astype(str)))
    return replace(own, interactions=own.interactions[~held])


def _wording(user: str) -> np.random.Generator:
    """Draws the words of a user's text: always the same for one user."""
    return np.random.default_rng([*user.encode()])


def _plots(dataset: Dataset, ids: list[str]) -> dict[str, str]:
    """All texts about each item as one; none of a generated world, whose texts say what its traits do."""
    if dataset.facts is not None:
        return {}
    told = dataset.texts[dataset.texts["item"].isin(set(ids))]
    return {str(item): " ".join(found) for item, found in told.groupby("item")["text"]}


def _topics(dataset: Dataset) -> Callable[[Mapping[str, str]], dict[str, tuple[str, ...]]]:
    """What finds the topics of plots."""
    kinds = dict(dataset.items["genres"])
    return lambda plots: text_topics(plots, SentenceEncoder().encode, kinds)


def _shared(plots: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Single words of the plots as themes: those that enough items have for a user to like them."""
    themes = plot_themes(plots, list(plots), _THEMES)
    counts = Counter(word for found in themes.values() for word in found)
    return {item: tuple(word for word in found if counts[word] >= _SHARED) for item, found in themes.items()}


def _words(
    dataset: Dataset, ids: list[str], themes: Mapping[str, tuple[str, ...]] | None, domain: str
) -> list[tuple[str, ...]]:
    """What each item is about, in words that a summary may hold."""
    if themes is not None:
        return [themes.get(item, ()) for item in ids]
    if dataset.facts is None:
        return [()] * len(ids)
    table = trait_matrix(dataset, domain)[list(domain_named(domain).vocabulary.qualities)]
    strongest = np.argsort(-table.loc[ids].to_numpy(), axis=1, kind="stable")[:, :_MOODS]
    return [tuple(table.columns[row]) for row in strongest]
