"""The comparison of `elm bench recommend`: every model on the same splits, one part a model and seed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from elm._errors import CallError, UnknownNameError
from elm.recommend.backbones._autoencoder import Backbone
from elm.recommend.backbones._registry import AUTOENCODERS, MODELS, fit_backbone
from elm.recommend.backbones._spec import Fitting
from elm.recommend.benchmark._measures import CUTOFFS, compare, cost, measure
from elm.recommend.benchmark._split import RecommendationSplit
from elm.recommend.tears._registry import WithTexts

Record: TypeAlias = dict[str, Any]
Make: TypeAlias = Callable[..., Backbone]
"""A split, a seed and settings by their names -> a fitted model."""
Step: TypeAlias = Callable[[str, Callable[[], Record]], Record]

TESTED_AGAINST = "multi-vae"
"""The reference of the tests where no other is named and this one takes part; else the last model."""


@dataclass(frozen=True)
class FitOptions:
    """How the models of a comparison are fitted.

    settings: model -> settings of `fit_backbone`, or of what makes it. half: autoencoders compute in bfloat16.
    """

    settings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    device: str = "cpu"
    half: bool = False
    progress: bool = False


def bench_models(
    split_of: Callable[[int], RecommendationSplit],
    models: Sequence[str],
    seeds: Sequence[int],
    *,
    reference: str | None = None,
    others: Mapping[str, Make] | None = None,
    pairs: Sequence[tuple[str, str]] = (),
    options: FitOptions | None = None,
    step: Step = lambda name, work: work(),
) -> Record:
    """Fit and score models on the split of each seed, and compare them.

    Args:
        split_of: seed -> split, such as `functools.partial(split_dataset, dataset, "paper")`; one that always gives the
            same split leaves the models' own seeds alone to differ.
        models: names of `MODELS`, or of `others`, which say how a model of another make is had for a split and seed.
        pairs: (model, reference): further tests, of models that are both compared.
        reference: the model that the others are tested against (default: "multi-vae", else the last one).
        options: of the fits.
        step: name and work -> what the work gives; a caller may keep results and leave finished work out.

    Returns:
        `splits` (their summaries), `reference`, `rows`, as of `compare`, with `seconds` and `memory_mib` of fits (means
        over seeds; the memory is the highest) and, of a text model, the weight `alpha` of its texts (`mean`, and
        `each` seed's own: chosen on validation users unless the name says it), and `pairs`: gain in NDCG@20 and the
        tests of each.

    Raises:
        UnknownNameError: a model that is neither in `MODELS` nor in `others`.
        CallError: no model or no seed, a model twice, a reference or settings of none of the models, a setting that a
            model does not have or of another type, a split in which no test user has a target.
    """
    others, options = others or {}, options or FitOptions()
    _check(models, seeds, reference, options.settings, others)
    records: dict[str, list[Record]] = {model: [] for model in models}
    splits = []
    for seed in seeds:
        split = split_of(seed)
        splits.append(split.summary())
        for model in models:

            def work(model: str = model, seed: int = seed, split: RecommendationSplit = split) -> Record:
                return _one(model, split, seed, others, options)

            records[model].append(step(f"{model}-{seed}", work))
    reference = reference or (TESTED_AGAINST if TESTED_AGAINST in models else models[-1])
    rows = compare({model: [record["users"] for record in found] for model, found in records.items()}, reference)
    for row in rows:
        found = records[row["model"]]
        row["seconds"] = sum(record["seconds"] for record in found) / len(found)
        peaks = [record["memory_mib"] for record in found if record["memory_mib"] is not None]
        row["memory_mib"] = max(peaks) if peaks else None
        row["failures"] = sum(record["failures"] for record in found)
        if found[0].get("alpha") is not None:  # chosen for each seed on its validation users: no mean stands for them
            row["alpha"] = [record["alpha"] for record in found]
    tested = [
        _pair(model, other, {name: [record["users"] for record in records[name]] for name in (model, other)})
        for model, other in pairs
    ]
    return {"splits": splits, "reference": reference, "rows": rows, "pairs": tested}


def _pair(model: str, other: str, users: Mapping[str, Any]) -> Record:
    """How much higher a model's NDCG@20 is than another's, with the tests of `compare`."""
    row, against = compare(users, other)
    found, base = row["ndcg@20"], against["ndcg@20"]
    tests = {name: found[name] for name in ("p_seeds", "p_users")}
    return {"model": model, "reference": other, "gain": found["mean"] - base["mean"], **tests}


def _one(model: str, split: RecommendationSplit, seed: int, others: Mapping[str, Make], options: FitOptions) -> Record:
    half = {"half": True} if options.half and model in AUTOENCODERS else {}
    settings = {**options.settings.get(model, {}), **half}

    def fit() -> Backbone:
        if model in others:
            return others[model](split, seed, **settings)
        how = Fitting(seed, options.device, options.progress)._asdict()
        return fit_backbone(model, split.train(), split.held_out("validation"), **how, **settings)

    test = split.held_out("test")
    test.check_targets("the test part")  # before the time of a fit is spent
    fitted, spent = cost(fit)
    users = measure(fitted, test, CUTOFFS)
    return {
        "users": {metric: values.tolist() for metric, values in users.items()},
        "failures": getattr(fitted, "failures", 0),
        "alpha": fitted.alpha if isinstance(fitted, WithTexts) else None,
        **spent,
    }


def _check(
    models: Sequence[str],
    seeds: Sequence[int],
    reference: str | None,
    settings: Mapping[str, Any],
    others: Mapping[str, Any],
) -> None:
    if not models or not seeds:
        raise CallError("a comparison needs at least one model and one seed")
    for model in models:
        if model not in MODELS and model not in others:
            raise UnknownNameError("model", model, [*MODELS, *others])
    if len(set(models)) < len(models):
        raise CallError(f"each model may come once, got {', '.join(models)}")
    if reference is not None and reference not in models:
        raise CallError(f"the reference must be one of the models {', '.join(models)}, got {reference!r}")
    idle = sorted(set(settings) - set(models))
    if idle:
        raise CallError(f"settings are given for {idle[0]!r}, which is not among the models {', '.join(models)}")
