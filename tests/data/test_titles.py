from __future__ import annotations

import pandas as pd
import pytest

from elm.data._titles import match_titles, parse_title, title_keys


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Toy Story (1995)", ("Toy Story", 1995)),
        ("Matrix, The (1999) ", ("Matrix, The", 1999)),
        ("Land Before Time III (1995) (V)", ("Land Before Time III", 1995)),
        ("Postino, Il (The Postman) (1994)", ("Postino, Il (The Postman)", 1994)),
        ("Fawlty Towers (1975-1979)", ("Fawlty Towers", 1975)),
        ("2001: A Space Odyssey (1968)", ("2001: A Space Odyssey", 1968)),
        ("unknown", ("unknown", None)),
    ],
)
def test_the_year_is_taken_from_the_end(text, expected) -> None:
    assert parse_title(text) == expected


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Matrix, The", "The Matrix"),
        ("Misérables, Les", "les miserables"),
        ("Antonia's Line", "Antonias Line"),
        ("Oscar & Lucinda", "Oscar and Lucinda"),
        ("Shall We Dance?", "Shall we dance"),
        ("Boot, Das", "Das Boot"),
        ("Avventura, L'", "L'Avventura"),
    ],
)
def test_spellings_that_mean_the_same(one, other) -> None:
    assert title_keys(one)[0] == title_keys(other)[0]


def test_titles_in_brackets_are_further_keys() -> None:
    assert title_keys("Professional, The (a.k.a. Leon: The Professional)") == ["professional", "leon the professional"]
    assert title_keys("M") == ["m"]


def catalogue(*films: tuple[str, str, int | None]) -> pd.DataFrame:
    frame = pd.DataFrame(films, columns=["id", "title", "year"]).set_index("id")
    return frame.astype({"year": "Int64"})


def test_films_are_found_by_title_and_year() -> None:
    ours = catalogue(
        ("1", "Heat", 1995),
        ("2", "Postman, The", 1994),
        ("3", "Howling, The", 1981),
        ("4", "Star Wars", 1977),
        ("5", "Heat", 1986),
        ("6", "unknown", None),
        ("7", "Return of the Jedi", 1983),
        ("8", "Nowhere", 1990),
    )
    theirs = catalogue(
        ("a", "HEAT", 1995),
        ("b", "Postino, Il (The Postman)", 1994),
        ("c", "The Howling", 1980),
        ("d", "Star Wars: Episode IV - A New Hope", 1977),
        ("e", "Heat", 1972),
        ("f", "Star Wars: Episode VI - Return of the Jedi", 1983),
        ("g", "unknown", None),
    )
    assert match_titles(ours, theirs).to_dict() == {"1": "a", "2": "b", "3": "c", "4": "d", "7": "f"}


def test_a_neighbouring_year_counts_only_where_it_is_unique() -> None:
    ours = catalogue(("1", "Emma", 1996))
    assert match_titles(ours, catalogue(("a", "Emma", 1997))).to_dict() == {"1": "a"}
    assert match_titles(ours, catalogue(("a", "Emma", 1997), ("b", "Emma", 1995))).empty
    assert match_titles(ours, catalogue(("a", "Emma", 1998))).empty


def test_several_candidates_join_nothing() -> None:
    ours = catalogue(("1", "Emma", 1996))
    assert match_titles(ours, catalogue(("a", "Emma", 1996), ("b", "Emma!", 1996))).empty


def test_shared_parts_alone_do_not_join() -> None:
    ours = catalogue(("1", "Halloween: The First Night", 1995))
    assert match_titles(ours, catalogue(("a", "Halloween: The Last Day", 1995))).empty
