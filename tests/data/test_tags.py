"""Tags and the tag genome from csv and parquet, and where a bad file is bad."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from elm._errors import DataFileError
from elm.data import load_genome, load_tags

TAGS = 'userId,movieId,tag,timestamp\n1,20,"dark, funny",3\n2,3,NA,4\n2,3,  ,5\n'
SCORES = "movieId,tagId,relevance\n1,7,0.5\n1,8,1\n2,7,1e-3\n"
NAMES = "tagId,tag\n7,funny\n8,dark\n9,never used\n"


@pytest.fixture
def genome(tmp_path: Path) -> Path:
    (tmp_path / "genome-scores.csv").write_text(SCORES)
    (tmp_path / "genome-tags.csv").write_text(NAMES)
    return tmp_path


def parquet_of(text: str, path: Path) -> Path:
    from io import StringIO

    pd.read_csv(StringIO(text), keep_default_na=False).to_parquet(path)
    return path


@pytest.mark.parametrize("form", ["csv", "csv.gz", "parquet"])
@pytest.mark.parametrize("whole_folder", [False, True])
def test_tags_are_read_as_written(tmp_path: Path, form: str, whole_folder: bool) -> None:
    path = tmp_path / f"tags.{form}"
    if form == "parquet":
        parquet_of(TAGS, path)
    else:
        path.write_bytes(TAGS.encode() if form == "csv" else gzip.compress(TAGS.encode()))
    tags = load_tags(tmp_path if whole_folder else path)
    assert tags.to_dict("list") == {
        "user": ["1", "2"],
        "item": ["20", "3"],
        "tag": ["dark, funny", "NA"],
        "time": [3, 4],
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (TAGS + "3,4,x\n", "row 4 has 3 fields instead of 4"),
        (TAGS + "3,four,x,5\n", "row 4 has no whole number in movieId, but 'four'"),
        (TAGS + '3,4,"open,5\n', "row 4 has 3 fields"),
        (TAGS + "3,4,x,5", "is cut off: its last line has no end"),
        ("user,film,tag,time\n1,2,x,3\n", "names the columns userId, .* got .user,film,tag,time"),
        ("", "tags.csv is empty"),
    ],
)
def test_a_bad_tag_file_says_where(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "tags.csv"
    path.write_text(text)
    with pytest.raises(DataFileError, match=message):
        load_tags(path)


def test_tag_files_that_are_not_there_or_damaged(tmp_path: Path) -> None:
    with pytest.raises(DataFileError, match=r"nowhere is missing; give tags\.csv, tags\.parquet"):
        load_tags(tmp_path / "nowhere")
    with pytest.raises(DataFileError, match=r"holds no tags\.csv or tags\.parquet"):
        load_tags(tmp_path)
    (tmp_path / "tags.parquet").write_bytes(b"PAR1 not really")
    with pytest.raises(DataFileError, match="not a readable parquet file"):
        load_tags(tmp_path)
    (tmp_path / "tags.csv.gz").write_bytes(gzip.compress(TAGS.encode())[:-20])
    with pytest.raises(DataFileError, match="cut off or damaged"):
        load_tags(tmp_path / "tags.csv.gz")


def test_parquet_rows_are_checked_too(tmp_path: Path) -> None:
    path = tmp_path / "tags.parquet"
    good = pd.DataFrame({"userId": [1, 2], "movieId": [3.0, 4.0], "tag": ["a", "b"], "timestamp": [5, 6]})
    for change, message in (
        ({"movieId": [3.0, 4.5]}, "row 2 has no whole number in movieId"),
        ({"tag": [None, "b"]}, "row 1 has nothing in tag"),
    ):
        good.assign(**change).to_parquet(path)
        with pytest.raises(DataFileError, match=message):
            load_tags(path)
    good.drop(columns="timestamp").to_parquet(path)
    with pytest.raises(DataFileError, match="but timestamp is missing"):
        load_tags(path)


def test_the_genome_is_a_table_of_relevance(genome: Path) -> None:
    found = load_genome(genome)
    assert found.index.tolist() == ["1", "2"]
    assert found.columns.tolist() == ["funny", "dark"]
    np.testing.assert_allclose(found.to_numpy(), [[0.5, 1], [1e-3, np.nan]])
    scores = parquet_of(SCORES, genome / "part.parquet")
    pd.testing.assert_frame_equal(load_genome(scores, genome / "genome-tags.csv"), found)


@pytest.mark.parametrize(
    ("scores", "names", "message"),
    [
        (SCORES + "2,8,1.5\n", NAMES, r"row 4 has a relevance outside \[0, 1\]"),
        (SCORES + "2,8,high\n", NAMES, "row 4 has no number in relevance, but 'high'"),
        (SCORES + "1,7,0.2\n", NAMES, "row 4 comes a second time"),
        (SCORES + "1,70,0.2\n", NAMES, "row 4 has a tagId without a name"),
        (SCORES, NAMES + "7,again\n", "row 4 comes a second time"),
    ],
)
def test_a_bad_genome_says_where(genome: Path, scores: str, names: str, message: str) -> None:
    (genome / "genome-scores.csv").write_text(scores)
    (genome / "genome-tags.csv").write_text(names)
    with pytest.raises(DataFileError, match=message):
        load_genome(genome)


def test_a_genome_row_without_relevance_is_left_out(genome: Path) -> None:
    path = genome / "part.parquet"
    pd.DataFrame({"movieId": [1, 1], "tagId": [7, 7], "relevance": [0.5, np.nan]}).to_parquet(path)
    assert load_genome(path, genome / "genome-tags.csv").to_numpy().tolist() == [[0.5]]
