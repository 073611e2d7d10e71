"""BiVAE through cornac, an optional extra: what it ranks, and what is told where it is missing."""

from __future__ import annotations

import importlib.util
import sys

import numpy as np
import pytest
from scipy import sparse
from taste_groups import World

from elm._errors import CallError
from elm.recommend import BiVAERanker

needs_cornac = pytest.mark.skipif(
    importlib.util.find_spec("cornac") is None, reason="cornac is not installed (extra cornac)"
)


@pytest.fixture(scope="module")
def ranker(world: World) -> BiVAERanker:
    return BiVAERanker.fit(world.train, factors=8, epochs=30, batch=16)


@needs_cornac
def test_it_ranks_what_the_own_group_likes_before_the_rest(world: World, ranker: BiVAERanker) -> None:
    found = ranker.scores(world.train)
    assert found.shape == world.train.shape
    assert np.array_equal(np.isneginf(found), world.train.toarray() > 0)
    groups = (world.train[:, :20].sum(axis=1).A1 < world.train[:, 20:].sum(axis=1).A1).astype(int)
    best = found.argmax(axis=1) // 20
    assert (best == groups).mean() > 0.9


@needs_cornac
def test_it_knows_no_other_users_and_gives_the_same_every_time(world: World, ranker: BiVAERanker) -> None:
    with pytest.raises(CallError, match="knows the users that it was trained on alone"):
        ranker.scores(world.test.inputs)
    short = [BiVAERanker.fit(world.train, factors=4, epochs=2, batch=16, seed=1).scores(world.train) for _ in range(2)]
    assert np.array_equal(*short)


@needs_cornac
def test_no_rating_is_an_error() -> None:
    with pytest.raises(CallError, match="at least one rating"):
        BiVAERanker.fit(sparse.csr_matrix((3, 4)))


def test_without_cornac_one_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cornac", None)  # as if it were not installed
    with pytest.raises(CallError) as told:
        BiVAERanker.fit(sparse.csr_matrix(np.eye(3)))
    assert "pip install 'elm-toolkit[cornac]'" in str(told.value)
    assert "\n" not in str(told.value)
