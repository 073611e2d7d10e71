from __future__ import annotations

import contextlib
import gzip
import json
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from amazon_files import RATED, write_2014, write_2018, write_2023, write_lines
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from elm._errors import CallError, DataFileError, ElmError
from elm.data import Dataset, amazon, k_core, load, review_polarity
from elm.data.loaders._markup import plain_text

REVIEW = {"reviewerID": "A1", "asin": "B1", "overall": 5.0, "reviewText": "Good.", "unixReviewTime": 1_252_800_000}
WRITERS = {"2014": write_2014, "2018": write_2018, "2023": write_2023}
ALL_FACTS = {
    "2014": {
        "title": "Rocking Cradle",
        "description": "It's a cradle. Made of beech & brass.",
        "categories": "Baby, Nursery, Furniture",
        "listing": "Rocking Cradle. It's a cradle. Made of beech & brass. Baby, Nursery, Furniture.",
    },
    "2018": {
        "title": "Rocking Cradle",
        "description": "Made of beech. Rocks gently.",
        "categories": "Baby, Nursery",
        "features": "Folds flat Weighs 3 kg",
        "listing": "Rocking Cradle. Made of beech. Rocks gently. Baby, Nursery. Folds flat Weighs 3 kg.",
    },
    "2023": {
        "title": "Rocking Cradle",
        "description": "Made of beech.",
        "categories": "Baby Products, Nursery",
        "features": "Folds flat Weighs 3 kg",
        "listing": "Rocking Cradle. Made of beech. Baby Products, Nursery. Folds flat Weighs 3 kg.",
    },
}
LISTINGS = ("title", "description", "categories", "features", "listing")


def texts_of(data: Dataset, item: str, kinds: tuple[str, ...]) -> dict[str, str]:
    rows = data.texts[(data.texts["item"] == item) & data.texts["source"].isin(kinds)]
    return dict(zip(rows["source"], rows["text"], strict=True))


@pytest.mark.parametrize("release", WRITERS)
def test_every_release_loads_from_its_folder_in_its_official_fields(release: str, tmp_path: Path) -> None:
    data = load(WRITERS[release](tmp_path / "amazon"))
    rated = {(u, i): r for u, i, r in RATED}
    came = data.interactions
    assert {(u, i): r for u, i, r in zip(came["user"], came["item"], came["rating"], strict=True)} == rated
    assert data.name == ("amazon-baby-products" if release == "2023" else "amazon-baby")
    base = {"2014": 1_252_800_000, "2018": 1_430_438_400, "2023": 1_588_687_728}[release]
    assert (came["time"] == base + came["rating"].astype(int)).all()
    assert texts_of(data, "B1", LISTINGS) == ALL_FACTS[release]
    assert data.items.at["B1", "genres"] == ALL_FACTS[release]["categories"].split(", ")
    assert data.items["year"].isna().all()
    assert data.notes == ("1 of 3 products are not in the metadata",)
    assert data.items.at["B3", "title"] == "B3"
    assert data.items.at["B2", "title"] == ("B2" if release == "2018" else "Bib")  # a script is no title


@pytest.mark.parametrize("release", WRITERS)
def test_reviews_are_told_apart_by_their_ratings(release: str, tmp_path: Path) -> None:
    data = load(WRITERS[release](tmp_path))
    more = " & more" if release == "2014" else ""
    kinds = ("negative_review", "neutral_review", "positive_review")
    assert texts_of(data, "B1", kinds) == {
        "positive_review": f"A1 says 5 of B1{more}",
        "neutral_review": f"A2 says 4 of B1{more}",
        "negative_review": f"A3 says 1 of B1{more}",
    }
    assert sorted(data.texts_of("negative_review")["B2"]) == [f"A1 says 2 of B2{more}", f"A2 says 3 of B2{more}"]


def test_polarity_is_the_papers() -> None:
    expected = ["negative"] * 3 + ["neutral", "positive"]
    assert review_polarity([1, 2, 3, 4, 5]).tolist() == expected
    for wrong in ([0], [6], [float("nan")]):
        with pytest.raises(CallError, match="ratings from 1 to 5"):
            review_polarity(wrong)


