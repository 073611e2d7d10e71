"""Text models by name: every kind is trained, told apart and shared; wrong names and settings are refused."""

import numpy as np
import pytest
from sklearn.feature_extraction.text import HashingVectorizer

from elm._errors import CallError, UnknownNameError
from elm.data import demo
from elm.recommend import AUTOENCODERS, GenreEncoder, Thresholds, make_autoencoder, split_dataset, with_controls
from elm.recommend.tears._controls import others_texts
from elm.recommend.tears._registry import cross_validated
from elm.runs import TEXT_MODELS, TextModels, best_alpha, fit_text_model, natural_pairs, text_split

QUICK = {"epochs": 2, "per_user": 1, "hidden": 16}
LIMITS = Thresholds(user_ratings=8, item_ratings=2, held_out=30)


class Words:
    """A sentence encoder that hashes words."""

    def encode(self, texts):
        return HashingVectorizer(n_features=64, norm="l2").transform(texts).toarray().astype(np.float32)


@pytest.fixture(scope="module")
def world():
    return demo(n_films=120, n_users=120)


@pytest.fixture(scope="module")
def split(world):
    return split_dataset(world, "paper", 0, LIMITS)


@pytest.fixture(scope="module")
def texts(world, split):
    return text_split(world, split)


@pytest.fixture(scope="module")
def backbones(split):
    """Untrained ones: what a model stands on does not matter to what is tested here."""
    return {name: make_autoencoder(name, *split.train().shape) for name in AUTOENCODERS}


def fitted(name, texts, backbones, **settings):
    return fit_text_model(
        name, texts, backbone=backbones.get(name.partition("-")[2]), encoder=Words(), **{**QUICK, **settings}
    )


def test_the_names_are_all_kinds_on_all_backbones():
    assert set(TEXT_MODELS) == {f"{kind}-{name}" for kind in ("tears", "gers", "tuned") for name in AUTOENCODERS} | {
        "tears-base",
        "gers-base",
    }


@pytest.mark.parametrize("name", ["tears-recvae", "gers-multi-vae", "tuned-multi-dae", "tears-base", "gers-base"])
def test_a_model_by_name_ranks_the_test_users(texts, backbones, name):
    model = fitted(name, texts, backbones)
    shares = name.startswith("gers-")
    assert isinstance(model.model.text, GenreEncoder) == shares
    assert model.model.history == (not name.endswith("-base"))
    assert model.titles[0] == texts.dataset.items.loc[model.items[0], "title"]
    held = texts.held_out("test", shares=shares)
    scores = model.scores(held.inputs, held.profiles, alpha=1.0)
    assert np.isfinite(scores[held.inputs.toarray() == 0]).all()
    only = {"tears-base": 1, "gers-base": 1, "tuned-multi-dae": 0}
    found = best_alpha(name, model, texts)
    assert found == only.get(name, found)
    assert 0 <= found <= 1


def test_a_tuned_model_learns_its_decoder_from_histories_alone(texts, backbones):
    backbone = backbones["multi-vae"]
    model = fitted("tuned-multi-vae", texts, backbones)
    encoder, decoder = (
        [
            np.array_equal(one.detach(), two.detach())
            for one, two in zip(
                getattr(model.model.vae, side).parameters(), getattr(backbone, side).parameters(), strict=True
            )
        ]
        for side in ("encoder", "decoder")
    )
    assert all(encoder)
    assert not any(decoder)


def test_a_seed_fixes_the_model(texts, backbones):
    z = [fitted("tears-base", texts, backbones, seed=seed).z(profile="Likes war films.") for seed in (0, 0, 1)]
    np.testing.assert_array_equal(z[0], z[1])
    assert np.abs(z[0] - z[2]).max() > 1e-5


def test_settings_reach_the_training(texts, backbones):
    model = fitted("tears-multi-vae", texts, backbones, pooling="concatenation", hidden=8)
    assert model.model.pooling == "concatenation"
    assert model.model.text.head.config.hidden == 8


@pytest.mark.parametrize(
    ("name", "settings", "error", "message"),
    [
        ("tears-recva", {}, UnknownNameError, "unknown text model 'tears-recva'; did you mean 'tears-recvae'"),
        ("recvae", {}, UnknownNameError, "unknown text model 'recvae'"),
        ("tears-multi-vae", {"epoch": 3}, CallError, "tears-multi-vae has no setting 'epoch'; it has alpha, "),
        ("tears-multi-vae", {"likelihoods": ("texts",)}, CallError, "likelihoods are some of mixture"),
        ("tears-multi-vae", {"alpha": 2.0}, CallError, "must lie between 0 and 1, got 2.0"),
        ("tears-multi-vae", {"per_user": -1}, CallError, "per_user and joined must be at least 1"),
    ],
)
def test_wrong_names_and_settings(texts, backbones, name, settings, error, message):
    with pytest.raises(error, match=message):
        fitted(name, texts, backbones, **settings)


