"""Scores of a run on its held-out test films and users."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from elm.evaluation import (
    Describer,
    Encoder,
    TaskScores,
    UserScores,
    ZeroShotRanker,
    item_consistency,
    user_consistency,
)
from elm.runs._config import RunConfig
from elm.runs._world import World


@dataclass(frozen=True)
class RunScores:
    """Film tasks by semantic consistency and facts, user tasks by behavioural consistency."""

    films: dict[str, TaskScores]
    users: dict[str, UserScores]

    def to_dict(self) -> dict[str, Any]:
        """{"consistency": {task: ...}, "profile": {task: ...}} as plain numbers."""
        return {
            "consistency": {task: scores.to_dict() for task, scores in self.films.items()},
            "profile": {task: scores.to_dict() for task, scores in self.users.items()},
        }


def score_films(model: Describer, world: World, config: RunConfig, encoder: Encoder, films: int | None = None,
                tasks: tuple[str, ...] | None = None, progress: bool = True) -> dict[str, TaskScores]:  # fmt: skip
    """Semantic consistency and facts of the film tasks, on the first `films` test films (the split is random)."""
    return item_consistency(
        model, tasks or config.film_tasks, world.films, world.film_split.train,
        world.film_split.test[: films or config.scored_films], world.film_facts,
        world.film_teacher(config.seed), encoder, seed=config.seed, progress=progress,
    )  # fmt: skip


def score_users(model: Describer, world: World, config: RunConfig, encoder: Encoder, users: int | None = None,
                tasks: tuple[str, ...] | None = None, zero_shot: bool = False) -> dict[str, UserScores]:  # fmt: skip
    """Behavioural consistency of the user tasks, on the first `users` test users."""
    chosen = set(world.user_split.test[: users or config.scored_users])
    everything = world.dataset.interactions
    ratings = everything[everything["user"].isin(set(world.users.ids))]
    ranker = ZeroShotRanker.from_table(encoder, world.films, world.items) if zero_shot else None
    return {
        task: user_consistency(
            model, task, users=world.users, items=world.items, ratings=ratings,
            inputs=world.rated[world.rated["user"].isin(chosen)], held=world.hidden[world.hidden["user"].isin(chosen)],
            facts=world.user_facts, encoder=encoder, zero_shot=ranker, seed=config.seed,
        )
        for task in tasks or config.user_tasks
    }  # fmt: skip


def score_run(model: Describer, world: World, config: RunConfig, encoder: Encoder, progress: bool = True,
              films: int | None = None, users: int | None = None, zero_shot: bool = False) -> RunScores:  # fmt: skip
    """All tasks on held-out test entities."""
    return RunScores(
        score_films(model, world, config, encoder, films, progress=progress),
        score_users(model, world, config, encoder, users, zero_shot=zero_shot),
    )
