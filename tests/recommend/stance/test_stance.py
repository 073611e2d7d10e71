"""Stance: the grammar, what is read as one, the reader, and the text side with two heads."""

import json

import numpy as np
import pytest
import torch
from scipy import sparse
from tiny_encoder import save_tiny_encoder

from elm._errors import CallError, CheckpointError
from elm.embeddings import SentenceEncoder
from elm.recommend import Recommender, TearsTraining, TextHeadConfig, train_tears
from elm.recommend.profiles._units import units
from elm.recommend.stance._grammar import frames, named, wish
from elm.recommend.stance._learning import StanceLearning, learn_stance
from elm.recommend.stance._reader import StanceReader
from elm.recommend.stance._rules import StanceRules
from elm.recommend.stance._shipped import reader_for
from elm.recommend.tears._remarks import remarks
from elm.recommend.tears._stance_text_encoder import StanceTextEncoder
from elm.recommend.tears._wish_views import Things, joined_views, wish_views

WORDS = "i love hate they avoid war films wit gore not never any more please no".split()


@pytest.fixture(scope="module")
def bert(tmp_path_factory) -> SentenceEncoder:
    return SentenceEncoder(save_tiny_encoder(tmp_path_factory.mktemp("encoder"), WORDS))


@pytest.fixture(scope="module")
def reader(bert) -> StanceReader:
    return learn_stance(bert, StanceLearning(steps=3, batch=4, rank=2), {"War": ("soldiers",), "Horror": ()})


def test_frames_are_many_and_of_one_stance_each():
    every = [frames(stance) for stance in (-1, 0, 1)]
    assert sum(map(len, every)) > 800
    assert len({frame.lower() for found in every for frame in found}) == len({f for found in every for f in found})
    assert all(frame == frame.strip() and frame for found in every for frame in found)
    assert all("{x}" in frame.lower() for stance in (-1, 1) for frame in frames(stance))


def test_a_wish_names_its_thing_and_a_seed_gives_the_same_words():
    said = [wish(np.random.default_rng(seed), stance, "war films") for seed in range(40) for stance in (1, -1)]
    assert all("war films" in text.lower() and "{" not in text for text in said)
    assert len(set(said)) > 60
    assert said[:2] == [wish(np.random.default_rng(0), stance, "war films") for stance in (1, -1)]
    things = {
        named(np.random.default_rng(seed), "war", ("films", "film"), {"war": ("soldiers",)}) for seed in range(60)
    }
    assert {"soldiers", "war", "war films"} <= things


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("I used to love horror, but I am done with it.", 1),
        ("Everything but horror.", 1),
        ("Horror? God, please spare me.", 1),
        ("Horror. No, thanks!", 1),
        ("I went off horror for a while.", 1),
        ("I want ghosts and vampires, please.", 1),
        ("My brother watches horror, I just pay the bill.", 1),
        ("They love comedies, but not war films.", 2),
        ("They enjoy war films, comedies and westerns.", 3),
        ("Dislikes:\n- horror\n- war", 2),
        ("Any westerns around tonight for us? They avoid the loud musicals that play in town.", 2),
        (" ...", 0),
    ],
)
def test_what_speaks_of_one_thing_is_one_unit(text, expected):
    assert len(units(text)) == expected


def test_a_reader_gives_shares_and_reads_one_as_many(reader):
    texts = ["i love war films", "they avoid gore", "i love war films", "war " * 40]
    found = reader.read(texts)
    assert found.shape == (4, 3)
    np.testing.assert_allclose(found.sum(1), 1, atol=1e-5)
    np.testing.assert_array_equal(found[0], found[2])
    fresh = StanceReader(reader.encoder, reader.shape)
    fresh.load_state_dict(reader.state_dict())
    np.testing.assert_allclose(fresh.read(texts[1:2])[0], found[1], atol=1e-6)


def test_learning_moves_updates_and_head_and_leaves_the_encoder(bert, reader):
    assert all(up.abs().sum() > 0 for up in reader.up)
    again = learn_stance(bert, StanceLearning(steps=3, batch=4, rank=2), {"War": ("soldiers",), "Horror": ()})
    for name, value in reader.state_dict().items():
        torch.testing.assert_close(again.state_dict()[name], value)
    assert not [parameter for parameter in bert.model.parameters() if parameter.grad is not None]
    assert set(reader.state_dict()) == {
        *(f"{side}.{n}" for side in ("down", "up") for n in range(len(reader.shape.layers))),
        "head.weight",
        "head.bias",
    }


def test_encoders_without_a_reader_of_their_own_go_by_rule(bert):
    assert isinstance(reader_for(bert), StanceRules)
    shares = StanceRules().read(["They avoid war.", "They love war."])
    np.testing.assert_array_equal(shares, [[1, 0, 0], [0, 0, 1]])


