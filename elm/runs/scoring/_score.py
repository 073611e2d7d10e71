"""Scores of a run on its held-out test films and users."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pandas as pd

from elm._errors import CallError
from elm.cav import fit
from elm.data import split_ratings
from elm.evaluation import (
    VERSIONS,
    BM25Ranker,
    ControlOptions,
    Describer,
    Encoder,
    HeldOutUsers,
    ItemBehaviour,
    Ranker,
    RankOptions,
    TaskScores,
    TextEncoderRanker,
    Texts,
    UserScores,
    VersionScores,
    ZeroShotRanker,
    control_tests,
    item_behaviour,
    item_consistency,
    liked_vectors,
    user_consistency,
    version_scores,
)
from elm.recommend import Recommender
from elm.runs._config import RunConfig
from elm.runs._experiment_data import World, real_world_texts
from elm.runs.scoring._nearest_of import NearestOf, untrained_twin, written_by

UNTRAINED = 20
"""Entities a task that the model behind untrained adapters is asked about: it writes until it is stopped."""


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
        """{"consistency": {task: ...}, "profile": ..., "behaviour": ..., "versions": ...} as plain numbers, and
        "tests", a list of the rows of `tests`.
        """
        parts: dict[str, Mapping[str, Any]] = {
            "consistency": self.films,
            "profile": self.users,
            "behaviour": self.behaviour,
            "versions": self.versions,
        }
        value: dict[str, Any] = {
            name: {task: one.to_dict() for task, one in part.items()} for name, part in parts.items()
        }
        return value | {"tests": self.tests().to_dict("records")}

    def tests(self) -> pd.DataFrame:
        """Every task against every control, see `control_tests`: p values corrected over all of them."""
        return control_tests(self.frame())

    def frame(self) -> pd.DataFrame:
        """All scores, a row per value: columns section, task, measure, system, id and value."""
        parts: list[TaskScores | UserScores | ItemBehaviour] = [*self.films.values(), *self.users.values()]
        return pd.concat([scores.frame() for scores in (*parts, *self.behaviour.values())], ignore_index=True)

    def texts_frame(self) -> pd.DataFrame:
        """All texts that were scored, a row per text: columns task, system, id and text."""
        parts: list[TaskScores | UserScores] = [*self.films.values(), *self.users.values()]
        return pd.concat([scores.texts_frame() for scores in parts], ignore_index=True)


def score_films(
    model: Describer | Texts,
    world: World,
    config: RunConfig,
    encoder: Encoder,
    untrained_films: int = 0,
    include_training: bool = False,
    progress: bool = True,
) -> dict[str, TaskScores]:
    """Semantic consistency and facts of the film tasks, on the first `scored_films` test films (the split is random).

    untrained_films: how many the model behind untrained adapters is asked about; 0 leaves that control out.
    include_training: score training films in the place of test films; the scores say so. Raises `CallError` for a run
    that kept no test films.
    """
    split = world.film_split
    chosen = _chosen("film", split.train if include_training else split.test, config.scored_films)
    fresh = untrained_twin(model, config.seed) if untrained_films else None
    held_out = world.held_out_films(chosen, config.seed, include_training)
    controls = ControlOptions(untrained=fresh, first=untrained_films)
    found = item_consistency(model, config.film_tasks, held_out, encoder, controls, config.seed, progress)
    drawn = model.n if isinstance(model, NearestOf) else 1
    return {task: replace(scores, best_of=drawn) for task, scores in found.items()}


def score_users(
    model: Describer | Texts,
    world: World,
    config: RunConfig,
    encoder: Encoder,
    rankers: Mapping[str, Ranker] | None = None,
    untrained_users: int = 0,
    include_training: bool = False,
) -> dict[str, UserScores]:
    """Behavioural consistency of the user tasks, on the first `scored_users` test users.

    rankers: further ones that order the films of `world.items`, such as `zero_shot_ranker`. untrained_users,
    include_training: as in `score_films`; training users' vectors are folded in from 80 % of their ratings, too.
    Raises `CallError` for a run that kept no test users.
    """
    wanted = config.user_tasks
    ids = world.users.ids if include_training else world.user_split.test
    chosen = set(_chosen("user", ids, config.scored_users)) if wanted else set()
    known = world.collaborative()
    parts = split_ratings(known.ratings, 0.8, seed=config.seed) if include_training else (world.rated, world.hidden)
    inputs, held = (part[part["user"].isin(chosen)] for part in parts)
    model = written_by(model)
    fresh = untrained_twin(model, config.seed) if untrained_users else None
    held_out = HeldOutUsers(known, inputs, held, world.user_facts, include_training)
    ranking, controls = RankOptions(rankers=rankers or {}), ControlOptions(untrained=fresh, first=untrained_users)
    return {task: user_consistency(model, task, held_out, encoder, ranking, controls, config.seed) for task in wanted}


def zero_shot_ranker(world: World, encoder: Encoder) -> dict[str, Ranker]:
    """The untrained ranker of the ELM paper, by the name that it has in the scores."""
    return {"zero_shot": ZeroShotRanker.from_table(encoder, world.films, world.items)}


def score_run(
    model: Describer | Texts,
    world: World,
    config: RunConfig,
    encoder: Encoder,
    progress: bool = True,
    zero_shot: bool = False,
    recommender: Recommender | None = None,
    include_training: bool = False,
) -> RunScores:
    """All tasks on held-out test entities, with every control.

    include_training: on training entities in their place; each task's scores say how many of its entities were
    trained on, and a score of those says nothing about others.

    Users' texts are ranked by BM25 beside the trained ranker, and by the text encoder of the `recommender`, where one
    is given; films' texts by users as the mean vector of the films they liked, with `zero_shot` also as their profile.
    """
    found = score_films(
        model, world, config, encoder, untrained_films=UNTRAINED, include_training=include_training, progress=progress
    )
    rankers = _item_rankers(world, config, recommender)
    if zero_shot:
        rankers |= zero_shot_ranker(world, encoder)
    profiles = score_users(
        model, world, config, encoder, rankers, untrained_users=UNTRAINED, include_training=include_training
    )
    if include_training:
        return RunScores(found, profiles, {}, _versions(found, world, config, encoder))
    known = world.collaborative()
    readers = _user_rankers(world, config, encoder, known.ratings, profiles=zero_shot)
    held_out = world.held_out_films(world.film_split.test, config.seed)
    behaviour = item_behaviour(found, held_out, known, encoder, readers, seed=config.seed)
    return RunScores(found, profiles, behaviour, _versions(found, world, config, encoder))


def _chosen(what: str, ids: list[str], most: int) -> list[str]:
    if len(ids) < 2:
        raise CallError(
            f"scores are of what was never trained on, and this run kept {len(ids)} {what}s for them: begin one with a "
            f"test share of {what}s"
        )
    return ids[:most]


def _item_rankers(world: World, config: RunConfig, recommender: Recommender | None) -> dict[str, Ranker]:
    texts, _ = real_world_texts(world.dataset, config)
    found: dict[str, Ranker] = {"bm25": BM25Ranker([" ".join(texts.get(item, ())) for item in world.items.ids])}
    if recommender is not None:
        found["text_encoder"] = TextEncoderRanker(recommender, world.items)
    return found


def _user_rankers(
    world: World, config: RunConfig, encoder: Encoder, ratings: pd.DataFrame, profiles: bool
) -> dict[str, Ranker]:
    """What users are to an encoder of texts: the mean of the training films they liked, or their own profile."""
    liked = liked_vectors(world.users, world.films, ratings, world.film_split.train)
    found: dict[str, Ranker] = {"liked_films": ZeroShotRanker(encoder, liked, reads="text")}
    if profiles and config.user_tasks:
        teacher = world.user_teacher(config.seed)
        texts = [teacher.write(user, config.user_tasks[0]) for user in world.users.ids]
        found["own_profile"] = ZeroShotRanker(encoder, encoder.encode(texts), reads="text")
    return found


def _versions(
    found: dict[str, TaskScores], world: World, config: RunConfig, encoder: Encoder
) -> dict[str, VersionScores]:
    """Whether a funnier version is funnier and about its film, by concepts of training films; nothing without facts."""
    wanted = [VERSIONS[task] for task in found if task in VERSIONS]
    facts = world.dataset.facts
    if facts is None or not wanted or "summary" not in found or not set(wanted) <= set(facts.items.columns):
        return {}
    train = world.film_split.train
    concepts = {name: facts.items[name].loc[train] for name in wanted}
    return version_scores(found, fit(world.films.subset(train), concepts, seed=config.seed), encoder, world.films)
