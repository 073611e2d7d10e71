"""One client of a chat model under all that ask one: what it keeps, counts and refuses."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from faulty_endpoint import Endpoint, endpoint, failed, said
from scipy import sparse

from elm._errors import CallError, TeacherError
from elm.chat import AnswerCache, Asking, ChatJudge, Client, answer_key, client_around, question
from elm.recommend import AskedModel, LanguageModelEditor
from elm.tasks import ChatTeacher, ItemBrief

FILMS = {"f1": ItemBrief("Heat", 1995)}
GOOD = "A calm film about the sea."


def client(served: Endpoint, **settings: Any) -> Client:
    return Client("m", served.url, timeout=5, retries=0, **settings)


def counted(number: int, body: dict[str, Any]) -> tuple[int, Any]:
    return said(f"{GOOD} {number}")


def test_one_client_serves_teacher_judge_and_prompts_and_counts_all(tmp_path: Path) -> None:
    answers = {"Sum": GOOD, "Yes?": "yes", "Text": "Favourite: War\nLeast: Drama", "Recommend": "1, 0"}

    def answer(number: int, body: dict[str, Any]) -> tuple[int, Any]:
        asked = body["messages"][0]["content"]
        return said(next(text for words, text in answers.items() if words in asked))

    with endpoint(answer) as served:
        for _ in range(2):  # the second time from the file
            shared = client(served, cache=tmp_path / "a.sqlite", prices=(1.0, 1.0))
            assert ChatTeacher(FILMS, shared).write("f1", "summary") == GOOD
            assert ChatJudge(shared).choose(["Yes?"], ["yes", "no"])[0].choice == "yes"
            assert LanguageModelEditor(shared).favourites("Likes war.", ["War", "Drama"]) == ("War", "Drama")
            model = AskedModel(shared, ["Heat", "Alien"])
            assert model.scores(sparse.csr_matrix((1, 2))).argmax() == 1
        assert len(served.calls) == 4
    assert (shared.usage.calls, shared.usage.kept) == (0, 4)


def test_what_a_prompt_is_answered_is_kept_by_attempt_and_without_thoughts(tmp_path: Path) -> None:
    def answer(number: int, body: dict[str, Any]) -> tuple[int, Any]:
        return said(f"<think>5?</think> {number}")

    with endpoint(answer) as served:
        asked = client(served, cache=tmp_path / "a.sqlite")
        first, second = asked.ask("Which?"), asked.ask("Which?", 1)
        assert first != second
        assert [asked.ask("Which?"), asked.ask("Which?", 1)] == [first, second]
        assert len(served.calls) == 2
        assert served.calls[0].keys() == {"model", "messages"}  # the endpoint's own temperature and room
    kept = AnswerCache(tmp_path / "a.sqlite")
    assert kept.find(answer_key({"model": "m", "prompt": "Which?", "attempt": 0}))  # as files of summaries have it


def test_an_empty_answer_and_a_failure_are_not_kept(tmp_path: Path) -> None:
    replies = iter([said(""), failed(500), said(GOOD)])
    with endpoint(lambda number, body: next(replies)) as served:
        asked = client(served, cache=tmp_path / "a.sqlite")
        assert asked.ask("?") == ""
        with pytest.raises(TeacherError, match="fails with 500"):
            asked.ask("?")
        assert asked.ask("?") == GOOD
    assert len(AnswerCache(tmp_path / "a.sqlite")) == 1


def test_what_a_filter_refuses_is_an_answer() -> None:
    with endpoint(lambda number, body: failed(400, "policy", "content_filter")) as served:
        assert client(served).answer(question("?"), Asking()).finish == "refused"
        [chosen] = ChatJudge(client(served)).choose(["?"], ["yes", "no"])
    assert chosen.choice is None


def test_a_function_stands_in_the_place_of_an_endpoint(tmp_path: Path) -> None:
    asked: list[str] = []

    def ask(prompt: str) -> str:
        asked.append(prompt)
        return f"<think>so</think>{len(asked)}"

    around = client_around(ask, "mine", tmp_path / "a.sqlite")
    assert [around.ask("?"), around.ask("?"), around.ask("?", 1)] == ["1", "1", "2"]
    assert around.concurrency == 1
    other = client_around(ask, "another", tmp_path / "a.sqlite")
    assert other.ask("?") == "3"


def test_things_are_worked_on_several_at_a_time_and_stay_in_order() -> None:
    with endpoint(counted, delay=0.02) as served:
        asked = client(served, concurrency=4)
        texts = list(asked.each(lambda n: asked.ask(f"{n}?") and str(n), range(12)))
        assert 1 < served.most_at_once <= 4
    assert texts == [str(n) for n in range(12)]


@pytest.mark.parametrize(
    "make",
    [
        lambda shared, file: ChatTeacher(FILMS, shared, cache=file),
        lambda shared, file: ChatTeacher(FILMS, shared, "http://localhost:1/v1"),
        lambda shared, file: ChatJudge(shared, prices=(1.0, 1.0)),
        lambda shared, file: ChatJudge(shared, concurrency=2),
        lambda shared, file: client_around(shared, "m"),
        lambda shared, file: client_around(shared, cache=file),
    ],
)
def test_a_client_and_settings_of_one_beside_it_contradict(make: Callable[[Client, Path], Any], tmp_path: Path) -> None:
    shared = Client("m", "http://localhost:1/v1")
    with pytest.raises(CallError, match="a chat client brings its endpoint, cache, prices and concurrency"):
        make(shared, tmp_path / "a.sqlite")


def test_the_door_does_not_load_the_client_library() -> None:
    code = "import sys, elm.chat; sys.exit('openai' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
