from __future__ import annotations

import gzip
import json
import os
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import pytest
from movielens_files import write_1m, write_100k

import elm.data.loaders._film_details as details
from elm._errors import CallError, DataFileError
from elm.data import (
    Dataset,
    join_texts,
    movielens_1m_with_texts,
    movielens_100k_with_texts,
    read_imdb_details,
    read_omdb_plots,
    read_tmdb_details,
)


def test_texts_join_by_id(tiny: Dataset) -> None:
    frame = pd.DataFrame({"item": [1, 2, 99, 3], "text": ["a", " ", "b", "c "], "source": ["x", "x", "x", "y"]})
    data, report = join_texts(tiny, frame)
    assert data.texts_of("x") == {"1": ["a"]}
    assert data.texts_of("y") == {"3": ["c"]}
    assert str(report) == "texts 'x, y': 2 of 3 items, 2 texts (left out: 1 empty, 1 unmatched)"
    assert data.notes == (str(report),)
    assert len(tiny.texts) == 3  # the first data set is as it was


def test_texts_join_by_title_and_year(tiny: Dataset) -> None:
    frame = pd.DataFrame(
        {"title": ["The Matrix", "Heat", "Heat", "Il Postino"], "year": [1999, 1995, 1995, 1994], "text": list("abcd")}
    )
    data, report = join_texts(tiny, frame, by="title", source="plots")
    assert data.texts_of("plots") == {"1": ["b", "c"], "3": ["a"]}
    assert (report.items_joined, report.texts_joined, report.texts_unmatched) == (2, 3, 1)


def test_a_film_that_we_have_twice_gets_its_texts_twice(films, ratings) -> None:
    films.loc[2] = ["HEAT", 1995, ["Crime"]]
    data = Dataset("twice", films, pd.DataFrame(index=[7, 8]), ratings)
    data, _ = join_texts(data, pd.DataFrame({"title": ["Heat (1995)"], "text": ["a"]}), by="title", source="s")
    assert data.texts_of("s") == {"1": ["a"], "2": ["a"]}


@pytest.mark.parametrize("suffix", [".csv", ".csv.gz", ".parquet", ".json", ".jsonl", ".jsonl.gz"])
def test_texts_join_from_files(tiny: Dataset, tmp_path, suffix) -> None:
    frame, path = pd.DataFrame({"item": ["1", "3"], "text": ["a", "b"]}), tmp_path / f"texts{suffix}"
    if ".csv" in suffix:
        frame.to_csv(path, index=False)
    elif suffix == ".parquet":
        frame.to_parquet(path)
    else:
        frame.to_json(path, orient="records", lines=".jsonl" in suffix)
    data, _ = join_texts(tiny, path, source="s")
    assert data.texts_of("s") == {"1": ["a"], "3": ["b"]}


def test_texts_that_cannot_join_say_why(tiny: Dataset, tmp_path) -> None:
    with pytest.raises(CallError, match="need the columns item, source, text, but source is missing"):
        join_texts(tiny, pd.DataFrame({"item": ["1"], "text": ["a"]}))
    with pytest.raises(CallError, match="need the columns text, title, but title is missing"):
        join_texts(tiny, pd.DataFrame({"item": ["1"], "text": ["a"]}), by="title", source="s")
    with pytest.raises(CallError, match="no text joined an item of 'tiny' by item"):
        join_texts(tiny, pd.DataFrame({"item": ["77"], "text": ["a"]}), source="s")
    with pytest.raises(CallError, match="by='name'"):
        join_texts(tiny, pd.DataFrame({"item": ["1"], "text": ["a"]}), by="name", source="s")
    with pytest.raises(DataFileError, match=r"texts\.csv is missing"):
        join_texts(tiny, tmp_path / "texts.csv", source="s")
    with pytest.raises(DataFileError, match=r"texts are read from \.csv"):
        join_texts(tiny, tmp_path / "texts.xls", source="s")
    (tmp_path / "texts.parquet").write_bytes(b"PAR1 and then nothing")
    with pytest.raises(DataFileError, match=r"is not a readable parquet file"):
        join_texts(tiny, tmp_path / "texts.parquet", source="s")


def write_imdb(path: Path) -> None:
    films = [
        {"movie_id": 1, "description": "Cops and robbers."},
        {"movie_id": 2, "description": f"{details._NO_PLOT} for this title yet."},
        {"movie_id": 3, "description": None},
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(json.dumps(films).encode()))


def write_tmdb(path: Path, ids: Sequence[str] = ("10", "20")) -> None:
    pd.DataFrame(
        {
            "movieId": list(map(int, ids)),
            "title": ["Matrix, The (1999)", "Postman, The (Il Postino) (1994)"],
            "overview": ["A hacker &amp; a phone.", None],
            "keywords": [["computer"], None],
            "casts": [[{"id": 1, "name": "Keanu Reeves"}], None],
            "directors": [[{"id": 2, "name": "Lana Wachowski"}], None],
        }
    ).to_parquet(path)


def omdb_row(item: str, title: str, year: str, plot: str) -> str:
    return "::".join([item, title, year, "PG", "-", "Drama", "-", "-", "-", plot, "http://x"])