def test_likes_and_dislikes_go_through_their_own_heads(bert):
    torch.manual_seed(0)
    side = StanceTextEncoder(bert, TextHeadConfig(bert.dim, latent=4, hidden=8), StanceRules()).eval()
    with torch.no_grad():
        before = side(side.prepare(["i love war.", "they avoid war."])).mu
        for parameter in side.head.disliked.parameters():
            parameter.add_(1.0)
        after = side(side.prepare(["i love war.", "they avoid war."])).mu
    torch.testing.assert_close(before[0], after[0])
    assert (before[1] - after[1]).abs().max() > 1e-3


def test_what_is_neither_for_nor_against_counts_for_nothing(bert):
    class Neutral(StanceRules):
        def read(self, texts):
            return np.tile(np.array([[0, 1, 0]], np.float32), (len(texts), 1))

    side = StanceTextEncoder(bert, TextHeadConfig(bert.dim, latent=4, hidden=8), Neutral()).eval()
    with torch.no_grad():
        found = side(side.prepare(["i love war.", "they avoid gore."])).mu
    torch.testing.assert_close(found[0], found[1])


@pytest.mark.parametrize("learned", [True, False])
def test_a_folder_brings_the_reader_back(bert, reader, world, vae, tmp_path, learned):
    side = StanceTextEncoder(bert, TextHeadConfig(bert.dim, vae.latent, hidden=8), reader if learned else StanceRules())
    trained, _ = train_tears(
        vae, side, world.train, world.profiles, world.validation, TearsTraining(epochs=1, batch=40)
    )
    assert not [name for name in trained.trainable_names() if name.startswith("text.stance")]
    items = [f"film{i}" for i in range(vae.items)]
    first = Recommender(trained, items)
    first.save(tmp_path / "rec")
    again = Recommender.load(tmp_path / "rec", bert)
    texts = ["i love war. they avoid gore."]
    np.testing.assert_allclose(again.scores(None, texts, 1.0), first.scores(None, texts, 1.0), atol=1e-5)
    assert isinstance(again.model.text.stance, StanceReader if learned else StanceRules)
    config = json.loads((tmp_path / "rec" / "config.json").read_text())
    config["stance"] = {"rank": 2, "dim": 16, "layers": {"nowhere": [1]}}
    (tmp_path / "rec" / "config.json").write_text(json.dumps(config))
    with pytest.raises(CheckpointError, match="layers are name"):
        Recommender.load(tmp_path / "rec", bert)


def test_wish_views_like_what_is_asked_for_and_nothing_that_is_refused():
    ratings = sparse.csr_matrix(np.full((6, 8), 5.0, np.float32))
    table = np.zeros((8, 2))
    table[:4, 0] = table[4:, 1] = 1
    things = Things(["War", "Horror"], [True, True], table, ("films", "film"))
    views = wish_views(ratings, things, per_user=20, seed=3)
    assert views.targets.shape == (len(views.profiles), 8)
    some = views.targets.toarray() @ table
    assert ((some > 0).sum(1) == 1).any()
    assert (some.sum(1) > 0).all()
    same = wish_views(ratings, things, per_user=20, seed=3)
    assert same.profiles == views.profiles
    assert joined_views(None, views) is views
    assert len(joined_views(same, views).profiles) == 2 * len(views.profiles)
    assert wish_views(sparse.csr_matrix((2, 8), dtype=np.float32), things) is None


def test_a_profile_that_contradicts_itself_is_told_with_both_sentences(recommender):
    text = "They love war films. They enjoy wit. They avoid war films."
    (line,) = recommender.remarks(text)
    assert "'They love war films.'" in line
    assert "'They avoid war films.'" in line
    assert recommender.explain_edit("They enjoy wit.", text, alpha=1.0).remarks == (line,)
    assert recommender.remarks("They love war films. They avoid comedies.") == []


def test_a_title_that_nobody_has_is_told_with_the_nearest(recommender):
    (line,) = recommender.remarks('More like "Film 33x", and like "Film 3".')
    assert line.startswith("the catalogue has no 'Film 33x'; the nearest title is 'Film 3")


@pytest.mark.parametrize("text", ["the of and", "Not that, please.", "I don't."])
def test_small_words_alone_are_no_profile(recommender, text):
    with pytest.raises(CallError, match="only small words"):
        recommender.recommend(profile=text)


def test_a_language_that_the_encoder_does_not_know_is_told(bert):
    class Side:
        encoder = bert
        stance = StanceRules()

    assert remarks("i love war films", Side, []) == []
    spelled = "war" + "s" * 9
    (line,) = remarks(f"i love {spelled} {spelled} {spelled}", Side, [])
    assert "does not seem to know this language" in line
