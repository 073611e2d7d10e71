"""What is held out and turns up where it is trained on stops the training."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from poisoned import built, generated

from elm import LeakageError
from elm._storage.files import write_json
from elm.runs._experiment_data import World
from elm.runs.making._train_base import TRAINED_ON, guard_base
from elm.runs.making._train_model import fresh_model, lessons


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return built(generated(), tmp_path_factory.mktemp("world"))


@pytest.mark.parametrize("part", ["validation", "test"])
@pytest.mark.parametrize("kind", ["film_split", "user_split"])
def test_lessons(made: Any, kind: str, part: str) -> None:
    world, config, _ = made
    split = getattr(world, kind)
    parts: Any = {"train": split.train, "validation": [], "test": []}
    if kind == "film_split":
        parts[part], parts["train"] = getattr(split, part), [*split.train, getattr(split, part)[0]]
    else:
        parts[part] = [world.users.ids[0]]
    with pytest.raises(LeakageError, match="1 held out are also trained on"):
        lessons(replace(world, **{kind: SimpleNamespace(**parts)}), config)


def test_a_base_that_has_seen_a_held_out_film(made: Any, tmp_path: Path) -> None:
    world: World = made[0]
    write_json(tmp_path / TRAINED_ON, {"films": [*world.film_split.train, world.film_split.test[0]]})
    with pytest.raises(LeakageError, match=f"{world.film_split.test[0]}"):
        fresh_model(replace(made[1], base=str(tmp_path)), world)
    guard_base(str(tmp_path), world.film_split.validation, 0, demo_world=True)
    with pytest.raises(LeakageError, match="left out the held-out demo films of seed 0 only"):
        guard_base("shipped", [], 1, demo_world=True)
    guard_base("shipped", [], 0, demo_world=True)
    guard_base("shipped", [], 1, demo_world=False)