def write_omdb(path: Path, broken: str = "", ids: Sequence[str] = ("10", "20")) -> None:
    rows = [omdb_row(ids[1], "Il postino", "1994–", "A poet and his postman."), omdb_row(ids[0], "N", "1999", "N/A")]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(("\n".join(rows * 20) + f"\n{broken}\n").encode()))


def test_imdb_placeholders_are_dropped(tmp_path) -> None:
    write_imdb(tmp_path / "a.json.gz")
    assert read_imdb_details(tmp_path / "a.json.gz").to_dict("records") == [{"item": "1", "text": "Cops and robbers."}]
    (tmp_path / "b.json").write_text('[{"movie_id": 1}]')
    with pytest.raises(DataFileError, match=r"b\.json should be a JSON list of films with movie_id and description"):
        read_imdb_details(tmp_path / "b.json")


def test_tmdb_details_have_plain_names(tmp_path) -> None:
    write_tmdb(tmp_path / "a.parquet")
    table = read_tmdb_details(tmp_path / "a.parquet")
    first = table.iloc[0]
    assert (first["item"], first["title"], first["year"], first["text"]) == (
        "10",
        "Matrix, The",
        1999,
        "A hacker & a phone.",
    )
    assert (first["keywords"], first["cast"], first["director"]) == (["computer"], ["Keanu Reeves"], ["Lana Wachowski"])
    assert table["keywords"].iloc[1] == []
    pd.DataFrame({"movieId": [1]}).to_parquet(tmp_path / "b.parquet")
    with pytest.raises(DataFileError, match="should have the column casts, directors"):
        read_tmdb_details(tmp_path / "b.parquet")


def test_malformed_omdb_rows_are_counted(tmp_path) -> None:
    write_omdb(tmp_path / "a.dat.gz", broken="30::Broken::1999::PG")
    plots, skipped = read_omdb_plots(tmp_path / "a.dat.gz")
    assert skipped == 1
    assert plots.iloc[0].to_dict() == {
        "item": "20",
        "title": "Il postino",
        "year": 1994,
        "text": "A poet and his postman.",
    }
    assert plots["text"].str.len().min() > 0  # a film without a plot ("N/A") has no text
    (tmp_path / "b.dat").write_text("1::two\n3::four\n")
    with pytest.raises(DataFileError, match=r"11 fields separated by '::' per row, but 2 of 2 rows do not"):
        read_omdb_plots(tmp_path / "b.dat")


def test_100k_takes_the_texts_that_are_there(tmp_path, monkeypatch) -> None:
    load = details.load_movielens
    monkeypatch.setattr(details, "load_movielens", lambda name, folder: load(name, folder, complete=False))
    write_100k(tmp_path / "ml-100k")
    data = movielens_100k_with_texts(tmp_path)
    assert not len(data.texts)
    assert [note.split(",")[0] for note in data.notes] == [f"texts '{s}': none" for s in ("imdb", "tmdb", "omdb")]

    write_imdb(tmp_path / "ml-100k-text" / "movielens100k_details.json.gz")
    write_omdb(tmp_path / "ml-1m-text" / "movies_extrainfos.dat.gz")
    write_tmdb(tmp_path / "ml-1m-text" / "movies_details.parquet")
    for _ in range(2):  # the second time with ML-1M's own list of films
        data = movielens_100k_with_texts(tmp_path)
        assert data.sources == ["imdb", "omdb", "tmdb"]
        assert data.texts_of("imdb") == {"1": ["Cops and robbers."]}
        assert data.texts_of("tmdb") == {"3": ["A hacker & a phone."]}
        assert set(data.texts_of("omdb")) == {"2"}
        write_1m(tmp_path / "ml-1m", times=True)


def test_1m_takes_the_texts_that_are_there(tmp_path, monkeypatch) -> None:
    load = details.load_movielens
    monkeypatch.setattr(details, "load_movielens", lambda name, folder: load(name, folder, complete=False))
    write_1m(tmp_path / "ml-1m", times=True)
    data = movielens_1m_with_texts(tmp_path)
    assert not len(data.texts)
    assert [note.split(",")[0] for note in data.notes] == [f"texts '{s}': none" for s in ("tmdb", "omdb")]

    ids = data.items.index[:2].tolist()
    write_omdb(tmp_path / "ml-1m-text" / "movies_extrainfos.dat.gz", ids=ids)
    write_tmdb(tmp_path / "ml-1m-text" / "movies_details.parquet", ids=ids)
    data = movielens_1m_with_texts(tmp_path)
    assert data.texts_of("tmdb") == {ids[0]: ["A hacker & a phone."]}
    assert data.texts_of("keywords") == {ids[0]: ["computer"]}
    assert set(data.texts_of("omdb")) == {ids[1]}


@pytest.mark.real_data
@pytest.mark.skipif("ELM_DATA" not in os.environ, reason="needs ELM_DATA, a folder with MovieLens and its texts")
def test_nearly_every_real_film_has_a_text() -> None:
    data = movielens_100k_with_texts(os.environ["ELM_DATA"])
    assert data.texts["item"].nunique() >= 1_646
