"""Equations 1 and 2 of CTRL-Rec: signals, ranks, ties, and the tables of the paper."""

from __future__ import annotations

import numpy as np
import pytest

from elm._errors import CallError
from elm.recommend import base_scores, combine, combined_places, places
from elm.recommend.requests._scoring import ordered, shares

# Titles, request rank, engagement rank and combined rank at w_control 0.5, as the paper prints them.
TABLE_2 = [(66, 41, 54), (96, 32, 64), (1, 134, 68), (66, 70, 68), (56, 82, 69)]
TABLE_4 = [(12, 23, 18), (3, 41, 22), (45, 10, 28), (48, 8, 28), (53, 6, 30)]


@pytest.mark.parametrize(("request_rank", "engagement_rank", "printed"), TABLE_2 + TABLE_4)
def test_combined_ranks_are_those_of_tables_2_and_4(request_rank: int, engagement_rank: int, printed: int) -> None:
    found = float(combined_places([engagement_rank], [request_rank], 0.5)[0])
    assert int(np.floor(found + 0.5)) == printed


@pytest.mark.parametrize(("w", "place"), [(0.0, 41), (1.0, 66)])
def test_the_ends_of_w_control_give_one_rank_alone(w: float, place: int) -> None:
    assert combined_places([41], [66], w).tolist() == [place]


def test_tied_items_share_the_last_of_their_places_as_in_table_2() -> None:
    assert places([[9.0, 7.0, 7.0, 5.0, 1.0]]).tolist() == [[1, 3, 3, 4, 5]]


def test_scores_as_they_are_give_table_3() -> None:
    value, engagement = [[0.664, 0.653, 0.897, 0.896, 0.641]], [[0.954, 0.996, 2.16e-5, 5.39e-7, 0.998]]
    assert np.abs(combine(engagement, value, 0.8, "scores")[0] - [0.722, 0.722, 0.718, 0.717, 0.712]).max() < 6e-4


def test_items_that_tie_on_paper_tie_exactly() -> None:
    rng = np.random.default_rng(0)
    first = np.arange(1001.0)[None]
    for w in np.round(np.arange(0, 1.01, 0.1), 1):
        mixed = combine(first, -first, float(w))  # the places of each item add up to one number at 0.5
        assert len(np.unique(mixed)) == (1 if w == 0.5 else 1001)
    assert np.array_equal(combine(first, first, 0.3), shares(first))
    shuffled = rng.permutation(1001)
    same = combine(first[:, shuffled], -first[:, shuffled], 0.3)[0]
    assert np.array_equal(same[np.argsort(shuffled)], combine(first, -first, 0.3)[0])


def test_the_list_is_that_of_the_base_at_0_and_of_the_request_at_1() -> None:
    engagement, value = np.array([[3.0, 1.0, 2.0]]), np.array([[0.2, 0.9, 0.2]])
    for by in ("ranks", "scores", "filter"):
        at_0, at_1 = (combine(engagement, value, w, by)[0] for w in (0.0, 1.0))
        assert ordered(at_0, engagement[0], 3).tolist() == [0, 2, 1]
        assert ordered(at_1, engagement[0], 3).tolist() == [1, 0, 2], "ties go to what engages more"


def test_a_filter_keeps_the_share_that_meets_the_request_best_in_the_order_of_engagement() -> None:
    engagement, value = np.array([[4.0, 3.0, 2.0, 1.0]]), np.array([[0.1, 0.9, 0.2, 0.8]])
    assert ordered(combine(engagement, value, 0.6, "filter")[0], engagement[0], 4).tolist() == [1, 3, 2, 0]


def test_what_is_left_out_by_engagement_stays_out_and_takes_no_place() -> None:
    engagement = np.array([[-np.inf, 2.0, 1.0]])
    mixed = combine(engagement, [[1.0, 0.1, 0.5]], 0.5)
    assert mixed[0, 0] == -np.inf
    assert mixed[0, 1:].tolist() == [0.5, 0.5]


def test_an_unknown_value_counts_as_the_lowest() -> None:
    assert combine([[1.0, 1.0, 1.0]], [[np.nan, 0.2, 0.9]], 1.0).tolist() == [[0.0, 0.0, 1.0]]


def test_signals_are_weighed_and_added_and_any_may_leave_out() -> None:
    found = base_scores({"click": [[1.0, 2.0, 3.0]], "like": [[0.5, -np.inf, 0.0]]}, {"click": 2.0})
    assert found.tolist() == [[2.5, -np.inf, 6.0]]


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda: base_scores({}), "at least one signal"),
        (lambda: base_scores({"a": [[1.0]]}, {"b": 1.0}), "'b'"),
        (lambda: base_scores({"a": [[1.0]], "b": [[1.0, 2.0]]}), "same users and items"),
        (lambda: base_scores({"a": [[1.0, np.nan]]}), "'a' returned NaN 1 times"),
        (lambda: base_scores({"a": [[np.inf]]}), "infinity"),
        (lambda: base_scores({"a": [[1.0]]}, {"a": float("nan")}), "weight of a signal must be finite"),
        (lambda: combine([[1.0]], [[1.0]], 1.1), "between 0 and 1"),
        (lambda: combine([[1.0]], [[1.0]], float("nan")), "between 0 and 1"),
        (lambda: combine([[1.0]], [[1.0]], True), "between 0 and 1"),
        (lambda: combine([[1.0]], [[1.0]], 0.5, "votes"), "votes"),
        (lambda: combine([[1.0]], [[1.0, 2.0]], 0.5), "one shape"),
    ],
)
def test_wrong_calls_say_what_must_hold(call, told: str) -> None:
    with pytest.raises(CallError, match=told):
        call()
