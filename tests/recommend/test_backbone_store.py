"""Backbones on disk, and TEARS on each of them: what is saved comes back, what is damaged is refused."""

import dataclasses
import json

import numpy as np
import pytest
import torch
from taste_groups import ITEMS

from elm._errors import CallError, CheckpointError
from elm.recommend import (
    AUTOENCODERS,
    EASE,
    Backbone,
    Popularity,
    Recommender,
    TearsRun,
    TearsTraining,
    WalsRanker,
    load_backbone,
    make_autoencoder,
    save_backbone,
    train_backbone,
    train_tears,
)
from elm.recommend import TRAINING as OPTIONS

IDS = [f"film{i:02d}" for i in range(ITEMS)]
SMALL = {"macridvae": {"size": 8}, "multi-dae": {"hidden": 16, "latent": 8}}


def small(name: str):
    return make_autoencoder(name, 120, ITEMS, **SMALL.get(name, {"hidden": 16, "latent": 8}))


@pytest.fixture(params=[*AUTOENCODERS, "ease", "popularity", "wals"])
def model(request, world) -> Backbone:
    if request.param == "ease":
        return EASE.fit(world.train)
    if request.param == "wals":
        return WalsRanker.fit(world.train.multiply(np.arange(ITEMS) < 30).tocsr(), factors=3)  # ten that nobody rated
    return Popularity.fit(world.train) if request.param == "popularity" else small(request.param)


def test_what_is_saved_comes_back(model, world, tmp_path):
    again, items = load_backbone(save_backbone(model, IDS, tmp_path / "b"))
    assert type(again) is type(model)
    assert items == IDS
    np.testing.assert_array_equal(again.scores(world.test.inputs), model.scores(world.test.inputs))


def test_a_loaded_macridvae_is_tied_or_untied_as_it_was(tmp_path):
    model = small("macridvae")
    tied, _ = load_backbone(save_backbone(model, IDS, tmp_path / "tied"))
    assert tied.encoder.table is tied.decoder.table
    model.untie()
    with torch.no_grad():
        model.decoder.table.items.mul_(-1)
    untied, _ = load_backbone(save_backbone(model, IDS, tmp_path / "untied"))
    torch.testing.assert_close(untied.decoder.table.items, -untied.encoder.table.items)


def test_a_damaged_folder_is_refused(world, tmp_path):
    folder = save_backbone(Popularity.fit(world.train), IDS, tmp_path / "b")
    config = json.loads((folder / "config.json").read_text())
    odd = {"items": 40, "hidden": "abc", "latent": 8, "dropout": 0, "untied": False}
    for change, message in (
        ({"kind": "svd"}, "kind 'svd', which this version does not read"),
        ({"schema": 9}, "schema 9"),
        ({"kind": "recvae", "config": {"items": 3, "untied": False}}, "does not hold the model"),
        ({"more": 1}, "must hold exactly"),
        ({"kind": ["popularity"]}, r"kind \['popularity'\], which this version does not read"),
        ({"files": 3}, "must vouch for model.safetensors and items.parquet"),
        ({"files": ["model.safetensors", "items.parquet"]}, "must vouch for"),
        ({"kind": "recvae", "config": 3}, "does not hold the model"),
        ({"kind": "recvae", "config": odd}, "its field 'hidden' cannot be 'abc'"),
    ):
        (folder / "config.json").write_text(json.dumps(config | change))
        with pytest.raises(CheckpointError, match=message):
            load_backbone(folder)
    (folder / "config.json").write_text(json.dumps(config))
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"\x01")
    with pytest.raises(CheckpointError, match="damaged or of another save"):
        load_backbone(folder)
    weights.unlink()
    with pytest.raises(CheckpointError, match="is missing"):
        load_backbone(folder)
    with pytest.raises(CheckpointError, match="no backbone in"):
        load_backbone(tmp_path)


def test_a_wrong_call_says_what_to_do(world, tmp_path):
    with pytest.raises(CallError, match="ranks 40 items, so 40 different ids are needed, got 3"):
        save_backbone(EASE.fit(world.train), IDS[:3], tmp_path)
    with pytest.raises(CallError, match=r"only the backbones popularity, wals, .* can be saved, got object"):
        save_backbone(object(), IDS, tmp_path)


@pytest.mark.parametrize("name", ["recvae", "macridvae"])
def test_texts_are_aligned_with_any_backbone(name, world, encoder, tmp_path):
    options = dataclasses.replace(OPTIONS[AUTOENCODERS[name][0]], epochs=8, batch=20, learning_rate=5e-3)
    vae, _ = train_backbone(small(name), world.train, world.validation, options)
    tears, _ = train_tears(
        vae,
        encoder,
        world.train,
        world.profiles,
        world.validation,
        TearsTraining(epochs=20, batch=20),
        run=TearsRun(hidden=16),
    )
    trained = tears.trainable_names()
    assert trained
    assert all(part.startswith(("text.head.", "vae.decoder.")) for part in trained)
    for ours, theirs in zip(tears.vae.encoder.parameters(), vae.encoder.parameters(), strict=True):
        assert torch.equal(ours, theirs)
    before, after = (dict(model.decoder.named_parameters()) for model in (vae, tears.vae))
    assert any(not torch.equal(before[part], after[part]) for part in before)
    recommender = Recommender(tears, IDS)
    scores = recommender.scores(None, world.test.profiles)
    assert ((np.argsort(-scores, axis=1)[:, :6] // 20) == world.test_groups[:, None]).mean() > 0.9
    recommender.save(tmp_path / "r")
    again = Recommender.load(tmp_path / "r", encoder)
    for alpha in (0, 0.5, 1):
        np.testing.assert_array_equal(
            again.scores(world.test.inputs, world.test.profiles, alpha),
            recommender.scores(world.test.inputs, world.test.profiles, alpha),
        )


def test_a_mixture_in_macridvae_lies_where_its_latents_lie(world, encoder):
    vae = small("macridvae")
    tears, _ = train_tears(
        vae, encoder, world.train, world.profiles, world.validation, TearsTraining(epochs=1), run=TearsRun(hidden=16)
    )
    z = Recommender(tears, IDS).z({"film03": 5}, world.test.profiles[0], 0.4).reshape(2, 8)
    np.testing.assert_allclose(np.linalg.norm(z, axis=1), 1, atol=1e-5)
