"""Tables as people have them: every cell gives the right value, or one error of ours that names row and column."""

from __future__ import annotations

import datetime
import decimal
import math
import os
import random
import uuid
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from elm._errors import CallError, DataFileError, ElmError, LeakageError
from elm.data import Dataset, EntitySplit, guard_disjoint, ids_of, items_named, join_texts, load, split_ratings

FRAMES = int(os.environ.get("ELM_FRAMES", "400"))
"""How many tables are drawn; ELM_FRAMES=2000 draws more than fit into a test run."""

REFUSED = object()
"""Stands for an error of ours."""

_HALF = "half \ud83d"
_DAY = datetime.date(2020, 1, 1)
_MOMENT = datetime.datetime(2020, 1, 1, 10, 0, 0, 500)
YEARS: list[tuple[Any, Any]] = [
    (1990, 1990),
    (1990.0, 1990),
    ("1990", 1990),
    (" 1990 ", 1990),
    (np.int16(1990), 1990),
    (None, None),
    (math.nan, None),
    (pd.NA, None),
    (pd.NaT, None),
    ("", None),
    (_DAY, 2020),
    (_MOMENT, 2020),
    (pd.Timestamp("1995-10-30"), 1995),
    (np.datetime64("1995-10-30"), 1995),
    (decimal.Decimal(1990), 1990),
    ("N/A", REFUSED),
    ("1995-10-30", REFUSED),
    (1990.5, REFUSED),
    (True, REFUSED),
    (math.inf, REFUSED),
    ([], REFUSED),
    ("1_990", REFUSED),
    (1577836800, REFUSED),
    ("１９９０", REFUSED),
    (1990 + 0j, REFUSED),
    (b"1990", REFUSED),
]
RATINGS: list[tuple[Any, Any]] = [
    (4, 4.0),
    (4.5, 4.5),
    ("4.5", 4.5),
    ("4", 4.0),
    (np.float32(3), 3.0),
    (decimal.Decimal("2.5"), 2.5),
    ("4e0", 4.0),
    ("4,5", REFUSED),
    ("like", REFUSED),
    (None, REFUSED),
    (math.nan, REFUSED),
    (math.inf, REFUSED),
    ("inf", REFUSED),
    (True, REFUSED),
    (1e39, REFUSED),
    (10**400, REFUSED),
    (_DAY, REFUSED),
    (4 + 1j, REFUSED),
    ([4], REFUSED),
    ("nan", REFUSED),
    ("", REFUSED),
]
TIMES: list[tuple[Any, Any]] = [
    (1577836800, 1577836800),
    (1577836800.75, 1577836800),
    ("1577836800", 1577836800),
    (_DAY, 1577836800),
    (_MOMENT, 1577872800),
    (pd.Timestamp("2020-01-01 01:00", tz="Europe/Berlin"), 1577836800),
    (np.datetime64("2020-01-01", "us"), 1577836800),
    (0, 0),
    (-5, -5),
    ("2020-01-01 10:00:00", REFUSED),
    (math.inf, REFUSED),
    (None, REFUSED),
    (pd.NaT, REFUSED),
    (True, REFUSED),
    (1577836800000, REFUSED),
    (pd.Timedelta(1), REFUSED),
    ([], REFUSED),
]
GENRES: list[tuple[Any, Any]] = [
    ("Action|Comedy", ["Action", "Comedy"]),
    ("Drama", ["Drama"]),
    (["A", "B"], ["A", "B"]),
    (("A",), ["A"]),
    ({"b", "a"}, ["a", "b"]),
    (np.array(["A"], dtype=object), ["A"]),
    (None, []),
    (math.nan, []),
    (pd.NA, []),
    ("", []),
    ([], []),
    ("['A', 'B']", ["A", "B"]),
    ('["A"]', ["A"]),
    ("(no genres listed)", []),
    (" A | B ", ["A", "B"]),
    (5, REFUSED),
    ([1], REFUSED),
    ([None], REFUSED),
    ({"a": 1}, REFUSED),
    (b"A", REFUSED),
    ("[1]", REFUSED),
    ("[broken", ["[broken"]),
    ("[broken]", REFUSED),
    ([_HALF], REFUSED),
    (_HALF, REFUSED),
]
TITLES: list[tuple[Any, Any]] = [
    ("Heat", "Heat"),
    ("NA", "NA"),
    ("", ""),
    (1984, "1984"),
    (1984.0, "1984"),
    (8.5, "8.5"),
    ("Amélie 🎬", "Amélie 🎬"),
    (None, REFUSED),
    (math.nan, REFUSED),
    (_HALF, REFUSED),
    (True, REFUSED),
    (["Heat"], REFUSED),
    (_DAY, REFUSED),
    (b"Heat", REFUSED),
]
IDS: list[tuple[Any, Any]] = [
    (7, "7"),
    ("7", "7"),
    (7.0, "7"),
    (np.int64(7), "7"),
    (np.float32(7), "7"),
    ("07", "07"),
    ("a, inc.", "a, inc."),
    (uuid.UUID(int=1), str(uuid.UUID(int=1))),
    (None, REFUSED),
    (math.nan, REFUSED),
    (pd.NA, REFUSED),
    (7.5, REFUSED),
    (True, REFUSED),
    (_HALF, REFUSED),
    (b"7", REFUSED),
    ([7], REFUSED),
    (1e300, REFUSED),
    ((1, 2), REFUSED),
]