def test_a_core_keeps_who_has_enough_among_each_other(tmp_path: Path) -> None:
    folder = write_2018(tmp_path)
    data = amazon(folder, core=2)
    assert set(data.items.index) == {"B1", "B2"}
    assert set(data.users.index) == {"A1", "A2"}  # A3 falls with B3
    by_load = load(folder, core=2)
    assert by_load.interactions.equals(data.interactions)
    assert set(k_core(load(folder), 2).users.index) == {"A1", "A2"}
    with pytest.raises(CallError, match="no users and products have 4 ratings among each other"):
        amazon(folder, core=4)
    with pytest.raises(CallError, match="no users and items have 4 ratings among each other"):
        k_core(data, 4)
    with pytest.raises(CallError, match="at least 1 rating"):
        k_core(data, 0)
    with pytest.raises(CallError, match="core=0 came"):
        load(folder, core=0)


@settings(max_examples=40, deadline=None)
@given(st.sets(st.tuples(st.integers(0, 7), st.integers(0, 7)), min_size=1), st.integers(1, 4))
def test_the_core_is_the_largest_set_that_is_one(pairs: set[tuple[int, int]], k: int) -> None:
    """Against peeling one id at a time, in whatever order."""
    left = set(pairs)
    while True:
        weak = [p for p in left if any(sum(q[side] == p[side] for q in left) < k for side in (0, 1))]
        if not weak:
            break
        left.remove(weak[0])
    items = pd.DataFrame({"title": "x", "year": pd.NA, "genres": [[]] * 8}, index=range(8))
    rated = pd.DataFrame(sorted(pairs), columns=["user", "item"]).assign(rating=3.0)
    data = Dataset("tiny", items, pd.DataFrame(index=range(8)), rated)
    if not left:
        with pytest.raises(CallError, match="smaller core"):
            k_core(data, k)
        return
    came = k_core(data, k).interactions
    assert set(zip(came["user"].astype(int), came["item"].astype(int), strict=True)) == left


def test_the_latest_rating_of_a_product_counts(tmp_path: Path) -> None:
    again = [{**REVIEW, "overall": r, "unixReviewTime": t} for r, t in ((1, 30), (5, 50), (3, 40))]
    data = amazon(write_lines(tmp_path / "Baby.json", again))
    assert data.interactions[["rating", "time"]].to_numpy().tolist() == [[5, 50]]
    assert data.sources == ["positive_review"]


def test_at_most_so_many_reviews_a_product_and_kind_drawn_by_the_seed(tmp_path: Path) -> None:
    many = [{**REVIEW, "reviewerID": f"A{n}", "reviewText": f"text {n}"} for n in range(40)]
    path = write_lines(tmp_path / "Baby.json", many)
    one, same, other = (amazon(path, reviews_each=3, seed=s).texts["text"].tolist() for s in (0, 0, 1))
    assert len(one) == 3
    assert one == same != other
    assert not len(amazon(path, reviews_each=0).texts)


def test_a_review_without_a_text_gives_its_headline(tmp_path: Path) -> None:
    records = [
        {**REVIEW, "reviewText": "", "summary": "Nice"},
        {**REVIEW, "reviewerID": "A2", "reviewText": None, "summary": None},
    ]
    assert amazon(write_lines(tmp_path / "Baby.json", records)).texts["text"].tolist() == ["Nice"]


def test_several_categories_are_one_data_set(tmp_path: Path) -> None:
    files = [write_lines(tmp_path / f"{n}.json.gz", [{**REVIEW, "asin": n}]) for n in ("Baby", "Toys")]
    about = [write_lines(tmp_path / f"meta_{n}.json", [{"asin": n, "title": f"The {n}"}]) for n in ("Baby", "Toys")]
    data = amazon(files, about)
    assert data.items["title"].tolist() == ["The Baby", "The Toys"]
    assert data.texts.query("source == 'positive_review'")["item"].tolist() == ["Baby", "Toys"]


