"""Trainings on the films of the demo world that differ in one thing: what experiments compare."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from elm.embeddings import SentenceEncoder
from elm.evaluation import CachedEncoder, TaskScores, item_consistency
from elm.runs import QUICK, RunConfig, RunFolder, World, build_world
from elm.runs._teach import fresh_model, lessons
from elm.training import LoopConfig, TwoStage, Validation, train_two_stage

RATES = QUICK.training.one.lr, QUICK.training.two.lr


def demo_world(run: RunFolder) -> tuple[World, CachedEncoder]:
    """The world of the demo data set, seed 0, and an encoder that all scores share."""
    encoder = SentenceEncoder()
    return build_world(run, RunConfig(), encoder, progress=False), CachedEncoder(encoder)


def two_stage(one: int, two: int, seed: int, rates: tuple[float, float] = RATES, batch_tokens: int = 1200) -> TwoStage:
    """The quickstart's training, with other numbers of steps."""
    warmup = max(1, min(20, (one + two) // 10))
    loops = (LoopConfig(steps, lr, warmup=warmup, save_every=100) for steps, lr in zip((one, two), rates, strict=True))
    return TwoStage(*loops, batch_tokens=batch_tokens, seed=seed)


def trained(run: RunFolder, name: str, world: World, encoder: CachedEncoder, base: str, training: TwoStage,
            films: int, soft_tokens: int = QUICK.soft_tokens) -> dict[str, Any]:  # fmt: skip
    """Train the film tasks of the quickstart; test scores, and the course of the validation films' scores.

    Resumes from checkpoints in the folder. Validation films are read four times, evenly spread over the steps.
    """
    config = replace(QUICK, base=base, soft_tokens=soft_tokens, training=training)
    model = fresh_model(config, world)
    steps, course = training.one.steps + training.two.steps, []
    every, before = max(1, steps // 4), 0

    def score(model: Any, step: int) -> Mapping[str, float]:
        found = means(scores(model, world, encoder, config.film_tasks, world.film_split.validation[:films]))
        return {"rSC": found["rsc"], "facts": found["facts"]}

    validation = Validation(score, every, keep_best=False, enough=-9.0)  # watched, and nothing is chosen by it
    result = train_two_stage(model, lessons(world, config)[:1], training, progress=False,
                             checkpoints=run.path / "checkpoints" / name, validation=validation)  # fmt: skip
    for stage in (result.one, result.two):
        course += [{**row, "step": row["step"] + before} for row in stage.validations]
        before += len(stage.losses)
    by_task = scores(model, world, encoder, config.film_tasks, world.film_split.test[:films])
    return {
        "test": means(by_task), "validation": course[-1], "course": course, "loss": result.two.loss,
        "seconds": result.one.seconds + result.two.seconds,
        "by_task": {task: found.to_dict() for task, found in by_task.items()},
    }  # fmt: skip


def scores(model: Any, world: World, encoder: CachedEncoder, tasks: Sequence[str], ids: Sequence[str]
           ) -> dict[str, TaskScores]:  # fmt: skip
    """Semantic consistency and facts of held-out films, with controls."""
    return item_consistency(model, tasks, world.films, world.film_split.train, ids, world.film_facts,
                            world.film_teacher(), encoder, probe=False)  # fmt: skip


def means(found: Mapping[str, TaskScores]) -> dict[str, float]:
    """Means over tasks: SC of the model and its controls, rSC, and recall of facts."""
    row = {f"sc_{name}" if name != "model" else "sc": float(np.mean([one.sc[name].mean() for one in found.values()]))
           for name in ("model", "teacher", "nn", "shuffled")}  # fmt: skip
    row["rsc"] = float(np.mean([one.rsc for one in found.values()]))
    for name, system in (("facts", "model"), ("facts_nn", "nn")):
        row[name] = float(np.mean([one.facts[system].recall["overall"] for one in found.values()]))
    return row
