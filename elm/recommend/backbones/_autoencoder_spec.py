"""The spec of any autoencoder: a network, its config, what it is trained with, and its grid."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from scipy import sparse

from elm.recommend._held_out import HeldOut, seeded
from elm.recommend._model_folder import config_from, with_weights
from elm.recommend.backbones._autoencoder import Autoencoder
from elm.recommend.backbones._spec import BackboneSpec, Fitting, Settings, setting_types
from elm.recommend.backbones._training import BackboneTraining, train

DROPOUTS = (0.1, 0.2, 0.4)
RATES = (1e-3, 1e-4, 1e-5)
DECAYS = (0.0, 1e-5)
"""The values that the TEARS paper tries (Appendix C) for every autoencoder."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class AutoencoderSpec(BackboneSpec):
    """network(config, seed=...) makes an untrained one; config: a dataclass with `for_users` and the field `items`.

    training: what it is trained with where nothing else is said. Smaller batches than the papers' 500 learn faster on
    a CPU, and as well.
    """

    config: type[Any]
    training: BackboneTraining = dataclasses.field(default_factory=BackboneTraining)

    def shape(self) -> Mapping[str, Any]:
        """The settings that are fields of the config, and their types."""
        return setting_types(self.config)

    def settings(self) -> Mapping[str, Any]:
        return {**self.shape(), **setting_types(type(self.training))}

    def make(self, users: int, items: int, seed: int, settings: Settings) -> Autoencoder:
        """An untrained network of a size that suits so many users; `settings` are fields of its config."""
        with seeded(seed):  # making layers draws from the global generator
            config = dataclasses.replace(self.config.for_users(users, items), **settings)
            model: Autoencoder = self.network(config, seed=seed)
        return model

    def fit(self, ratings: sparse.csr_matrix, validation: HeldOut, settings: Settings, how: Fitting) -> Autoencoder:
        shape = self.shape()
        own = {key: value for key, value in settings.items() if key in shape}
        model = self.make(*ratings.shape, how.seed, own).to(how.device)
        rest = {key: value for key, value in settings.items() if key not in shape}
        options = dataclasses.replace(self.training, **rest)
        return train(model, ratings, validation, options, seed=how.seed, progress=how.progress)[0]

    def packed(self, model: Autoencoder) -> tuple[dict[str, Any], dict[str, torch.Tensor]]:
        # clones, since MacridVAE's encoder and decoder share a table, which safetensors does not store twice
        tensors = {name: value.detach().cpu().contiguous().clone() for name, value in model.state_dict().items()}
        return {**dataclasses.asdict(model.config), "untied": model.untied}, tensors

    def unpacked(self, config: Any, weights: Path) -> Autoencoder:
        if not isinstance(config, dict) or not isinstance(untied := config.get("untied"), bool):
            raise ValueError("its config must say whether it is untied")
        sizes = config_from(self.config, {key: value for key, value in config.items() if key != "untied"})

        def made() -> Autoencoder:
            model: Autoencoder = self.network(sizes)
            if untied:
                model.untie()
            return model

        return with_weights(made, weights).eval()