def test_times_are_left_out_where_one_is_missing(tmp_path: Path) -> None:
    late = {k: v for k, v in REVIEW.items() if k != "unixReviewTime"} | {"asin": "B2"}
    data = amazon(write_lines(tmp_path / "Baby.json", [REVIEW, late]))
    assert not data.has_times
    assert any("no time" in note for note in data.notes)


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("{broken", "this is not one JSON object"),
        ("[1, 2]", "this is not one JSON object, but list"),
        ("[" * 100_000, "this is not one JSON object"),
        ('{"a": ' + "9" * 5000 + "}", "this is not one JSON object"),
        ("\x00\x01", "this is not one JSON object"),
        (json.dumps(REVIEW | {"overall": 7}), "a rating lies between 1 and 5, but '7' came"),
        (json.dumps(REVIEW | {"overall": "5"}), "a rating lies between 1 and 5, but '5' came"),
        (json.dumps(REVIEW | {"overall": float("nan")}), "a rating lies between 1 and 5, but 'nan' came"),
        (json.dumps(REVIEW | {"asin": ""}), "no parent_asin or asin in this review"),
        (json.dumps(REVIEW | {"reviewerID": None}), "no reviewerID or user_id in this review"),
        (json.dumps(REVIEW | {"unixReviewTime": "09 13, 2009"}), "the time of this review is not a number of seconds"),
    ],
)
def test_a_damaged_line_is_named_or_counted(line: str, why: str, tmp_path: Path) -> None:
    path = tmp_path / "Baby.json"
    path.write_text(f"{json.dumps(REVIEW)}\n\n{line}\n{json.dumps(REVIEW | {'asin': 'B2'})}\n")
    with pytest.raises(DataFileError) as caught:
        amazon(path)
    assert str(caught.value).startswith(f"{path}, line 3: {why}")
    assert "damaged='skip'" in str(caught.value)
    data = amazon(path, damaged="skip")
    assert set(data.items.index) == {"B1", "B2"}
    assert data.notes[0].startswith(f"Baby.json: 1 damaged lines skipped, first line 3: {why}")


def test_damaged_metadata_is_named_too_and_is_never_run(tmp_path: Path) -> None:
    reviews = write_lines(tmp_path / "Baby.json", [REVIEW])
    trap = tmp_path / "trap"
    for line in (f"{{'asin': 'B1', 'title': open({str(trap)!r}, 'w')}}", "{'asin': 'B1', 'title': }", '{"title": "?"}'):
        about = tmp_path / "meta_Baby.json"
        about.write_text(line + "\n")
        with pytest.raises(DataFileError, match=r"meta_Baby\.json, line 1: "):
            amazon(reviews, about)
        assert amazon(reviews, about, damaged="skip").items.at["B1", "title"] == "B1"
    assert not trap.exists()


def test_files_that_are_cut_off_missing_empty_or_no_records_say_so(tmp_path: Path) -> None:
    whole = gzip.compress("".join(f"{json.dumps(REVIEW | {'asin': str(n)})}\n" for n in range(5000)).encode())
    cut = tmp_path / "Baby.json.gz"
    cut.write_bytes(whole[: len(whole) // 2])
    for policy in ("raise", "skip"):  # half a file is not a damaged line
        with pytest.raises(DataFileError, match=r"Baby\.json\.gz is cut off or damaged after line [\d,]+"):
            amazon(cut, damaged=policy)
    with pytest.raises(DataFileError, match="is missing"):
        amazon(tmp_path / "none.json")
    empty = write_lines(tmp_path / "empty.json", [])
    with pytest.raises(DataFileError, match="no reviews in there"):
        amazon(empty)
    (tmp_path / "folder").mkdir()
    with pytest.raises(DataFileError, match="holds no file of Amazon reviews"):
        amazon(tmp_path / "folder")
    with pytest.raises(DataFileError, match="or of Amazon reviews; give another folder"):
        load(tmp_path / "folder")


def test_wrong_calls_are_refused(tmp_path: Path) -> None:
    path = write_lines(tmp_path / "Baby.json", [REVIEW])
    with pytest.raises(CallError, match="damaged lines are 'raise' or 'skip', not 'ignore'"):
        amazon(path, damaged="ignore")
    with pytest.raises(CallError, match="core is 1 or more"):
        amazon(path, core=0)
    with pytest.raises(CallError, match="at least one file"):
        amazon([])
    write_lines(tmp_path / "Baby_5.json", [REVIEW])
    with pytest.raises(CallError, match=r"several files of reviews \(Baby.json, Baby_5.json\)"):
        load(tmp_path)


def test_markup_becomes_words() -> None:
    assert plain_text("<p>one</p><p>two</p> wa<b>r</b>m &lt;br&gt; AT&amp;amp;T") == "one two warm <br> AT&T"
    assert plain_text("<style>p {}</style>5 < 6, I <3 it <![if !IE]>x<![endif]>") == "5 < 6, I <3 it x"


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet=st.sampled_from("<>!/?&;-[]#x \"'abr=0"), max_size=40))
def test_no_text_breaks_the_cleaning(text: str) -> None:
    assert plain_text(text) == " ".join(plain_text(text).split())


