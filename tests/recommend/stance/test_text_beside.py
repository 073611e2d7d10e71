"""A text model beside a scorer of histories: one list by the ranks of both, under one alpha."""

import numpy as np
import pytest
from scipy import sparse
from taste_groups import ITEMS, TEXTS

from elm._errors import CallError, UnknownNameError
from elm.recommend import EASE, TextBeside
from elm.recommend.tears._controls import natural_pairs, parted_scorer, with_controls

FIRST = [f"film{i:02d}" for i in range(6)]  # of group 0


class Fixed:
    """Ranks everybody alike, by the numbers it is given."""

    def __init__(self, scores):
        self.row = np.asarray(scores, np.float32)

    def scores(self, histories):
        return np.where(histories.toarray() > 0, -np.inf, np.tile(self.row, (histories.shape[0], 1)))


@pytest.fixture(scope="module")
def ease(world):
    return EASE.fit(world.train, 20.0)


@pytest.fixture(scope="module")
def beside(ease, recommender):
    return TextBeside(ease, recommender)


def test_alpha_goes_from_the_history_to_the_text(beside, ease, recommender):
    histories = beside.rows([FIRST])
    order = np.argsort(-ease.scores(histories)[0], kind="stable")[:5].tolist()
    assert np.argsort(-beside.scores(histories, [TEXTS[1]], 0.0)[0], kind="stable")[:5].tolist() == order
    by_text = recommender.recommend(FIRST, TEXTS[1], 1.0, k=8)
    assert [p.item for p in beside.recommend(FIRST, TEXTS[1], 1.0, k=8)] == [p.item for p in by_text]
    moved = beside.diff(TEXTS[0], TEXTS[1], FIRST, alpha=0.9, k=10)
    assert moved.entered
    assert moved.left
    assert not beside.diff(TEXTS[0], TEXTS[1], FIRST, alpha=0.0, k=10).entered


def test_scores_are_the_weighted_places(recommender):
    both = TextBeside(Fixed(range(ITEMS)), recommender)
    histories = sparse.csr_matrix((1, ITEMS), dtype=np.float32)
    histories[0, 0] = 5.0
    said = recommender.scores(histories, [TEXTS[0]], 1.0)[0]
    places = np.array([(said > score).sum() for score in said])  # the first item is out: ITEMS - 1 are ranked
    last = ITEMS - 2
    for alpha in (0.25, 0.5, 0.75):
        got = both.scores(histories, [TEXTS[0]], alpha)[0]
        wanted = alpha * (last - places) / last + (1 - alpha) * (np.arange(ITEMS) - 1) / last
        np.testing.assert_allclose(got[1:], wanted[1:], atol=1e-9)
        assert got[0] == -np.inf


def test_one_side_alone_is_enough(beside):
    rows = beside.rows([FIRST])
    np.testing.assert_array_equal(beside.scores(rows, None), beside.scores(rows, [TEXTS[1]], 0.0))
    assert [place.item for place in beside.recommend(profile=TEXTS[1], k=5)]


def test_what_cannot_be_ranked_is_refused(beside, recommender):
    with pytest.raises(CallError, match="pass a history, a profile, or both"):
        beside.recommend()
    with pytest.raises(CallError, match="between 0 and 1"):
        beside.recommend(FIRST, TEXTS[0], 1.5)
    with pytest.raises(CallError, match="profile is empty"):
        beside.recommend(FIRST, "  ")
    with pytest.raises(CallError, match="k must be"):
        beside.recommend(FIRST, TEXTS[0], k=0)
    with pytest.raises(UnknownNameError, match="film0"):
        beside.recommend(["film0x"], TEXTS[0])

    class Short:
        def scores(self, histories):
            return np.zeros((histories.shape[0], 3), np.float32)

    with pytest.raises(CallError, match="one catalogue, got 3"):
        TextBeside(Short(), recommender).recommend(FIRST, TEXTS[0])


def test_names_with_a_scorer_have_their_controls():
    name = "ease+tears-recvae"
    assert parted_scorer(name) == ("ease", "tears-recvae")
    found = with_controls([name], ["recvae"])
    assert found == ["ease", "recvae", name, f"{name}@0", f"{name}@other", f"{name}@permuted"]
    assert (name, "ease") in natural_pairs(found)
    assert (name, f"{name}@permuted") in natural_pairs(found)
    for odd in ("tears-recvae+ease", "ease+gers-recvae", "ease+", "nobody+tears-recvae"):
        with pytest.raises(CallError, match="as in ease"):
            parted_scorer(odd)
