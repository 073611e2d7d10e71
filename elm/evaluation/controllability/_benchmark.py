"""Control of several text models over several seeds: each trained, put through the tasks, and averaged."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import numpy as np
import pandas as pd

from elm._errors import CallError, UnknownNameError
from elm.data import Dataset
from elm.evaluation import (
    BETWEEN,
    GuidedMap,
    check_range,
    control_means,
    control_scores,
    guided_map,
    largest_genres,
    share_scores,
)
from elm.recommend import Editor, GenreEncoder, Popularity, RecommendationSplit, Recommender, ndcg_at
from elm.recommend.tears._registry import TEXT_MODELS, TextModels
from elm.recommend.tears._text_split import TextSplit
from elm.tasks import domain_named

Part = Literal["validation", "test"]
Step = Callable[[str, Callable[[], dict[str, Any]]], dict[str, Any]]


def bench_control(
    dataset: Dataset,
    split_of: Callable[[int], RecommendationSplit],
    models: Sequence[str],
    seeds: Sequence[int],
    *,
    part: Part = "test",
    attributes: Mapping[str, pd.Series] | None = None,
    tasks: Mapping[str, Any] | None = None,
    editor: Editor | None = None,
    map_by: Literal["pca", "tsne"] = "pca",
    settings: Mapping[str, Mapping[str, Any]] | None = None,
    written: Mapping[str, str] | None = None,
    device: str = "cpu",
    step: Step = lambda name, work: work(),
    progress: bool = False,
) -> dict[str, Any]:
    """Train each model on each seed's split and measure its control; the same seed, the same users for every model.

    models: names such as "tears-recvae", "tears-base" and "gers-recvae" (`TEXT_MODELS`). attributes: name -> a number
    in [0, 1] by item id; items without one count as 0. tasks: options of `control_scores`, such as alphas. settings: of
    training, by model. written: user -> text by another hand, in place of the template's. step: how a finished part is
    kept.

    Returns `rows` (those of `control_means`, with `model`), `popularity` (`mean` and `sd` of the NDCG@20 of the most
    liked items on the same users), `maps` (model -> `GuidedMap` of the first seed, of TEARS with histories), `splits`.

    Raises `CallError` for no model or seed, a model that reads no profile, an alpha outside [0, 1], ranks beyond the
    catalogue, and settings of a model that is not measured; `UnknownNameError` for a model that is not known.
    """
    tasks, settings = dict(tasks or {}), dict(settings or {})
    _check(models, seeds, tasks, settings)
    # Backbones are the same for one seed.
    shared = TextModels(dataset, written=written, device=device, progress=progress)
    found: dict[str, list[dict[str, Any]]] = {model: [] for model in models}
    splits, popular = [], []
    for seed in seeds:
        split = split_of(seed)
        check_range(tasks.get("between", BETWEEN), len(split.items))
        splits.append(split.summary())
        popular.append(_popular(split, part))
        for model in models:

            def work(model: str = model, seed: int = seed, split: RecommendationSplit = split) -> dict[str, Any]:
                fitted, texts = shared.fit(model, split, seed, **settings.get(model, {})), shared.texts(split)
                options = tasks | {"seed": seed, "editor": editor}
                return _tasks(fitted, texts, part, attributes or {}, options, map_by if seed == seeds[0] else None)

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


def _tasks(
    fitted: Recommender,
    texts: TextSplit,
    part: Part,
    attributes: Mapping[str, pd.Series],
    options: dict[str, Any],
    map_by: Literal["pca", "tsne"] | None,
) -> dict[str, Any]:
    """One model of one seed through the tasks that suit it: its records, and its map where one is asked for."""
    held_out, genres, histories = texts.held_out(part), texts.genres, fitted.model.history
    if not histories:
        options = options | {"alphas": (1.0,)}
    if isinstance(fitted.model.text, GenreEncoder):
        known = {key: options[key] for key in ("editor", "genres", "alphas", "k") if key in options}
        return {"rows": share_scores(fitted, held_out, texts.shares(part), texts.kinds, genres, **known), "map": None}
    soft = {name: found.reindex(fitted.items).fillna(0.0).to_numpy(float) for name, found in attributes.items()}
    scores = control_scores(fitted, held_out, genres, _said(texts), soft, guide=histories, **options)
    if map_by is None or not histories:
        return {"rows": scores.rows(), "map": None}
    phrase = {"phrase": options["phrases"][0]} if "phrases" in options else {}
    largest = largest_genres(genres, options.get("genres", 10))
    drawn = guided_map(fitted, held_out.inputs, genres, largest, method=map_by, **phrase)
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


def _check(models: Sequence[str], seeds: Sequence[int], tasks: Mapping[str, Any], settings: Mapping[str, Any]) -> None:
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