def cells(values: list[Any]) -> pd.Series:
    column = np.empty(len(values), dtype=object)
    for place, value in enumerate(values):
        column[place] = value
    return pd.Series(column, dtype=object)


def made(year: Any, rating: Any, time: Any, genres: Any, title: Any, item: Any) -> Dataset:
    films = pd.DataFrame({"title": cells([title, "B"]), "year": cells([year, 1]), "genres": cells([genres, []])})
    index = pd.Index(cells([item, "other"]), dtype=object)
    seen = pd.DataFrame(
        {
            "user": cells([1, "1"]),
            "item": cells([item, "other"]),
            "rating": cells([rating, 1]),
            "time": cells([time, 1]),
        }
    )
    return Dataset("t", films.set_axis(index), pd.DataFrame(index=[1]), seen)


@pytest.mark.slow
def test_every_drawn_table_is_read_right_or_refused(tmp_path: Path) -> None:
    draw = random.Random(0)
    kinds = (YEARS, RATINGS, TIMES, GENRES, TITLES, IDS)
    refused = 0
    for number in range(FRAMES):
        easy = draw.random() < 0.7  # else nearly every table would hold one cell that is refused
        chosen = [draw.choice([pair for pair in kind if not easy or pair[1] is not REFUSED]) for kind in kinds]
        given, wanted = zip(*chosen, strict=True)
        if any(value is REFUSED for value in wanted):
            refused += 1
            with pytest.raises(ElmError):
                made(*given)
            continue
        data = made(*given)
        check(data, wanted)
        if number % 20 == 0:
            check(Dataset.load(data.save(tmp_path / str(number))), wanted)
    assert FRAMES * 0.1 < refused < FRAMES * 0.6


def check(data: Dataset, wanted: tuple[Any, ...]) -> None:
    year, rating, time, genres, title, item = wanted
    assert data.items.index[0] == item
    assert data.items["title"].iloc[0] == title
    assert data.items["genres"].iloc[0] == genres
    got = data.items["year"].iloc[0]
    assert (got is pd.NA) if year is None else got == year
    assert data.interactions["rating"].iloc[0] == np.float32(rating)
    assert data.interactions["time"].iloc[0] == time
    assert data.interactions["user"].tolist() == ["1", "1"]


