"""Editors: the text decides which genres change places, one sentence is replaced, and bad answers are counted."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from elm._errors import CallError
from elm.data import BOOK_GENRES, GENRES
from elm.recommend import (
    LanguageModelEditor,
    RuleEditor,
    affirmed,
    genre_words,
    pieces,
    sentiment,
    speaks_against,
    swap_genres,
)
from elm.recommend.profiles import _editors
from elm.recommend.tears._attribution import sentences

GPT = (
    "The user enjoys witty comedies and the occasional western. They value friendship.\n"
    "Conversely, the user does not enjoy horror films as much, and finds little interest in musicals."
)
LIKES = ("They love {} films.", "They seek out {} films.", "- They enjoy {} films.", "What draws them: {} films.")
DISLIKES = (
    "They avoid {} films.",
    "They cannot stand {} films.",
    "- They tend to skip {} films.",
    "What puts them off: {} films.",
    "They are not fond of {} films.",
)


@st.composite
def profiles(draw):
    """A profile that names each genre once, in plain words, with which it likes and which it does not, in order."""
    genres = draw(st.lists(st.sampled_from(GENRES), min_size=2, max_size=7, unique=True))
    liked = draw(st.integers(1, len(genres) - 1))
    lines = [
        draw(st.sampled_from(LIKES if place < liked else DISLIKES)).format(genre_words(genre).label[0])
        for place, genre in enumerate(genres)
    ]
    return "\n".join(lines), genres[:liked], genres[liked:]


@given(profiles())
def test_the_text_decides_and_a_flip_twice_gives_it_back(case):
    text, likes, dislikes = case
    editor = RuleEditor()
    assert editor.favourites(text, GENRES) == (likes[0], dislikes[0])
    flipped = editor.flip(text, likes[0], dislikes[0])
    assert editor.favourites(flipped, GENRES) == (dislikes[0], likes[0])
    assert editor.flip(flipped, likes[0], dislikes[0]) == text


@given(profiles(), st.integers(0, 9))
def test_an_insertion_changes_one_sentence_and_speaks_in_favour(case, number):
    text, _likes, dislikes = case
    edited = RuleEditor().insert(text, ["a lost letter", "exile"], number)
    old, new = sentences(text), sentences(edited)
    assert len(old) == len(new)
    assert sum(a != b for a, b in zip(old, new, strict=True)) == 1
    named = [piece for piece in pieces(edited) if "letter" in piece or "exile" in piece]
    assert named
    assert not any(map(speaks_against, named))
    assert all(genre_words(genre).label[0] in edited for genre in dislikes)


def test_three_numbers_give_three_edits():
    text = "They love war films. They enjoy noise."
    edits = [RuleEditor().insert(text, ["exile"], number) for number in range(3)]
    assert edits == [
        "They love war films. They are strongly drawn to: exile.",
        "They are strongly drawn to: exile. They enjoy noise.",
        "They love war films. They are drawn to: exile.",
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (GPT, ("Comedy", "Horror")),
        ("Likes:\n- westerns\n- war films\nDislikes:\n- dramas", ("Western", "Drama")),
        ("Enjoys comedies, but not war films.", ("Comedy", "War")),
        ("Loves dramas. Loves comedies. Avoids sad dramas. Avoids war films.", ("Comedy", "War")),
        ("Loves dramas. Avoids sad dramas and war films.", ("Drama", "War")),
        ("They never miss a war film. They rarely watch comedies.", ("War", "Comedy")),
        ("Loves dramas.", None),
        ("Avoids dramas.", None),
        ("Loves dramas, avoids dramas.", None),
        ("Sings.", None),
    ],
)
def test_favourites_of_other_texts(text, expected):
    assert RuleEditor().favourites(text, GENRES) == expected


def test_only_the_given_genres_count():
    assert RuleEditor().favourites(GPT, ["Western", "Musical", "Drama"]) == ("Western", "Musical")
    assert RuleEditor().favourites(GPT, ["Toys", "Board Games"]) is None
    assert RuleEditor().favourites("Loves toys, avoids board games.", ["Board Games", "Toys"]) == (
        "Toys",
        "Board Games",
    )


def test_an_insertion_into_a_long_text_reads_it_a_few_times_only(monkeypatch):
    read = []
    monkeypatch.setattr(_editors, "pieces", lambda text: read.append(text) or pieces(text))
    text = " ".join(f"They love thing {number} films." for number in range(50))
    for number in range(3):
        assert f"thing {49 - number} " not in RuleEditor().insert(text, ["exile"], number)
    assert len(read) == sum(1 + number + 1 for number in range(3))


def test_a_dislike_is_never_replaced():
    text = "Dislikes:\n- war films\n- noise"
    assert RuleEditor().insert(text, ["exile"], 0) is None
    assert RuleEditor().insert("Likes:\n- war\n" + text, ["exile"], 1) == "Likes:\n- They are drawn to: exile.\n" + text
    assert RuleEditor().flip("Sings.", "War", "Drama") is None


def test_books_have_genres_too():
    assert all(genre_words(genre).label for genre in BOOK_GENRES)
    assert swap_genres("Poetry, not mysteries", "Poetry", "Mystery") == "Mystery, not poetry books"
    assert RuleEditor().favourites("Loves historical fiction, avoids manga.", BOOK_GENRES) == (
        "Historical Fiction",
        "Manga",
    )


@pytest.mark.parametrize("editor", [RuleEditor(), LanguageModelEditor(lambda prompt: "never asked")])
def test_wrong_calls_of_either_editor(editor):
    for call in (
        lambda: editor.favourites(" \n", GENRES),
        lambda: editor.flip("", "War", "Drama"),
        lambda: editor.insert("...", ["exile"], 0),
    ):
        with pytest.raises(CallError, match="profile is empty; an edit needs a sentence"):
            call()
    for words, number in (([], 0), ([" "], 0), (["exile"], -1)):
        with pytest.raises(CallError, match="an insertion takes words and a number from 0 on"):
            editor.insert("Loves wit.", words, number)


def test_a_wording_has_a_place_for_the_words():
    with pytest.raises(CallError, match="each wording holds"):
        RuleEditor(["They enjoy."])


@pytest.mark.parametrize(
    ("phrase", "sign"),
    [
        ("More comedy films.", 1),
        ("Less comedy films.", -1),
        ("fewer westerns", -1),
        ("no war films today", -1),
        ("something without violence", -1),
        ("I cannot stand musicals", -1),
        ("Avoid horror", -1),
        ("no less war, please", 1),
        ("not only comedies", 1),
        ("a knotty mystery", 1),
        ("Something dark.", 1),
        ("More stop-motion films.", 1),
        ("More non-stop action.", 1),
        ("More no-nonsense thrillers.", 1),
        ("I can't get enough of westerns", 1),
        ("I can’t get enough of westerns", 1),
        ("More films like No Country for Old Men", 1),
        ("Something like No Country for Old Men", 1),
        ("More films like Fargo, No Country for Old Men", 1),
        ("More westerns without violence", 1),
        ("More westerns, no matter how old", 1),
        ("I want more war, not less", 1),
        ("no more musicals", -1),
        ("Don’t show me any more musicals", -1),
        ("I don't want musicals any more", -1),
        ("Enough musicals", -1),
        ("Less films like No Country for Old Men", -1),
        ("Show Me Less War", -1),
        ("I HATE WAR", -1),
    ],
)
def test_sentiment(phrase, sign):
    assert sentiment(phrase) == sign
    assert sentiment(affirmed(phrase)) == 1


@pytest.mark.parametrize(
    "phrase",
    [
        "More comedies and less horror, please",
        "Less horror, more comedies",
        "More Comedies And Less Horror",
        "More comedies, no horror",
        "No horror, more comedies",
        "More comedies. No horror.",
        "More comedies but not musicals",
    ],
)
def test_one_wish_at_a_time(phrase):
    for call in (sentiment, affirmed):
        with pytest.raises(CallError, match="one wish at a time"):
            call(phrase)


@pytest.mark.parametrize(
    ("phrase", "expected"),
    [
        ("Fewer westerns", "More westerns"),
        ("I cannot stand musicals", "I more musicals"),
        ("Avoid horror", "More horror"),
        ("no less war, please", "no less war, please"),
        ("No more musicals", "More musicals"),
        ("Less films like No Country for Old Men", "More films like No Country for Old Men"),
        ("Something dark.", "Something dark."),
    ],
)
def test_what_is_taken_away_is_the_phrase_affirmed(phrase, expected):
    assert affirmed(phrase) == expected
    assert sentiment(affirmed(phrase)) == 1


def test_a_phrase_holds_a_word():
    with pytest.raises(CallError, match="a phrase must hold a word"):
        sentiment("!")


class Answers:
    """A language model that gives its answers one after the other and keeps what it was asked."""

    def __init__(self, *answers):
        self.answers, self.asked = list(answers), []

    def __call__(self, prompt):
        self.asked.append(prompt)
        return self.answers.pop(0)


def test_a_language_models_genres_are_read_and_bad_answers_asked_for_again():
    ask = Answers(
        "I think comedy.", "Favourite: Comedy\nLeast favourite: Comedy", "Favourite: **comedy**\nLeast: [Horror]"
    )
    editor = LanguageModelEditor(ask, kind="film")
    assert editor.favourites(GPT, ["Comedy", "Horror"]) == ("Comedy", "Horror")
    assert len(ask.asked) == 3
    assert GPT in ask.asked[0]
    assert "Genres: Comedy, Horror." in ask.asked[0]
    assert editor.failures == 0


def test_a_language_models_edits_are_checked():
    flipped = swap_genres(GPT, "Comedy", "Horror")
    editor = LanguageModelEditor(Answers("Sure!", GPT, flipped))
    assert editor.flip(GPT, "Comedy", "Horror") == flipped
    inserted = GPT.replace("They value friendship.", "They value exile.")
    editor = LanguageModelEditor(Answers("Loves exile.", inserted, *["no"] * 3))
    assert editor.insert(GPT, ["exile"], 0) == inserted
    assert editor.insert(GPT, ["exile"], 1) is None
    assert editor.failures == 1
    assert "version 2" in editor.ask.asked[-1]
