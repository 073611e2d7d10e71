"""Every backbone by its name: made, trained on a split, and tuned where the paper tunes it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from numbers import Integral, Real
from typing import Any, TypeAlias, get_args, get_type_hints

import numpy as np
from scipy import sparse

from elm._errors import CallError, UnknownNameError
from elm.recommend._held_out import HeldOut, ndcg_at, seeded
from elm.recommend.backbones._autoencoder import Autoencoder, Backbone
from elm.recommend.backbones._ease import EASE
from elm.recommend.backbones._macridvae import MacridVAE, MacridVAEConfig
from elm.recommend.backbones._multidae import MultiDAE, MultiDAEConfig
from elm.recommend.backbones._multivae import MultiVAE, MultiVAEConfig
from elm.recommend.backbones._popularity import Popularity
from elm.recommend.backbones._recvae import RecVAE, RecVAEConfig
from elm.recommend.backbones._training import TRAINING, train_backbone
from elm.recommend.backbones._wals import WalsRanker

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

_FITS: Mapping[str, Callable[..., Backbone]] = {
    "popularity": Popularity.fit,
    "wals": WalsRanker.fit,
    "ease": EASE.fit,
}

_PENALTIES = (50.0, 100.0, 200.0, 400.0, 800.0, 1600.0)


def make_autoencoder(name: str, users: int, items: int, seed: int = 0, **settings: Any) -> Autoencoder:
    """An untrained autoencoder of a size that suits so many users; `settings` are fields of its config.

    Raises `UnknownNameError` for another name, `CallError` for a setting that its config does not have, or of another
    type.
    """
    if name not in AUTOENCODERS:
        raise UnknownNameError("autoencoder", name, AUTOENCODERS)
    network, config = AUTOENCODERS[name]
    _check(name, settings, _types(config))
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

    Raises `UnknownNameError` for another model, `CallError` for a setting that it does not have or of another type, or
    where no validation user has a target.
    """
    if name in AUTOENCODERS:
        network, config = AUTOENCODERS[name]
        options = TRAINING[network]
        shape, training = _types(config), _types(type(options))
        _check(name, settings, shape | training)
        own = {key: value for key, value in settings.items() if key in shape}
        model = make_autoencoder(name, *ratings.shape, seed=seed, **own).to(device)
        options = dataclasses.replace(options, **{k: v for k, v in settings.items() if k in training})
        return train_backbone(model, ratings, validation, options, seed=seed, progress=progress)[0]
    if name not in MODELS:
        raise UnknownNameError("model", name, MODELS)
    _check(name, settings, _types(_FITS[name]))
    if name == "popularity":
        return Popularity.fit(ratings)
    if name == "wals":
        return WalsRanker.fit(ratings, seed=seed, **settings)
    return EASE.fit(ratings, **settings) if "penalty" in settings else _tuned_ease(ratings, validation, settings)


def _tuned_ease(ratings: sparse.csr_matrix, validation: HeldOut, settings: Mapping[str, Any]) -> EASE:
    """EASE with the penalty that is best on the validation users; beyond the best of the first ones none is tried."""
    validation.check(ratings.shape[1])
    best, best_score = None, -np.inf
    for penalty in _PENALTIES:
        model = EASE.fit(ratings, penalty, **settings)
        score = float(np.nanmean(ndcg_at(model.scores(validation.inputs), validation.targets)))
        if score <= best_score:
            break
        best, best_score = model, score
    assert best is not None
    return best


def _types(of: Callable[..., Any]) -> dict[str, Any]:
    """The settings of a config or a `fit`, and their types; not what `fit_backbone` itself hands over."""
    own = ("items", "ratings", "seed", "return")
    return {name: kind for name, kind in get_type_hints(of).items() if name not in own}


def _check(name: str, settings: Mapping[str, Any], types: Mapping[str, Any]) -> None:
    odd = sorted(set(settings) - set(types))
    if odd:
        known = f"it has {', '.join(sorted(types))}" if types else "it has none"
        raise CallError(f"{name} has no setting {odd[0]!r}; {known}")
    for setting, value in settings.items():
        wanted = types[setting]
        if not _fits(value, wanted):
            kind = wanted.__name__ if isinstance(wanted, type) else str(wanted).removeprefix("typing.")
            raise CallError(f"setting {setting!r} of {name} must be {kind}, got {value!r}; give another value")


def _fits(value: object, wanted: Any) -> bool:
    """Whether a value is of a type, of one in a union, or one that a `Literal` lists; a bool is no number here."""
    kinds = get_args(wanted) or (wanted,)
    types = tuple(_NUMBERS.get(kind, kind) for kind in kinds if isinstance(kind, type))
    return value in kinds or (isinstance(value, types) and isinstance(value, bool) == (bool in kinds))


_NUMBERS: Mapping[type, Any] = {int: Integral, float: Real}  # those of numpy too
