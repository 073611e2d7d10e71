"""Scores of a run on its held-out test films and users."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from elm.cav import fit
from elm.evaluation import (
    VERSIONS,
    Describer,
    Encoder,
    ItemBehaviour,
    TaskScores,
    Texts,
    UserScores,
    VersionScores,
    ZeroShotRanker,
    item_behaviour,
    item_consistency,
    user_consistency,
    version_scores,
)
from elm.runs._config import RunConfig
from elm.runs._world import World


@dataclass(frozen=True)
class RunScores:
    """Film tasks by semantic consistency and facts, user tasks by behavioural consistency; where they were scored,
    film tasks by behavioural consistency, too, and other versions of films by their concepts.
    """

    films: dict[str, TaskScores]
    users: dict[str, UserScores]
    behaviour: dict[str, ItemBehaviour] = field(default_factory=dict)
    versions: dict[str, VersionScores] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """{"consistency": {task: ...}, "profile": ..., "behaviour": ..., "versions": ...} as plain numbers."""
        parts: dict[str, Mapping[str, Any]] = {
            "consistency": self.films,
            "profile": self.users,
            "behaviour": self.behaviour,
            "versions": self.versions,
        }
        return {name: {task: scores.to_dict() for task, scores in part.items()} for name, part in parts.items()}

    def frame(self) -> pd.DataFrame:
        """All scores, a row a value: columns section, task, measure, system, id and value."""
        parts: list[TaskScores | UserScores | ItemBehaviour] = [*self.films.values(), *self.users.values()]
        return pd.concat([s.frame() for s in (*parts, *self.behaviour.values())], ignore_index=True)

    def texts_frame(self) -> pd.DataFrame:
        """All texts that were scored, a row a text: columns task, system, id and text."""
        parts: list[TaskScores | UserScores] = [*self.films.values(), *self.users.values()]
        return pd.concat([scores.texts_frame() for scores in parts], ignore_index=True)


def score_films(model: Describer | Texts, world: World, config: RunConfig, encoder: Encoder, films: int | None = None,
                tasks: tuple[str, ...] | None = None, progress: bool = True) -> dict[str, TaskScores]:  # fmt: skip
    """Semantic consistency and facts of the film tasks, on the first `films` test films (the split is random)."""
    return item_consistency(
        model, tasks or config.film_tasks, world.films, world.film_split.train,
        world.film_split.test[: films or config.scored_films], world.film_facts,
        world.film_teacher(config.seed), encoder, seed=config.seed, progress=progress,
    )  # fmt: skip


def score_users(model: Describer | Texts, world: World, config: RunConfig, encoder: Encoder, users: int | None = None,
                tasks: tuple[str, ...] | None = None, zero_shot: bool = False) -> dict[str, UserScores]:  # fmt: skip
    """Behavioural consistency of the user tasks, on the first `users` test users."""
    chosen = set(world.user_split.test[: users or config.scored_users])
    everything = world.dataset.interactions
    ratings = everything[everything["user"].isin(set(world.users.ids))]
    ranker = {"zero_shot": ZeroShotRanker.from_table(encoder, world.films, world.items)} if zero_shot else {}
    return {
        task: user_consistency(
            model, task, users=world.users, items=world.items, ratings=ratings,
            inputs=world.rated[world.rated["user"].isin(chosen)], held=world.hidden[world.hidden["user"].isin(chosen)],
            facts=world.user_facts, encoder=encoder, rankers=ranker, seed=config.seed,
        )
        for task in tasks or config.user_tasks
    }  # fmt: skip


def score_run(model: Describer | Texts, world: World, config: RunConfig, encoder: Encoder, progress: bool = True,
              films: int | None = None, users: int | None = None, zero_shot: bool = False) -> RunScores:  # fmt: skip
    """All tasks on held-out test entities."""
    found = score_films(model, world, config, encoder, films, progress=progress)
    ratings = world.dataset.interactions
    return RunScores(
        found,
        score_users(model, world, config, encoder, users, zero_shot=zero_shot),
        item_behaviour(
            found, train_ids=world.film_split.train, items=world.items, users=world.users,
            ratings=ratings[ratings["user"].isin(set(world.users.ids))], teacher=world.film_teacher(config.seed),
            encoder=encoder, seed=config.seed,
        ),
        _versions(found, world, config, encoder),
    )  # fmt: skip


def _versions(
    found: dict[str, TaskScores], world: World, config: RunConfig, encoder: Encoder
) -> dict[str, VersionScores]:
    """Whether a funnier version is funnier, by concepts of the training films; nothing where no facts are known."""
    wanted = [VERSIONS[task] for task in found if task in VERSIONS]
    facts = world.dataset.facts
    if facts is None or not wanted or "summary" not in found or not set(wanted) <= set(facts.items.columns):
        return {}
    train = world.film_split.train
    concepts = {name: facts.items[name].loc[train] for name in wanted}
    return version_scores(found, fit(world.films.subset(train), concepts, seed=config.seed), encoder)
