"""Alignment: what is trained, what stays frozen, and that text and history both lead to the right group."""

import numpy as np
import pytest
import torch

from elm._errors import ElmError
from elm.recommend import (
    HeldOut,
    MultiVAE,
    MultiVAEConfig,
    PieceTextEncoder,
    Tears,
    TearsRun,
    TearsTraining,
    TextHeadConfig,
    train_tears,
    transport_cost,
)

BRIEF = TearsTraining(epochs=2, batch=20)


def test_the_trainable_set_is_the_head_and_the_decoder(tears):
    assert tears.trainable_names() == {
        "vae.decoder.hidden.weight",
        "vae.decoder.hidden.bias",
        "vae.decoder.out.weight",
        "vae.decoder.out.bias",
        "text.head.piece.0.weight",
        "text.head.piece.0.bias",
        "text.head.piece.3.weight",
        "text.head.piece.3.bias",
        "text.head.out.1.weight",
        "text.head.out.1.bias",
    }


def test_training_moves_the_decoder_and_leaves_encoder_and_backbone_alone(world, vae, encoder, tears):
    before = {name: tensor.clone() for name, tensor in vae.state_dict().items()}
    train_tears(vae, encoder, world.train, world.profiles, world.validation, BRIEF, run=TearsRun(hidden=16))
    assert all(torch.equal(before[name], tensor) for name, tensor in vae.state_dict().items())
    for ours, theirs in zip(tears.vae.encoder.parameters(), vae.encoder.parameters(), strict=True):
        assert torch.equal(ours, theirs)
    assert not torch.equal(tears.vae.decoder.out.weight, vae.decoder.out.weight)
    assert not tears.train().vae.encoder.training
    tears.eval()


def test_texts_land_near_the_histories_of_their_own_group(world, tears):
    with torch.no_grad():
        history = tears.vae.encode(world.test.inputs)
        text = tears.text(tears.text.prepare(world.test.profiles))
        swapped = text._replace(mu=text.mu.flip(0), sigma=text.sigma.flip(0))
    other = world.test_groups != world.test_groups[::-1]
    assert other.any()
    assert (transport_cost(text, history)[other] < transport_cost(swapped, history)[other]).all()


def test_a_seed_fixes_the_run(world, vae, encoder):
    runs = [
        train_tears(
            vae, encoder, world.train, world.profiles, world.validation, BRIEF, run=TearsRun(hidden=16, seed=seed)
        )
        for seed in (1, 1, 2)
    ]
    assert runs[0][1] == runs[1][1]
    assert runs[0][1] != runs[2][1]
    assert set(runs[0][1][0]) == {"epoch", "loss", "ndcg", "ndcg_text", "ndcg_history", "ndcg_mixture"}


def test_a_whole_text_encoder_can_be_passed(world, vae, encoder):
    own = PieceTextEncoder(encoder, TextHeadConfig(encoder.dim, latent=8, hidden=4))
    model, _ = train_tears(vae, own, world.train, world.profiles, world.validation, BRIEF)
    assert model.text is own


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda w, v, e: train_tears(v, e, w.train, w.profiles[:3], w.validation), "120 users, 3 profiles"),
        (
            lambda w, v, e: train_tears(v, e, w.train, w.profiles, HeldOut(w.test.inputs, w.test.targets)),
            "validation users need profiles",
        ),
        (
            lambda w, v, e: Tears(MultiVAE(MultiVAEConfig(4, 4, 3)), PieceTextEncoder(e, TextHeadConfig(32, 2))),
            "one latent size, got 2 and 3",
        ),
        (lambda w, v, e: HeldOut(w.test.inputs, w.test.targets, ["a"]), "24 users, 1 profiles"),
        (
            lambda w, v, e: train_tears(v, e, w.train, [*w.profiles[:-1], "  "], w.validation),
            "profile 119 is empty",
        ),
    ],
)
def test_bad_input_says_what_is_wrong(world, vae, encoder, call, message):
    with pytest.raises(ElmError, match=message):
        call(world, vae, encoder)


def test_validation_without_a_target_for_one_user_counts_the_others(world, vae, encoder):
    targets = world.validation.targets.tolil()
    targets[0] = 0
    held_out = HeldOut(world.validation.inputs, targets.tocsr(), world.validation.profiles)
    _, log = train_tears(vae, encoder, world.train, world.profiles, held_out, BRIEF, run=TearsRun(hidden=16))
    assert np.isfinite(log[0]["ndcg"])
