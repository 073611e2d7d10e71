"""Models trained once on the toy world of `taste_groups`."""

from __future__ import annotations

import pytest
from taste_groups import ITEMS, TEXTS, HashedWords, World, held_out, two_groups

from elm.recommend import (
    MultiVAEConfig,
    MultiVAETraining,
    Recommender,
    TearsRun,
    TearsTraining,
    train_multivae,
    train_tears,
)


@pytest.fixture(scope="session")
def encoder() -> HashedWords:
    return HashedWords()


@pytest.fixture(scope="session")
def world() -> World:
    train, groups = two_groups(120, seed=0)
    validation, _ = held_out(24, seed=1)
    test, test_groups = held_out(24, seed=2)
    return World(train, [TEXTS[group] for group in groups], validation, test, test_groups)


@pytest.fixture(scope="session")
def vae(world: World):
    config = MultiVAEConfig(ITEMS, hidden=32, latent=8)
    return train_multivae(world.train, world.validation, config, MultiVAETraining(epochs=40, batch=20))[0]


@pytest.fixture(scope="session")
def tears(world: World, vae, encoder: HashedWords):
    options = TearsTraining(epochs=25, batch=20)
    return train_tears(vae, encoder, world.train, world.profiles, world.validation, options, run=TearsRun(hidden=32))[0]


@pytest.fixture(scope="session")
def recommender(tears) -> Recommender:
    return Recommender(tears, [f"film{i:02d}" for i in range(ITEMS)], [f"Film {i}" for i in range(ITEMS)])