def test_a_comparison_shares_backbones_and_models(world, split, monkeypatch):
    monkeypatch.setattr("elm.recommend.tears._registry.SentenceEncoder", lambda device="cpu": Words())
    models = TextModels(world, settings={"multi-vae": {"epochs": 1, "hidden": 8, "latent": 4}})
    one = models.fit("tears-multi-vae", split, 0, **QUICK)
    backbone = models.backbone("multi-vae", split, 0)
    assert backbone.latent == 4
    assert models.backbone("multi-vae", split, 0) is backbone
    assert models.fit("tears-multi-vae", split, 0, **QUICK) is one
    assert models.fit("tears-multi-vae", split, 0, **{**QUICK, "epochs": 1}) is not one
    assert one.model.latent == 4
    ranked = models.ranked("tears-multi-vae@1", split, 0, **QUICK)
    assert (ranked.recommender, ranked.alpha) == (one, 1.0)
    held = models.texts(split).held_out("test")
    np.testing.assert_array_equal(ranked.scores(held.inputs), one.scores(held.inputs, held.profiles, 1.0))
    other = split_dataset(world, "paper", 1, LIMITS)
    assert models.texts(other).split is other
    assert models.texts(other) is models.texts(other)


def test_makers_bring_text_models_and_the_backbones_beside_them(world):
    models = TextModels(world)
    assert set(models.makers(["ease", "recvae", "tears-recvae", "gers-base@1"])) == {
        "recvae",
        "tears-recvae",
        "gers-base@1",
    }
    assert models.makers(["ease", "recvae"]) == {}


@pytest.mark.parametrize(
    "name", ["tears-recvae@x", "tears-recvae@2", "tears-base@0", "tuned-recvae@1", "gers-recvae@nan"]
)
def test_an_alpha_that_a_model_cannot_rank_at_is_refused_before_training(world, name):
    with pytest.raises(CallError, match="behind @ stands an alpha from 0 to 1"):
        TextModels(world).makers(["recvae", name])


def test_settings_of_a_model_hold_at_an_alpha_and_those_of_a_backbone_under_it(world, split, monkeypatch):
    monkeypatch.setattr("elm.recommend.tears._registry.SentenceEncoder", lambda device="cpu": Words())
    settings = {"multi-vae": {"epochs": 1, "hidden": 8, "latent": 4}, "tears-multi-vae": {**QUICK, "hidden": 5}}
    makers = TextModels(world, settings=settings).makers(["tears-multi-vae@1", "tears-multi-vae", "multi-vae"])
    ranked = makers["tears-multi-vae@1"](split, 0)
    assert ranked.recommender.model.text.head.config.hidden == 5
    assert makers["tears-multi-vae"](split, 0, **settings["tears-multi-vae"]).recommender is ranked.recommender
    assert makers["multi-vae"](split, 0, half=True).latent == 4


def test_natural_pairs_are_with_the_backbone_the_control_and_the_twin():
    names = ["recvae", "tuned-recvae", "tears-recvae", "tears-recvae@1", "gers-recvae", "tears-base", "gers-base"]
    found = natural_pairs(names)
    assert {pair for pair in found if pair[0] == "tears-recvae"} == {
        ("tears-recvae", rival) for rival in ("recvae", "tuned-recvae", "gers-recvae", "tears-base")
    }
    assert ("tears-recvae@1", "recvae") in found
    assert ("gers-recvae", "gers-base") in found
    assert ("tears-base", "gers-base") in found
    assert not [pair for pair in found if pair[0] == pair[1]]
    assert natural_pairs(["ease", "recvae"]) == []


def test_controls_stand_beside_models_that_read_texts():
    found = with_controls(["popularity", "tears-recvae", "gers-base", "tears-recvae@1"], ["recvae"])
    assert found[:2] == ["ease", "recvae"]
    assert [name for name in found if name.startswith("tears-")] == [
        "tears-recvae",
        "tears-recvae@0",
        "tears-recvae@other",
        "tears-recvae@permuted",
        "tears-recvae@1",
    ]
    assert "gers-base@0" not in found
    assert with_controls(["ease", "recvae"], ["recvae"]) == ["ease", "recvae"]
    assert ("tears-recvae", "tears-recvae@permuted") in natural_pairs(found)


def test_each_user_gets_anothers_text(texts):
    said = texts.texts["test"]
    given = others_texts([*range(len(said))], seed=3)
    assert sorted(given) == [*range(len(said))]
    assert all(own != other for own, other in enumerate(given))
    shares = others_texts(texts.shares("test"), seed=3)
    np.testing.assert_array_equal(shares, texts.shares("test")[given])


def test_alpha_is_decided_by_many_users_not_by_one():
    figures = np.zeros((11, 40))
    figures[4] = 0.5
    figures[9, 0] = 30.0  # one user whose figure outweighs all others' together
    assert 0.4 < cross_validated(figures) < 0.9
    assert cross_validated(figures[:, 1:]) == 0.4
    assert cross_validated(np.zeros((11, 1))) == 0.0


def test_a_scorer_of_histories_stands_beside_a_text_model(world, split, monkeypatch):
    monkeypatch.setattr("elm.recommend.tears._registry.SentenceEncoder", lambda **_: Words())
    models = TextModels(world, settings={"tears-base": QUICK, "ease": {"penalty": 50.0}})
    names = ["ease+tears-base@0", "ease+tears-base@1", "ease+tears-base@other"]
    made = {name: make(split, 0) for name, make in models.makers(names).items()}
    inputs = split.held_out("test").inputs
    ease = models.scorer("ease", split, 0)
    assert made[names[0]].recommender.scorer is ease
    assert made[names[1]].recommender.text is models.fit("tears-base", split, 0)
    first = made[names[0]].scores(inputs)
    np.testing.assert_array_equal(np.argmax(first, axis=1), np.argmax(ease.scores(inputs), axis=1))
    assert 0 <= made[names[2]].alpha <= 1
