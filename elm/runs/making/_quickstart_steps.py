"""The steps of the quickstart that come after training, each a function of the run's parts to plain values."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from elm import cav
from elm._errors import CallError
from elm._storage.files import written_aside
from elm.data import Dataset
from elm.embeddings import SentenceEncoder, interpolate, rating_order
from elm.evaluation import Encoder, edit_scores, likes_and_dislikes, loop_scores, scores_figure, steer_scores
from elm.metrics import top_k
from elm.model import EmbeddingLanguageModel
from elm.recommend import Popularity, Recommender, edit_genres, genre_preferences, names_genre, swap_genres
from elm.runs._config import RunConfig
from elm.runs._experiment_data import World
from elm.runs._folder import RunFolder
from elm.runs.making._train_recommender import PROFILE, held_users
from elm.runs.scoring._score import RunScores, score_films, score_users
from elm.runs.scoring._shipped import score_shipped
from elm.runs.share._card import write_card
from elm.tasks import trait_matrix

CONCEPT = "funny"
"""The concept that is moved and read back."""

AMOUNTS = (-2.0, -1.0, 0.0, 1.0, 2.0)
_STEERED = 30  # films, at most
_BULLETS = 10  # what a profile's prompt asks for


@dataclass(frozen=True)
class Loop:
    """What the steps share."""

    run: RunFolder
    config: RunConfig
    world: World
    encoder: Encoder  # one for all scores: they share their controls' texts
    progress: bool


def about_vectors(world: World, encoder: SentenceEncoder) -> dict[str, Any]:
    """How many vectors there are, of what size, and how well dot products order held-out ratings."""
    dataset = world.dataset
    return {
        "films": {"n": len(world.films), "dim": world.films.space.dim, "encoder": encoder.name},
        "users": {"n": len(world.users), "held_out": len(world.held_users), "dim": world.users.space.dim},
        "rating_order": rating_order(world.held_users, world.items, world.hidden),
        "dataset": {
            "name": dataset.name,
            "films": dataset.n_items,
            "users": dataset.n_users,
            "ratings": len(dataset.interactions),
        },
    }


def describe_one(loop: Loop, model: EmbeddingLanguageModel) -> dict[str, Any]:
    """One held-out film in every task, beside its facts, and what lies halfway to another."""
    world = loop.world
    if len(world.film_split.test) < 2:
        raise CallError(
            f"the quickstart needs two held-out films or more, and this split holds {world.film_split.test}"
        )
    first, second = world.film_split.test[:2]
    vector = world.films[first]
    halfway = interpolate(vector, world.films[second], 0.5, world.films.space)
    texts = [
        {"item": first, "task": task, "text": model.describe(vector, task)}
        for task in loop.config.film_tasks
        if len(model.task(task).marks) == 1
    ]
    between = f"halfway from {first} to {second}"
    texts.append({"item": between, "task": "summary", "text": model.describe(halfway, "summary")})
    return {"title": _title(world.dataset, first), "facts": world.film_facts[first].line(), "texts": texts}


def edit_one(loop: Loop, model: EmbeddingLanguageModel, recommender: Recommender) -> dict[str, Any]:
    """One held-out user: the profile, the list it gives, an edit, and the list after it.

    Raises `CallError` where no held-out user's profile names two genres to swap.
    """
    user, profile, pair = _editable(loop, model)
    edited = swap_genres(profile, *pair)
    rated = loop.world.rated[loop.world.rated["user"] == user]
    history = dict(zip(rated["item"].tolist(), rated["rating"].tolist(), strict=True))
    genres = loop.world.dataset.items["genres"]

    def ranked(text: str) -> list[dict[str, Any]]:
        places = recommender.recommend(history, text, alpha=1.0, k=10)
        return [{"item": p.item, "title": p.title, "genres": list(genres.loc[p.item])} for p in places]

    return {
        "user": user,
        "favourite": pair[0],
        "least": pair[1],
        "profile": profile,
        "edited": edited,
        "before": ranked(profile),
        "after": ranked(edited),
    }


def _editable(loop: Loop, model: EmbeddingLanguageModel) -> tuple[str, str, tuple[str, str]]:
    """A held-out user whose profile names two genres: id, profile, (most liked, least liked) of them.

    The swap says most where the profile likes the one and dislikes the other: the first such profile of ten distinct
    bullets, else the first such profile, else the first of all.
    """
    world = loop.world
    held = held_users(world, world.user_split.test, loop.config.seed)
    liked = genre_preferences(held.inputs, _genres(world))
    profiles: list[str] = model.describe(world.held_users.rows(held.ids), PROFILE)
    found, telling = [], []
    for user, profile, row in zip(held.ids, profiles, liked.to_numpy().tolist(), strict=True):
        pair = edit_genres(profile, dict(zip(map(str, liked.columns), row, strict=True)))
        if pair is None:
            continue
        found.append((user, profile, pair))
        likes, dislikes = (" ".join(side) for side in likes_and_dislikes(profile))
        if names_genre(likes, pair[0]) and names_genre(dislikes, pair[1]):
            if len(set(_bullets(profile))) == _BULLETS:
                return found[-1]
            telling.append(found[-1])
    if found:
        return (telling or found)[0]
    raise CallError(
        f"an edit swaps two genres, and the profile of none of {len(held.ids)} held-out users names two; "
        "train longer, or give more users"
    )


def _bullets(profile: str) -> list[str]:
    return [line.strip() for line in profile.splitlines() if line.strip().startswith("- ")]


def score(loop: Loop, model: EmbeddingLanguageModel) -> dict[str, Any]:
    """Consistency of all film tasks and of the profile with their controls; draws `scores.png` in the run folder, and
    writes them into the model's card.
    """
    films = score_films(model, loop.world, loop.config, loop.encoder, progress=loop.progress)
    users = score_users(model, loop.world, replace(loop.config, user_tasks=(PROFILE,)), loop.encoder)
    value = RunScores(films, users).to_dict()
    figure = scores_figure(value["consistency"], value["profile"])
    with written_aside(loop.run.path / "scores.png") as aside:
        figure.savefig(aside, dpi=120, bbox_inches="tight", format="png")
    write_card(loop.run.path, value)
    return value


def recommend_and_edit(loop: Loop, model: EmbeddingLanguageModel, recommender: Recommender) -> dict[str, Any]:
    """NDCG from profiles, and the edit "favourite genre out, least favourite in", over held-out users."""
    world, seed = loop.world, loop.config.seed
    held = held_users(world, world.user_split.test[: loop.config.scored_users], seed)
    ours = model.describe(world.held_users.rows(held.ids), PROFILE)
    ratings = world.dataset.ratings_matrix(users=world.users.ids, items=world.items.ids)
    popular = Popularity.fit(ratings)
    scores = loop_scores(recommender, held.inputs, held.targets, ours, held.profiles, popular, seed=seed)
    edit = edit_scores(recommender, ours, held.inputs, _genres(world))
    return {"loop": scores.to_dict(), "edit": edit.to_dict()}


def steer(loop: Loop, model: EmbeddingLanguageModel, recommender: Recommender) -> dict[str, Any]:
    """A concept: fitted on training films, moved on held-out ones, read back from the text, felt by a user."""
    world, seed = loop.world, loop.config.seed
    labels = concept_labels(world)
    train = world.film_split.train
    concept = cav.fit(world.films.subset(train), {CONCEPT: labels.loc[train]}, seed=seed)[CONCEPT]
    films = world.film_split.test[: min(_STEERED, loop.config.scored_films)]
    scores = steer_scores(model, "positive_review", world.films, films, concept, loop.encoder, AMOUNTS, seed)
    example = {
        "item": films[0],
        "title": _title(world.dataset, films[0]),
        "texts": {str(amount): scores.texts[amount][0] for amount in AMOUNTS},
    }
    users = _steer_users(loop, model, recommender, labels)
    return scores.to_dict() | {"auc": concept.auc, "example": example, "users": users}


def concept_labels(world: World) -> pd.Series:
    """How strongly each film has the concept, by item; `CallError` where the data set knows no facts."""
    if world.dataset.facts is None:
        raise CallError(f"the concept {CONCEPT!r} is fitted on known facts, and {world.dataset.name} has none")
    return world.dataset.facts.items[CONCEPT]


def _steer_users(
    loop: Loop, model: EmbeddingLanguageModel, recommender: Recommender, labels: pd.Series
) -> dict[str, Any]:
    """Held-out users moved towards the concept: one's profiles, and how much of the concept the lists of all have."""
    world, k = loop.world, min(20, len(loop.world.items))
    train = [i for i in world.items.ids if i in set(world.film_split.train)]
    found = cav.fit(world.items.subset(train), {CONCEPT: labels.loc[train]}, seed=loop.config.seed)[CONCEPT]
    concept = found.measured_on(world.users)
    users = world.user_split.test[: loop.config.scored_users]
    level = trait_matrix(world.dataset)[CONCEPT].reindex(world.items.ids).to_numpy()
    profiles, levels = {}, []
    for amount in AMOUNTS:
        texts = model.describe(concept.move(world.held_users.rows(users), amount), PROFILE)
        profiles[str(amount)] = texts[0]
        levels.append(float(level[top_k(recommender.scores(None, texts, 1.0), k)].mean()))
    return {
        "user": users[0],
        "n": len(users),
        "profiles": profiles,
        "amounts": list(AMOUNTS),
        "concept_of_lists": levels,
    }


def shipped(loop: Loop) -> dict[str, Any]:
    """The shipped adapters on the same held-out films and users."""
    scores = score_shipped(loop.world, loop.config, loop.encoder, user_tasks=(PROFILE,), progress=loop.progress)
    return scores.to_dict()


def _title(dataset: Dataset, item: str) -> str:
    row = dataset.items.loc[item]
    return str(row["title"]) if pd.isna(row["year"]) else f"{row['title']} ({row['year']})"


def _genres(world: World) -> list[list[str]]:
    return [list(found) for found in world.dataset.items["genres"].reindex(world.items.ids)]