@pytest.mark.parametrize(
    ("place", "kind"),
    list(enumerate([YEARS, RATINGS, TIMES, GENRES, TITLES, IDS])),
    ids=["years", "ratings", "times", "genres", "titles", "ids"],
)
def test_each_cell_by_itself(place: int, kind: list[tuple[Any, Any]]) -> None:
    fine = [1990, 4, 1, [], "A", "x"]
    for given, wanted in kind:
        row, right = list(fine), list(fine)
        row[place], right[place] = given, wanted
        if wanted is REFUSED:
            with pytest.raises(CallError, match=r"row 0|first: row 0|time must be known"):
                made(*row)
        else:
            check(made(*row), tuple(right))


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_columns_of_dates_mean_seconds_and_years_in_every_unit(unit: str) -> None:
    when = pd.Series(pd.to_datetime(["2020-01-01 00:00:00", "1969-12-31 23:59:59"])).astype(f"datetime64[{unit}]")
    films = pd.DataFrame({"title": ["A", "B"], "year": when.to_numpy(), "genres": [[], []]}, index=[1, 2])
    seen = pd.DataFrame({"user": [7, 7], "item": [1, 2], "rating": [4, 5], "time": when})
    data = Dataset("t", films, pd.DataFrame(index=[7]), seen)
    assert data.interactions["time"].tolist() == [1577836800, -1]
    assert data.items["year"].tolist() == [2020, 1969]


@pytest.mark.parametrize(
    "column",
    [
        [_DAY, _DAY],
        [decimal.Decimal("1.5"), None],
        [None, ["x"]],
        [["x"], []],
        [{"a": 1}, {"a": 2}],
        [b"ab", b"cd"],
        [3, "x"],
        [{"a": 1}, {"b": 2}],
        [(1, 2), (3,)],
        [{1}, {2}],
        [True, None],
        [1.5, math.nan],
        [_HALF, "x"],
        [pd.Timestamp("2020"), pd.NaT],
        [[[1], []], [[2, 3]]],
        [object(), object()],
        [1 + 1j, 2j],
        [2**70, 1],
        [[1, None], [2]],
        [np.array([1, 2]), np.array([3])],
        ["", None],
        [uuid.UUID(int=1)] * 2,
    ],
)
def test_columns_of_ones_own_come_back_or_are_refused(column: list[Any], tmp_path: Path) -> None:
    films = pd.DataFrame({"title": ["A", "B"], "year": [1, 2], "genres": [[], []], "more": cells(column)})
    data = Dataset("t", films, pd.DataFrame(index=["u"]), pd.DataFrame({"user": ["u"], "item": [0], "rating": [5]}))
    try:
        data.save(tmp_path / "d")
    except CallError as error:
        told = str(error)
    else:
        told = ""
    if told:
        assert "the table of items holds" in told
        assert not (tmp_path / "d" / "dataset.json").exists()
        return
    for was, now in zip(column, Dataset.load(tmp_path / "d").items["more"], strict=True):
        gone = was is None or was is pd.NaT or (isinstance(was, float) and math.isnan(was))
        assert pd.isna(now) if gone else (type(now) is type(was) or isinstance(was, bool | float)) and now == was


def test_ids_are_read_one_way() -> None:
    with pytest.raises(LeakageError, match="1 held out are also trained on"):
        guard_disjoint([1], ["1"])
    with pytest.raises(LeakageError):
        guard_disjoint(pd.Series([1.0, 2.0]), ["2"])
    with pytest.raises(LeakageError):
        EntitySplit([1], ["2"], ["1"])  # type: ignore[list-item]
    with pytest.raises(CallError, match=r"user id.*row 1 it is missing"):
        ids_of(["a", None], "user")
    assert ids_of(pd.Categorical([2, 1])) == ["2", "1"]
    rows = pd.DataFrame({"user": [10, 9, 9, 9, 10], "item": [1, 2, 10, 3, 3], "rating": 1.0})
    for other in (rows.astype({"user": str, "item": str}), rows.astype({"user": float})):
        for ours, theirs in zip(split_ratings(rows), split_ratings(other), strict=True):
            assert ids_of(ours["item"]) == ids_of(theirs["item"])


