"""Trainings on the films of the demo world that differ in one thing: what experiments compare."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from _experiment import arguments, folder

from elm.embeddings import DEFAULT_ENCODER, SentenceEncoder
from elm.evaluation import CachedEncoder, ControlOptions, TaskScores, item_consistency
from elm.runs import QUICK, RunConfig, RunFolder, World, build_world
from elm.runs.making._train_model import fresh_model, lessons
from elm.training import LoopConfig, TwoStage, Validation, train_two_stage

RATES = QUICK.training.one.lr, QUICK.training.two.lr


def film_arguments(doc: str | None) -> argparse.ArgumentParser:
    """Options of an experiment on films."""
    parser = arguments(doc, steps=QUICK.training.one.steps + QUICK.training.two.steps, seeds=1)
    parser.add_argument("--base", default="shipped", help="shipped, a folder, or a Hub id")
    parser.add_argument("--data", default="demo", help="a data set of films (default demo)")
    parser.add_argument("--encoder", default=DEFAULT_ENCODER, help="of sentences, behind films' vectors and scores")
    parser.add_argument("--films", type=int, default=60, help="held-out films that are scored")
    parser.add_argument("--batch-tokens", type=int, default=1200)
    return parser


@dataclass(frozen=True)
class Films:
    """What all trainings of an experiment share."""

    run: RunFolder
    config: RunConfig
    world: World
    encoder: CachedEncoder
    count: int  # held-out films that are scored


@contextmanager
def films(name: str, options: argparse.Namespace) -> Iterator[Films]:
    """The folder of an experiment, its world, and an encoder that all scores share."""
    settings = {key: getattr(options, key) for key in ("base", "data", "encoder", "steps", "films", "batch_tokens")}
    config = RunConfig.for_dataset(options.data, base=options.base, encoder=options.encoder)
    with folder(options.out, {"experiment": name, **settings}) as run:
        encoder = SentenceEncoder(options.encoder)
        world = build_world(run, config, encoder, progress=False)
        yield Films(run, config, world, CachedEncoder(encoder), options.films)


def two_stage(one: int, two: int, seed: int, rates: tuple[float, float] = RATES, batch_tokens: int = 1200) -> TwoStage:
    """The quickstart's training, with other numbers of steps."""
    warmup = max(1, min(20, (one + two) // 10))
    loops = (LoopConfig(steps, lr, warmup=warmup, save_every=100) for steps, lr in zip((one, two), rates, strict=True))
    return TwoStage(*loops, batch_tokens=batch_tokens, seed=seed)


def trained(films: Films, name: str, training: TwoStage, soft_tokens: int = QUICK.soft_tokens) -> dict[str, Any]:
    """Train the film tasks of the quickstart; test scores, and the course of the validation films' scores.

    Resumes from checkpoints in the folder. Validation films are read four times, evenly spread over the steps.
    """
    config, world = replace(films.config, soft_tokens=soft_tokens, training=training), films.world
    model = fresh_model(config, world)
    steps, course = training.one.steps + training.two.steps, []
    every, before = max(1, steps // 4), 0

    def score(model: Any, step: int) -> Mapping[str, float]:
        found = means(scores(model, films, world.film_split.validation[: films.count]))
        return {"rSC": found["rsc"], "facts": found["facts"]}

    validation = Validation(score, every, keep_best=False, enough=-9.0)  # watched, and nothing is chosen by it
    result = train_two_stage(
        model,
        lessons(world, config)[:1],
        training,
        progress=False,
        checkpoints=films.run.path / "checkpoints" / name,
        validation=validation,
    )
    for stage in (result.one, result.two):
        course += [{**row, "step": row["step"] + before} for row in stage.validations]
        before += len(stage.losses)
    by_task = scores(model, films, world.film_split.test[: films.count])
    return {
        "test": means(by_task),
        "validation": course[-1],
        "course": course,
        "loss": result.two.loss,
        "seconds": result.one.seconds + result.two.seconds,
        "by_task": {task: found.to_dict() for task, found in by_task.items()},
    }


def scores(model: Any, films: Films, ids: Sequence[str]) -> dict[str, TaskScores]:
    """Semantic consistency and facts of held-out films, with controls."""
    held_out, tasks = films.world.held_out_films(ids), films.config.film_tasks
    return item_consistency(model, tasks, held_out, films.encoder, ControlOptions(probe=False))


def means(found: Mapping[str, TaskScores]) -> dict[str, float]:
    """Means over tasks: SC of the model and its controls, rSC, and recall of facts."""
    row = {
        f"sc_{name}" if name != "model" else "sc": float(np.mean([one.sc[name].mean() for one in found.values()]))
        for name in ("model", "teacher", "nn", "shuffled")
    }
    row["rsc"] = float(np.mean([one.rsc for one in found.values()]))
    for name, system in (("facts", "model"), ("facts_nn", "nn")):
        row[name] = float(np.mean([one.facts[system].recall["overall"] for one in found.values()]))
    return row
