"""Everything that a run fixes before it trains: data, splits, vectors, and what the teachers know."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from elm._errors import CallError, DataFileError
from elm._text.sentences import sentences
from elm.data import Dataset, EntitySplit, split_entities, split_ratings
from elm.data import load as load_dataset
from elm.embeddings import SentenceEncoder, VectorTable, fold_in, semantic, wals
from elm.evaluation import Collaborative, HeldOutItems
from elm.model import shipped_vectors
from elm.runs._config import RunConfig
from elm.runs._folder import RunFolder
from elm.tasks import ItemFacts, TemplateTeacher, TraitReader, UserFacts, domain_named, item_facts, plot_themes

FILMS, USERS = "minilm", "wals"
"""Names of the two spaces, and of the adapters that read them."""

_SAME = 0.999  # cosine above which a re-encoded vector counts as the shipped one


@dataclass(frozen=True)
class World:
    """Data, splits and vectors of a run. Held-out users are folded in from 80 % of their ratings."""

    dataset: Dataset
    films: VectorTable  # semantic vectors of all films with texts
    users: VectorTable  # behavioural vectors of the training users
    items: VectorTable  # films in the users' space
    held_users: VectorTable  # validation and test users, folded in
    film_split: EntitySplit
    user_split: EntitySplit
    film_facts: dict[str, ItemFacts]
    user_facts: dict[str, UserFacts]
    rated: pd.DataFrame  # the ratings of held-out users that were folded in
    hidden: pd.DataFrame  # the rest of their ratings
    domain: str = "films"

    def film_teacher(self, seed: int = 0) -> TemplateTeacher:
        return TemplateTeacher(self.film_facts, seed)

    def user_teacher(self, seed: int = 0) -> TemplateTeacher:
        return TemplateTeacher(self.user_facts, seed)

    def held_out_films(self, ids: Sequence[str], seed: int = 0, include_training: bool = False) -> HeldOutItems:
        """These films beside the training films, with what is known of both."""
        train, teacher = self.film_split.train, self.film_teacher(seed)
        return HeldOutItems(self.films, train, ids, self.film_facts, teacher, include_training)

    def collaborative(self) -> Collaborative:
        """The tables of users and items, and the ratings of these users."""
        ratings = self.dataset.interactions
        return Collaborative(self.users, self.items, ratings[ratings["user"].isin(set(self.users.ids))])


def build_world(run: RunFolder, config: RunConfig, encoder: SentenceEncoder, progress: bool = True) -> World:
    """Make the world of a run, or read back what it has made before.

    Raises `DataFileError` where the data set cannot be read or is no longer the run's, `CallError` for settings that do
    not fit it.
    """
    dataset = load_dataset(config.dataset, seed=config.seed)
    plots = _plots(dataset, config)
    films = kept(run, "films", lambda: _seen(_film_vectors(dataset, config, encoder, plots, progress), config)[0])
    films, film_split = _seen(films, config)
    rated_by = dataset.interactions["user"].value_counts()
    user_split = split_entities([str(u) for u in rated_by.index[rated_by >= 10]], *config.user_shares, seed=config.seed)
    _fixed(run, "films", film_split)
    _fixed(run, "users", user_split)

    held_ids = {*user_split.validation, *user_split.test}
    held_ratings = dataset.interactions[dataset.interactions["user"].isin(held_ids)]
    rated, hidden = split_ratings(held_ratings, 0.8, seed=config.seed)
    train_ratings = dataset.interactions[dataset.interactions["user"].isin(set(user_split.train))]
    items, users = _behavioural(run, train_ratings, config)
    rated = rated[rated["item"].isin(set(items.ids))]
    held_users = kept(run, "held_users", lambda: fold_in(items, rated, users))
    reader = TraitReader(dataset.restrict(users=user_split.train), domain=config.domain)
    return World(
        dataset,
        films,
        users,
        items,
        held_users,
        film_split,
        replace(
            user_split, **{p: [u for u in getattr(user_split, p) if u in held_users] for p in ("validation", "test")}
        ),
        real_film_facts(dataset, films.ids, plots, film_split.train, config),
        reader.read_all(pd.concat([train_ratings, rated])),
        rated,
        hidden,
        config.domain,
    )


def _seen(films: VectorTable, config: RunConfig) -> tuple[VectorTable, EntitySplit]:
    """The table with the statistics of its training films alone, by which adapters normalise, and the split."""
    split = split_entities(films.ids, *config.film_shares, seed=config.seed)
    return films.with_statistics_of(split.train), split


def _fixed(run: RunFolder, name: str, split: EntitySplit) -> None:
    """Keep a split with the run; `DataFileError` where the data set no longer gives the one that was kept."""
    path = run.path / "splits" / f"{name}.json"
    if not path.exists():
        split.save(path)
    elif EntitySplit.load(path) != split:
        raise DataFileError(
            f"a run keeps its data, but the {name} of the data set are no longer those of {path}: "
            "bring the data back, or begin another run"
        )


def _behavioural(run: RunFolder, ratings: pd.DataFrame, config: RunConfig) -> tuple[VectorTable, VectorTable]:
    folder = run.path / "vectors"
    if not all((folder / k / "space.json").exists() for k in ("users", "items")):
        users, items = wals(ratings, factors=config.factors, seed=config.seed)
        users.save(folder / "users")
        items.save(folder / "items")
    return VectorTable.load(folder / "items"), VectorTable.load(folder / "users")


def kept(run: RunFolder, name: str, make: Callable[[], VectorTable]) -> VectorTable:
    """A table of the run: read back where it was made before, else made and saved."""
    folder = run.path / "vectors" / name
    if not (folder / "space.json").exists():
        make().save(folder)
    return VectorTable.load(folder)


def _film_vectors(
    dataset: Dataset, config: RunConfig, encoder: SentenceEncoder, plots: dict[str, str], progress: bool
) -> VectorTable:
    """Semantic vectors; those of the demo catalogue ship with the package, and a sample of them is checked."""
    texts = vector_texts(dataset, config, plots)
    if (config.dataset, config.seed) == ("demo", 0):
        shipped = _shipped_films()
        known = shipped is not None and shipped.space.fingerprint == encoder.fingerprint and shipped.ids == list(texts)
        if shipped is not None and known:
            sample = [shipped.ids[i] for i in np.random.default_rng(0).choice(len(shipped), 24, replace=False)]
            again = semantic({i: texts[i] for i in sample}, encoder, name=FILMS)
            if float((again.vectors * shipped.rows(sample)).sum(1).min()) > _SAME:
                return shipped
    return semantic(texts, encoder, name=FILMS, progress=progress)


def _shipped_films() -> VectorTable | None:
    from elm.model import SHIPPED

    return shipped_vectors("films") if (SHIPPED / "vectors" / "films" / "space.json").exists() else None


def vector_texts(dataset: Dataset, config: RunConfig, plots: dict[str, str]) -> dict[str, list[str]]:
    """The texts behind each film's vector: its own texts, and for real films its genres in words.

    The text that teachers quote is never among them, and where it is needed, films without it are left out. Where there
    is one source alone, every other sentence of a text is behind the vector, and the rest is quoted.
    """
    if config.target_source in config.vector_sources and len(dataset.sources) > 1:
        raise CallError(
            f"a vector and the texts that are scored come from different sources, not both {config.target_source!r}"
        )
    texts: dict[str, list[str]] = {}
    for source in config.vector_sources:
        for item, found in dataset.texts_of(source).items():
            own = found if source != config.target_source else [half for text in found if (half := _half(text, 0))]
            if own:
                texts.setdefault(item, []).extend(own)
    if config.target_source is None:
        return texts
    genres, words = dataset.items["genres"], domain_named(config.domain)
    label = words.kinds.capitalize()
    said = {i: [f"{label}: {', '.join(map(words.kind_word, genres[i]))}."] if genres[i] else [] for i in texts}
    return {i: [*said[i], *found] for i, found in texts.items() if i in plots}


def real_world_texts(dataset: Dataset, config: RunConfig) -> tuple[dict[str, list[str]], dict[str, str]]:
    """(texts behind the vectors, plots that teachers quote) of every real film that has both."""
    plots = _plots(dataset, config)
    return vector_texts(dataset, config, plots), plots


def real_film_facts(
    dataset: Dataset, ids: Iterable[str], plots: Mapping[str, str], train: Iterable[str], config: RunConfig
) -> dict[str, ItemFacts]:
    """What teachers know of each film; the words that may be themes are learned from training films alone."""
    told = {i: plots[i] for i in ids if i in plots}
    themes = plot_themes(told, train, config.themes) if told and config.themes else {}
    return {i: item_facts(dataset, i, plots.get(i), themes.get(i, ()), config.domain) for i in ids}


def _plots(dataset: Dataset, config: RunConfig) -> dict[str, str]:
    if config.target_source is None:
        return {}
    told = {item: found[0] for item, found in dataset.texts_of(config.target_source).items()}
    if config.target_source not in config.vector_sources:
        return told
    return {item: half for item, text in told.items() if (half := _half(text, 1))}


def _half(text: str, start: int) -> str:
    """Every other sentence of a text, from the first (0) or the second one (1)."""
    return " ".join(sentences(text)[start::2])


def user_views(world: World, views: int, seed: int) -> tuple[VectorTable, dict[str, UserFacts]]:
    """Training users seen several times: from all their ratings, and from random 80 % of them (ids "u1#1", ...).

    A user's vector moves a little with each rating; seeing it move teaches the adapter what belongs to the user.
    """
    ratings = world.dataset.interactions
    ratings = ratings[ratings["user"].isin(set(world.users.ids)) & ratings["item"].isin(set(world.items.ids))]
    reader = TraitReader(world.dataset.restrict(users=world.user_split.train), domain=world.domain)
    ids, vectors, facts = (
        list(world.users.ids),
        [world.users.vectors],
        {u: world.user_facts[u] for u in world.users.ids},
    )
    for view in range(1, views):
        part, _ = split_ratings(ratings, 0.8, seed=seed + view)
        part = part.assign(user=part["user"].astype(str) + f"#{view}")
        table = fold_in(world.items, part, world.users)
        ids += table.ids
        vectors.append(table.vectors)
        facts |= reader.read_all(part)
    return VectorTable(ids, np.concatenate(vectors), replace(world.users.space)), facts
