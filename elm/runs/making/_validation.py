"""How a run's training is watched: what the model writes about validation films, scored on the way."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from elm._errors import CallError
from elm.embeddings import SentenceEncoder
from elm.evaluation import CachedEncoder, ControlOptions, item_consistency
from elm.runs._config import RunConfig
from elm.runs._experiment_data import World
from elm.tasks import get
from elm.training import Validation

_FILMS, _TASKS = 40, 3


def watch(world: World, config: RunConfig, encoder: SentenceEncoder) -> Validation | None:
    """SC and rSC on up to 40 validation films, means over the first three tasks on one film; None where not asked.

    Raises `CallError` where fewer than two films were kept for validation, or no task is about one film.
    """
    if not config.validate_every:
        return None
    films = world.film_split.validation[:_FILMS]
    tasks = [task for task in config.film_tasks if len(get(task, config.domain).marks) == 1][:_TASKS]
    if len(films) < 2 or not tasks:
        raise CallError(
            f"training is watched by tasks on single films, two validation films at least; got {len(tasks)} tasks and "
            f"{len(films)} films: raise film_shares, or train without validation"
        )
    cached = CachedEncoder(encoder)
    held_out = world.held_out_films(films, config.seed)

    def score(model: Any, step: int) -> Mapping[str, float]:
        found = item_consistency(model, tasks, held_out, cached, ControlOptions(probe=False), config.seed).values()
        return {
            "SC": float(np.mean([scores.sc["model"].mean() for scores in found])),
            "rSC": float(np.mean([scores.rsc for scores in found])),
            "shuffled": float(np.mean([scores.sc["shuffled"].mean() for scores in found])),
            "facts": float(np.mean([scores.facts["model"].recall["overall"] for scores in found])),
        }

    return Validation(score, every=config.validate_every, patience=config.patience)
