"""Every backbone by its name: made, trained on a split, and tuned where the paper tunes it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np
from scipy import sparse

from elm._errors import CallError, UnknownNameError
from elm.recommend._autoencoder import Autoencoder, Backbone
from elm.recommend._ease import EASE
from elm.recommend._fitting import HeldOut, ndcg_at, seeded
from elm.recommend._macridvae import MacridVAE, MacridVAEConfig
from elm.recommend._multidae import MultiDAE, MultiDAEConfig
from elm.recommend._multivae import MultiVAE, MultiVAEConfig
from elm.recommend._popularity import Popularity
from elm.recommend._recvae import RecVAE, RecVAEConfig
from elm.recommend._train_backbone import TRAINING, train_backbone
from elm.recommend._wals_ranker import WalsRanker

Kind: TypeAlias = tuple[type[Any], type[Any]]

AUTOENCODERS: Mapping[str, Kind] = {
    "multi-dae": (MultiDAE, MultiDAEConfig),
    "multi-vae": (MultiVAE, MultiVAEConfig),
    "recvae": (RecVAE, RecVAEConfig),
    "macridvae": (MacridVAE, MacridVAEConfig),
}
"""Name -> network and its config."""

MODELS = ("popularity", "wals", "ease", *AUTOENCODERS)
"""The names that `fit_backbone` knows."""

_ARGUMENTS: Mapping[str, set[str]] = {
    "popularity": set(),
    "wals": {"factors", "regularization", "alpha"},
    "ease": {"penalty", "values", "scale"},
}

_PENALTIES = (50.0, 100.0, 200.0, 400.0, 800.0, 1600.0)


def make_autoencoder(name: str, users: int, items: int, seed: int = 0, **settings: Any) -> Autoencoder:
    """An untrained autoencoder of a size that suits so many users; `settings` are fields of its config.

    Raises `UnknownNameError` for another name, `CallError` for a setting that its config does not have.
    """
    if name not in AUTOENCODERS:
        raise UnknownNameError("autoencoder", name, AUTOENCODERS)
    network, config = AUTOENCODERS[name]
    _known(name, settings, {field.name for field in dataclasses.fields(config)} - {"items"})
    with seeded(seed):  # making layers draws from the global generator
        model: Autoencoder = network(dataclasses.replace(config.for_users(users, items), **settings), seed=seed)
    return model


def fit_backbone(
    name: str,
    ratings: sparse.csr_matrix,
    validation: HeldOut,
    *,
    seed: int = 0,
    device: str = "cpu",
    progress: bool = False,
    **settings: Any,
) -> Backbone:
    """Make and train a model by its name.

    Args:
        name: one of `MODELS`.
        ratings: (users, items) raw ratings of the training users; validation: other users, or other ratings.
        device: where an autoencoder is trained; the other models know the CPU alone.
        settings: fields of an autoencoder's config and of `BackboneTraining`; arguments of `EASE.fit` and
            `WalsRanker.fit`. Without `penalty`, EASE takes the best of six on the validation users.

    Raises `UnknownNameError` for another model, `CallError` for a setting that it does not have.
    """
    if name in AUTOENCODERS:
        network, config = AUTOENCODERS[name]
        options = TRAINING[network]
        shape = {field.name for field in dataclasses.fields(config)} - {"items"}
        training = {field.name for field in dataclasses.fields(options)}
        _known(name, settings, shape | training)
        own = {key: value for key, value in settings.items() if key in shape}
        model = make_autoencoder(name, *ratings.shape, seed=seed, **own).to(device)
        options = dataclasses.replace(options, **{k: v for k, v in settings.items() if k in training})
        return train_backbone(model, ratings, validation, options, seed=seed, progress=progress)[0]
    if name not in MODELS:
        raise UnknownNameError("model", name, MODELS)
    _known(name, settings, _ARGUMENTS[name])
    if name == "popularity":
        return Popularity.fit(ratings)
    if name == "wals":
        return WalsRanker.fit(ratings, seed=seed, **settings)
    return EASE.fit(ratings, **settings) if "penalty" in settings else _tuned_ease(ratings, validation, settings)


def _tuned_ease(ratings: sparse.csr_matrix, validation: HeldOut, settings: Mapping[str, Any]) -> EASE:
    """EASE with the penalty that is best on the validation users; beyond the best of the first ones none is tried."""
    best, best_score = None, -np.inf
    for penalty in _PENALTIES:
        model = EASE.fit(ratings, penalty, **settings)
        score = float(np.nanmean(ndcg_at(model.scores(validation.inputs), validation.targets)))
        if score <= best_score:
            break
        best, best_score = model, score
    assert best is not None
    return best


def _known(name: str, settings: Mapping[str, Any], allowed: set[str]) -> None:
    odd = sorted(set(settings) - allowed)
    if odd:
        known = f"it has {', '.join(sorted(allowed))}" if allowed else "it has none"
        raise CallError(f"{name} has no setting {odd[0]!r}; {known}")
