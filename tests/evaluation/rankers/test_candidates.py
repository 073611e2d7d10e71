import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr
from sklearn.metrics import ndcg_score

from elm.embeddings import EmbeddingSpace, VectorTable
from elm.evaluation import draw_candidates
from elm.evaluation.rankers._candidates import graded_ndcg, rank_agreement


@pytest.fixture
def items():
    vectors = np.random.default_rng(0).normal(size=(60, 3))
    return VectorTable([f"i{n}" for n in range(60)], vectors, EmbeddingSpace.fit("cf", vectors, "dot", {}, "cf"))


def ratings(pairs):
    return pd.DataFrame(pairs, columns=["user", "item", "rating"])


INPUTS = ratings([("a", "i0", 5), ("a", "i1", 4), ("b", "i2", 1), ("c", "i5", 3)])
HELD = ratings([("a", "i3", 2), ("a", "i4", 5), ("b", "i0", 4), ("c", "gone", 5)])


def test_rated_first_then_unrated_ones_the_user_never_saw(items):
    found = draw_candidates(INPUTS, HELD, items, np.ones(60), unrated=10)
    assert found.users == ["a", "b"]  # c has no held item of the table
    np.testing.assert_array_equal(found.gains[0], [2, 5] + [0] * 10)
    assert [items.ids[row] for row in found.rows[0][:2]] == ["i3", "i4"]
    assert len(set(found.rows[0])) == 12
    assert not {0, 1, 3, 4} & set(found.rows[0][2:].tolist())


def test_fewer_where_fewer_are_left_and_none_without_weight(items):
    weights = np.zeros(60)
    weights[[0, 10, 11]] = 1.0
    found = draw_candidates(INPUTS, HELD, items, weights, unrated=10)
    assert set(found.rows[0][2:].tolist()) == {10, 11}
    everything = draw_candidates(INPUTS, HELD, items, weights, unrated=1000, draw="uniform")
    assert len(everything.rows[0]) == 2 + 56


@pytest.mark.slow
def test_popular_draws_follow_popularity_and_uniform_ones_do_not(items):
    users = [f"u{n}" for n in range(3000)]
    inputs = ratings([(u, "i0", 3) for u in users])
    held = ratings([(u, "i1", 3) for u in users])
    weights = np.ones(60)
    weights[5] = 4.0
    popular = draw_candidates(inputs, held, items, weights, unrated=1)
    share = np.mean([rows[1] == 5 for rows in popular.rows])
    assert share == pytest.approx(4 / 61, abs=0.015)
    uniform = draw_candidates(inputs, held, items, weights, unrated=1, draw="uniform")
    assert np.mean([rows[1] == 5 for rows in uniform.rows]) == pytest.approx(1 / 58, abs=0.01)


def test_a_users_draw_does_not_depend_on_the_others(items):
    both = draw_candidates(INPUTS, HELD, items, np.ones(60), unrated=5, seed=2)
    alone = draw_candidates(INPUTS, HELD[HELD["user"] == "b"], items, np.ones(60), unrated=5, seed=2)
    np.testing.assert_array_equal(both.rows[1], alone.rows[0])
    other = draw_candidates(INPUTS, HELD, items, np.ones(60), unrated=5, seed=3)
    assert both.rows[1].tolist() != other.rows[1].tolist()


def test_agreement_is_that_of_scipy_and_sklearn(items):
    found = draw_candidates(INPUTS, HELD, items, np.ones(60), unrated=20)
    table = np.random.default_rng(1).normal(size=(2, 60))
    scores = found.picked(table)
    for row in range(2):
        wanted = spearmanr(scores[row], found.gains[row]).statistic
        assert rank_agreement(scores, found.gains)[row] == pytest.approx(wanted)
        assert graded_ndcg(scores, found.gains)[row] == pytest.approx(ndcg_score([found.gains[row]], [scores[row]]))
    shared = found.picked(table[0])
    np.testing.assert_array_equal(shared[1], table[0][found.rows[1]])


def test_wrong_calls(items):
    with pytest.raises(ValueError, match="each of the 60 items"):
        draw_candidates(INPUTS, HELD, items, np.ones(59))
    with pytest.raises(ValueError, match="'popular' or 'uniform', got 'fair'"):
        draw_candidates(INPUTS, HELD, items, np.ones(60), draw="fair")
    with pytest.raises(ValueError, match="nothing to order"):
        draw_candidates(INPUTS, HELD[HELD["item"] == "gone"], items, np.ones(60))
