"""Goodbooks-10K and the Netflix Prize, from small files in their published forms."""

from __future__ import annotations

import datetime
import gzip

import numpy as np
import pytest

from elm._errors import CallError, DataFileError
from elm.data import load, load_goodbooks, load_netflix

BOOKS = """book_id,goodreads_book_id,best_book_id,authors,original_publication_year,title,language_code
1,101,101,"A, B",1925.0,"The Gatsby, Great",eng
2,102,102,C,-720.0,The Odyssey,eng
3,103,103,D,,Untold,
"""
RATINGS = "user_id,book_id,rating\n1,1,5\n1,2,3\n2,3,4\n"
TAGS = "tag_id,tag_name\n1,to-read\n2,classics\n3,fiction\n4,sci-fi\n5,horror\n6,classic\n"
BOOK_TAGS = """goodreads_book_id,tag_id,count
101,1,900
101,2,100
101,3,150
101,6,60
101,5,9
102,4,7
"""
TITLES = b"1,2003,Dinosaur Planet\n2,1983,Cyclists, and Others\n3,NULL,Am\xe9lie's Ring\n"
COMBINED = "1:\n7,3,2005-09-06\n8,5,2004-01-01\n3:\n7,4,2005-12-31\n"


@pytest.fixture
def goodbooks(tmp_path):
    for name, text in (
        ("books.csv", BOOKS),
        ("ratings.csv", RATINGS),
        ("tags.csv", TAGS),
        ("book_tags.csv", BOOK_TAGS),
    ):
        (tmp_path / name).write_text(text)
    return tmp_path


@pytest.fixture
def netflix(tmp_path):
    (tmp_path / "movie_titles.csv").write_bytes(TITLES)
    (tmp_path / "combined_data_1.txt").write_text(COMBINED)
    (tmp_path / "combined_data_2.txt").write_text("2:\n8,1,1999-11-11\n")
    return tmp_path


def test_goodbooks_takes_genres_from_the_most_given_tags(goodbooks):
    data = load_goodbooks(goodbooks, complete=False)
    assert data.items["title"].tolist() == ["The Gatsby, Great", "The Odyssey", "Untold"]
    assert data.items["year"].tolist()[:2] == [1925, -720]
    assert data.items["year"].isna().tolist() == [False, False, True]
    # classics and classic together; horror is given less than a tenth as often as the first; to-read is no genre
    assert data.items["genres"].tolist() == [["Classics", "Fiction"], ["Science Fiction"], []]
    assert data.ratings_matrix(["1", "2"], ["1", "2", "3"]).toarray().tolist() == [[5, 3, 0], [0, 0, 4]]
    assert not data.has_times
    assert data.notes == ()


def test_goodbooks_without_tags_says_so_and_keeps_the_last_of_repeated_ratings(goodbooks):
    (goodbooks / "tags.csv").unlink()
    (goodbooks / "ratings.csv").write_text(RATINGS + "1,1,2\n")
    data = load_goodbooks(goodbooks, complete=False)
    assert data.items["genres"].tolist() == [[], [], []]
    assert data.ratings_matrix(["1"], ["1"]).toarray().tolist() == [[2]]
    assert any("books have no genres" in note for note in data.notes)
    assert any("1 ratings" in note for note in data.notes)


def test_the_first_edition_names_its_columns_otherwise(goodbooks):
    text = BOOKS.replace("book_id,goodreads_book_id,best", "id,book_id,best")
    (goodbooks / "books.csv").write_text(text)
    assert load_goodbooks(goodbooks, complete=False).items["genres"].tolist()[1] == ["Science Fiction"]


def test_netflix_reads_headings_dates_and_titles_with_commas(netflix):
    data = load_netflix(netflix, complete=False)
    assert data.items["title"].tolist() == ["Dinosaur Planet", "Cyclists, and Others", "Amélie's Ring"]
    assert data.items["year"].isna().tolist() == [False, False, True]
    assert data.ratings_matrix(["7", "8"], ["1", "2", "3"]).toarray().tolist() == [[3, 0, 4], [5, 1, 0]]
    first = data.interactions.iloc[0]
    assert datetime.datetime.fromtimestamp(first["time"], datetime.UTC).date() == datetime.date(2005, 9, 6)


