"""What is chosen on validation entities stays chosen when everything about the test ones is poisoned."""

from __future__ import annotations

import dataclasses
import json
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from poisoned import WordVectors, built, digest, generated, poison_films, poison_ratings, poison_users

from elm._storage.files import read_json
from elm.data import Dataset
from elm.recommend import (
    FitOptions,
    MultiVAETraining,
    RecommendationSplit,
    TearsTraining,
    Thresholds,
    bench_models,
    split_dataset,
)
from elm.recommend._held_out import Best
from elm.recommend.benchmark import _benchmark
from elm.recommend.tears._registry import best_alpha
from elm.runs import RunConfig, TextModels, fit_text_model, text_split
from elm.runs._experiment_data import World
from elm.runs._folder import RunFolder
from elm.runs.making import _train_recommender
from elm.runs.making._train_recommender import held_users, teach_recommender
from elm.runs.making._validation import watch
from elm.runs.scoring._certificates import Known, write_rules
from elm.tasks import get

ITEMS, USERS = 40, 90

Made = tuple[World, RunConfig, RunFolder]


@pytest.fixture(scope="module")
def groups() -> Dataset:
    """Two taste groups: ten items of the own half are loved, two of the other are not."""
    rng = np.random.default_rng(0)
    rows = []
    for user in range(USERS):
        half = rng.permutation(ITEMS // 2) + (user % 2) * ITEMS // 2
        other = rng.permutation(ITEMS // 2) + (1 - user % 2) * ITEMS // 2
        rows += [(f"u{user}", f"i{item:02d}", 5.0) for item in half[:10]] + [
            (f"u{user}", f"i{i:02d}", 1.0) for i in other[:2]
        ]
    ratings = pd.DataFrame(rows, columns=["user", "item", "rating"]).assign(time=rng.permutation(len(rows)))
    items = pd.DataFrame(
        {
            "title": [f"Item {n}" for n in range(ITEMS)],
            "year": 2000,
            "genres": [["Comedy"] if n < ITEMS // 2 else ["Horror"] for n in range(ITEMS)],
        },
        index=[f"i{n:02d}" for n in range(ITEMS)],
    )
    return Dataset("groups", items, pd.DataFrame(index=sorted(set(ratings["user"]))), ratings)


@pytest.fixture(scope="module")
def split(groups: Dataset) -> RecommendationSplit:
    return split_dataset(groups, "paper", 0, Thresholds(5, 1, held_out=30))


@pytest.fixture(scope="module")
def poisoned(split: RecommendationSplit) -> RecommendationSplit:
    """What test users loved they hate, and the other way round."""
    rows = split.rows.copy()
    test = rows["part"] == "test"
    rows.loc[test, "rating"] = 6 - rows.loc[test, "rating"]
    return RecommendationSplit(rows, split.about)


def weights(model: Any) -> str:
    return digest(dict(model.state_dict()))


def test_early_stopping_of_text_models_and_backbones(groups, split, poisoned, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    encoder: Any = WordVectors()
    update, looked_at, models = Best.update, [], []

    def noted(best: Best, score: float, epoch: int) -> bool:
        looked_at[-1].append(score)
        return update(best, score, epoch)

    monkeypatch.setattr(Best, "update", noted)
    for one in (split, poisoned):
        looked_at.append([])
        texts = text_split(groups, one)
        backbone = TextModels(groups, settings={"multi-vae": {"epochs": 12}}).backbone("multi-vae", one, 0)
        fitted = fit_text_model(
            "tears-multi-vae", texts, backbone=backbone, encoder=encoder, epochs=6, per_user=1, hidden=16
        )
        models.append((weights(backbone), weights(fitted.model)))
    assert models[0] == models[1]
    assert looked_at[0] == looked_at[1]  # the same epoch may be the best of test users, too
    assert len(looked_at[0]) > 6


@pytest.mark.parametrize("name", ["multi-vae", "ease"])
def test_what_a_comparison_fits(split, poisoned, name, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    fitted = []

    def measured(model: Any, *_: Any) -> dict[str, np.ndarray]:
        fitted.append(digest(model.scores(split.held_out("validation").inputs)))
        return {"ndcg@20": np.ones(3), "recall@20": np.ones(3), "ndcg@50": np.ones(3), "recall@50": np.ones(3)}

    monkeypatch.setattr(_benchmark, "measure", measured)
    settings = {name: {"epochs": 12}} if name == "multi-vae" else {}
    for one in (split, poisoned):
        bench_models(lambda seed, one=one: one, [name], [0], options=FitOptions(settings))
    assert fitted[0] == fitted[1]


class Oracle:
    """Ranks by histories at alpha 0 and by texts at alpha 1: the text names the half of the catalogue it loves."""

    def scores(self, histories: Any, profiles: list[str], alpha: float) -> np.ndarray:
        said = np.array([[float((n < ITEMS // 2) == ("first" in text)) for n in range(ITEMS)] for text in profiles])
        seen = histories.toarray()
        own = np.array([[row[: ITEMS // 2].sum(), row[ITEMS // 2 :].sum()] for row in seen])
        return alpha * said - (1 - alpha) * np.repeat(own, ITEMS // 2, axis=1) / 100  # histories mislead


def test_the_mixture_of_text_and_history(groups, split, poisoned) -> None:  # type: ignore[no-untyped-def]
    said = {user: "first" if int(user[1:]) % 2 == 0 else "second" for user in groups.users.index}
    told = text_split(groups, split, texts=said)
    lies = {**said, **{u: "second" if said[u] == "first" else "first" for u in split.users("test")}}
    chosen = best_alpha("tears-multi-vae", Oracle(), told)  # type: ignore[arg-type]
    assert chosen > 0.3
    for one in (split, poisoned):
        assert best_alpha("tears-multi-vae", Oracle(), text_split(groups, one, texts=lies)) == chosen  # type: ignore[arg-type]
    turned = {user: "second" if text == "first" else "first" for user, text in said.items()}
    assert best_alpha("tears-multi-vae", Oracle(), text_split(groups, split, texts=turned)) < chosen  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return built(generated(), tmp_path_factory.mktemp("clean"))


@pytest.fixture(scope="module")
def other_films(clean: Made, tmp_path_factory: pytest.TempPathFactory) -> Made:
    """Test films are poisoned. What users rated is a catalogue to them, so their texts tell of other genres then."""
    return built(poison_films(generated(), clean[0].film_split.test), tmp_path_factory.mktemp("films"))


@pytest.fixture(scope="module")
def other_users(clean: Made, tmp_path_factory: pytest.TempPathFactory) -> Made:
    """Test users are poisoned."""
    return built(poison_users(generated(), clean[0].user_split.test), tmp_path_factory.mktemp("users"))


class Half:
    """Writes the teacher's text of the nearest film or user that it knows, for a third of them that of another one."""

    def __init__(self, world: World, config: Any) -> None:
        self.world = world
        self.known = {
            name: SimpleNamespace(config=SimpleNamespace(tasks=tasks))
            for name, tasks in (("minilm", config.film_tasks), ("wals", config.user_tasks))
        }
        self.adapters = list(self.known)

    def adapter(self, name: str) -> Any:
        return self.known[name]

    def task(self, name: Any) -> Any:
        return get(name)

    def describe(self, vectors: Any, task: str, *, seed: int = 0) -> list[str]:
        rows = getattr(vectors, "vectors", vectors)
        users = rows.shape[1] != self.world.films.space.dim
        table = self.world.held_users if users else self.world.films
        teacher = self.world.user_teacher() if users else self.world.film_teacher()
        own = ((rows[:, None] - table.vectors[None]) ** 2).sum(-1).argmin(1)
        several = self.world.user_split.validation if users else self.world.film_split.validation
        told = [several[row % len(several)] if row % 3 == 0 else table.ids[row] for row in own]
        return [teacher.write(one, task) for one in told]


def rules(made: Made, folder: Path) -> dict[str, str]:
    """What the certificates of each task stand on, by the name of the rule."""
    world, config, _ = made
    known: Any = Known(Half(world, config), world, config, WordVectors(), progress=False)  # type: ignore[arg-type]
    write_rules(known, folder, folder / "rules.json")
    return {name: json.dumps(rule) for name, rule in read_json(folder / "rules.json")["rules"].items()}


@pytest.mark.slow
def test_certificates_are_calibrated_on_validation_entities(clean, other_films, other_users, tmp_path) -> None:  # type: ignore[no-untyped-def]
    own, films, users = (rules(made, tmp_path) for made in (clean, other_films, other_users))
    assert set(own) == {"items", "user_profile", "user_summary"}
    assert films["items"] == own["items"]
    assert users == own


def test_training_is_watched_on_validation_films(clean, other_films) -> None:  # type: ignore[no-untyped-def]
    encoder: Any = WordVectors()
    found = []
    for world, config, _ in (clean, other_films):
        watched = watch(world, dataclasses.replace(config, validate_every=1), encoder)
        assert watched is not None
        found.append(watched.score(Half(world, config), 1))
    assert found[0] == found[1]


def test_the_recommender_of_a_run_stops_by_validation_users(clean, other_users, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    for name, options in (("train_multivae", MultiVAETraining(epochs=6)), ("train_tears", TearsTraining(epochs=4))):
        real = getattr(_train_recommender, name)
        monkeypatch.setattr(_train_recommender, name, partial(real, options=options))
    encoder: Any = WordVectors()
    made = []
    for world, config, run in (clean, other_users):
        value = teach_recommender(run, world, encoder, config.seed, progress=False)
        made.append(digest(value, run.path / "recommender"))
    assert made[0] == made[1]


def test_targets_of_held_out_users_are_their_hidden_ratings_alone(clean, tmp_path) -> None:  # type: ignore[no-untyped-def]
    """The contract can fail: what is chosen on changes with its poison, and what is known of the users does not."""
    world, ids = clean[0], clean[0].user_split.validation
    theirs = world.hidden[world.hidden["user"].isin(set(ids))]
    other, _, _ = built(poison_ratings(generated(), theirs), tmp_path)
    own, poisoned = held_users(world, ids), held_users(other, ids)
    assert digest(poisoned.targets) != digest(own.targets)
    assert digest(poisoned.inputs, poisoned.profiles) == digest(own.inputs, own.profiles)
