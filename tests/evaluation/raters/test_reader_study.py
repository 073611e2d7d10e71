"""Which of two profiles belongs to a list: a judge that can tell, one that cannot, the control, and bad input."""

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from elm._errors import CallError
from elm.chat import Chosen
from elm.evaluation import BM25Ranker, reader_study

TOPICS = ["war", "love", "ships", "music"]
ITEMS = [f"a film about {topic} number{n}" for topic in TOPICS for n in range(5)]
USERS = {f"u{n}": TOPICS[n % 4] for n in range(40)}
RIGHT = {user: f"They enjoy {topic}." for user, topic in USERS.items()}
LIKED = {user: [TOPICS.index(topic) * 5 + n for n in range(3)] for user, topic in USERS.items()}


def test_profiles_that_tell_beat_those_that_say_nothing_and_those_of_others():
    empty = dict.fromkeys(USERS, "They enjoy everything.")
    found = reader_study({"own": RIGHT, "empty": empty}, LIKED, BM25Ranker(ITEMS), ITEMS)
    assert found["own"]["right"] > 0.8  # a quarter of the pairs are of users with one taste
    assert found["empty"]["right"] == 0.5
    assert 0.2 < found["shuffled"]["right"] < 0.75
    low, high = found["own"]["interval"]
    assert low <= found["own"]["right"] <= high
    assert found == reader_study({"own": RIGHT, "empty": empty}, LIKED, BM25Ranker(ITEMS), ITEMS)


def test_a_judge_of_questions_reads_list_and_profiles():
    class Reads:
        def choose(self, questions, options, progress=False):
            assert list(options) == ["1", "2"]
            return [Chosen(answer, answer, {}) for answer in map(self.one, questions)]

        def one(self, question: str) -> str:
            told, _, options = question.partition("Option 1:")
            first, _, _ = options.partition("Option 2:")
            topic = next(topic for topic in TOPICS if f"about {topic}" in told)
            return "1" if topic in first else "2"

    found = reader_study({"own": RIGHT}, LIKED, Reads(), ITEMS)
    assert found["own"]["right"] > 0.8
    assert found["own"]["n"] == 40


def test_users_without_a_profile_or_a_list_are_left_out():
    some = {user: text for user, text in RIGHT.items() if user != "u0"}
    lists = {**LIKED, "u1": []}
    assert reader_study({"own": some}, lists, BM25Ranker(ITEMS), ITEMS)["own"]["n"] == 38
    with pytest.raises(CallError, match=r"three users with profiles .* got 1"):
        reader_study({"own": {"u2": "They enjoy ships."}}, LIKED, BM25Ranker(ITEMS), ITEMS)


def test_the_two_others_of_each_user_differ():
    from elm.evaluation.raters._reader_study import _others

    for count in (3, 4, 50):
        first, second = _others(count, np.random.default_rng(count))
        places = np.arange(count)
        assert not ((first == places) | (second == places) | (first == second)).any()


def test_the_command_compares_writers_on_held_out_lists(tmp_path):
    from elm.cli._main import app
    from elm.data import demo

    demo(n_films=150, n_users=150).save(tmp_path / "world")
    words = ["bench", "profiles", str(tmp_path / "world"), "--judge", "words", "--user-ratings", "8", "--json"]
    result = CliRunner().invoke(app, [*words, "--item-ratings", "2"])
    value = json.loads(result.stdout)
    assert set(value["rows"]) == {"prose", "shuffled", "parts"}
    assert all(0 <= row["right"] <= 1 for row in value["rows"].values())
    assert value["part"] == "validation"
