"""The whole loop on one data set: vectors, words, an edit, new recommendations, a concept, and scores with controls."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from elm.embeddings import SentenceEncoder
from elm.evaluation import CachedEncoder
from elm.model import load_model
from elm.recommend import Recommender
from elm.runs._config import RunConfig
from elm.runs._experiment_data import World, build_world
from elm.runs._folder import RunFolder
from elm.runs.making._train_model import teach
from elm.runs.making._train_recommender import PROFILE, teach_recommender
from elm.runs.quickstart import _quickstart_steps
from elm.training import LoopConfig, TwoStage

Show = Callable[[str, dict[str, Any]], None]

QUICK = RunConfig(
    training=TwoStage(one=LoopConfig(steps=150, lr=2e-3, warmup=20), two=LoopConfig(steps=420, lr=1.5e-3, warmup=20)),
    scored_films=60,
    scored_users=100,
)
"""The demo world in about five minutes on two cores."""

SHORT = replace(
    QUICK,
    training=TwoStage(one=LoopConfig(steps=12, lr=2e-3, warmup=4), two=LoopConfig(steps=12, lr=1e-3, warmup=4)),
    scored_films=16,
    scored_users=24,
)
"""Every step of the quickstart, too short to learn: for continuous integration."""


def quickstart(
    out: str | Path,
    config: RunConfig = QUICK,
    *,
    fresh: bool = False,
    progress: bool = True,
    show: Show = lambda name, value: None,
) -> dict[str, Any]:
    """Run all steps, or those that an earlier call in the same folder left undone; returns the result as plain values.

    `show(step, value)` is called after each step. The result's keys: run, seconds, describe, consistency, profile,
    loop, edit, steer and shipped; the last is empty but on the demo world that the shipped model was made for.

    Raises `CallError` where the folder was begun with other settings (unless `fresh`), `DataFileError` where the data
    set, the base or the sentence encoder cannot be read, `OSError` where the disk is full.
    """
    run = config.begin(out, fresh)
    encoder = SentenceEncoder(config.encoder)
    made: list[World] = []

    def step(name: str, work: Callable[[], dict[str, Any]]) -> None:
        show(name, run.step(name, work))

    def embed() -> dict[str, Any]:
        made.append(build_world(run, config, encoder, progress))
        return _quickstart_steps.about_vectors(made[0], encoder)

    step("embed", embed)
    world = made[0] if made else build_world(run, config, encoder, progress)
    loop = _quickstart_steps.Loop(run, config, world, CachedEncoder(encoder), progress)
    step("train", lambda: teach(run, world, config, encoder, progress))
    model = load_model(run.path)
    step("describe", lambda: _quickstart_steps.describe_one(loop, model))
    step("recommender", lambda: teach_recommender(run, world, encoder, config.seed, progress, config.text_lora_rank))
    recommender = Recommender.load(run.path / "recommender", encoder)
    step("edit_one", lambda: _quickstart_steps.edit_one(loop, model, recommender))
    step("score", lambda: _quickstart_steps.score(loop, model))
    step("loop", lambda: _quickstart_steps.recommend_and_edit(loop, model, recommender))
    if world.dataset.facts is not None:
        step("steer", lambda: _quickstart_steps.steer(loop, model, recommender))
    if (config.dataset, config.seed) == ("demo", 0):
        step("shipped", lambda: _quickstart_steps.shipped(loop))
    return _result(run)


def _result(run: RunFolder) -> dict[str, Any]:
    """The steps' results under the names that `elm quickstart --json` prints."""
    done = {name: run.done(name) or {} for name in ("describe", "edit_one", "score", "loop", "steer", "shipped")}
    example = {key: done["edit_one"][key] for key in ("user", "profile")}
    return {
        "run": str(run.path),
        "seconds": run.seconds(),
        "describe": done["describe"]["texts"],
        "consistency": done["score"]["consistency"],
        "profile": {"example": example, **done["score"]["profile"][PROFILE]},
        "loop": done["loop"]["loop"],
        "edit": {"example": done["edit_one"], **done["loop"]["edit"]},
        "steer": done["steer"],
        "shipped": {
            "consistency": done["shipped"].get("consistency", {}),
            "profile": done["shipped"].get("profile", {}).get(PROFILE, {}),
        },
    }
