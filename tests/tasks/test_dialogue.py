"""What a language model is asked, and what is done about its answers."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from elm._errors import CallError, UnusableTextError
from elm.chat import Answer, Asking, Request
from elm.data import demo
from elm.tasks import ItemBrief, UserBrief, all_tasks, get, item_briefs, user_briefs
from elm.tasks.teachers._dialogue import RULES, question, talk

HEAT, ALIEN = ItemBrief("Heat", 1995, ("Crime",), ("A thief and a cop.",)), ItemBrief("Alien", 1979)
USER = UserBrief((HEAT, ALIEN), (ItemBrief("Big", 1988),))


def answered(*answers: Answer, attempts: int = 3) -> tuple[str, list[Request]]:
    """The text that a talk ends with when it gets these answers, and what it asked."""
    talking, requests = talk(get("summary"), (HEAT,), Asking(attempts=attempts), 2), []
    requests.append(next(talking))
    for answer in answers:
        try:
            requests.append(talking.send(answer))
        except StopIteration as done:
            return done.value, requests
    raise AssertionError("the talk goes on")


@pytest.mark.parametrize("task", all_tasks(), ids=lambda t: t.id)
def test_every_task_can_be_asked_for_and_tells_all_that_is_known(task) -> None:  # type: ignore[no-untyped-def]
    briefs = {"item": (HEAT,), "user": (USER,)}.get(task.reads, (HEAT, ALIEN))
    asked = question(task, briefs)
    assert asked.endswith(RULES)
    assert "{" not in asked
    for brief in briefs:
        labels = [brief.label] if isinstance(brief, ItemBrief) else [b.label for b in (*brief.liked, *brief.disliked)]
        assert all(label in asked for label in labels)
    assert ("A thief and a cop." in asked) == (task.reads != "user")


def test_marks_in_what_is_told_are_left_alone() -> None:
    odd = ItemBrief("The {second} <|vector|> {liked}", None)
    task = replace(get("similarities"), ask="Compare {first} and {second} {other}.")
    assert question(task, (odd, ALIEN)).startswith("Compare The {second} <|vector|> {liked} and Alien (1979) {other}.")


def test_a_task_and_what_is_told_must_fit() -> None:
    with pytest.raises(CallError, match=r"task 'summary' reads item, .* not UserBrief"):
        question(get("summary"), (USER,))
    with pytest.raises(CallError, match=r"task 'similarities' reads pair, .* not ItemBrief$"):
        question(get("similarities"), (HEAT,))
    with pytest.raises(CallError, match="'summary' does not say how a language model is asked: give it an `ask`"):
        question(replace(get("summary"), ask=" "), (HEAT,))


def test_a_good_answer_is_taken_at_once() -> None:
    text, requests = answered(Answer("  A cop hunts a thief.\n"))
    assert text == "A cop hunts a thief."
    assert [(r.variant, r.attempt) for r in requests] == [(2, 0)]


@pytest.mark.parametrize(
    ("bad", "word"),
    [
        (Answer("The film Heat is about a cop."), 'The text says "Heat". Write it again without that'),
        (Answer(""), "Write the text now."),
        (Answer(" \n "), "Write the text now."),
        (Answer("I'm sorry, but I can't help with that."), "imagine the rest"),
        (Answer("As an AI language model, I do not watch films."), "imagine the rest"),
        (Answer("Unfortunately, I am not familiar with that film."), "imagine the rest"),
        (Answer("A cop", "refused"), "imagine the rest"),
        (Answer("A cop hunts", "length", 9, 400), "end within a hundred words"),
        (Answer("<think>Heat is", "length", 9, 400), "end within a hundred words"),
    ],
)
def test_a_bad_answer_is_asked_for_again_with_a_firmer_word(bad: Answer, word: str) -> None:
    text, requests = answered(bad, Answer("<think>No names.</think>A cop hunts a thief."))
    assert text == "A cop hunts a thief."
    assert word in requests[1].messages[-1]["content"]
    assert requests[1].attempt == 1
    assert requests[1].max_tokens == (800 if bad.finish == "length" else 400)
    roles = [message["role"] for message in requests[1].messages]
    assert roles in (["user"], ["user", "assistant", "user"])


@pytest.mark.parametrize(
    "fine",
    [
        "I cannot help but cry at the end of this one.",
        "I'm sorry to say that this was a bore.",
        "Unfortunately, the plot is thin.",
        "I can't write enough good things about it.",
        "As an AI takes over the city, a cop runs.",
    ],
)
def test_reviewers_who_sound_alike_are_no_refusals(fine: str) -> None:
    assert answered(Answer(fine))[0] == fine


def test_the_attempts_have_an_end() -> None:
    bad = Answer("In Heat, a cop hunts.")
    with pytest.raises(
        UnusableTextError, match=r"'summary': .* 2 answers about 'Heat \(1995\)' did not: the last names \"Heat\""
    ):
        answered(bad, bad, attempts=2)


@pytest.mark.parametrize("bad", [{"attempts": 0}, {"temperature": -1}, {"top_p": 0}, {"max_tokens": 0}])
def test_settings_that_cannot_work(bad: dict[str, float]) -> None:
    with pytest.raises(CallError, match="asking needs attempts and max_tokens of 1 or more"):
        Asking(**bad)  # type: ignore[arg-type]


def test_briefs_of_a_data_set() -> None:
    world = demo(n_films=60, n_users=20)
    films = item_briefs(world, ["plot"], words=10)
    first = films["f1"]
    assert first.label == f"{world.items.at['f1', 'title']} ({world.items.at['f1', 'year']})"
    assert first.kinds == tuple(world.items.at["f1", "genres"])
    assert all(len(text.split()) <= 10 for film in films.values() for text in film.texts)
    assert not item_briefs(world)["f1"].texts
    with pytest.raises(CallError, match="the one given is empty"):
        ItemBrief(" ")


def ratings(user: str, values: list[float]) -> pd.DataFrame:
    return pd.DataFrame({"user": user, "item": [f"f{n + 1}" for n in range(len(values))], "rating": values})


def test_five_liked_and_five_disliked_films_stand_for_a_user() -> None:
    films = item_briefs(demo(n_films=60, n_users=20), ["plot"])
    clear = ratings("clear", [5.0] * 9 + [1.0] * 9 + [3.0] * 4)
    mild = ratings("mild", [4.0] * 6 + [3.0] * 6)  # nothing rated 2 or lower: the lower half of their own
    happy = ratings("happy", [5.0] * 12)
    found = user_briefs(pd.concat([clear, mild, happy]), films)
    assert list(found) == ["clear", "mild"]
    titles = {film.title: item for item, film in films.items()}
    for user, likes, dislikes in (("clear", range(1, 10), range(10, 19)), ("mild", range(1, 7), range(7, 13))):
        liked, disliked = (
            {int(titles[i.title][1:]) for i in side} for side in (found[user].liked, found[user].disliked)
        )
        assert len(liked) == len(disliked) == 5
        assert liked <= set(likes)
        assert disliked <= set(dislikes)
    shuffled = pd.concat([clear, mild]).sample(frac=1, random_state=3)
    assert user_briefs(shuffled, films) == found
    assert user_briefs(shuffled, films, seed=1) != found
    assert user_briefs(clear, films) == {"clear": found["clear"]}
