"""Names in texts are found however they are written; ordinary words are not taken for names."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from elm.tasks import names_in
from elm.tasks.teachers._common_words import COMMON, is_common


@pytest.mark.parametrize(
    ("title", "text", "found"),
    [
        ("Shawshank Redemption, The (1994)", "I saw SHAWSHANK REDEMPTION.", ["SHAWSHANK REDEMPTION"]),
        ("Shawshank Redemption, The (1994)", "Two men in Shawshank make friends.", ["Shawshank"]),
        ("Shawshank Redemption, The (1994)", "A banker in prison finds redemption.", []),
        ("Spider-Man", "of spiderman and of Spider Man", ["spiderman", "Spider Man"]),
        (
            "Cité des enfants perdus, La (City of Lost Children, The) (1995)",
            "a city of lost children",
            ["city of lost children"],
        ),
        (
            "Cité des enfants perdus, La (City of Lost Children, The) (1995)",
            "«LA CITE DES ENFANTS PERDUS»",
            ["LA CITE DES ENFANTS PERDUS"],
        ),
        ("Seven (a.k.a. Se7en) (1995)", "Se7en is grim; seven sins are punished.", ["Se7en"]),
        ("Star Wars: Episode IV - A New Hope (1977)", "A pilot gives them a new hope.", []),
        ("Star Wars: Episode IV - A New Hope (1977)", "Star Wars began it: “A New Hope”.", ["Star Wars", "New Hope"]),
        ("Heat", "The heat of the day. Heat rises.", []),
        ("Heat", "HEAT (1995) and Heat's fans; I saw Heat.", ["HEAT", "Heat's", "Heat"]),
        ("Heat", "It is called *Heat*, you know.", ["Heat"]),
        ("Up", "Things look up. Up they go.", []),
        ("Up", "A man and a boy fly in Up to the falls.", ["Up"]),
        ("M", "The murderer is marked with chalk.", []),
        ("2001: A Space Odyssey", "in 2001 a computer rebels", []),
        ("2001: A Space Odyssey", "a space odyssey", ["space odyssey"]),
        ("M*A*S*H", "MASH is about surgeons", ["MASH"]),
        ("七人の侍", "映画七人の侍は名作", ["映画七人の侍は名作"]),
        ("The Shoe", "He gets a job at a shoe store.", []),
        ("Secrets & Lies", "It is Secrets and Lies, or secrets & lies.", ["Secrets and Lies", "secrets & lies"]),
        ("!!!", "anything!!!", []),
    ],
)
def test_what_gives_a_title_away(title: str, text: str, found: list[str]) -> None:
    assert names_in(text, title, 1995) == found


def test_a_word_that_the_teacher_was_told_besides_the_title_may_be_said() -> None:
    assert names_in("They dance in Paris.", "Last Tango in Paris") == ["Paris"]
    assert names_in("They dance in Paris.", "Last Tango in Paris", told="Two strangers meet in Paris.") == []
    assert names_in("See Last Tango in Paris!", "Last Tango in Paris", told="in Paris") == ["Last Tango in Paris"]


WORDS = st.text(st.characters(categories=["Ll"], max_codepoint=0xFF), min_size=4, max_size=12)


@given(
    st.lists(WORDS.filter(lambda word: not is_common(word)), min_size=1, max_size=4),
    st.sampled_from([str.upper, str.lower, str.title]),
    st.sampled_from(["", "’s", ",", "!"]),
)
def test_an_uncommon_title_is_found_in_any_case_and_before_any_mark(words: list[str], case, mark: str) -> None:  # type: ignore[no-untyped-def]
    title = " ".join(words)
    assert names_in(f"We watched {case(title)}{mark} and left.", title)


@given(st.lists(st.sampled_from(sorted(COMMON)), min_size=1, max_size=2), st.text(max_size=30))
def test_common_words_in_small_letters_give_nothing_away(words: list[str], title: str) -> None:
    assert not names_in(f"it was {' '.join(words)}, they said", " ".join(words))
    names_in(" ".join(words), title)  # whatever a title looks like
    names_in(title, " ".join(words))
