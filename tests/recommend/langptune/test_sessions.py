"""Sessions by time: what is known of a user, what is to be found, and what cannot be."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from elm._errors import CallError, UnknownNameError
from elm.data import Dataset
from elm.recommend import Sessions, sessions_by_time

ITEMS = [f"f{number}" for number in range(12)]


def world(times: bool = True) -> Dataset:
    """Three users; the first rated all items in order, the second six of them, the third too few."""
    rows = [("u0", item, 5.0 if number % 2 else 3.0, number) for number, item in enumerate(ITEMS)]
    rows += [("u1", item, 4.0, 100 - number) for number, item in enumerate(ITEMS[:6])]
    rows += [("u2", "f0", 5.0, 1)]
    seen = pd.DataFrame(rows, columns=["user", "item", "rating", "time"])
    films = pd.DataFrame({"title": ITEMS, "genres": [["Drama"]] * 12}, index=ITEMS)
    return Dataset("toy", films, pd.DataFrame(index=["u0", "u1", "u2"]), seen if times else seen.drop(columns="time"))


def one(**changes: object) -> Sessions:
    plain = Sessions(["u"], [("f0", "f1")], [(5.0, 4.0)], [("f2",)], ["train"], ITEMS)
    return replace(plain, **changes)  # type: ignore[arg-type]


def test_the_newest_items_come_first_and_no_item_is_in_two_sessions() -> None:
    found = sessions_by_time(world(), per_user=2, shares=(0.0, 0.0))
    assert found.users == ["u0", "u0", "u1"]
    assert found.histories[0] == ("f7", "f8", "f9", "f10")
    assert found.targets == [("f11",), ("f6",), ("f0",)]
    assert found.histories[1] == ("f2", "f3", "f4", "f5")
    assert found.histories[2] == ("f4", "f3", "f2", "f1"), "time, not the order of the table"
    assert found.ratings[0] == (5.0, 3.0, 5.0, 3.0)
    assert found.items == ITEMS
    liked = sessions_by_time(world(), least_rating=4, shares=(0.0, 0.0))
    assert liked.histories[0] == ("f3", "f5", "f7", "f9")


def test_several_items_may_lie_ahead() -> None:
    found = sessions_by_time(world(), history=2, ahead=3, shares=(0.0, 0.0))
    assert found.histories[0] == ("f7", "f8")
    assert found.targets == [("f9", "f10", "f11"), ("f2", "f1", "f0")]
    assert found.columns()[1].tolist() == [[9, 10, 11], [2, 1, 0]]
    with pytest.raises(CallError, match="as many ahead"):
        replace(found, targets=[("f9",), ("f2", "f1")])


def test_held_out_users_are_in_no_other_part() -> None:
    found = sessions_by_time(world(), history=2, per_user=4, test_users=["u0", "u1"], seed=1)
    assert {user: {p for u, p in zip(found.users, found.parts, strict=True) if u == user} for user in ("u0", "u1")} in (
        {"u0": {"test"}, "u1": {"validation"}},
        {"u0": {"validation"}, "u1": {"test"}},
    )
    with pytest.raises(CallError, match="no session of the part 'train'"):
        found.rows("train")
    again = sessions_by_time(world(), history=2, per_user=4, test_users=["u0", "u1"], seed=1)
    assert again == found


def test_what_is_known_of_a_session_holds_no_target() -> None:
    found = sessions_by_time(world(), per_user=2, shares=(0.0, 0.0))
    rows = found.history_rows()
    for number, (target,) in enumerate(found.targets):
        assert target not in set(rows.loc[rows["user"] == str(number), "item"])
    histories, targets = found.some([2, 0]).columns()
    assert histories.tolist() == [[4, 3, 2, 1], [7, 8, 9, 10]]
    assert targets.tolist() == [[0], [11]]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"targets": [("f1",)]}, "target of a session comes after its history, and 'f1' of session 0 is in it"),
        ({"histories": [("f0", "f0")]}, "distinct items"),
        ({"histories": [()], "ratings": [()]}, "at least one"),
        ({"parts": ["tests"]}, "got 'tests'"),
        ({"targets": [("f2", "f2")]}, "future is of distinct items"),
        ({"targets": ["f2"]}, "future is of distinct items"),
        ({"targets": []}, "one each"),
    ],
)
def test_sessions_that_cannot_be_are_refused(changes: dict[str, object], told: str) -> None:
    with pytest.raises(CallError, match=told):
        one(**changes)


@pytest.mark.parametrize("changes", [{"targets": [("f99",)]}, {"histories": [("f0", "f99")]}])
def test_an_item_outside_the_catalogue_is_named(changes: dict[str, object]) -> None:
    with pytest.raises(UnknownNameError, match=r"unknown item 'f99'.*catalogue"):
        one(**changes)


def test_a_user_in_two_parts_is_refused() -> None:
    with pytest.raises(CallError, match="belongs to one part, and 'u'"):
        Sessions(["u", "u"], [("f0",)] * 2, [(5.0,)] * 2, [("f1",), ("f2",)], ["train", "test"], ITEMS)


def test_a_data_set_without_times_or_enough_ratings_has_no_sessions() -> None:
    with pytest.raises(CallError, match="has no times"):
        sessions_by_time(world(times=False))
    with pytest.raises(CallError, match="has 21 ratings that count"):
        sessions_by_time(world(), history=20)
    with pytest.raises(CallError, match="at least 1, got 0"):
        sessions_by_time(world(), history=0)
