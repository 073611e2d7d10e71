"""The tuned text side: it starts as the sentence encoder, learns by low-rank updates alone, and lies whole on disk."""

import json
import shutil

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from taste_groups import ITEMS, TEXTS, HashedWords
from tiny_encoder import save_tiny_encoder

from elm import recommend
from elm._errors import CallError, CheckpointError
from elm._storage.files import sha256
from elm.embeddings import SentenceEncoder
from elm.recommend import LoraTextEncoder, PieceTextEncoder, Recommender, TearsTraining, TextHeadConfig, train_tears

WORDS = ["likes", "dislikes", "comedy", "horror", "war", "films", "watches", "at", "night", "they", "and", "long"]
HEAD = TextHeadConfig(16, latent=8, hidden=16)
PROFILES = [*TEXTS, "They watches war films. Watches comedy and horror and war and long long films at night."]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return save_tiny_encoder(tmp_path_factory.mktemp("tiny"), WORDS)


@pytest.fixture
def bert(folder) -> SentenceEncoder:
    return SentenceEncoder(folder)


@pytest.fixture(scope="module")
def trained(folder, world, vae):
    """A run of a few epochs: (sentence encoder, its weights before, model, log)."""
    encoder = SentenceEncoder(folder)
    before = {name: tensor.clone() for name, tensor in encoder.model.state_dict().items()}
    text = LoraTextEncoder(encoder, HEAD, rank=2)
    options = TearsTraining(epochs=8, batch=20, learning_rate=1e-2, lora_rate=5e-3)
    model, log = train_tears(vae, text, world.train, world.profiles, world.validation, options)
    return encoder, before, model, log


def z(text, *profiles: str) -> torch.Tensor:
    with torch.no_grad():
        return text(text.prepare(profiles)).mu


def test_untrained_it_reads_as_the_frozen_encoder_does_long_pieces_too(bert):
    tuned, frozen = LoraTextEncoder(bert, HEAD, rank=2).eval(), PieceTextEncoder(bert, HEAD).eval()
    frozen.head.load_state_dict(tuned.head.state_dict())
    assert any(len(parts) > 1 for parts in tuned.prepare(PROFILES).tokens)
    torch.testing.assert_close(z(tuned, *PROFILES), z(frozen, *PROFILES), atol=1e-5, rtol=1e-4)
    tuned.fit_scale(tuned.prepare(PROFILES))
    frozen.fit_scale(frozen.prepare(PROFILES))
    torch.testing.assert_close(tuned.head.centre, frozen.head.centre, atol=1e-5, rtol=1e-4)


def test_take_picks_users(bert):
    text = LoraTextEncoder(bert, HEAD, rank=2).eval()
    prepared = text.prepare(PROFILES)
    taken = text(text.take(prepared, np.array([2, 0])))
    torch.testing.assert_close(taken.mu, z(text, *PROFILES)[[2, 0]], atol=1e-5, rtol=1e-4)
    assert len(text.take(prepared, np.array([0])).tokens) == 3


def test_the_trainable_set_is_updates_head_and_decoder(trained):
    _, _, model, _ = trained
    layers = [
        f"text.body.0.model.encoder.layer.{i}.attention.self.{part}"
        for i in (0, 1)
        for part in ("query", "key", "value")
    ]
    head = ("piece.0", "piece.3", "out.1")
    assert model.trainable_names() == {
        *(f"{layer}.lora_{side}.default.weight" for layer in layers for side in "AB"),
        *(f"text.head.{part}.{kind}" for part in head for kind in ("weight", "bias")),
        *(f"vae.decoder.{part}.{kind}" for part in ("hidden", "out") for kind in ("weight", "bias")),
    }


def test_the_gradient_reaches_every_update(bert):
    text = LoraTextEncoder(bert, HEAD, rank=2)
    for name, parameter in text.body.named_parameters():
        if "lora_B" in name:  # zero at the start, which keeps the gradient from the other side
            torch.nn.init.normal_(parameter)
    text(text.prepare(PROFILES)).mu.square().sum().backward()
    assert len(text.tuned()) == 12
    # Softmax ignores what is added to all scores, so nothing but numerical noise is zero here.
    assert all(parameter.grad is not None and parameter.grad.abs().max() > 0 for parameter in text.tuned())


def test_training_moves_the_updates_and_leaves_the_base_and_the_callers_encoder_alone(trained, folder):
    encoder, before, model, log = trained
    assert all(torch.equal(before[name], tensor) for name, tensor in encoder.model.state_dict().items())
    assert not any("lora" in name for name in encoder.model.state_dict())
    ours = {name.replace(".base_layer", ""): p for name, p in model.text.body.named_parameters() if not p.requires_grad}
    assert ours.keys() == dict(encoder.model.named_parameters()).keys()
    assert all(torch.equal(before[name], p) for name, p in ours.items())
    assert all(p.abs().max() > 0 for name, p in model.text.body.named_parameters() if "lora_B" in name)
    assert log[-1]["ndcg_text"] > 0.45  # 0.3 where the text says nothing


def test_in_training_only_the_updates_and_the_head_drop_out(bert):
    text = LoraTextEncoder(bert, HEAD, rank=2, dropout=0.4)
    training = {
        name for name, module in text.named_modules() if isinstance(module, torch.nn.Dropout) and module.training
    }
    assert {name.split(".")[0] for name in training} == {"head", "body"}
    assert all("lora_dropout" in name for name in training if name.startswith("body"))
    assert not any(module.training for module in text.eval().modules())


