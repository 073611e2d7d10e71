"""Key words and the teacher of tasks over texts follow the texts, and know held-out ones by their own words alone."""

from __future__ import annotations

import pytest

from elm._errors import CallError, UnknownNameError
from elm.tasks import COMMON, NOTHING, TEXT_TASKS, KeyWords, TextTeacher, all_tasks, get

TEXTS = {
    "sea": ["A storm at sea. The sea takes a ship."],
    "ship": ["A ship is lost, and the storm goes on."],
    "rose": ["A garden of roses. The roses need rain."],
    "rain": ["Rain on the garden."],
    "both": ["A storm of rain.", "The garden lies by the sea."],
}


@pytest.fixture(scope="module")
def teacher() -> TextTeacher:
    return TextTeacher(TEXTS, KeyWords.fit([text for some in TEXTS.values() for text in some]))


def test_key_words_are_those_of_the_text_and_not_of_all(teacher: TextTeacher) -> None:
    words = teacher.key_words
    assert set(words.of(TEXTS["sea"])) == {"storm", "sea", "ship"}
    assert words.of(["Nothing that anyone knows."]) == []
    assert len(words.of(TEXTS["both"], most=2)) == 2
    assert set(words.shared([TEXTS["sea"][0], TEXTS["ship"][0]])) == {"storm", "ship"}
    assert set(words.beyond(TEXTS["sea"], TEXTS["both"])) == {"garden", "rain"}
    said = ["Rain.", "A storm at sea, a ship at sea.", "A ship in the storm.", "The sea."]
    assert words.central(said) == said[1]
    with pytest.raises(CallError, match="key words come up in two texts"):
        KeyWords.fit(["one text", "another story"])


def test_each_task_says_what_it_asks_for(teacher: TextTeacher) -> None:
    assert teacher.write("both", "text") == "A storm of rain."
    assert teacher.write("both", "text", variant=3) == "The garden lies by the sea."
    assert teacher.write("sea", "gist") in TEXTS["sea"][0]
    assert set(teacher.write("sea", "topics").split(", ")) == {"storm", "sea", "ship"}
    assert teacher.write(("sea", "ship"), "difference") == NOTHING
    assert set(teacher.write(("ship", "sea"), "difference").split(", ")) == {"sea"}
    mean = TextTeacher({"m": [TEXTS["rose"][0], TEXTS["rain"][0]]}, teacher.key_words)
    assert set(mean.write("m", COMMON).split(", ")) == {"garden", "rain"}


def test_long_texts_are_cut_at_a_sentence(teacher: TextTeacher) -> None:
    assert TextTeacher(TEXTS, teacher.key_words, words=6).write("sea", "text") == "A storm at sea."


def test_what_cannot_be_written_is_refused(teacher: TextTeacher) -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'rose'"):
        teacher.write("roses", "text")
    with pytest.raises(CallError, match="about 2 entities, got 1"):
        teacher.write("sea", "difference")
    with pytest.raises(CallError, match="and not 'summary'"):
        teacher.write("sea", "summary")
    plain = TextTeacher(TEXTS, None)
    assert plain.write("rain", "text") == "Rain on the garden."
    with pytest.raises(CallError, match="knows no key words"):
        plain.write("rain", "topics")


def test_tasks_over_texts_are_known_by_name_and_belong_to_no_domain() -> None:
    for task in TEXT_TASKS:
        assert get(task.id, "books") == task
        assert task.id not in {
            known.id for domain in ("films", "products", "items") for known in all_tasks(domain=domain)
        }
