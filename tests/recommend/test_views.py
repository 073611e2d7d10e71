"""Views: whose ratings they draw on, what is a target, what is learned from them, and each bad input."""

import numpy as np
import pytest
from scipy import sparse
from taste_groups import ITEMS, two_groups

from elm._errors import CallError
from elm.recommend import Recommender, TearsRun, TearsTraining, Views, make_views, positives, train_tears

IDS = [f"film{i:02d}" for i in range(ITEMS)]
KINDS = np.repeat(np.eye(2), ITEMS // 2, axis=0)  # a kind for each group of items


def told(items, ratings):
    """A text that says what it was written from."""
    return " ".join(f"{item}:{rating:g}" for item, rating in zip(items, ratings, strict=True))


@pytest.fixture(scope="module")
def train():
    return two_groups(30, seed=0)[0]


@pytest.fixture(scope="module")
def views(train):
    return make_views(train, KINDS, told, per_user=3, seed=0)


def read(profile):
    return {int(item): float(rating) for item, _, rating in (word.partition(":") for word in profile.split())}


def test_targets_are_what_is_liked_of_what_the_text_tells(views):
    assert views.targets.shape == (len(views.profiles), ITEMS)
    assert set(views.targets.data) == {1.0}
    for row, profile in enumerate(views.profiles):
        rated = read(profile)
        assert len(rated) == len(profile.split())  # each item once
        assert set(views.targets[row].indices) == {item for item, rating in rated.items() if rating >= 4}
        assert views.targets[row].nnz > 0


def test_every_rating_is_one_that_somebody_gave(train, views):
    for profile in views.profiles:
        assert all(rating in train[:, item].data for item, rating in read(profile).items())


def test_of_one_user_alone_a_view_is_a_part_of_their_ratings(train):
    found = make_views(train, KINDS, told, per_user=1, joined=1, seed=1)
    rows = [{int(i): float(r) for i, r in zip(row.indices, row.data, strict=True)} for row in train]
    for profile in found.profiles:
        assert any(read(profile).items() <= row.items() for row in rows)
    assert all(8 <= len(read(profile)) <= 12 for profile in found.profiles)


def test_a_view_leans_to_one_kind_more_than_its_users_do(train, views):
    lean = [abs(np.mean([item < ITEMS // 2 for item in read(p)]) - 0.5) for p in views.profiles]
    both = sum(row.max(0).toarray().ravel() > 0 for row in (train[:4], train[4:8]))
    assert np.mean(lean) > 0.3 > abs(np.mean(np.flatnonzero(both) < ITEMS // 2) - 0.5)


def test_a_taste_may_be_in_other_attributes_too(train):
    others = np.zeros((ITEMS, 1))
    others[::2] = 1
    plain = make_views(train, np.zeros((ITEMS, 1)), told, per_user=2, seed=0)
    slanted = make_views(train, np.zeros((ITEMS, 1)), told, others=others, per_user=2, seed=0)

    def lean(found):
        return np.mean([abs(np.mean([item % 2 for item in read(p)]) - 0.5) for p in found.profiles])

    assert lean(slanted) > lean(plain) + 0.1


def test_a_seed_fixes_the_views(train, views):
    again, other = (make_views(train, KINDS, told, per_user=3, seed=seed) for seed in (0, 1))
    assert again.profiles == views.profiles
    np.testing.assert_array_equal(again.targets.toarray(), views.targets.toarray())
    assert other.profiles != views.profiles


def test_shares_of_genres_become_one_array(train):
    found = make_views(train, KINDS, lambda items, ratings: KINDS[items].mean(0), per_user=1)
    assert found.profiles.shape == (found.targets.shape[0], 2)


def test_users_without_ratings_give_no_view_and_views_without_a_liked_item_are_left_out():
    rows = sparse.lil_matrix((3, ITEMS))
    rows[0, :10] = 5
    rows[1, 10:20] = 2
    found = make_views(rows.tocsr(), KINDS, told, per_user=4, joined=1)
    assert found.targets.shape[0] == 4
    assert all(set(read(profile).values()) == {5.0} for profile in found.profiles)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"per_user": 0}, "per_user and joined must be at least 1, got 0 and 4"),
        ({"joined": 0}, "per_user and joined must be at least 1, got 4 and 0"),
        ({"kinds": KINDS[:5]}, f"a row for each of {ITEMS} items"),
        ({"others": np.zeros((3, 1))}, f"a row for each of {ITEMS} items"),
        ({"ratings": sparse.csr_matrix((4, ITEMS))}, "the training users have none"),
        ({"ratings": sparse.csr_matrix(np.full((4, ITEMS), 3.0))}, "the training users have none"),
        ({"ratings": sparse.csr_matrix(np.full((4, ITEMS), -1.0))}, "must not be negative"),
        ({"ratings": np.ones((4, ITEMS))}, "must be a scipy sparse matrix"),
    ],
)
def test_bad_input_says_what_is_wrong(train, change, message):
    given = {"ratings": train, "kinds": KINDS, "write": told} | change
    ratings, kinds, write = given.pop("ratings"), given.pop("kinds"), given.pop("write")
    with pytest.raises(CallError, match=message):
        make_views(ratings, kinds, write, **given)


@pytest.mark.slow
def test_a_text_that_no_user_has_is_learned_from_views(world, vae, encoder):
    """Nobody likes the last four items, but views say which words ask for them."""
    targets = positives(world.train[:40]).tolil()
    targets[:, :] = 0
    targets[:, ITEMS - 4 :] = 1
    views = Views(targets.tocsr(), ["Likes submarine films."] * 40)
    options = TearsTraining(epochs=25, batch=20, view_weight=2.0)
    model, log = train_tears(
        vae, encoder, world.train, world.profiles, world.validation, options, views=views, run=TearsRun(hidden=32)
    )
    assert log[-1]["ndcg_views"] > 0.9
    found = {place.item for place in Recommender(model, IDS).recommend(profile="Likes submarine films.", k=4)}
    assert len(found & set(IDS[ITEMS - 4 :])) >= 3


def test_views_of_another_catalogue_are_refused(world, vae, encoder):
    views = Views(positives(world.train)[:, :5], world.profiles)
    with pytest.raises(CallError, match="views need one profile each and 40 items"):
        train_tears(vae, encoder, world.train, world.profiles, world.validation, views=views)