def test_an_id_may_hold_a_comma_unless_it_could_be_a_pair() -> None:
    films = pd.DataFrame({"title": ["A", "B", "C"], "year": 1990, "genres": [[], [], []]})
    none = pd.DataFrame({"user": [], "item": [], "rating": []})
    users = pd.DataFrame(index=[])
    assert Dataset("t", films.set_axis(["a, inc.", "b", "c"]), users, none).n_items == 3
    with pytest.raises(CallError, match=r"the pair of items 'a' and 'b' is named \"a,b\""):
        Dataset("t", films.set_axis(["a", "b", "a,b"]), users, none)
    assert items_named("a, inc.,b", {"a, inc.", "b"}) == ["a, inc.", "b"]
    assert items_named("a, inc.", {"a, inc."}) == ["a, inc."]


def test_texts_join_with_numbers_and_dates_and_name_what_is_missing() -> None:
    data = made(1984, 4, 1, [], "Nineteen", "1")
    joined, _ = join_texts(data, pd.DataFrame({"item": [1.0], "text": [1984]}), source="s")
    assert joined.texts_of("s") == {"1": ["1984"]}
    with pytest.raises(CallError, match="column 'source': a text is needed in every row, but row 1"):
        join_texts(data, pd.DataFrame({"item": ["1", "1"], "text": ["a", "b"], "source": ["s", None]}))
    by_title = pd.DataFrame({"title": ["Nineteen", None], "year": ["1984", "N/A"], "text": ["a", "b"]})
    joined, _ = join_texts(data, by_title, by="title", source="s")
    assert joined.texts_of("s") == {"1": ["a"]}


MOVIES = "movieId,title,genres\n1,NA (1995),Comedy\n2,Amélie (2001),Crime\n"
SEEN = "userId,movieId,rating,timestamp\n7,1,4.0,964982703\n7,2,3.5,964982224\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize(
    ("movies", "ratings"),
    [
        (MOVIES, SEEN),
        ("movieId,genres,title\n1,Comedy,NA (1995)\n2,Crime,Amélie (2001)\n", SEEN),
        (MOVIES, "timestamp,rating,extra,movieId,userId\n964982703,4.0,x,1,7\n964982224,3.5,y,2,7\n"),
        (MOVIES.replace("\n", "\r\n"), SEEN.replace("\n", "\r\n")),
    ],
)
def test_files_are_read_by_header_and_encoding(movies: str, ratings: str, encoding: str, tmp_path: Path) -> None:
    (tmp_path / "movies.csv").write_bytes(movies.encode(encoding))
    (tmp_path / "ratings.csv").write_bytes(ratings.encode(encoding))
    data = load(tmp_path)
    assert data.items["title"].tolist() == ["NA", "Amélie"]
    assert data.interactions[["user", "item", "rating"]].to_numpy().tolist() == [["7", "1", 4.0], ["7", "2", 3.5]]


@pytest.mark.parametrize("ratings", [SEEN.split("\n", 1)[1], SEEN.replace("rating", "score"), SEEN.replace(",", ";")])
def test_a_file_without_its_header_is_refused(ratings: str, tmp_path: Path) -> None:
    (tmp_path / "movies.csv").write_text(MOVIES, encoding="utf-8")
    (tmp_path / "ratings.csv").write_text(ratings)
    with pytest.raises(DataFileError, match="should begin with a line that names the columns userId, movieId"):
        load(tmp_path)


def test_a_csv_of_texts_is_read_in_any_encoding_and_na_is_a_text(tmp_path: Path) -> None:
    data = made(1984, 4, 1, [], "NA", "1")
    for encoding in ("utf-8", "utf-8-sig", "cp1252", "utf-16"):
        (tmp_path / "t.csv").write_bytes("title,year,text\nNA,1984,Ein schöner Film\n".encode(encoding))
        joined, _ = join_texts(data, tmp_path / "t.csv", by="title", source="s")
        assert joined.texts_of("s") == {"1": ["Ein schöner Film"]}
