"""The shipped demo model, scored on the held-out films and users of the demo world."""

from __future__ import annotations

import tempfile
from dataclasses import replace

from elm.embeddings import SentenceEncoder, fold_in
from elm.evaluation import Encoder
from elm.model import shipped_model, shipped_vectors
from elm.runs._config import RunConfig
from elm.runs._experiment_data import World, build_world
from elm.runs._folder import RunFolder
from elm.runs.scoring._score import RunScores, score_films, score_users, zero_shot_ranker


def shipped_twin(world: World) -> World:
    """The same demo world with users and items in the space that the shipped model reads; held-out users folded in."""
    users, items = shipped_vectors("users"), shipped_vectors("items")
    held = {*world.user_split.validation, *world.user_split.test}
    trained = users.subset([user for user in world.users.ids if user in users and user not in held])
    return replace(world, users=trained, items=items, held_users=fold_in(items, world.rated, trained))


def score_shipped(
    world: World,
    config: RunConfig,
    encoder: Encoder,
    user_tasks: tuple[str, ...] | None = None,
    zero_shot: bool = False,
    progress: bool = True,
) -> RunScores:
    """Scores on the world's own test films and users."""
    twin, profiles = shipped_twin(world), replace(config, user_tasks=user_tasks or config.user_tasks)
    rankers = zero_shot_ranker(twin, encoder) if zero_shot else None
    return RunScores(
        score_films(shipped_model(), twin, config, encoder, progress=progress),
        score_users(shipped_model(), twin, profiles, encoder, rankers=rankers),
    )


def shipped_world(config: RunConfig, encoder: SentenceEncoder) -> World:
    """The demo world with the vectors that the package ships, none of them made anew."""
    with tempfile.TemporaryDirectory() as folder:
        run = RunFolder.start(folder, config.to_dict())
        for name in ("films", "users", "items"):
            shipped_vectors(name).save(run.path / "vectors" / name)
        return shipped_twin(build_world(run, config, encoder, progress=False))
