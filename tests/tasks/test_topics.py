"""Nouns and topics out of texts: names, verbs and small words stay out, words of one meaning come together."""

import numpy as np
import pytest

from elm.tasks import text_topics
from elm.tasks.facts._nouns import Nouns

TEXTS = [
    f"The {a} in a town meets Jimmy. He tries to save the {b}, and young Jimmy runs from the {c}s."
    for a, b, c in (("captain", "ship", "sailor"), ("singer", "song", "dancer"), ("bride", "ring", "guest"))
    for _ in range(12)
]
MEANING = {"captain": 0, "ship": 0, "sailor": 0, "singer": 1, "song": 1, "dancer": 1, "bride": 2, "ring": 2, "guest": 2}


def vectors(words: list[str]) -> np.ndarray:
    return np.eye(4)[[MEANING.get(word, 3) for word in words]]


def test_names_verbs_adjectives_and_small_words_are_no_nouns():
    found = set(Nouns.fit(TEXTS).labels)
    assert {"captain", "ship", "singer", "song"} <= found
    assert not found & {"jimmy", "save", "tries", "runs", "meets", "young", "the", "he", "from"}


def test_plural_and_singular_are_one_and_counted_things_are_said_in_the_plural():
    nouns = Nouns.fit(["The wife is with the thief, and has money.", "The wives and the thieves hide the money."] * 6)
    assert nouns.of("Thieves and a thief, wives and money") == {"thief", "wife", "money"}
    assert nouns.labels["thief"] == "thieves"
    assert nouns.labels["money"] == "money"


def test_words_of_one_meaning_are_one_topic():
    found = text_topics({str(n): text for n, text in enumerate(TEXTS)}, vectors)
    topics = [found[str(n)] for n in (0, 12, 24)]
    assert all(len(own) == 2 for own in topics)  # its own, and the town of all
    assert len({topic for own in topics for topic in own}) == 4
    assert found == text_topics({str(n): text for n, text in enumerate(TEXTS)}, vectors)


def test_words_of_the_kinds_names_are_told_as_kinds():
    kinds = {str(n): ("Ship", "Song") for n in range(len(TEXTS))}
    found = text_topics({str(n): text for n, text in enumerate(TEXTS)}, vectors, kinds)
    assert not {topic for own in found.values() for topic in own} & {"ship", "song", "ships", "songs"}


def test_in_many_texts_a_topic_has_to_go_with_the_kinds():
    rng = np.random.default_rng(0)
    texts, kinds = {}, {}
    for number in range(400):
        war, chance = number % 12 == 0, rng.random() < 0.08
        told = ["a house", *(["the soldier"] if war else []), *(["the moment"] if chance else [])]
        texts[str(number)] = " Near ".join(f"{one}." for one in told)
        kinds[str(number)] = ("War",) if war else ("Drama",)
    names = {topic for own in text_topics(texts, lambda w: np.eye(len(w)), kinds).values() for topic in own}
    assert names == {"soldier"}


@pytest.mark.parametrize("texts", [{"a": ""}, {"a": "Go!", "b": "..."}])
def test_texts_without_a_noun_have_no_topic(texts):
    assert text_topics(texts, vectors) == dict.fromkeys(texts, ())
