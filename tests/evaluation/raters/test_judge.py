"""A judge that is a language model: expected answers from log-probabilities, and what happens where there are none."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from faulty_endpoint import Endpoint, endpoint, failed, said

from elm._errors import CallError, TeacherError
from elm.chat import ChatJudge, chat_client
from elm.evaluation import (
    FormItem,
    FormPlan,
    FormScores,
    Judged,
    about_which,
    judge_forms,
    make_forms,
    read_answers,
    read_key,
    save_forms,
)
from elm.evaluation.raters._judge import question

ITEM = FormItem("o1", "scale", "summary", "A heist.", ("It fits.", "It reads well."), told="Heat (1995)")
TWO = FormItem("o2", "choice", "summary", "A heist.", ("Which film?",), options=("Heat (1995)", "Alien (1979)"))


@pytest.fixture(autouse=True)
def _no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)


def judge(served: Endpoint, **options: Any) -> ChatJudge:
    return ChatJudge("m", chat_client(served.url, timeout=5, retries=0), **options)


def likely(text: str, *places: dict[str, float]) -> tuple[int, Any]:
    """A chat completion with the likely tokens of its first places, the one that was written first: token -> p."""
    status, body = said(text)
    content = [
        {
            "token": next(iter(place)),
            "logprob": math.log(next(iter(place.values()))),
            "bytes": None,
            "top_logprobs": [{"token": t, "logprob": math.log(p), "bytes": None} for t, p in place.items()],
        }
        for place in places
    ]
    body["choices"][0]["logprobs"] = {"content": content}
    return status, body


def test_an_answer_is_the_expected_one_of_the_probabilities() -> None:
    answer = likely("4", {"4": 0.5, "5": 0.2, " 5": 0.1, "Four": 0.1, "3": 0.1})
    with endpoint(lambda number, body: answer) as served:
        judged = judge_forms([ITEM], judge(served), "m")
    assert judged.answers.to_dict("list") == {
        "rater": ["m", "m"],
        "output": ["o1", "o1"],
        "question": [1, 2],
        "answer": pytest.approx([(4 * 0.5 + 5 * 0.3 + 3 * 0.1) / 0.9] * 2),
    }
    assert (judged.expected, judged.said, judged.unusable, judged.first) == (2, 0, 0, None)
    call = served.calls[0]
    assert (call["logprobs"], call["top_logprobs"], call["temperature"]) == (True, 20, 0.0)
    asked = [body["messages"][0]["content"] for body in served.calls]
    assert sum("It fits." in one for one in asked) == 1
    assert all("Heat (1995)" in one and "A heist." in one for one in asked)


def test_the_number_is_found_behind_other_words_and_thoughts() -> None:
    rated = likely("Rating: 2", {"Rating": 1.0}, {":": 1.0}, {" 2": 0.75, " 4": 0.25})
    thought = likely("<think>5 or 1?</think>2", {"<think>": 1.0}, {"5": 0.9, "1": 0.1}, {"</think>": 1.0}, {"2": 1.0})
    for answer, expected in ((rated, 2.5), (thought, 2.0)):
        with endpoint(lambda number, body, answer=answer: answer) as served:
            assert judge_forms([ITEM], judge(served), "m").answers["answer"].tolist() == pytest.approx([expected] * 2)


def test_without_log_probabilities_the_number_that_was_said_counts() -> None:
    answers = ["4", "I would say 5.", "no idea", "", "45"]
    items = [FormItem(f"o{n}", "scale", "summary", f"Text {n}.", ("It fits.",)) for n in range(5)]

    def answer(number: int, body: Any) -> tuple[int, Any]:
        found = re.search(r"Text (\d)", body["messages"][0]["content"])
        assert found
        return said(answers[int(found[1])])

    with endpoint(answer) as served:
        judged = judge_forms(items, judge(served), "m")
    assert judged.answers["answer"].tolist() == [4.0, 5.0]
    assert (judged.expected, judged.said, judged.unusable) == (0, 2, 3)
    assert judged.to_dict()["unusable"] == 3


@pytest.mark.parametrize("takes", [5, None])
def test_a_server_that_refuses_log_probabilities_is_asked_for_fewer_then_for_none(takes: int | None) -> None:
    def answer(number: int, body: Any) -> tuple[int, Any]:
        if body.get("top_logprobs") != takes:
            return failed(400, "top_logprobs is not supported")
        return said("3") if takes is None else likely("3", {"3": 1.0})

    with endpoint(answer) as served:
        judged = judge_forms([ITEM] * 4, judge(served, concurrency=1), "m")
    assert judged.answers["answer"].tolist() == [3.0] * 8
    assert judged.expected == (0 if takes is None else 8)
    assert len(served.calls) == 8 + (2 if takes is None else 1)  # what it refuses is learned once


def test_failures_that_are_no_answer() -> None:
    with (
        endpoint(lambda number, body: failed(400, "too long")) as served,
        pytest.raises(TeacherError, match="too long"),
    ):
        judge_forms([ITEM], judge(served, concurrency=1), "m")
    with endpoint(lambda number, body: failed(401)) as served, pytest.raises(TeacherError, match="refused the key"):
        judge_forms([ITEM], judge(served, concurrency=1), "m")
    filtered = failed(400, "policy", "content_filter")
    with endpoint(lambda number, body: filtered) as served:
        judged = judge_forms([ITEM], judge(served, concurrency=1), "m")
    assert (judged.unusable, len(judged.answers), len(served.calls)) == (2, 0, 2)
    with endpoint(lambda number, body: said("1")) as served, pytest.raises(CallError, match="two options or more"):
        judge(served).choose(["?"], ["1", "1"])
    with pytest.raises(CallError, match="got concurrency=0"):
        ChatJudge("m", "http://localhost:1/v1", concurrency=0)


def test_answers_are_kept_with_their_probabilities(tmp_path: Path) -> None:
    with endpoint(lambda number, body: likely("4", {"4": 0.5, "2": 0.5})) as served:
        first = judge_forms([ITEM, TWO], judge(served, cache=tmp_path / "a", prices=(1.0, 1.0)), "m")
        calls = len(served.calls)
        again = judge(served, cache=tmp_path / "a")
        second = judge_forms([ITEM, TWO], again, "m")
        assert len(served.calls) == calls == 3
    pd.testing.assert_frame_equal(first.answers, second.answers)
    assert second.answers["answer"].tolist()[:2] == [3.0, 3.0]
    assert again.spending.line() == "0 calls, 3 kept"


def test_the_choice_of_two_is_asked_without_telling_what_is_true() -> None:
    text = question(TWO, 1)
    assert text.index("Option 1:\nHeat (1995)") < text.index("Option 2:\nAlien (1979)")
    assert "Which film?" in text
    with endpoint(lambda number, body: likely("2", {"2": 0.9, "1": 0.1})) as served:
        judged = judge_forms([TWO], judge(served), "m")
    assert judged.answers["answer"].tolist() == pytest.approx([1.9])
    assert judged.first == 0.0


def reader(said_of: Callable[[str], str]) -> Callable[[int, Any], tuple[int, Any]]:
    return lambda number, body: said(said_of(body["messages"][0]["content"]))


def test_a_judge_that_reads_tells_good_texts_from_shuffled_ones(tmp_path: Path) -> None:
    """From forms to scores: the judge agrees where the text names the film that is told, and picks that option."""
    ids = [f"f{n}" for n in range(10)]
    rows = [
        ("summary", system, id, f"About {ids[(k + (system == 'shuffled')) % 10]}.")
        for k, id in enumerate(ids)
        for system in ("model", "teacher", "shuffled")
    ]
    texts = pd.DataFrame(rows, columns=["task", "system", "id", "text"])
    told = {id: f"This is {id}." for id in ids}
    pick = about_which(told, "Which film is the text about?")
    made = make_forms(
        "Films",
        texts,
        told,
        {"summary": ("It fits.",)},
        choice=lambda task, id: pick(id),
        plan=FormPlan(systems=("model", "shuffled"), outputs=20, choices=30),
    )
    save_forms(made, tmp_path)

    def answer(prompt: str) -> str:
        named = re.search(r"About (f\d+)\.", prompt)
        assert named
        if "Option 1" in prompt:
            return "2" if f"Option 2:\nThis is {named[1]}." in prompt else "1"
        return "5" if f"This is {named[1]}." in prompt else "1"

    with endpoint(reader(answer)) as served:
        judged = judge_forms(made.items, judge(served), "m")
    judged.save(tmp_path / "judge.csv", made.form)
    key = read_key(tmp_path / "key.csv")
    found = FormScores.of(read_answers([tmp_path / "judge.csv"], key), key).to_dict()
    systems = found["scale"]["summary"]["systems"]
    assert (systems["model"]["mean"], systems["shuffled"]["mean"]) == (1.0, 0.0)
    choices = found["choice"]["summary"]["systems"]
    assert (choices["model"]["mean"], choices["teacher"]["mean"]) == (1.0, 1.0)
    assert choices["shuffled"]["mean"] < 1.0
    assert choices["model"]["p_chance"] == pytest.approx(2 * 0.5**10)
    assert isinstance(judged, Judged)
    assert judged.first is not None
    assert 0.2 < judged.first < 0.8
