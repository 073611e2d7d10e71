"""The KL term is there: a heavy one pulls what is learned to the prior, in every model that has one."""

from __future__ import annotations

import dataclasses

import pytest
import torch

from elm.recommend import (
    TRAINING,
    Autoencoder,
    MacridVAE,
    MacridVAEConfig,
    MultiVAE,
    MultiVAEConfig,
    RecVAE,
    RecVAEConfig,
    TearsRun,
    TearsTraining,
    train_backbone,
    train_tears,
    transport_cost,
)
from elm.recommend.backbones._gaussian import kl_to_prior
from elm.recommend.backbones._sparse_rows import as_rows

SMALL: dict[type[Autoencoder], object] = {
    MultiVAE: MultiVAEConfig(40, hidden=32, latent=8),
    RecVAE: RecVAEConfig(40, hidden=32, latent=8, dropout=0.2),
    MacridVAE: MacridVAEConfig(40, concepts=2, size=16),
}


def kl_of(model: Autoencoder, world) -> float:  # type: ignore[no-untyped-def]
    """The part of the loss that a KL weight of 1 adds, a user."""
    rows, found = as_rows(world.train), []
    for weight in (1.0, 0.0):
        torch.manual_seed(0)
        with torch.no_grad():
            found.append(model.eval().loss(rows, rows, weight, "encoder").mean().item())
    return found[0] - found[1]


@pytest.mark.slow
@pytest.mark.parametrize("kind", SMALL)
def test_backbones(world, kind) -> None:  # type: ignore[no-untyped-def]
    found = []
    for beta in (0.0, 3.0):
        options = dataclasses.replace(
            TRAINING[kind], epochs=15, batch=20, learning_rate=5e-3, anneal_epochs=2, beta=beta, patience=99
        )
        found.append(kl_of(train_backbone(kind(SMALL[kind]), world.train, world.validation, options)[0], world))
    assert found[1] < 0.9 * found[0]


def test_the_transport_pulls_texts_to_histories(world, vae, encoder) -> None:  # type: ignore[no-untyped-def]
    found = []
    for weight in (0.0, 5.0):
        options = TearsTraining(epochs=8, batch=20, kl=0.0, transport=weight, likelihoods=("history",), patience=99)
        model, _ = train_tears(
            vae, encoder, world.train, world.profiles, world.validation, options, run=TearsRun(hidden=16)
        )
        with torch.no_grad():
            text = model.text(model.text.prepare(world.profiles))
            found.append(transport_cost(text, model.vae.encode(as_rows(world.train))).mean().item())
    assert found[1] < 0.5 * found[0]


def test_tears(world, vae, encoder) -> None:  # type: ignore[no-untyped-def]
    found = []
    for weight in (0.0, 5.0):
        options = TearsTraining(epochs=8, batch=20, kl=weight, anneal_epochs=1, transport=0.0, patience=99)
        model, _ = train_tears(
            vae, encoder, world.train, world.profiles, world.validation, options, run=TearsRun(hidden=16)
        )
        with torch.no_grad():
            found.append(kl_to_prior(model.text(model.text.prepare(world.profiles))).mean().item())
    assert found[1] < 0.5 * found[0]
