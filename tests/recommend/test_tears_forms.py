"""Other forms of TEARS: what each trains, by name; texts alone; and wishes that guide a history."""

import numpy as np
import pytest
from taste_groups import ITEMS, TEXTS

from elm._errors import CallError
from elm.recommend import (
    AUTOENCODERS,
    BASE,
    PieceTextEncoder,
    Recommender,
    Tears,
    TearsTraining,
    TextHeadConfig,
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
    return train_tears(vae, encoder, world.train, world.profiles, world.validation, training, hidden=8)[0]


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
    model, log = train_tears(fresh, encoder, world.train, world.profiles, world.validation, options, hidden=32)
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


def test_a_model_without_histories_has_nothing_to_pool_or_to_train(vae, encoder):
    side = PieceTextEncoder(encoder, TextHeadConfig(encoder.dim, vae.latent, 4))
    with pytest.raises(CallError, match="nothing to pool"):
        Tears(vae, side, "concatenation", history=False)
    with pytest.raises(CallError, match="no history encoder to train"):
        TearsTraining(likelihoods=("text",), train_history=True)


# The toy encoder knows words, so wishes are said in those of the profiles: group 0 likes comedy and dislikes horror.
BOTH = [*IDS[:3], *IDS[20:23]]


def horrors(places) -> int:
    return sum(group_of(places))


def test_a_wish_for_more_and_one_for_less_bend_a_history_apart(recommender):
    plain = horrors(recommender.recommend(BOTH, k=20))
    more = horrors(recommender.guide(BOTH, "Likes horror films.", alpha=0.5))
    less = horrors(recommender.guide(BOTH, "No more: likes horror films.", alpha=0.7))
    assert more > plain > less
    assert more >= 15
    assert recommender.guide(BOTH, "Likes horror films.", alpha=0.0) == recommender.recommend(BOTH)


@pytest.mark.parametrize(
    ("history", "phrase", "message"),
    [
        (None, "More war films.", "pass the phrase as a profile"),
        (BOTH, " ", "profile is empty"),
        (BOTH, None, "a wish is a text"),
        (BOTH, "...", "must hold a word"),
    ],
)
def test_bad_wishes(recommender, history, phrase, message):
    with pytest.raises(CallError, match=message):
        recommender.guide(history, phrase)


def test_a_minus_sign_takes_a_text_away(recommender):
    rows = recommender.rows([BOTH, BOTH])
    text, history = recommender.latents(None, [TEXTS[1]])[0], recommender.latents(rows[:1])[0]
    scores = recommender.scores(rows, [TEXTS[1]] * 2, 0.5, signs=[1, -1])
    np.testing.assert_allclose(scores[0], recommender.scores(rows[:1], [TEXTS[1]], 0.5)[0], atol=1e-5)
    z = recommender.model.mixture(*(_tensor(one) for one in (text, history)), 0.5, _tensor([-1.0])[0])
    np.testing.assert_allclose(z.numpy(), 0.5 * history - 0.5 * text, atol=1e-6)
    away = recommender.scores(rows, [TEXTS[1]] * 2, 1.0, signs=[1, -1]).argmax(1) // (ITEMS // 2)
    assert away.tolist() == [1, 0]


def _tensor(values):
    import torch

    return torch.as_tensor(np.asarray(values, np.float32))


@pytest.mark.parametrize("signs", [[1], [1, 0], [1, 2]])
def test_signs_are_one_or_minus_one_for_each_profile(recommender, signs):
    rows = recommender.rows([BOTH, BOTH])
    with pytest.raises(CallError, match="signs are 1 or -1, one a profile: 2 profiles"):
        recommender.scores(rows, list(TEXTS), 0.5, signs=signs)
