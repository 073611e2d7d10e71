"""No artefact of a run's training changes when what it holds out is poisoned: vectors, texts, themes, lessons."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from poisoned import QUOTED, built, digest, generated, poison_films, poison_ratings, poison_users, real

from elm.data import Dataset
from elm.runs import RunConfig
from elm.runs._experiment_data import World, user_views
from elm.runs.making._train_model import fresh_model, lessons
from elm.runs.scoring._certificates import Known
from elm.tasks import get

Made = tuple[World, RunConfig, Any]


@pytest.fixture(scope="module", params=["generated", "real"])
def kind(request: pytest.FixtureRequest) -> tuple[Dataset, dict[str, Any]]:
    return (generated(), {}) if request.param == "generated" else (real(), QUOTED)


@pytest.fixture(scope="module")
def clean(kind: tuple[Dataset, dict[str, Any]], tmp_path_factory: pytest.TempPathFactory) -> Made:
    return built(kind[0], tmp_path_factory.mktemp("clean"), **kind[1])


def again(kind: tuple[Dataset, dict[str, Any]], folder: Path, poison: Callable[[Dataset], Dataset]) -> Made:
    return built(poison(kind[0]), folder, **kind[1])


def held(split: Any) -> list[str]:
    return [*split.validation, *split.test]


def known_of_users(world: World, config: RunConfig) -> str:
    """All that is made of training users."""
    teacher, users = world.user_teacher(), world.users.ids
    texts = [
        teacher.write(user, get(task), variant) for user in users for task in config.user_tasks for variant in (0, 1)
    ]
    return digest(
        world.users,
        world.items,
        texts,
        {user: world.user_facts[user] for user in users},
        user_views(world, 3, config.seed),
        config.to_dict()["factors"],
    )


def known_of_films(world: World, config: RunConfig) -> str:
    """All that is made of training films."""
    teacher, films = world.film_teacher(), world.film_split.train
    texts = [teacher.write(film, get(task)) for film in films for task in config.film_tasks]
    return digest(world.films.subset(films), texts, {film: world.film_facts[film] for film in films})


def drawn(world: World, config: RunConfig) -> str:
    """Training examples as the loop draws them: tasks, entities, vectors and texts."""
    found = []
    for lesson in lessons(world, config):
        rng = np.random.default_rng(5)
        for task in lesson.learned:
            for _ in range(40):
                entity, rows = lesson.draw(task, rng)
                found.append([str(entity), lesson.table.vectors[list(rows)], lesson.teacher.write(entity, task)])
    return digest(found)


def start(world: World, config: RunConfig, monkeypatch: pytest.MonkeyPatch) -> str:
    """The weights and normalisation that training begins with."""
    monkeypatch.setattr("elm.runs.making._train_model.guard_base", lambda *a, **k: None)  # reads ids alone
    return digest(dict(fresh_model(config, world).adapters.state_dict()))


@pytest.mark.slow
def test_hidden_ratings_touch_nothing_but_the_scores(kind, clean, tmp_path, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    world, config, _ = clean
    other, again_config, _ = again(kind, tmp_path, lambda data: poison_ratings(data, world.hidden))
    assert digest(other.hidden) != digest(world.hidden)  # the poison is there
    assert known_of_users(other, again_config) == known_of_users(world, config)
    assert known_of_films(other, again_config) == known_of_films(world, config)
    people = held(world.user_split)
    assert digest(other.held_users, other.rated) == digest(world.held_users, world.rated)
    assert [other.user_facts[user] for user in people] == [world.user_facts[user] for user in people]
    assert drawn(other, again_config) == drawn(world, config)
    assert start(other, again_config, monkeypatch) == start(world, config, monkeypatch)


def test_held_out_users_teach_nothing(kind, clean, tmp_path, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    world, config, _ = clean
    other, again_config, _ = again(kind, tmp_path, lambda data: poison_users(data, held(world.user_split)))
    assert other.user_split.train == world.user_split.train
    assert digest(other.held_users) != digest(world.held_users)
    assert known_of_users(other, again_config) == known_of_users(world, config)
    assert known_of_films(other, again_config) == known_of_films(world, config)
    assert drawn(other, again_config) == drawn(world, config)
    assert start(other, again_config, monkeypatch) == start(world, config, monkeypatch)


def test_held_out_films_teach_nothing(kind, clean, tmp_path, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    world, config, _ = clean
    other, again_config, _ = again(kind, tmp_path, lambda data: poison_films(data, held(world.film_split)))
    assert other.film_split == world.film_split
    assert digest(other.films) != digest(world.films)
    assert known_of_films(other, again_config) == known_of_films(world, config)
    films, others = (lessons(one, settings)[0] for one, settings in ((world, config), (other, again_config)))
    assert digest(films.ids, films.rows, films.near) == digest(others.ids, others.rows, others.near)
    assert start(other, again_config, monkeypatch) == start(world, config, monkeypatch)
    evidence, poisoned = (_evidence(*one) for one in ((world, config), (other, again_config)))
    assert digest(evidence.known) == digest(poisoned.known)
    if evidence.witness is not None:
        rows = world.films.rows(world.film_split.train)
        assert digest(evidence.witness._probe.read(rows)) == digest(poisoned.witness._probe.read(rows))


def _evidence(world: World, config: RunConfig) -> Any:
    from poisoned import WordVectors

    known: Any = Known(None, world, config, WordVectors(), False)  # type: ignore[arg-type]
    return known.evidence(get("summary"))


def test_the_contract_can_fail(kind, clean, tmp_path) -> None:  # type: ignore[no-untyped-def]
    """Poison among what is trained on shows in each of the digests."""
    world, config, _ = clean
    films, users = world.film_split.train[:3], world.user_split.train[:3]
    other, again_config, _ = again(kind, tmp_path, lambda data: poison_users(poison_films(data, films), users))
    assert known_of_films(other, again_config) != known_of_films(world, config)
    assert known_of_users(other, again_config) != known_of_users(world, config)
    assert drawn(other, again_config) != drawn(world, config)
