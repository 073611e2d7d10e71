"""Which sentence moves what: shares that add up, sentences without effect, undoing, and the wrong calls."""

from __future__ import annotations

import copy

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from taste_groups import TEXTS

from elm._errors import CallError, UnknownNameError
from elm.recommend import GenreEncoder, ListDiff, Recommender
from elm.recommend.tears._attribution import _applied, _hunks, sentences

HISTORY = [f"film{i:02d}" for i in range(6)]


def test_the_sentence_that_moves_the_list_gets_the_share(recommender):
    before = f"{TEXTS[0]} It rained."
    after = f"{TEXTS[1]} It snowed."
    found = recommender.explain_edit(before, after, alpha=1.0, k=10)
    first, second = ([text.strip() for text in sentences(some)] for some in (before, after))
    changed = [(a, b) for a, b in zip(first, second, strict=True) if a != b]
    assert [(part.before, part.after) for part in found.parts] == changed
    likes, dislikes, weather = found.parts
    assert likes.share + dislikes.share + weather.share == pytest.approx(1.0)
    assert likes.share + dislikes.share > 0.8
    assert abs(weather.share) < min(likes.share, dislikes.share)
    assert found.frame()["before"].tolist()[-1] == "It rained."
    assert {place.item for place in found.diff.entered} == {p.item for p in recommender.recommend(profile=after, k=10)}
    assert weather.undone == f"{TEXTS[1]} It rained."


def test_undoing_goes_back(recommender):
    before, after = f"{TEXTS[0]} It rained. Nobody cares.", f"{TEXTS[1]} Nobody cares. At all."
    found = recommender.explain_edit(before, after, HISTORY, alpha=0.7, k=10)
    assert found.undo(range(len(found.parts))) == before
    assert [text.strip() for text in sentences(found.undo([]))] == [text.strip() for text in sentences(after)]
    with pytest.raises(CallError, match="parts 0 to 3, got 7"):
        found.undo([7])


def test_an_edit_that_changes_nothing(recommender):
    found = recommender.explain_edit(TEXTS[0], TEXTS[0], k=5)
    assert (found.parts, found.diff.entered, found.diff.left, found.diff.moved) == ([], [], [], [])
    assert found.frame().empty
    still = recommender.explain_edit(TEXTS[0], f"{TEXTS[0]} It snowed.", HISTORY, alpha=0.0, k=5)
    assert [part.share for part in still.parts] == [0.0]  # the text has no weight


def test_white_space_and_signs_are_no_edit(recommender):
    before, after = "They love war films. \nThey hate noise.", "They love war films. They hate noise."
    assert recommender.explain_edit(before, after, k=5).parts == []
    assert recommender.explain_edit(TEXTS[0], f"{TEXTS[0]} ...", k=5).parts == []
    part, *rest = recommender.explain_edit(before, f"{after} It snowed.", k=5).parts
    assert (part.before, part.after, rest) == ("", "It snowed.", [])


def test_rounding_is_not_shared_out(recommender, monkeypatch):
    scores = recommender.scores

    def noisy(histories, profiles, alpha):
        same = scores(histories, [profiles[0]] * len(profiles), alpha)
        return same + 1e-6 * np.arange(len(profiles))[:, None]

    monkeypatch.setattr(recommender, "scores", noisy)
    (part,) = recommender.explain_edit(TEXTS[0], f"{TEXTS[0]} It snowed.", k=5).parts
    assert (part.share, part.alone) == (0, 0)


def test_shares_of_genres_have_no_sentences(recommender, tears):
    model = copy.copy(tears)
    model._modules = {**tears._modules, "text": GenreEncoder(["Comedy", "Horror"], tears.latent)}
    gers, one, two = Recommender(model, recommender.items), {"Comedy": 1.0}, {"Comedy": 0.2, "Horror": 0.8}
    assert isinstance(gers.diff(one, two, HISTORY, k=10), ListDiff)
    for call in (
        lambda: gers.explain_edit(one, two, HISTORY),
        lambda: gers.explain_edit("Likes wit.", two, HISTORY),
        lambda: gers.without_each(one, HISTORY),
    ):
        with pytest.raises(CallError, match="compares texts by their sentences, got dict; use diff"):
            call()


def test_many_edits_are_shared_out_by_drawn_orders(recommender):
    before = "\n".join(f"Word {n} is here." for n in range(10)) + f"\n{TEXTS[0]}"
    after = "\n".join(f"Word {n} is there." for n in range(10)) + f"\n{TEXTS[1]}"
    found = recommender.explain_edit(before, after, k=10, seed=1)
    assert len(found.parts) == 12
    assert sum(part.share for part in found.parts) == pytest.approx(1.0)
    assert max(found.parts, key=lambda part: part.share).after in TEXTS[1]
    again = recommender.explain_edit(before, after, k=10, seed=1)
    assert [part.share for part in again.parts] == [part.share for part in found.parts]


def test_a_profile_with_one_sentence_taken_out_each_in_turn(recommender):
    table = recommender.without_each(f"{TEXTS[0]} It rained.", alpha=1.0, k=10)
    assert table["sentence"].tolist() == [text.strip() for text in sentences(f"{TEXTS[0]} It rained.")]
    likes, *_, weather = table.to_dict("records")
    assert likes["kept"] <= weather["kept"]
    assert len(likes["brings"]) == len(likes["keeps_out"]) == round(10 * (1 - likes["kept"]))
    with pytest.raises(CallError, match="two or more, and this one has 1"):
        recommender.without_each("Likes comedy films.")


def test_what_changed_between_two_lists(recommender):
    diff = recommender.diff(TEXTS[0], TEXTS[1], k=10)
    assert len(diff.entered) == len(diff.left) == 10
    assert diff.to_dict()["entered"][0]["item"] == diff.entered[0].item
    mixed = recommender.diff(TEXTS[0], f"{TEXTS[0]} It snowed.", HISTORY, 0.5, 10)
    first = [place.item for place in recommender.recommend(HISTORY, TEXTS[0], 0.5, 10)]
    for item, old, new in mixed.moved:
        assert first[old - 1] == item
        assert old != new


def test_wrong_calls_are_those_of_recommend(recommender):
    with pytest.raises(CallError, match="alpha is the weight"):
        recommender.explain_edit(TEXTS[0], TEXTS[1], alpha=2.0)
    with pytest.raises(UnknownNameError, match="unknown item"):
        recommender.without_each(f"{TEXTS[0]} It rained.", {"film999": 5.0})
    with pytest.raises(CallError):
        recommender.diff("", TEXTS[0])


LINES = st.lists(
    st.sampled_from(["Loves war.", "Hates noise. ", "- a bullet\n", "A line\n", "No stop", "\n"]), max_size=6
)


@given(LINES, LINES)
def test_sentences_are_the_text_and_no_change_is_lost(first, second):
    before, after = "".join(first), "".join(second)
    old, new = sentences(before), sentences(after)
    assert "".join(old) == before
    hunks = _hunks(old, new)
    assert _applied(old, hunks, set()) == before
    applied = sentences(_applied(old, hunks, set(range(len(hunks)))))
    assert [t.strip() for t in applied if t.strip()] == [t.strip() for t in new if t.strip()]
