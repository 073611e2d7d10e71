from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from elm._errors import CallError, DataFileError, UnknownNameError
from elm.data import Dataset, Facts, summarize


def test_ids_become_strings_and_types_are_fixed(tiny: Dataset) -> None:
    assert list(tiny.items.index) == ["1", "2", "3"]
    assert list(tiny.users.index) == ["7", "8"]
    assert tiny.items["year"].dtype == "Int64"
    assert tiny.items["year"].isna().tolist() == [False, True, False]
    assert tiny.interactions["rating"].dtype == np.float32
    assert tiny.interactions["time"].dtype == np.int64
    assert tiny.interactions["user"].tolist() == ["7", "7", "8", "8"]
    assert tiny.has_times


def test_matrix_follows_the_order_asked(tiny: Dataset) -> None:
    whole = tiny.ratings_matrix()
    assert whole.toarray().tolist() == [[4, 2.5, 0], [5, 0, 1]]
    assert whole.dtype == np.float32
    part = tiny.ratings_matrix(users=["8", "7"], items=["3", "1"])
    assert part.toarray().tolist() == [[1, 5], [0, 4]]


def test_categorical_ids_give_the_same_matrix(films: pd.DataFrame, ratings: pd.DataFrame, tiny: Dataset) -> None:
    categorical = ratings.astype({"user": "category", "item": "category"})
    data = Dataset("tiny", films, pd.DataFrame(index=[7, 8]), categorical)
    assert isinstance(data.interactions["user"].dtype, pd.CategoricalDtype)
    assert (data.ratings_matrix(["8", "7"]) != tiny.ratings_matrix(["8", "7"])).nnz == 0
    assert data.restrict(items=["3"]).interactions["user"].tolist() == ["8"]


def test_restrict_keeps_what_belongs_together(tiny: Dataset) -> None:
    part = tiny.restrict(users=["8"], items=["3", "1"])
    assert list(part.items.index) == ["3", "1"]
    assert part.interactions["item"].tolist() == ["1", "3"]
    assert part.texts["text"].tolist() == ["one", "two", "three"]
    assert part.n_users == 1


def test_restrict_takes_the_facts_along(world: Dataset) -> None:
    part = world.restrict(users=["u3", "u1"], items=["f2"])
    assert part.facts is not None
    assert list(part.facts.users.index) == ["u3", "u1"]
    assert list(part.facts.items.index) == ["f2"]


def test_texts_of_a_source(tiny: Dataset) -> None:
    assert tiny.texts_of("plot") == {"1": ["one", "two"]}
    more = tiny.with_texts(pd.DataFrame({"item": ["2"], "source": ["plot"], "text": ["four"]}), notes=["joined"])
    assert more.texts_of("plot") == {"1": ["one", "two"], "2": ["four"]}
    assert more.notes == ("joined",)
    with pytest.raises(UnknownNameError, match="unknown text source 'plots'; did you mean 'plot'"):
        tiny.texts_of("plots")


def test_save_and_load_are_inverse(tiny: Dataset, tmp_path) -> None:
    tiny.save(tmp_path / "a")
    again = Dataset.load(tmp_path / "a")
    assert again.name == "tiny"
    assert again.facts is None
    for table in ("items", "users", "interactions", "texts"):
        assert_frame_equal(getattr(again, table), getattr(tiny, table))


def test_facts_are_saved_too(world: Dataset, tmp_path) -> None:
    again = Dataset.load(world.save(tmp_path))
    assert again.facts is not None
    assert world.facts is not None
    assert_frame_equal(again.facts.items, world.facts.items)
    assert_frame_equal(again.facts.users, world.facts.users)
    assert isinstance(again.facts.items["genres"].iloc[0], list)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"rating": [1, np.nan, 2, 3]}, r"ratings must be finite numbers, but 1 of 4 are not \(first: row 1"),
        ({"rating": [1, np.inf, 2, 3]}, "ratings must be finite"),
        ({"user": [7, 7, 9, 8]}, r"known users, but 1 of 4 rows are not \(first: user '9'\)"),
        ({"item": [1, 2, 1, 44]}, r"known items, but 1 of 4 rows are not \(first: item '44'\)"),
        ({"item": [1, 1, 1, 3]}, r"at most once, but 1 rows repeat a pair \(first: user '7', item '1'\)"),
        ({"time": [1, np.nan, 2, 3]}, "time must be known for every interaction"),
        ({"user": [7, None, 8, 8]}, "every row needs its user id, .* in row 1 it is missing"),
    ],
)
def test_bad_interactions_are_refused(films, ratings, change, message) -> None:
    with pytest.raises(CallError, match=message):
        Dataset("bad", films, pd.DataFrame(index=[7, 8]), ratings.assign(**change))


