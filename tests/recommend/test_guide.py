"""Wishes that guide a history, and the sign that takes a text away."""

import copy

import numpy as np
import pytest
import torch
from taste_groups import ITEMS, TEXTS

from elm._errors import CallError
from elm.recommend import Recommender

IDS = [f"film{i:02d}" for i in range(ITEMS)]
# The toy encoder knows words, so wishes are said in those of the profiles: group 0 likes comedy and dislikes horror.
BOTH = [*IDS[:3], *IDS[20:23]]


def horrors(places) -> int:
    return sum(int(place.item[4:]) >= ITEMS // 2 for place in places)


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
        (BOTH, "More war and less horror.", "one wish at a time"),
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
    z = recommender.model.mixture(*(torch.as_tensor(one) for one in (text, history)), 0.5, torch.tensor(-1.0))
    np.testing.assert_allclose(z.numpy(), 0.5 * history - 0.5 * text, atol=1e-6)
    away = recommender.scores(rows, [TEXTS[1]] * 2, 1.0, signs=[1, -1]).argmax(1) // (ITEMS // 2)
    assert away.tolist() == [1, 0]


def test_a_model_of_texts_alone_weighs_the_text_fully_and_has_no_history_to_bend(recommender, tears):
    model = copy.copy(tears)
    model.history = False
    base = Recommender(model, IDS)
    assert base.recommend(BOTH, TEXTS[1]) == base.recommend(BOTH, TEXTS[1], alpha=1.0)
    assert base.diff(*TEXTS, BOTH).to_dict() == base.diff(*TEXTS, BOTH, alpha=1.0).to_dict()
    assert (len(base.explain_edit(*TEXTS, BOTH).parts), len(base.without_each(TEXTS[0], BOTH))) == (2, 3)
    rows = base.rows([BOTH])
    np.testing.assert_array_equal(base.scores(rows, [TEXTS[1]]), base.scores(rows, [TEXTS[1]], 1.0))
    with pytest.raises(CallError, match="no history to bend; pass the wish as profile"):
        base.guide(BOTH, "More horror films.")
    np.testing.assert_array_equal(recommender.z(BOTH, TEXTS[1]), recommender.z(BOTH, TEXTS[1], 0.5))


@pytest.mark.parametrize("signs", [[1], [1, 0], [1, 2]])
def test_signs_are_one_or_minus_one_for_each_profile(recommender, signs):
    rows = recommender.rows([BOTH, BOTH])
    with pytest.raises(CallError, match="signs are 1 or -1, one a profile: 2 profiles"):
        recommender.scores(rows, list(TEXTS), 0.5, signs=signs)
