"""Forms of TEARS beside the paper's own: what each trains, by name; texts alone; saved and read back."""

import numpy as np
import pytest
from taste_groups import ITEMS, TEXTS

from elm._errors import CallError
from elm.recommend import (
    AUTOENCODERS,
    BASE,
    GenreEncoder,
    HeldOut,
    PieceTextEncoder,
    Recommender,
    Tears,
    TearsRun,
    TearsTraining,
    TextHeadConfig,
    genre_shares,
    make_autoencoder,
    train_tears,
)

IDS = [f"film{i:02d}" for i in range(ITEMS)]
HEAD = {f"text.head.{layer}.{part}" for layer in ("piece.0", "piece.3", "out.1") for part in ("weight", "bias")}
POOL = {f"pool.{layer}.{part}" for layer in (0, 2) for part in ("weight", "bias")}
DECODERS = {
    "multi-dae": {f"vae.decoder.{layer}.{part}" for layer in ("hidden", "out") for part in ("weight", "bias")},
    "multi-vae": {f"vae.decoder.{layer}.{part}" for layer in ("hidden", "out") for part in ("weight", "bias")},
    "recvae": {"vae.decoder.weight", "vae.decoder.bias"},
    "macridvae": {"vae.decoder.table.items", "vae.decoder.table.prototypes"},
}


def group_of(places) -> list[int]:
    return [int(place.item[4:]) // (ITEMS // 2) for place in places]


@pytest.mark.parametrize("name", AUTOENCODERS)
@pytest.mark.parametrize("pooling", ["mean", "concatenation"])
def test_the_trainable_set_of_each_backbone(encoder, name, pooling):
    vae = make_autoencoder(name, 20, ITEMS)
    model = Tears(vae, PieceTextEncoder(encoder, TextHeadConfig(encoder.dim, vae.latent, 4)), pooling)
    pool = POOL if pooling == "concatenation" else set()
    assert model.trainable_names() == HEAD | DECODERS[name] | pool
    assert all(parameter.requires_grad for parameter in vae.parameters())  # the caller's model stays as it is


def brief(world, vae, encoder, **options):
    training = TearsTraining(epochs=1, batch=20, **options)
    return train_tears(vae, encoder, world.train, world.profiles, world.validation, training, run=TearsRun(hidden=8))[0]


def test_the_history_encoder_learns_where_it_is_asked_to(world, vae, encoder):
    model = brief(world, vae, encoder, train_history=True)
    own = {f"vae.encoder.{name}" for name, _ in vae.encoder.named_parameters()}
    assert own
    assert model.trainable_names() == HEAD | DECODERS["multi-vae"] | own
    pairs = zip(model.vae.encoder.parameters(), vae.encoder.parameters(), strict=True)
    assert any(not np.array_equal(ours.detach(), theirs.detach()) for ours, theirs in pairs)


def test_the_text_side_rests_where_it_is_not_to_learn(world, vae, encoder):
    model = brief(world, vae, encoder, train_text=False)
    assert model.trainable_names() == DECODERS["multi-vae"]


def test_concatenation_reads_both_sides_between_the_ends(world, vae, encoder):
    model = Recommender(brief(world, vae, encoder, pooling="concatenation"), IDS)
    one, two = (model.z(IDS[:5], TEXTS[1], alpha) for alpha in (0.2, 0.8))
    np.testing.assert_array_equal(one, two)
    for alpha in (0.0, 1.0):
        assert np.abs(model.z(IDS[:5], TEXTS[1], alpha) - one).max() > 1e-4


@pytest.fixture(scope="module")
def base(world, encoder) -> Recommender:
    fresh = make_autoencoder("multi-vae", 120, ITEMS, hidden=32, latent=8)
    options = TearsTraining(**{**vars(BASE), "epochs": 25, "batch": 20})
    model, log = train_tears(
        fresh, encoder, world.train, world.profiles, world.validation, options, run=TearsRun(hidden=32)
    )
    assert set(log[0]) == {"epoch", "loss", "ndcg", "ndcg_text"}
    return Recommender(model, IDS)


def test_texts_alone_are_enough_to_learn_the_toy_world(base):
    assert not base.model.history
    assert not [name for name in base.model.state_dict() if name.startswith("vae.encoder")]
    for group in (0, 1):
        assert group_of(base.recommend(profile=TEXTS[group], k=15)) == [group] * 15


def test_texts_alone_rank_no_history_but_leave_out_what_it_holds(base):
    places = base.recommend(IDS[:5], TEXTS[0], alpha=1.0, k=15)
    assert group_of(places) == [0] * 15
    assert not {place.item for place in places} & set(IDS[:5])
    for alpha in (0.0, 0.5, 0.99):
        with pytest.raises(CallError, match=r"reads texts alone .TEARS Base.; pass a profile, and alpha 1"):
            base.recommend(IDS[:5], TEXTS[0], alpha=alpha)
    with pytest.raises(CallError, match="reads texts alone"):
        base.recommend(IDS[:5])
    with pytest.raises(CallError, match="reads texts alone"):
        base.guide(IDS[:5], "More horror films.")


def test_a_model_without_histories_has_nothing_to_pool(vae, encoder):
    side = PieceTextEncoder(encoder, TextHeadConfig(encoder.dim, vae.latent, 4))
    with pytest.raises(CallError, match="nothing to pool"):
        Tears(vae, side, "concatenation", history=False)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"likelihoods": ()}, "likelihoods are some of mixture, history, text"),
        ({"likelihoods": ("both",)}, "likelihoods are some of mixture, history, text"),
        ({"alpha": 1.5}, "must lie between 0 and 1, got 1.5"),
        ({"epochs": 0}, "epochs, batch, patience and k must be at least 1"),
        ({"view_weight": -1.0}, "other rates and weights not below 0"),
        ({"likelihoods": ("text",), "train_history": True}, "no history encoder to train"),
    ],
)
def test_options_that_mean_nothing_are_refused(settings, message):
    with pytest.raises(CallError, match=message):
        TearsTraining(**settings)


