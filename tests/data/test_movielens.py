from __future__ import annotations

import hashlib
import os
import zipfile
from pathlib import Path

import pandas as pd
import pytest
from movielens_files import write_1m, write_100k, write_csv

from elm._errors import CallError, DataFileError, UnknownNameError
from elm.data import Dataset, load, load_movielens
from elm.data.loaders import _download as download
from elm.data.loaders import _large_tables as large_tables
from elm.data.loaders import _movielens as movielens


def test_100k_is_read_from_the_folder_or_one_below(tmp_path) -> None:
    write_100k(tmp_path / "ml-100k")
    for folder in (tmp_path, tmp_path / "ml-100k"):
        data = load_movielens("ml-100k", folder, complete=False)
        assert data.items["title"].tolist() == ["Heat", "Postino, Il", "Matrix, The", "unknown"]
        assert data.items["year"].tolist()[:3] == [1995, 1994, 1999]
        assert data.items["genres"].tolist() == [["Action", "Crime"], ["Drama"], ["Action", "Sci-Fi"], []]
        assert data.users.loc["2"].to_dict() == {"age": "53", "gender": "F", "occupation": "other", "zip": "94043"}
        assert data.has_times
        assert len(data.interactions) == 9
        assert data.interactions.iloc[0].to_dict() == {"user": "1", "item": "1", "rating": 3.0, "time": 880_000_011}


@pytest.mark.parametrize("times", [True, False])
def test_1m_is_read_with_and_without_times(tmp_path, times) -> None:
    data = load_movielens("ml-1m", write_1m(tmp_path, times), complete=False)
    assert data.has_times is times
    assert data.items["title"].tolist() == ["Misérables, Les", "Postman, The (Il Postino)"]
    assert data.items["genres"].tolist() == [["Drama", "Musical"], ["Children", "Romance"]]
    assert data.ratings_matrix().toarray().tolist() == [[1, 1], [1, 1]]
    assert data.users["gender"].tolist() == ["F", "M"]


def test_the_csv_releases_keep_half_stars(tmp_path) -> None:
    data = load_movielens("ml-latest-small", write_csv(tmp_path))
    assert data.interactions["rating"].tolist() == [4.5, 0.5, 3.0]
    assert data.items.loc["50", "title"] == "American President, The"
    assert data.items["genres"].tolist() == [["Adventure", "Animation", "Children"], ["Comedy", "Drama"], []]
    assert data.items["year"].isna().tolist() == [False, False, True]
    assert list(data.users.index) == ["1", "2"]


def test_large_sets_have_categorical_ids(tmp_path, monkeypatch) -> None:
    plain = load_movielens("ml-25m", write_csv(tmp_path), complete=False)
    monkeypatch.setattr(large_tables, "CATEGORICAL_FROM", 2)
    large = load_movielens("ml-25m", tmp_path, complete=False)
    assert isinstance(large.interactions["item"].dtype, pd.CategoricalDtype)
    assert large.interactions["item"].astype(str).tolist() == plain.interactions["item"].tolist()
    assert (large.ratings_matrix() != plain.ratings_matrix()).nnz == 0
    again = Dataset.load(large.save(tmp_path / "saved"))
    assert (again.ratings_matrix() != plain.ratings_matrix()).nnz == 0


def test_the_official_count_is_demanded(tmp_path) -> None:
    with pytest.raises(DataFileError, match="should hold the official 100,000 ratings of ml-100k but has 9"):
        load_movielens("ml-100k", write_100k(tmp_path))


def test_a_missing_file_is_named(tmp_path) -> None:
    (write_100k(tmp_path) / "u.item").unlink()
    with pytest.raises(DataFileError, match=r"should hold the files of ml-100k, but u\.item is missing there"):
        load_movielens("ml-100k", tmp_path)
    with pytest.raises(DataFileError, match=r"ratings\.dat or ratings_no_timestamps\.csv, movies\.dat, users\.dat"):
        load_movielens("ml-1m", tmp_path)
    with pytest.raises(DataFileError, match="is not a folder"):
        load_movielens("ml-1m", tmp_path / "nowhere")


def cut(path: Path, end: str) -> None:
    lines = path.read_text(encoding="latin-1").splitlines(keepends=True)
    path.write_text("".join(lines[:-1]) + end, encoding="latin-1")


@pytest.mark.parametrize(
    ("end", "message"),
    [
        ("3\t3", r"u\.data: expected the columns user \(int32\), item .* but: .*Expected 4 columns, got 2"),
        ("3\t3\t2\t88000", r"u\.data is cut off: its last line has no end \(after 9 rows\)"),
        ("3\t3\tfive\t880000033\n", r"u\.data: expected the columns .* 'five'"),
        ("3\t3\t\t880000033\n", r"u\.data: expected the columns"),
        ("3\t2\t4\t880000033\n", "do not fit together: a user rates an item at most once"),
        ("3\t99\t4\t880000033\n", r"do not fit together: interactions must be about known items.*'99'"),
        ("3\t3\tnan\t880000033\n", "do not fit together: ratings must be finite"),
        ("3\t-3\t4\t880000033\n", "do not fit together: item ids must lie between 0 and 10,000,000, but -3 to 3 came"),
    ],
)
def test_damaged_ratings_are_refused(tmp_path, end, message) -> None:
    cut(write_100k(tmp_path) / "u.data", end)
    with pytest.raises(DataFileError, match=message):
        load_movielens("ml-100k", tmp_path, complete=False)