def test_items_need_no_year_and_no_genres(films, ratings, tmp_path) -> None:
    bare = Dataset("bare", films.drop(columns=["year", "genres"]), pd.DataFrame(index=[7, 8]), ratings)
    whole = Dataset("bare", films.assign(year=None, genres=None), pd.DataFrame(index=[7, 8]), ratings)
    assert bare.items["year"].isna().all()
    assert bare.items["genres"].tolist() == [[]] * len(films)
    pd.testing.assert_frame_equal(bare.items[["title", "year", "genres"]], whole.items[["title", "year", "genres"]])
    bare.save(tmp_path / "bare")
    pd.testing.assert_frame_equal(Dataset.load(tmp_path / "bare").items, bare.items)


def test_bad_tables_are_refused(films, ratings) -> None:
    users = pd.DataFrame(index=[7, 8])
    with pytest.raises(CallError, match=r"item ids must be unique, but 1 repeat \(first: '1'\)"):
        Dataset("bad", films.set_axis([1, 1, 3]), users, ratings)
    with pytest.raises(CallError, match="user ids must be unique"):
        Dataset("bad", films, pd.DataFrame(index=[7, 7]), ratings)
    with pytest.raises(CallError, match="items need the columns title, but title is missing"):
        Dataset("bad", films.drop(columns="title"), users, ratings)
    with pytest.raises(CallError, match="items may have a column 'genres', and one is called 'Genre'; rename it"):
        Dataset("bad", films.rename(columns={"genres": "Genre"}), users, ratings)
    with pytest.raises(CallError, match="rating is missing"):
        Dataset("bad", films, users, ratings.drop(columns="rating"))
    empty = pd.DataFrame({"item": ["1", "2"], "source": ["s", "s"], "text": ["fine", " "]})
    with pytest.raises(CallError, match=r"1 of 2 are empty or missing \(first: item '2', source 's'\)"):
        Dataset("bad", films, users, ratings, empty)
    with pytest.raises(CallError, match="texts must be about known items"):
        Dataset("bad", films, users, ratings, pd.DataFrame({"item": ["9"], "source": ["s"], "text": ["x"]}))
    with pytest.raises(CallError, match="facts must be indexed exactly"):
        Dataset("bad", films, users, ratings, facts=Facts(films.iloc[:1], users))


def test_unknown_ids_name_the_nearest(world: Dataset) -> None:
    with pytest.raises(UnknownNameError, match="unknown user 'x1'"):
        world.ratings_matrix(users=["x1"])
    with pytest.raises(UnknownNameError, match="unknown item 'f99999'; did you mean"):
        world.restrict(items=["f99999"])
    with pytest.raises(CallError, match="each item may be asked once, but 'f1' came twice"):
        world.ratings_matrix(items=["f1", "f1"])


def test_damaged_folders_are_refused(tiny: Dataset, tmp_path) -> None:
    tiny.save(tmp_path)
    (tmp_path / "texts.parquet").write_bytes((tmp_path / "texts.parquet").read_bytes()[:-20])
    with pytest.raises(DataFileError, match=r"texts\.parquet is not a readable parquet file"):
        Dataset.load(tmp_path)
    tiny.texts.iloc[:1].to_parquet(tmp_path / "texts.parquet")
    with pytest.raises(DataFileError, match="should hold 3 rows but has 1"):
        Dataset.load(tmp_path)
    (tmp_path / "texts.parquet").unlink()
    with pytest.raises(DataFileError, match=r"texts\.parquet is missing"):
        Dataset.load(tmp_path)
    (tmp_path / "dataset.json").unlink()
    with pytest.raises(DataFileError, match=r"dataset\.json is missing"):
        Dataset.load(tmp_path)


def test_an_interrupted_save_leaves_the_data_set_that_was_there(tiny: Dataset, tmp_path, monkeypatch) -> None:
    tiny.save(tmp_path)
    monkeypatch.setattr(pd.DataFrame, "to_parquet", lambda *a, **k: (_ for _ in ()).throw(OSError("No space left")))
    with pytest.raises(OSError, match="No space left"):
        tiny.save(tmp_path)
    assert Dataset.load(tmp_path).items.equals(tiny.items)
    assert sorted(tmp_path.rglob("*.tmp")) == []


def test_summary_counts(tiny: Dataset) -> None:
    value = summarize(tiny)
    assert (value["users"], value["items"], value["ratings"]) == (2, 3, 4)
    assert value["density"] == pytest.approx(4 / 6)
    assert value["histogram"] == {"1": 0.25, "2.5": 0.25, "4": 0.25, "5": 0.25}
    assert value["texts"] == {"note": {"texts": 1, "items": 1}, "plot": {"texts": 2, "items": 1}}
    assert value["example"]["title"] == "Heat"
    assert value["ratings_per_item"]["max"] == 2


def test_a_data_set_may_be_empty(films) -> None:
    none = pd.DataFrame({"user": [], "item": [], "rating": []})
    data = Dataset("empty", films.iloc[:0], pd.DataFrame(index=[]), none)
    assert data.ratings_matrix().shape == (0, 0)
    assert summarize(data)["example"] is None