def test_a_learning_rate_of_its_own(bert, world, vae):
    still = TearsTraining(epochs=1, batch=60, lora_rate=0.0)
    text = LoraTextEncoder(bert, HEAD, rank=2)
    model, _ = train_tears(vae, text, world.train, world.profiles, world.validation, still)
    assert model.text is text
    assert all(not p.abs().max() for name, p in text.body.named_parameters() if "lora_B" in name)


def test_a_seed_fixes_the_start(bert):
    first, again, other = (LoraTextEncoder(bert, HEAD, rank=2, seed=seed).state_dict() for seed in (1, 1, 2))
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not torch.equal(first["head.piece.0.weight"], other["head.piece.0.weight"])


@pytest.mark.parametrize("length", [1, 30])
def test_an_edit_of_the_last_sentence_moves_the_latent(trained, length):
    start = "They watches war films. " * length
    before, after = z(trained[2].text, f"{start}Likes war films.", f"{start}Likes comedy films.")
    assert (before - after).abs().max() > 1e-5


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda e: LoraTextEncoder(HashedWords(), HEAD), "tunes an elm.embeddings.SentenceEncoder, got HashedWords"),
        (lambda e: LoraTextEncoder(e, TextHeadConfig(7, latent=2)), "share one size, got 7 and 16"),
        (lambda e: LoraTextEncoder(e, HEAD, rank=0), "from 1, got 0"),
        (lambda e: LoraTextEncoder(e, HEAD, dropout=1.0), "dropout from 0 to below 1"),
        (lambda e: LoraTextEncoder(e, HEAD, alpha=0), "alpha above 0"),
        (lambda e: LoraTextEncoder(e, HEAD, targets=["query", "q_proj"]), "no linear layer 'q_proj'; .*dense, key"),
        (lambda e: LoraTextEncoder(e, HEAD, targets="query"), "got one string 'query'"),
        (lambda e: LoraTextEncoder(e, HEAD).prepare(["Likes war.", " "]), "profile 1 is empty"),
    ],
)
def test_a_wrong_call_says_what_is_wrong(bert, make, message):
    with pytest.raises(CallError, match=message):
        make(bert)


@pytest.fixture
def saved(trained, tmp_path):
    model = trained[2]
    Recommender(model, [f"film{i}" for i in range(ITEMS)]).save(tmp_path / "rec")
    return tmp_path / "rec"


def test_save_and_load_give_the_same_scores(trained, saved, bert, world):
    again = recommend.load(saved, bert)
    ours = Recommender(trained[2], again.items)
    histories, profiles = world.test.inputs, world.test.profiles
    np.testing.assert_array_equal(again.scores(histories, profiles), ours.scores(histories, profiles))
    assert again.model.trainable_names() == trained[2].trainable_names()


def test_the_folder_holds_updates_and_no_weight_of_the_encoder(saved, bert):
    names = [name for name in load_file(saved / "model.safetensors") if name.startswith("text.")]
    assert all("lora_" in name or name.startswith("text.head.") for name in names)
    config = json.loads((saved / "config.json").read_text())
    assert config["lora"] == {"rank": 2, "alpha": 4.0, "dropout": 0.0, "targets": ["key", "query", "value"]}
    assert config["sentence_encoder"] == {"name": bert.name, "fingerprint": bert.fingerprint}


def change(folder, tensors=None, **values) -> None:
    """Change tensors and settings, and vouch for what lies there then."""
    if tensors is not None:
        found = load_file(folder / "model.safetensors")
        tensors(found)
        save_file(found, folder / "model.safetensors")
    config = json.loads((folder / "config.json").read_text())
    config["files"] = {name: sha256(folder / name) for name in config["files"]}
    (folder / "config.json").write_text(json.dumps({**config, **values}))


UPDATE = "text.body.0.model.encoder.layer.0.attention.self.query.lora_A.default.weight"
BASE = "text.body.0.model.encoder.layer.0.attention.self.query.base_layer.weight"
SETTINGS = {"rank": 2, "alpha": 4.0, "dropout": 0.0, "targets": ["key", "query", "value"]}


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda f: shutil.copy(f / "items.parquet", f / "model.safetensors"), "damaged or of another save"),
        (lambda f: change(f, lambda t: t.pop(UPDATE)), "query.lora_A.*and is absent"),
        (lambda f: change(f, lambda t: t.update({BASE: torch.zeros(16, 16)})), "query.base_layer.* should be absent"),
        (lambda f: change(f, lora={**SETTINGS, "rank": 3}), "lora_A.* should be .*3, 16"),
        (lambda f: change(f, lora={**SETTINGS, "targets": ["query"]}), "key.lora_A.* should be absent"),
        (lambda f: change(f, lora={**SETTINGS, "rank": "two"}), "describes"),
        (lambda f: change(f, lora={**SETTINGS, "width": 1}), "it has a field 'width'"),
        (lambda f: change(f, kind="tears-multivae"), "must hold exactly"),
        (lambda f: change(f, kind=["t5"]), "this version reads .*tears-multivae, .*tears-multivae-lora"),
    ],
)
def test_a_damaged_folder_is_refused(saved, bert, damage, message):
    damage(saved)
    with pytest.raises(CheckpointError, match=message):
        recommend.load(saved, bert)


def test_another_encoder_is_refused(saved, tmp_path):
    other = SentenceEncoder(save_tiny_encoder(tmp_path / "other", WORDS, seed=1))
    with pytest.raises(CheckpointError, match="use the encoder it was trained on"):
        recommend.load(saved, other)
    with pytest.raises(CheckpointError, match=r"tunes an elm\.embeddings\.SentenceEncoder"):
        recommend.load(saved, Nameless())


class Nameless:
    """Vectors from nowhere."""

    def encode(self, texts: list[str]) -> np.ndarray:
        return np.zeros((len(texts), 16), np.float32)
