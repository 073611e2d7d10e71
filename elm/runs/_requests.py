"""A run's recommender under requests: its data set's cards, and what gives the values of requests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from elm._errors import CallError
from elm.data import Dataset
from elm.data import load as load_dataset
from elm.embeddings import SentenceEncoder
from elm.recommend import (
    AnyRecommender,
    EncoderValues,
    FactJudge,
    RequestValues,
    SteeredRecommender,
    cards_of,
    load_distilled,
)
from elm.runs._open import open_recommender, run_settings

WAYS = ("facts", "encoder")


def open_steered(run: str | Path, values: str = "facts", reads_text: bool = True) -> SteeredRecommender:
    """The recommender of a run, or in a folder of its own, which takes requests, standing wishes and concepts.

    values: "facts" (the judge over genres, facts and texts of the run's data set), "encoder" (the untrained sentence
    encoder over its texts), or the folder of what was distilled. Concepts are the genres and moods of that judge. A
    folder that a `SteeredRecommender` wrote is taken as it is. Raises `CallError` where the run names no data set.
    """
    base = open_recommender(run, reads_text)
    if isinstance(base, SteeredRecommender):
        return base
    settings: dict[str, Any] = run_settings(run) if (Path(run) / "run.json").is_file() else {}
    if "dataset" not in settings:
        raise CallError(
            f"{run} names no data set whose items could be judged; save a SteeredRecommender, or name a run"
        )
    return steered(base, load_dataset(settings["dataset"], seed=settings.get("seed", 0)), values)


def steered(base: AnyRecommender, data: Dataset, values: str = "facts") -> SteeredRecommender:
    """A recommender under requests, judged by what a data set tells of its items; values and errors of
    `open_steered`."""
    cards = cards_of(data, [item for item in base.items if item in data.items.index])
    judge = FactJudge(cards)
    found: RequestValues = judge
    if values == "encoder":
        found = EncoderValues.of(SentenceEncoder(), cards)
    elif values != "facts":
        if not Path(values).is_dir():
            raise CallError(
                f"values of requests come from {', '.join(WAYS)} or the folder of what was distilled, got {values!r}"
            )
        found = load_distilled(values)
    concepts = {}
    if list(cards.items) == list(base.items):
        concepts = {aspect.name: judge.degrees(aspect.name) for aspect in judge.aspects}
    return SteeredRecommender(base, found, judge=judge, concepts=concepts)