def test_damaged_film_lists_are_refused(tmp_path) -> None:
    cut(write_100k(tmp_path) / "u.item", "4|unknown||")
    with pytest.raises(DataFileError, match=r"u\.item, line 4: expected 24 fields separated by '\|', but 4 came"):
        load_movielens("ml-100k", tmp_path, complete=False)
    (tmp_path / "u.item").write_text("")
    with pytest.raises(DataFileError, match=r"u\.item is empty"):
        load_movielens("ml-100k", tmp_path, complete=False)


def test_a_cut_archive_is_refused(tmp_path) -> None:
    path = write_1m(tmp_path, times=False) / "ratings_no_timestamps.csv.gz"
    path.write_bytes(path.read_bytes()[:-12])
    with pytest.raises(DataFileError, match="is cut off or damaged"):
        load_movielens("ml-1m", tmp_path, complete=False)


def test_load_finds_names_and_folders(tmp_path, tiny) -> None:
    assert load("demo", seed=1).interactions.iloc[0]["user"] == "u1"
    assert load(tiny.save(tmp_path / "saved")).name == "tiny"
    write_csv(tmp_path / "more" / "ml-latest-small")
    assert load(str(tmp_path / "more")).name == "ml-latest-small"
    write_100k(tmp_path / "more" / "ml-100k")
    with pytest.raises(CallError, match=r"holds several data sets \(ml-100k, ml-latest-small\)"):
        load(tmp_path / "more")
    assert load("ml-latest-small", tmp_path / "more").n_items == 3


def test_load_says_what_is_unknown(tmp_path) -> None:
    with pytest.raises(UnknownNameError, match="unknown data set 'ml-100'; did you mean 'ml-100k'"):
        load("ml-100")
    with pytest.raises(DataFileError, match="is not a folder; give a saved data set's folder or one of: demo"):
        load(tmp_path / "nowhere")
    with pytest.raises(DataFileError, match="holds neither a saved data set"):
        load(tmp_path)
    with pytest.raises(UnknownNameError, match="unknown MovieLens release 'ml-2m'"):
        load_movielens("ml-2m")


def serve(folder: Path, monkeypatch) -> None:
    """Let the downloader read from a local folder: pooch fetches file:// addresses through a downloader of ours."""
    import pooch

    retrieve = pooch.retrieve

    def copy(url: str, output_file: str, _: object) -> None:
        Path(output_file).write_bytes((folder / url.rsplit("/", 1)[-1]).read_bytes())

    monkeypatch.setattr(pooch, "retrieve", lambda url, progressbar=False, **k: retrieve(url, downloader=copy, **k))


def zipped(folder: Path, name: str, tmp_path: Path) -> bytes:
    path = tmp_path / f"{name}.zip"
    with zipfile.ZipFile(path, "w") as file:
        for member in sorted(folder.iterdir()):
            file.write(member, f"{name}/{member.name}")
    return path.read_bytes()


def test_a_download_is_checked_unpacked_and_kept(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("ELM_CACHE", str(tmp_path / "cache"))
    served = tmp_path / "served"
    served.mkdir()
    data = zipped(write_csv(tmp_path / "x"), "ml-latest-small", served)
    (served / "ml-latest-small.zip.md5").write_text(f"MD5 (ml-latest-small.zip) = {hashlib.md5(data).hexdigest()}\n")
    serve(served, monkeypatch)
    assert load("ml-latest-small").n_items == 3
    (served / "ml-latest-small.zip").unlink()
    assert load("ml-latest-small").n_items == 3  # from the cache
    assert [p.name for p in (tmp_path / "cache" / "data").iterdir()] == ["ml-latest-small"]


def test_a_download_of_another_file_is_refused(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("ELM_CACHE", str(tmp_path / "cache"))
    zipped(write_100k(tmp_path / "x"), "ml-100k", tmp_path)
    serve(tmp_path, monkeypatch)
    with pytest.raises(DataFileError, match=r"ml-100k\.zip is not the published file"):
        load("ml-100k")
    assert not (tmp_path / "cache" / "data" / "ml-100k").exists()


def test_without_network_one_line_says_what_to_do(tmp_path, monkeypatch) -> None:
    import pooch

    def refuse(*args: object, **options: object) -> None:
        raise ConnectionError("Name or service not known")

    monkeypatch.setenv("ELM_CACHE", str(tmp_path))
    monkeypatch.setattr(pooch, "retrieve", refuse)
    with pytest.raises(DataFileError, match=r"could not download ml-1m from .* unpack it and give its folder") as error:
        load("ml-1m")
    assert "\n" not in str(error.value)
    with pytest.raises(DataFileError, match="could not download ml-latest-small"):
        load("ml-latest-small")


def test_the_pinned_checksums_are_md5s() -> None:
    assert set(download.MD5) == set(movielens.RELEASES)
    assert all(md5 is None or len(md5) == 32 for md5 in download.MD5.values())


@pytest.mark.real_data
@pytest.mark.skipif("ELM_DATA" not in os.environ, reason="needs ELM_DATA, a folder with MovieLens releases")
@pytest.mark.parametrize(("name", "ratings", "items"), [("ml-100k", 100_000, 1_682), ("ml-1m", 1_000_209, 3_883)])
def test_the_real_releases_load(name, ratings, items) -> None:
    data = load(name, os.environ["ELM_DATA"])
    assert (len(data.interactions), data.n_items) == (ratings, items)