@settings(max_examples=60, deadline=None)
@given(st.lists(st.binary(max_size=60), max_size=5))
def test_no_bytes_raise_anything_but_our_errors(tmp_path_factory: pytest.TempPathFactory, lines: list[bytes]) -> None:
    path = tmp_path_factory.mktemp("amazon") / "Baby.json"
    path.write_bytes(json.dumps(REVIEW).encode() + b"\n" + b"\n".join(lines))
    with contextlib.suppress(ElmError):
        amazon(path, path, damaged="skip")


def test_the_command_reads_a_folder_and_skips_damage(tmp_path: Path) -> None:
    import typer

    from elm.cli._data import data

    app = typer.Typer()
    app.command()(data)
    folder = write_2014(tmp_path / "amazon")
    reviews = folder / "reviews_Baby_5.json.gz"
    run = CliRunner().invoke
    shown = run(app, [str(folder), "--core", "2", "--out", str(tmp_path / "out")])
    assert shown.exit_code == 0, shown.output
    assert "amazon-baby: 2 users, 2 items, 4 ratings" in shown.output
    assert "texts 'negative_review'" in shown.output
    assert load(tmp_path / "out").n_items == 2
    reviews.write_bytes(reviews.read_bytes() + gzip.compress(b"{oops\n"))
    assert isinstance(run(app, [str(folder)]).exception, DataFileError)
    value = json.loads(run(app, [str(folder), "--skip-damaged", "--json"]).stdout)
    assert (value["ratings"], len(value["notes"])) == (6, 2)
    assert isinstance(run(app, ["ml-100k", "--skip-damaged", "--folder", "."]).exception, CallError)


@pytest.mark.real_data
def test_musical_instruments_load_whole() -> None:
    folder = os.environ.get("ELM_DATA")
    if not folder or not (path := Path(folder) / "amazon-musical-instruments.jsonl.gz").is_file():
        pytest.skip("ELM_DATA names no folder with amazon-musical-instruments.jsonl.gz")
    data = amazon(path)
    assert (data.n_users, data.n_items, len(data.interactions)) == (1429, 900, 10_261)
    assert k_core(data, 5).n_items == 900
    assert np.isin(data.interactions["rating"], [1, 2, 3, 4, 5]).all()
    assert {"positive_review", "neutral_review", "negative_review"} == set(data.sources)


@pytest.mark.parametrize("packed", ["", ".gz"])
def test_bare_names_belong_together(packed: str, tmp_path: Path) -> None:
    """reviews.jsonl and meta.jsonl, as one category of 2023 may lie in a folder of its own."""
    whole = write_2023(tmp_path / "whole")
    bare = tmp_path / "bare"
    bare.mkdir()
    for path in whole.glob("*/*"):
        name = "meta.jsonl" if path.name.startswith("meta_") else "reviews.jsonl"
        data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        (bare / f"{name}{packed}").write_bytes(gzip.compress(data) if packed else data)
    found, wanted = amazon(bare), amazon(whole)
    assert found.items.equals(wanted.items)
    assert found.interactions.equals(wanted.interactions)
