"""Every backbone by its name: made, trained on a split, and found again by its class."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from scipy import sparse

from elm._errors import CallError, UnknownNameError
from elm.recommend._held_out import HeldOut
from elm.recommend.backbones import (
    _ease,
    _lightgcn,
    _macridvae,
    _multidae,
    _multivae,
    _nmf,
    _popularity,
    _random,
    _recvae,
    _wals,
)
from elm.recommend.backbones._autoencoder import Autoencoder, Backbone
from elm.recommend.backbones._autoencoder_spec import AutoencoderSpec
from elm.recommend.backbones._spec import BackboneSpec, Fitting, check_settings
from elm.recommend.backbones._training import BackboneTraining, Model, train

Kind: TypeAlias = tuple[type[Any], type[Any]]

_SPECS: tuple[BackboneSpec, ...] = (
    _popularity.SPEC,
    _wals.SPEC,
    _ease.SPEC,
    _multidae.SPEC,
    _multivae.SPEC,
    _recvae.SPEC,
    _macridvae.SPEC,
    _random.SPEC,
    _nmf.SPEC,
    _lightgcn.SPEC,
)

BACKBONES: Mapping[str, BackboneSpec] = {spec.name: spec for spec in _SPECS}
"""Every backbone by its name. A new one is a file that declares its `SPEC`, and a line in `_SPECS`."""

MODELS = tuple(BACKBONES)
"""The names that `fit_backbone` knows."""

AUTOENCODER_SPECS: Mapping[str, AutoencoderSpec] = {
    spec.name: spec for spec in _SPECS if isinstance(spec, AutoencoderSpec)
}

AUTOENCODERS: Mapping[str, Kind] = {name: (spec.network, spec.config) for name, spec in AUTOENCODER_SPECS.items()}
"""Name -> network and its config."""

TRAINING: Mapping[type[Autoencoder], BackboneTraining] = {
    spec.network: spec.training for spec in AUTOENCODER_SPECS.values()
}
"""What each autoencoder is trained with where nothing else is said. `tuning_grid` has what the TEARS paper tries."""


def spec_of(model: object) -> BackboneSpec:
    """The spec of a model's class; `CallError` for one that is not among `BACKBONES`."""
    for spec in _SPECS:
        if type(model) is spec.network:
            return spec
    raise CallError(f"only the backbones {', '.join(BACKBONES)} can be saved, got {type(model).__name__}")


def make_autoencoder(name: str, users: int, items: int, seed: int = 0, **settings: Any) -> Autoencoder:
    """An untrained autoencoder of a size that suits so many users; `settings` are fields of its config.

    Raises `UnknownNameError` for another name, `CallError` for a setting that its config does not have, or of another
    type.
    """
    if name not in AUTOENCODER_SPECS:
        raise UnknownNameError("autoencoder", name, AUTOENCODER_SPECS)
    spec = AUTOENCODER_SPECS[name]
    check_settings(name, settings, spec.shape())
    return spec.make(users, items, seed, settings)


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

    Raises `UnknownNameError` for another model, `CallError` for a setting that it does not have or of another type, or
    where no validation user has a target.
    """
    if name not in BACKBONES:
        raise UnknownNameError("model", name, BACKBONES)
    spec = BACKBONES[name]
    check_settings(name, settings, spec.settings())
    return spec.fit(ratings, validation, settings, Fitting(seed, device, progress))


def train_backbone(
    model: Model,
    ratings: sparse.csr_matrix,
    validation: HeldOut,
    options: BackboneTraining | None = None,
    *,
    targets: sparse.csr_matrix | None = None,
    seed: int = 0,
    progress: bool = False,
) -> tuple[Model, list[dict[str, float]]]:
    """Fit an autoencoder in place on raw ratings and keep the epoch with the best validation NDCG@k.

    Args:
        model: where it lies (CPU or GPU) is where it is trained. ratings: (users, items) raw ratings of the training
            users. targets: (users, items) ones, what is to be ranked high; by default the ratings of at least 4.
        validation: other users, folded in from part of their ratings (`HeldOut.fold_in`), or other ratings of these.
        options: by default those in `TRAINING` of the model's class.

    Users without a target teach nothing and are left out.

    Returns:
        The model in evaluation mode, and one record per epoch (`epoch`, `loss`, `ndcg`).

    Raises:
        CallError: no user with ratings and targets, matrices of different catalogues, ratings below 0 or not finite.
    """
    options = options or TRAINING.get(type(model)) or BackboneTraining()
    return train(model, ratings, validation, options, targets=targets, seed=seed, progress=progress)
