"""The whole loop on one data set: vectors, words, an edit, new recommendations, a concept, and scores with controls."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from elm import cav
from elm.data import Dataset
from elm.embeddings import SentenceEncoder, interpolate, rating_order
from elm.evaluation import edit_scores, loop_scores, scores_figure, steer_scores
from elm.model import EmbeddingLanguageModel, load_model
from elm.recommend import Popularity, Recommender, edit_genres, genre_preferences, swap_genres
from elm.runs._config import RunConfig
from elm.runs._folder import RunFolder
from elm.runs._recommender import PROFILE, held_users, teach_recommender
from elm.runs._score import RunScores, score_films, score_users
from elm.runs._shipped import score_shipped
from elm.runs._teach import FILM_TASKS, teach
from elm.runs._world import World, build_world
from elm.tasks import trait_matrix
from elm.training import LoopConfig, TwoStage

Show = Callable[[str, dict[str, Any]], None]

QUICK = RunConfig(training=TwoStage(one=LoopConfig(steps=150, lr=2e-3, warmup=20), two=LoopConfig(steps=420, lr=1.5e-3, warmup=20)),
                  scored_films=60, scored_users=100)  # fmt: skip
"""The demo world in about five minutes on two cores."""

SHORT = replace(QUICK, training=TwoStage(one=LoopConfig(steps=12, lr=2e-3, warmup=4), two=LoopConfig(steps=12, lr=1e-3, warmup=4)),
                scored_films=16, scored_users=24)  # fmt: skip
"""Every step of the quickstart, too short to learn: for continuous integration."""

AMOUNTS = (-2.0, -1.0, 0.0, 1.0, 2.0)


@dataclass(frozen=True)
class Loop:
    """What the steps after training share."""

    run: RunFolder
    config: RunConfig
    world: World
    encoder: SentenceEncoder
    progress: bool


def quickstart(out: str | Path, config: RunConfig = QUICK, *, fresh: bool = False, progress: bool = True,
               show: Show = lambda name, value: None) -> dict[str, Any]:  # fmt: skip
    """Run all steps, or those that an earlier call in the same folder left undone; returns the result as plain values.

    `show(step, value)` is called after each step. The result's keys: run, seconds, describe, consistency, profile,
    loop, edit, steer and, on the demo world, shipped.
    """
    run = RunFolder.start(out, config.to_dict(), fresh)
    encoder = SentenceEncoder()
    made: list[World] = []

    def step(name: str, work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        value = run.step(name, work)
        show(name, value)
        return value

    def embed() -> dict[str, Any]:
        made.append(build_world(run, config, encoder, progress))
        return _embed(made[0])

    step("embed", embed)
    world = made[0] if made else build_world(run, config, encoder, progress)
    loop = Loop(run, config, world, encoder, progress)
    step("train", lambda: teach(run, world, config, encoder, progress))
    model = load_model(run.path)
    step("describe", lambda: _describe(loop, model))
    step("recommender", lambda: teach_recommender(run, world, encoder, config.seed, progress))
    recommender = Recommender.load(run.path / "recommender", encoder)
    step("edit_one", lambda: _edit_one(loop, model, recommender))
    step("score", lambda: _score(loop, model))
    step("loop", lambda: _loop(loop, model, recommender))
    if world.dataset.facts is not None:
        step("steer", lambda: _steer(loop, model, recommender))
    if world.dataset.name == "demo" and config.seed == 0:
        step("shipped", lambda: _shipped(loop))
    return _result(run)


def _embed(world: World) -> dict[str, Any]:
    order = rating_order(world.held_users, world.items, world.hidden)
    return {
        "films": {"n": len(world.films), "dim": world.films.space.dim, "encoder": "all-MiniLM-L6-v2"},
        "users": {"n": len(world.users), "held_out": len(world.held_users), "dim": world.users.space.dim},
        "rating_order": order,
        "dataset": {"name": world.dataset.name, "films": world.dataset.n_items, "users": world.dataset.n_users,
                    "ratings": len(world.dataset.interactions)},
    }  # fmt: skip


def _title(dataset: Dataset, item: str) -> str:
    row = dataset.items.loc[item]
    return f"{row['title']} ({row['year']})"


def _describe(loop: Loop, model: EmbeddingLanguageModel) -> dict[str, Any]:
    """One held-out film in every task, beside its facts, and what lies halfway to another."""
    world = loop.world
    first, second = world.film_split.test[:2]
    vector = world.films[first]
    halfway = interpolate(vector, world.films[second], 0.5, world.films.space)
    texts = [{"item": first, "task": task, "text": model.describe(vector, task)} for task in FILM_TASKS]
    texts.append(
        {"item": f"halfway from {first} to {second}", "task": "summary", "text": model.describe(halfway, "summary")}
    )
    return {"title": _title(world.dataset, first), "facts": world.film_facts[first].line(), "texts": texts}


def _edit_one(loop: Loop, model: EmbeddingLanguageModel, recommender: Recommender) -> dict[str, Any]:
    """One held-out user: the profile, the list it gives, an edit, and the list after it."""
    world = loop.world
    held = held_users(world, world.user_split.test, loop.config.seed)
    genres = _genres(world)
    liked = genre_preferences(held.inputs, genres)
    for row, user in enumerate(held.ids):
        profile = model.describe(world.held_users[user], PROFILE)
        pair = edit_genres(profile, dict(zip(map(str, liked.columns), liked.iloc[row].tolist(), strict=True)))
        if pair is not None:
            break
    else:
        raise RuntimeError("no held-out user's profile names two genres")
    edited = swap_genres(profile, *pair)
    history = dict(
        zip(*(world.rated[world.rated["user"] == user][column].tolist() for column in ("item", "rating")), strict=True)
    )

    def ranked(text: str) -> list[dict[str, Any]]:
        places = recommender.recommend(history, text, alpha=1.0, k=10)
        return [
            {"item": p.item, "title": p.title, "genres": list(world.dataset.items.loc[p.item, "genres"])}
            for p in places
        ]

    return {"user": user, "favourite": pair[0], "least": pair[1], "profile": profile, "edited": edited,
            "before": ranked(profile), "after": ranked(edited)}  # fmt: skip


def _score(loop: Loop, model: EmbeddingLanguageModel) -> dict[str, Any]:
    films = score_films(model, loop.world, loop.config, loop.encoder, progress=loop.progress)
    users = score_users(model, loop.world, loop.config, loop.encoder, tasks=(PROFILE,))
    value = RunScores(films, users).to_dict()
    figure = scores_figure(value["consistency"], value["profile"])
    figure.savefig(loop.run.path / "scores.png", dpi=120, bbox_inches="tight")
    return value


def _loop(loop: Loop, model: EmbeddingLanguageModel, recommender: Recommender) -> dict[str, Any]:
    """NDCG from profiles, and the edit "favourite genre out, least favourite in", over held-out users."""
    world, seed = loop.world, loop.config.seed
    held = held_users(world, world.user_split.test[: loop.config.scored_users], seed)
    ours = model.describe(world.held_users.rows(held.ids), PROFILE)
    ratings = world.dataset.ratings_matrix(users=world.users.ids, items=world.items.ids)
    scores = loop_scores(
        recommender, held.inputs, held.targets, ours, held.profiles, Popularity.fit(ratings), seed=seed
    )
    edit = edit_scores(recommender, ours, held.inputs, _genres(world))
    return {"loop": scores.to_dict(), "edit": edit.to_dict()}


def _genres(world: World) -> list[list[str]]:
    return [list(found) for found in world.dataset.items["genres"].reindex(world.items.ids)]


def _steer(loop: Loop, model: EmbeddingLanguageModel, recommender: Recommender) -> dict[str, Any]:
    """The concept "funny": fitted on training films, moved on held-out ones, read back from the text, felt in a user."""
    world, seed = loop.world, loop.config.seed
    funny = world.dataset.facts.items["funny"]  # type: ignore[union-attr]
    concept = cav.fit(
        world.films.subset(world.film_split.train), {"funny": funny.loc[world.film_split.train]}, seed=seed
    )["funny"]
    films = world.film_split.test[: min(30, loop.config.scored_films)]
    scores = steer_scores(model, "positive_review", world.films, films, concept, loop.encoder, AMOUNTS, seed)
    value = scores.to_dict()
    value |= {"auc": concept.auc, "example": {
        "item": films[0], "title": _title(world.dataset, films[0]),
        "texts": {str(a): scores.texts[a][0] for a in AMOUNTS},
    }}  # fmt: skip
    return value | {"user": _steer_user(loop, model, recommender, funny)}


def _steer_user(loop: Loop, model: EmbeddingLanguageModel, recommender: Recommender, funny: Any) -> dict[str, Any]:
    """A held-out user moved towards "funny": the profile before and after, and how funny the recommended films are."""
    world = loop.world
    train_items = [i for i in world.items.ids if i in set(world.film_split.train)]
    found = cav.fit(world.items.subset(train_items), {"funny": funny.loc[train_items]}, seed=loop.config.seed)["funny"]
    concept = found.measured_on(world.users)
    user = world.user_split.test[0]
    texts = {str(a): model.describe(concept.move(world.held_users[user], a), PROFILE) for a in (0.0, 2.0)}
    level = trait_matrix(world.dataset)["funny"].reindex(world.items.ids).to_numpy()
    means = {
        a: float(
            np.mean([level[world.items.row_numbers([p.item])[0]] for p in recommender.recommend(None, text, 1.0, 20)])
        )
        for a, text in texts.items()
    }
    return {"user": user, "profiles": texts, "funny_of_list": means}


def _shipped(loop: Loop) -> dict[str, Any]:
    """The shipped adapters on the same held-out films and users."""
    return score_shipped(loop.world, loop.config, loop.encoder, user_tasks=(PROFILE,), progress=loop.progress).to_dict()


def _result(run: RunFolder) -> dict[str, Any]:
    """The steps' results under the names that `elm quickstart --json` prints."""

    def done(name: str) -> dict[str, Any]:
        return run.done(name) or {}

    edit_one, score, loop, shipped = done("edit_one"), done("score"), done("loop"), done("shipped")
    example = {key: edit_one[key] for key in ("user", "profile")}
    return {
        "run": str(run.path),
        "seconds": run.seconds(),
        "describe": done("describe")["texts"],
        "consistency": score["consistency"],
        "profile": {"example": example, **score["profile"][PROFILE]},
        "loop": loop["loop"],
        "edit": {"example": edit_one, **loop["edit"]},
        "steer": done("steer"),
        "shipped": {
            "consistency": shipped.get("consistency", {}),
            "profile": shipped.get("profile", {}).get(PROFILE, {}),
        },
    }
