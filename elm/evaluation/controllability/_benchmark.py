"""Control of several text models over several seeds: each trained, put through the tasks, and averaged."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from elm._errors import CallError, UnknownNameError
from elm.evaluation.controllability._fine_grained import check_range
from elm.evaluation.controllability._large_scope import check_genres, draw_flips, largest_genres
from elm.evaluation.controllability._map import GuidedMap, MapSettings, guided_map
from elm.evaluation.controllability._suite import ControlTasks, Part, control_means, control_scores, share_scores
from elm.recommend import (
    TEXT_MODELS,
    GenreEncoder,
    Popularity,
    RecommendationSplit,
    Recommender,
    RuleEditor,
    TextModels,
    TextSplit,
    ndcg_at,
)
from elm.tasks import domain_named

Step = Callable[[str, Callable[[], dict[str, Any]]], dict[str, Any]]


def bench_control(
    shared: TextModels,
    split_of: Callable[[int], RecommendationSplit],
    models: Sequence[str],
    seeds: Sequence[int],
    tasks: ControlTasks | None = None,
    step: Step = lambda name, work: work(),
) -> dict[str, Any]:
    """Train each model on each seed's split and measure its control; the same seed, the same users for every model.

    shared: makes the models, with their settings and the users' texts. models: names such as "tears-recvae",
    "tears-base" and "gers-recvae" (`TEXT_MODELS`). step: how a finished part is kept.

    Returns `rows` (those of `control_means`, with `model`), `popularity` (`mean` and `sd` of the NDCG@20 of the most
    liked items on the same users), `maps` (model -> `GuidedMap` of the first seed, of TEARS with histories), `splits`.

    Raises `CallError` for no model or seed, a model that reads no profile, ranks beyond the catalogue, and settings of
    a model that is not measured; `UnknownNameError` for a model that is not known.
    """
    tasks = tasks or ControlTasks()
    _check(models, seeds, shared.settings)
    found: dict[str, list[dict[str, Any]]] = {model: [] for model in models}
    splits, popular = [], []
    for seed in seeds:
        split = split_of(seed)
        check_range(tasks.between, len(split.items))
        genres = shared.dataset.items["genres"].reindex(split.items).tolist()
        check_genres(largest_genres(genres, tasks.genres))  # before any training
        splits.append(split.summary())
        popular.append(_popular(split, tasks.part))
        for model in models:

            def work(model: str = model, seed: int = seed, split: RecommendationSplit = split) -> dict[str, Any]:
                fitted, texts = shared.fit(model, split, seed), shared.texts(split)
                return _measured(fitted, texts, tasks, seed, mapped=seed == seeds[0])

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


def _measured(fitted: Recommender, texts: TextSplit, tasks: ControlTasks, seed: int, mapped: bool) -> dict[str, Any]:
    """One model of one seed through the tasks that suit it: its records, and its map where one is asked for."""
    held_out, genres, histories = texts.held_out(tasks.part), texts.genres, fitted.model.history
    largest = largest_genres(genres, tasks.genres)
    if isinstance(fitted.model.text, GenreEncoder):
        flips = draw_flips(tasks.editor or RuleEditor(), held_out.profiles or [], largest)
        shares = texts.shares(tasks.part)
        alphas = tasks.alphas if histories else (1.0,)
        rows = share_scores(fitted, held_out, shares, texts.kinds, genres, flips, alphas, tasks.k)
        return {"rows": rows, "map": None}
    scores = control_scores(fitted, held_out, genres, _said(texts), tasks, seed, guide=histories)
    if not mapped or not histories:
        return {"rows": scores.rows(), "map": None}
    settings = MapSettings(method=tasks.map_by, phrase=tasks.phrases[0])
    drawn = guided_map(fitted, held_out.inputs, genres, largest, settings)
    return {"rows": scores.rows(), "map": drawn.to_dict()}


def _said(texts: TextSplit) -> list[list[str]]:
    """The words of each item as things to like: "dark films" for a mood, "films about exile" for a theme."""
    domain = domain_named(texts.domain)
    moods = domain.vocabulary.qualities
    return [[domain.trait(w) if w in moods else f"{domain.items} about {w}" for w in words] for words in texts.words]


def _popular(split: RecommendationSplit, part: Part) -> float:
    """NDCG@20 of the items that most training users like, over the part's users with targets."""
    held_out = split.held_out(part)
    return float(np.nanmean(ndcg_at(Popularity.fit(split.train()).scores(held_out.inputs), held_out.targets)))


def _check(models: Sequence[str], seeds: Sequence[int], settings: Mapping[str, Any]) -> None:
    if not models or not seeds:
        raise CallError(f"control is measured on a model and a seed or more, got {len(models)} and {len(seeds)}")
    for model in models:
        if model not in TEXT_MODELS:
            raise UnknownNameError("text model", model, TEXT_MODELS)
        if model.startswith("tuned-"):
            raise CallError(f"{model} reads no profile, so there is none to edit; leave it out")
    if idle := sorted(set(settings) - set(models)):
        raise CallError(f"settings are given for {idle[0]!r}, which is not among the models {', '.join(models)}")
