"""The small pieces of English, for any words that come."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from elm.data import ATTRIBUTES, GENRES
from elm.tasks import ItemFacts, domain_named, shortened
from elm.tasks._english import capital, listed, pick, with_article
from elm.tasks.domains._templates import fill, words_of

words = st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=8)
sentences = st.lists(
    st.tuples(words, st.sampled_from(["", "", ",", ".", "!", "?", ";"])).map("".join), min_size=1, max_size=60
)


@given(st.lists(words, min_size=1, max_size=6))
def test_a_list_can_be_read_back(parts: list[str]) -> None:
    text = listed(parts)
    head, _, last = text.rpartition(" and ")
    assert [*head.split(", "), last] == parts if len(parts) > 1 else text == parts[0]


def test_a_list_of_nothing_is_nothing() -> None:
    assert listed([]) == ""


@given(st.text(max_size=30))
def test_capital_changes_the_first_letter_only(text: str) -> None:
    assert capital(text).endswith(text[1:])
    assert capital(capital(text)) == capital(text)


@given(sentences, st.integers(1, 40))
def test_shortened_is_a_beginning_that_ends_a_sentence(parts: list[str], most: int) -> None:
    text = " ".join(parts)
    short = shortened(text, most)
    if len(parts) <= most:
        assert short == text
        return
    assert 1 <= len(short.split()) <= most
    assert short[-1] in ".!?"
    assert text.startswith(short.rstrip(".") if short[-1] == "." else short)
    assert not short.endswith("..")


def test_shortened_by_hand() -> None:
    assert shortened("One two. Three four five. Six seven eight nine.", 6) == "One two. Three four five."
    assert shortened("One two. Three four five. Six seven eight nine.", 5) == "One two. Three four five."
    assert shortened("One, two, three, four", 3) == "One, two, three."
    assert shortened("One. Two three four five six seven", 6) == "One. Two three four five six."


def test_articles() -> None:
    assert [with_article(w) for w in ("action", "war", "unlabelled")] == ["an action", "a war", "an unlabelled"]


def test_every_trait_has_words() -> None:
    said = [domain_named("films").trait(t) for t in (*GENRES, *ATTRIBUTES)]
    assert len(set(said)) == len(said)
    assert all(phrase.endswith("films") for phrase in said)


@given(st.lists(st.sampled_from(GENRES), min_size=1, max_size=3, unique=True))
def test_sentences_begin_with_capitals(genres: list[str]) -> None:
    aspects = {"setting": "an old mill", "protagonist": "a shy miller", "conflict": "a broken dam"}
    facts = ItemFacts(tuple(genres), aspects, (("dark", 0),))
    pattern = "{protagonist} waits. {conflict}! {setting}? {a_kinds} film, {qualities}.\n- {protagonist}"
    text = fill(pattern, words_of(facts))
    assert text.startswith("A shy miller waits. A broken dam! An old mill? A")
    assert text.endswith("relentlessly dark.\n- A shy miller")


@given(st.lists(words, min_size=1, max_size=9), st.integers(0, 2**32 - 1))
def test_pick_takes_one_of_the_choices(choices: list[str], seed: int) -> None:
    import numpy as np

    assert pick(np.random.default_rng(seed), choices) in choices