GENRES = [("cats",) if i < ITEMS // 2 else ("dogs",) for i in range(ITEMS)]
BRIEF = {"epochs": 3, "batch": 20}
FORMS = {
    "base": TearsTraining(**BRIEF, likelihoods=("text",), transport=0.0),
    "concatenation": TearsTraining(**BRIEF, pooling="concatenation"),
    "paper": TearsTraining(**BRIEF, kl=0.5, transport=0.1),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_is_saved_and_read_back(form, world, vae, encoder, tmp_path):
    model, _ = train_tears(
        vae, encoder, world.train, world.profiles, world.validation, FORMS[form], run=TearsRun(hidden=16)
    )
    before = Recommender(model, IDS)
    before.save(tmp_path / "rec")
    after = Recommender.load(tmp_path / "rec", encoder)
    alpha = 1.0 if form == "base" else 0.5
    for history in (None, world.test.inputs):
        ours, theirs = (rec.scores(history, world.test.profiles, alpha) for rec in (before, after))
        np.testing.assert_array_equal(ours, theirs)
    assert after.model.history == (form != "base")
    if form == "base":
        assert not list(after.model.vae.encoder.parameters())
        with pytest.raises(CallError, match="reads texts alone"):
            after.scores(world.test.inputs, world.test.profiles, 0.5)


def test_gers_is_saved_and_read_back(world, vae, tmp_path):
    held = HeldOut(
        world.validation.inputs,
        world.validation.targets,
        genre_shares(world.validation.inputs, GENRES, ["cats", "dogs"]),
    )
    side = GenreEncoder(["cats", "dogs"], vae.latent, hidden=16)
    shares = genre_shares(world.train, GENRES, ["cats", "dogs"])
    model, _ = train_tears(vae, side, world.train, shares, held, TearsTraining(epochs=25, batch=20))
    Recommender(model, IDS).save(tmp_path / "gers")
    rec = Recommender.load(tmp_path / "gers")
    for genre, first in (("cats", 0), ("dogs", ITEMS // 2)):
        found = {place.item for place in rec.recommend(profile={genre: 1.0}, k=8)}
        assert len(found & set(IDS[first : first + ITEMS // 2])) >= 7
