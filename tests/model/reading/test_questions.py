"""Free questions: where vectors go, what streams, and tasks over two vectors."""

from __future__ import annotations

import numpy as np
import pytest
import tiny_elm

from elm._errors import CallError, VectorError
from elm.model import load_model, save_model, shipped_model, shipped_vectors
from elm.tasks import SECOND, VECTOR, Task

BOTH = Task("both", "pair", f"{VECTOR} or {SECOND}?", max_new_tokens=12)


@pytest.fixture(scope="module")
def model():  # type: ignore[no-untyped-def]
    return tiny_elm.model(tiny_elm.table(), tiny_elm.table(dim=9, name="other"), tasks=("say", "both"))


X, Y = tiny_elm.vectors(), tiny_elm.vectors(dim=9)


def test_a_question_about_one_several_and_two(model) -> None:  # type: ignore[no-untyped-def]
    one = model.ask(X[0], "Is it sad?", max_new_tokens=12, free=True)
    assert one == model.ask(X[0], "{first} Is it sad?", max_new_tokens=12, free=True)
    several = model.ask(X[:3], "Is it sad?", max_new_tokens=12, free=True)
    assert several[0] == one
    assert len(set(several)) == 3
    pair = model.ask((X[0], X[1]), "Is {first} like {second}?", max_new_tokens=12, free=True)
    assert pair != model.ask((X[1], X[0]), "Is {first} like {second}?", max_new_tokens=12, free=True)
    assert pair == model.ask((X[:2], X[1:3]), "Is {first} like {second}?", max_new_tokens=12, free=True)[0]


def test_two_vectors_may_be_of_two_spaces(model) -> None:  # type: ignore[no-untyped-def]
    text = model.ask((X[0], Y[0]), "Would {second} like {first}?", max_new_tokens=12, free=True)
    assert text != model.ask((X[0], Y[1]), "Would {second} like {first}?", max_new_tokens=12, free=True)
    assert text != model.ask((X[1], Y[0]), "Would {second} like {first}?", max_new_tokens=12, free=True)


def test_what_streams_is_the_answer() -> None:
    shipped, film = shipped_model(), shipped_vectors("films")["f1"]
    question = "Summarise the film {first} in a few sentences."
    pieces = list(shipped.ask(film, question, temperature=0.5, seed=3, stream=True))
    assert len(pieces) > 5
    assert "".join(pieces).strip() == shipped.ask(film, question, temperature=0.5, seed=3)


def test_a_reader_may_stop_early_and_ask_again(model) -> None:  # type: ignore[no-untyped-def]
    pieces = model.ask(X[0], "Is it sad?", max_new_tokens=100, stream=True, free=True)
    first = next(pieces)
    pieces.close()
    assert next(model.ask(X[0], "Is it sad?", max_new_tokens=100, stream=True, free=True)) == first


def test_a_task_over_two_vectors_batched_equals_single(model) -> None:  # type: ignore[no-untyped-def]
    both = model.describe((X[:5], X[5:10]), BOTH, space=("toy", "toy"), temperature=0.8, seed=1, batch_size=2)
    alone = [model.describe((X[i], X[5 + i]), BOTH, space="toy", temperature=0.8, seed=1) for i in range(5)]
    assert both == alone


def test_a_task_over_two_vectors_is_stored_with_the_model(tmp_path) -> None:  # type: ignore[no-untyped-def]
    made = tiny_elm.model(tasks=["both"])
    made.tasks["both"] = BOTH
    again = load_model(save_model(made, tmp_path / "m"))
    assert again.task("both").reads == "pair"
    assert again.describe((X[0], X[1]), "both") == made.describe((X[0], X[1]), "both")


@pytest.mark.parametrize("typed", [f"What is {VECTOR}?", f"Is {SECOND} it?", "<|vec<|vector|>tor|> {first} well?"])
def test_placeholders_that_a_person_types_claim_no_place(model, typed: str) -> None:  # type: ignore[no-untyped-def]
    plain = typed.replace("<|vec<|vector|>tor|>", "").replace(VECTOR, "").replace(SECOND, "")
    assert model.ask(X[0], typed, max_new_tokens=8, free=True) == model.ask(X[0], plain, max_new_tokens=8, free=True)


@pytest.mark.parametrize("question", ["", "   ", VECTOR])
def test_a_question_needs_words(model, question: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(CallError, match="a question needs words"):
        model.ask(X[0], question)


@pytest.mark.parametrize(
    ("vectors", "question"),
    [
        ((X[0], X[1]), "Is it sad?"),
        ((X[0], X[1]), "Is {first} sad?"),
        (X[0], "Is {second} sad?"),
        (X[0], "Is {first} {first}?"),
        ((X[0], X[1], X[2]), "Are {first} and {second} sad?"),
    ],
)
def test_a_question_says_where_each_vector_goes(model, vectors, question: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(CallError, match="says once where each goes"):
        model.ask(vectors, question)


def test_wrong_calls_are_told(model) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(
        VectorError, match=r"reads 2 vectors together, or 2 arrays: pass \(first, second\), got ndarray"
    ):
        model.describe(X, BOTH)
    with pytest.raises(VectorError, match="the first and the second vectors of a task pair up"):
        model.describe((X[:3], X[:2]), BOTH)
    with pytest.raises(CallError, match="reads 2 vectors, and 1 spaces were named"):
        model.describe((X[0], X[1]), BOTH, space=["toy"])
    with pytest.raises(CallError, match="one answer is streamed at a time, got 12 vectors"):
        model.ask(X, "Is it sad?", stream=True)
    with pytest.raises(CallError, match="max_new_tokens at least 1"):
        model.ask(X[0], "Is it sad?", max_new_tokens=0)
    with pytest.raises(VectorError, match="no adapter reads vectors of 5 numbers"):
        model.ask(np.zeros(5), "Is it sad?")


def test_a_question_longer_than_the_context_is_refused(model) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(CallError, match="must fit the language model's context of 128 tokens"):
        model.ask(X[0], "sad " * 200)
