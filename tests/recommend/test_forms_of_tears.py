"""Forms of TEARS beside the paper's own: saved, read back, and ranking as before."""

import numpy as np
import pytest
from taste_groups import ITEMS

from elm._errors import CallError
from elm.recommend import GenreEncoder, HeldOut, Recommender, TearsTraining, Views, genre_shares, positives, train_tears

IDS = [f"film{i:02d}" for i in range(ITEMS)]
GENRES = [("cats",) if i < ITEMS // 2 else ("dogs",) for i in range(ITEMS)]
BRIEF = {"epochs": 3, "batch": 20}
FORMS = {
    "base": TearsTraining(**BRIEF, likelihoods=("text",), transport=0.0),
    "concatenation": TearsTraining(**BRIEF, pooling="concatenation"),
    "paper": TearsTraining(**BRIEF, kl=0.5, transport=0.1),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_is_saved_and_read_back(form, world, vae, encoder, tmp_path):
    model, _ = train_tears(vae, encoder, world.train, world.profiles, world.validation, FORMS[form], hidden=16)
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


def test_a_text_that_no_user_has_is_learned_from_views(world, vae, encoder):
    """Nobody likes the last four items, but views say which words ask for them."""
    targets = positives(world.train[:40]).tolil()
    targets[:, :] = 0
    targets[:, ITEMS - 4 :] = 1
    views = Views(targets.tocsr(), ["Likes submarine films."] * 40)
    options = TearsTraining(epochs=25, batch=20, view_weight=2.0)
    model, log = train_tears(
        vae, encoder, world.train, world.profiles, world.validation, options, views=views, hidden=32
    )
    assert log[-1]["ndcg_views"] > 0.9
    found = {place.item for place in Recommender(model, IDS).recommend(profile="Likes submarine films.", k=4)}
    assert len(found & set(IDS[ITEMS - 4 :])) >= 3


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


def test_views_of_another_catalogue_are_refused(world, vae, encoder):
    views = Views(positives(world.train)[:, :5], world.profiles)
    with pytest.raises(CallError, match="views need one profile each and 40 items"):
        train_tears(vae, encoder, world.train, world.profiles, world.validation, views=views)