def test_netflix_in_a_file_a_film_gives_the_same(netflix, tmp_path_factory):
    other = tmp_path_factory.mktemp("netflix")
    (other / "movie_titles.txt").write_bytes(TITLES)
    (other / "training_set").mkdir()
    for number, text in (
        (1, COMBINED[: COMBINED.index("3:")]),
        (2, "2:\n8,1,1999-11-11\n"),
        (3, "3:\n7,4,2005-12-31\n"),
    ):
        path = other / "training_set" / f"mv_{number:07d}.txt.gz"
        path.write_bytes(gzip.compress(text.encode()))
    first, second = (load_netflix(folder, complete=False) for folder in (netflix, other))
    items = list(first.items.index)
    assert (first.ratings_matrix(items=items) != second.ratings_matrix(items=items)).nnz == 0
    assert np.sort(first.interactions["time"]).tolist() == np.sort(second.interactions["time"]).tolist()


def test_both_load_by_name_and_are_told_from_their_folder(goodbooks, monkeypatch):
    with pytest.raises(CallError, match="goodbooks-10k is not downloaded"):
        load("goodbooks-10k")
    with pytest.raises(DataFileError, match="official 10,000 books of Goodbooks-10K but has 3"):
        load("goodbooks-10k", goodbooks)
    with pytest.raises(DataFileError, match="official 10,000 books"):
        load(goodbooks)


def test_netflix_is_told_from_its_folder(netflix):
    with pytest.raises(DataFileError, match="official 17,770 films of the Netflix Prize but has 3"):
        load(netflix)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("combined_data_1.txt", "7,3,2005-09-06\n", "begin with a film's number"),
        ("combined_data_1.txt", "1:\n7,3,2005-09-06", "its last line has no end"),
        ("combined_data_1.txt", "1:\n7,3\n", "expected lines of user, rating and date"),
        ("combined_data_1.txt", "1:\n7,x,2005-09-06\n", "expected lines of user, rating and date"),
        ("combined_data_1.txt", "9:\n7,3,2005-09-06\n", "do not fit together.*item '9'"),
        ("combined_data_1.txt", "1:\n7,3,2005-09-06\n7,4,2005-09-07\n", "rates an item at most once"),
        ("movie_titles.csv", "1;2003;Dinosaur Planet\n", "line 1: expected number, year and title"),
    ],
)
def test_damaged_netflix_files_are_refused(netflix, name, text, message):
    (netflix / name).write_text(text)
    with pytest.raises(DataFileError, match=message):
        load_netflix(netflix, complete=False)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("ratings.csv", "user_id,rating\n1,5\n", "expected the columns user_id, book_id, rating"),
        ("ratings.csv", "user_id,book_id,rating\n1,1,five\n", "expected the columns"),
        ("ratings.csv", "user_id,book_id,rating\n1,9,5\n", "do not fit together.*item '9'"),
        ("books.csv", "title\nA\n", "expected the columns book_id, title"),
        ("book_tags.csv", "tag_id\n1\n", "expected the columns goodreads_book_id, tag_id, count"),
    ],
)
def test_damaged_goodbooks_files_are_refused(goodbooks, name, text, message):
    (goodbooks / name).write_text(text)
    with pytest.raises(DataFileError, match=message):
        load_goodbooks(goodbooks, complete=False)


@pytest.mark.parametrize("read", [load_goodbooks, load_netflix])
def test_an_empty_or_missing_folder_is_refused(tmp_path, read):
    with pytest.raises(DataFileError, match="is missing"):
        read(tmp_path)
    with pytest.raises(DataFileError, match="is not a folder"):
        read(tmp_path / "nowhere")
