"""Control of several text models over several seeds: each trained, put through the tasks, and averaged."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import pandas as pd

from elm._errors import CallError, UnknownNameError
from elm.evaluation.controllability._fine_grained import BETWEEN, check_range
from elm.evaluation.controllability._large_scope import largest_genres
from elm.evaluation.controllability._map import GuidedMap, MapOptions, guided_map
from elm.evaluation.controllability._suite import TASKS, ControlTasks, control_means, control_scores, share_scores
from elm.recommend import (
    TEXT_MODELS,
    GenreEncoder,
    Popularity,
    RecommendationSplit,
    Recommender,
    TextModels,
    TextSplit,
    ndcg_at,
)
from elm.tasks import domain_named

Part = Literal["validation", "test"]
Step = Callable[[str, Callable[[], dict[str, Any]]], dict[str, Any]]


@dataclass(frozen=True)
class ControlBench:
    """What `bench_control` measures.

    part: whose users. attributes: name -> a number in [0, 1] by item id; items without one count as 0. tasks: those
    that `control_scores` is to do otherwise, such as alphas; each seed draws its own targets. map_by: how maps are laid
    out.
    """

    part: Part = "test"
    attributes: Mapping[str, pd.Series] = field(default_factory=dict)
    tasks: ControlTasks = field(default_factory=ControlTasks)
    map_by: Literal["pca", "tsne"] = "pca"


def bench_control(
    made: TextModels,
    split_of: Callable[[int], RecommendationSplit],
    models: Sequence[str],
    seeds: Sequence[int],
    *,
    bench: ControlBench | None = None,
    step: Step = lambda name, work: work(),
) -> dict[str, Any]:
    """Train each model on each seed's split and measure its control; the same seed, the same users for every model.

    made: makes the models of one data set, with its settings, and the backbones that they share. models: names such as
    "tears-recvae", "tears-base" and "gers-recvae" (`TEXT_MODELS`). step: how a finished part is kept.

    Returns `rows` (those of `control_means`, with `model`), `popularity` (`mean` and `sd` of the NDCG@20 of the most
    liked items on the same users), `maps` (model -> `GuidedMap` of the first seed, of TEARS with histories), `splits`.

    Raises `CallError` for no model or seed, a model that reads no profile, an alpha outside [0, 1], ranks beyond the
    catalogue, and settings of a model that is not measured; `UnknownNameError` for a model that is not known.
    """
    bench = bench or ControlBench()
    _check(models, seeds, bench.tasks, made.settings)
    found: dict[str, list[dict[str, Any]]] = {model: [] for model in models}
    splits, popular = [], []
    for seed in seeds:
        split = split_of(seed)
        check_range(bench.tasks.get("between", BETWEEN), len(split.items))
        splits.append(split.summary())
        popular.append(_popular(split, bench.part))
        for model in models:

            def work(model: str = model, seed: int = seed, split: RecommendationSplit = split) -> dict[str, Any]:
                return _measured(made.fit(model, split, seed), made.texts(split), bench, seed, seed == seeds[0])

            found[model].append(step(f"{model}-{seed}", work))
    spread = float(np.std(popular, ddof=1)) if len(popular) > 1 else None
    return {
        "splits": splits,
        "popularity": {"mean": float(np.mean(popular)), "sd": spread},
        "rows": [
            {"model": m, **row} for m, runs in found.items() for row in control_means(run["rows"] for run in runs)
        ],
        "maps": {m: GuidedMap.from_dict(runs[0]["map"]) for m, runs in found.items() if runs[0]["map"]},
    }


def _measured(fitted: Recommender, texts: TextSplit, bench: ControlBench, seed: int, with_map: bool) -> dict[str, Any]:
    """One model of one seed through the tasks that suit it: its records, and its map where one is asked for."""
    held_out, genres, histories = texts.held_out(bench.part), texts.genres, fitted.model.history
    tasks: ControlTasks = {**bench.tasks, "seed": seed}
    if not histories:
        tasks["alphas"] = (1.0,)
    if isinstance(fitted.model.text, GenreEncoder):
        return {"rows": share_scores(fitted, held_out, texts.shares(bench.part), texts.kinds, genres, **tasks),
                "map": None}  # fmt: skip
    soft = {name: found.reindex(fitted.items).fillna(0.0).to_numpy(float) for name, found in bench.attributes.items()}
    scores = control_scores(fitted, held_out, genres, _said(texts), soft, guide=histories, **tasks)
    if not with_map or not histories:
        return {"rows": scores.rows(), "map": None}
    largest = largest_genres(genres, tasks.get("genres", TASKS["genres"]))
    drawn: MapOptions = {"method": bench.map_by, "phrase": tasks.get("phrases", TASKS["phrases"])[0]}
    return {"rows": scores.rows(), "map": guided_map(fitted, held_out.inputs, genres, largest, **drawn).to_dict()}


def _said(texts: TextSplit) -> list[list[str]]:
    """The words of each item as things to like: "dark films" for a mood, "films about exile" for a theme."""
    domain = domain_named(texts.domain)
    moods = domain.vocabulary.qualities
    return [[domain.trait(w) if w in moods else f"{domain.items} about {w}" for w in words] for words in texts.words]


def _popular(split: RecommendationSplit, part: Part) -> float:
    """NDCG@20 of the items that most training users like, over the part's users with targets."""
    held_out = split.held_out(part)
    return float(np.nanmean(ndcg_at(Popularity.fit(split.train()).scores(held_out.inputs), held_out.targets)))


def _check(models: Sequence[str], seeds: Sequence[int], tasks: ControlTasks, settings: Mapping[str, Any]) -> None:
    if not models or not seeds:
        raise CallError(f"control is measured on a model and a seed or more, got {len(models)} and {len(seeds)}")
    for model in models:
        if model not in TEXT_MODELS:
            raise UnknownNameError("text model", model, TEXT_MODELS)
        if model.startswith("tuned-"):
            raise CallError(f"{model} reads no profile, so there is none to edit; leave it out")
    for alpha in tasks.get("alphas", ()):
        if not 0 <= alpha <= 1:
            raise CallError(f"alpha is the weight of the text and must lie between 0 and 1, got {alpha}")
    if not any(tasks.get("alphas", (1.0,))):
        raise CallError("texts move nothing at alpha 0; pass an alpha above it")
    if idle := sorted(set(settings) - set(models)):
        raise CallError(f"settings are given for {idle[0]!r}, which is none of the models {', '.join(models)}")
