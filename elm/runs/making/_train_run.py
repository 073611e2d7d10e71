"""Whole runs: train on a data set, and make the demo model that the package ships."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import torch

from elm._errors import CallError
from elm._storage.folders import folder_written_aside
from elm.embeddings import SentenceEncoder, VectorTable, fold_in
from elm.evaluation import CachedEncoder
from elm.model import SHIPPED, load_model, save_model
from elm.recommend import SHIPPED_RECOMMENDER
from elm.runs._config import RunConfig
from elm.runs._experiment_data import World, build_world
from elm.runs.making._plan import require_fit
from elm.runs.making._train_model import teach
from elm.runs.making._train_recommender import teach_recommender
from elm.runs.scoring._certificates import NAME as CERTIFICATES
from elm.runs.scoring._certificates import Known, write_rules
from elm.runs.scoring._score import score_run
from elm.runs.share._card import LOSSES, write_card
from elm.training import LoopConfig, TwoStage

DEMO_TRAINING = TwoStage(one=LoopConfig(steps=400, lr=2e-3), two=LoopConfig(steps=4500, lr=1e-3))
SHOP_TRAINING = TwoStage(one=LoopConfig(steps=400, lr=2e-3), two=LoopConfig(steps=3000, lr=1e-3))
DEMO_AGAIN = TwoStage(one=LoopConfig(steps=0, lr=1e-3), two=LoopConfig(steps=2000, lr=7e-4, warmup=100))
"""Further steps of the demo model, half of whose film batches are about two films, which are learned last."""


def train_run(out: str | Path, config: RunConfig, *, progress: bool = True, fresh: bool = False) -> dict[str, Any]:
    """Vectors, adapters, language model and recommender of a data set, in a run folder that resumes.

    Raises `CallError` before anything is written where the training cannot fit into memory (`plan_run`).
    """
    require_fit(config)
    run = config.begin(out, fresh)
    encoder = SentenceEncoder(config.encoder)
    world = build_world(run, config, encoder, progress)
    train = run.step("train", lambda: teach(run, world, config, encoder, progress))
    recommend = run.step(
        "recommend", lambda: teach_recommender(run, world, encoder, config.seed, progress, config.text_lora_rank)
    )
    return {"run": str(out), "seconds": run.seconds(), "train": train, "recommend": recommend}


def make_demo(
    out: str | Path,
    *,
    data: Literal["demo", "demo-shop"] = "demo",
    base: str = "shipped",
    seed: int = 0,
    fast: bool = False,
    fresh: bool = False,
    install: bool = False,
    progress: bool = True,
) -> dict[str, Any]:
    """Train a model of a generated world in all its tasks, longer than the quickstart does, score it, write its card.

    `install` copies model, vectors and recommender of the demo world into the package. Weights and vectors are kept in
    half precision, and the scores are those of the model as it is read back from disk.
    """
    if install and data != "demo":
        raise CallError(
            f"the package carries the model of the demo world, and not that of {data!r}: leave --install out"
        )
    training = replace(DEMO_TRAINING if data == "demo" else SHOP_TRAINING, fast=fast, seed=seed)
    extra, views = (6000, 4) if data == "demo" else (4000, 2)
    config = RunConfig.for_dataset(data, base=base, extra_films=extra, user_views=views, training=training, seed=seed)
    config = config.with_tasks(["all"])
    run = config.begin(out, fresh)
    encoder = SentenceEncoder(config.encoder)
    world = build_world(run, config, encoder, progress)
    result = run.step("train", lambda: teach(run, world, config, encoder, progress))
    again = replace(
        config, training=replace(DEMO_AGAIN, fast=fast, seed=seed + 1), pair_share=0.5
    )  # where there are any
    result["recommend"] = run.step("recommend", lambda: teach_recommender(run, world, encoder, config.seed, progress))
    trained = run.path / "model"
    result["again"] = run.step(
        "again", lambda: teach(run, world, again, encoder, progress, load_model(trained), "checkpoints/again")
    )["stage_two"]
    target = run.path / "shipped"
    model = load_model(run.path / "model")
    model.about["made"] = {"title": "The demo model", "made by": _command(config), **model.about.get("made", {})}
    pictures = {path.name: path.read_bytes() for path in (run.path / "model").glob(LOSSES)}
    save_model(model, target / "demo", dtype=torch.float16, files=pictures)
    world = _save_vectors(world, target / "vectors")
    cached = CachedEncoder(encoder)
    scores = run.step(
        "score", lambda: score_run(load_model(target / "demo"), world, config, cached, progress).to_dict()
    )
    write_card(target / "demo", scores)
    known = Known(load_model(target / "demo"), world, config, cached, progress)
    run.step("certify", lambda: {"rules": write_rules(known, target / "demo", target / CERTIFICATES)})
    if install:
        for part in ("demo", "vectors"):
            _replace(SHIPPED / part, target / part)
        _replace(SHIPPED_RECOMMENDER, run.path / "recommender")
        shutil.copy(target / CERTIFICATES, SHIPPED / CERTIFICATES)
    return {**result, "scores": scores}


def _command(config: RunConfig) -> str:
    data = "" if config.dataset == "demo" else f" --data {config.dataset}"
    return f"elm train demo{data} --seed {config.training.seed}{' --fast' if config.training.fast else ''}"


def _save_vectors(world: World, folder: Path) -> World:
    """Films, items, and users (training users and the held-out ones, folded in) as one table each.

    Returns the world with the vectors as they lie on disk, in half precision: what is shipped is what is scored.
    """
    everyone = world.users.joined(world.held_users)
    for name, table in (("films", world.films), ("items", world.items), ("users", everyone)):
        table.save(folder / name, dtype="float16")
    films, items, users = (VectorTable.load(folder / name) for name in ("films", "items", "users"))
    users = users.subset(world.users.ids)
    return replace(world, films=films, items=items, users=users, held_users=fold_in(items, world.rated, users))


def _replace(folder: Path, by: Path) -> None:
    """Put a copy of `by` in the place of `folder`, at one moment."""
    old = os.listdir(folder) if folder.is_dir() else ()
    with folder_written_aside(folder, retired=old) as aside:
        shutil.copytree(by, aside, dirs_exist_ok=True)
