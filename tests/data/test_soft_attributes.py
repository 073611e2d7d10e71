import pandas as pd
import pytest

from elm.data import load_soft_attributes

HEAD = "rater_id,reference_title,soft_attribute,less_than,about_as,more_than\n"


@pytest.fixture
def items():
    return pd.DataFrame(
        {"title": ["Lantern, The", "Storm", "Quiet Sea", "Two Roads"], "year": [1990, 1991, 1992, 1993]},
        index=pd.Index(["1", "2", "3", "4"], name="item"),
    ).astype({"year": "Int64"})


@pytest.fixture
def judged(tmp_path):
    def write(*rows, head=HEAD):
        path = tmp_path / "judged.csv"
        path.write_text(head + "".join(row + "\n" for row in rows), encoding="utf-8")
        return path

    return write


def pairs(frame):
    return set(zip(frame["lower"], frame["higher"], strict=True))


def test_a_set_orders_less_below_reference_and_equals_below_more(judged, items):
    row = '7,The Lantern (1990),eerie,"[""Storm (1991)""]","[""Quiet Sea (1992)""]","[""Two Roads (1993)""]"'
    frame = load_soft_attributes(judged(row), items)
    assert pairs(frame) == {("2", "1"), ("2", "3"), ("2", "4"), ("1", "4"), ("3", "4")}
    assert set(frame["attribute"]) == {"eerie"}
    assert set(frame["rater"]) == {"7"}
    assert frame.attrs["missing"] == []


def test_unknown_titles_are_left_out_and_named(judged, items):
    row = '1,Storm (1991),odd,"[""Nobody Knows This (2001)"",""The Lantern (1990)""]",,'
    frame = load_soft_attributes(judged(row), items)
    assert pairs(frame) == {("1", "2")}
    assert frame.attrs["missing"] == ["Nobody Knows This (2001)"]


@pytest.mark.parametrize(
    ("rows", "head", "message"),
    [
        (["1,Storm (1991),odd,not a list,,"], HEAD, r"row 2, less_than must be a JSON list"),
        (["1,Storm (1991),odd,,,[3]"], HEAD, r"row 2, more_than must be a JSON list"),
        (["1,Storm (1991)"], "rater_id,reference_title\n", "lacks soft_attribute, less_than, about_as, more_than"),
        ([], "", "is not a CSV"),
        (['1,Elsewhere (2000),odd,,,"[""Nowhere (2001)""]"'], HEAD, "none of the 2 titles"),
    ],
)
def test_bad_files(judged, items, rows, head, message):
    with pytest.raises(Exception, match=message):
        load_soft_attributes(judged(*rows, head=head), items)


def test_a_missing_file(tmp_path, items):
    with pytest.raises(Exception, match="does not exist"):
        load_soft_attributes(tmp_path / "none.csv", items)
