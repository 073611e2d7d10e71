"""A model that learned tasks alone answers what its texts state, and nothing else."""

from __future__ import annotations

import copy

import pytest
import tiny_elm

from elm.data import demo
from elm.model import shipped_model, shipped_vectors
from elm.model._answer import plan
from elm.tasks import Task, all_tasks, domain_named, generated_facts

FILM_TASKS = [task for task in all_tasks("item") if task.id in ("summary", "positive_review", "pitch")]
USER_TASKS = [task for task in all_tasks("user") if task.id == "user_profile"]
SHOP_TASKS = all_tasks("item", domain="products")
TEXT = "A tax inspector on a night train learns of a family feud. It is rather dark, a war and drama film."
PROFILE = "- They love war films.\n- They enjoy science fiction films.\n- They avoid dark films."


def answered(question: str, tasks: list[Task], text: str) -> str:
    found = plan(question, tasks)
    return found.answer(text if found.task is not None else "")


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("Where is it set?", "The setting is a night train."),
        ("Where is the film {first} set?", "The setting is a night train."),
        ("Who is the main character?", "The lead is a tax inspector."),
        ("What is the film about?", "The conflict is a family feud."),
        ("Which genres does it have?", "The genres are drama and war."),
        ("Is it a war film?", "Yes: the genres are drama and war."),
        ("Is this a comedy?", "No: the genres are drama and war."),
        ("Is it dark?", "Yes: it is rather dark."),
        ("Is it fast-paced?", "No: it is rather dark."),
        ("What is its mood?", "It is rather dark."),
        ("Where does the story take place?", "The setting is a night train. The conflict is a family feud."),
        ("Is it set on a night train?", "Yes: the setting is a night train."),
        ("Does a tax inspector star in it?", "Yes: the lead is a tax inspector."),
    ],
)
def test_questions_about_facts(question: str, answer: str) -> None:
    assert answered(question, FILM_TASKS, TEXT) == answer


def test_what_a_text_does_not_tell_is_not_made_up() -> None:
    assert answered("Where is it set?", FILM_TASKS, "A war film.") == "Its text tells no setting."
    assert answered("Is it funny?", FILM_TASKS, "A war film.") == "No: its text names none of its qualities."


@pytest.mark.parametrize(
    "question",
    [
        "Would a child enjoy this?",
        "What is the capital of France?",
        "How does it end?",
        "Who directed it?",
        "Who wrote the music of the film?",
        "Is it a war film about Vietnam?",
        "Where was it filmed?",
        "Which actor is the star?",
        "Is it better than The Godfather?",
        "zzz",
        "¿Dónde?",
    ],
)
@pytest.mark.parametrize("tasks", [FILM_TASKS, SHOP_TASKS])
def test_other_questions_are_not_answered(question: str, tasks: list[Task]) -> None:
    found = plan(question, tasks)
    assert found.task is None
    assert found.answer("").startswith("This model cannot answer that. It learned tasks, such as ")


def test_the_words_of_a_task_ask_for_the_task() -> None:
    for task in (*FILM_TASKS, *SHOP_TASKS, *USER_TASKS):
        group = next(group for group in (FILM_TASKS, SHOP_TASKS, USER_TASKS) if task in group)
        found = plan(task.prompt.replace("<|vector|>", "{first}"), group)
        assert found.task is task
        assert found.answer("as it is") == "as it is"
    assert plan("Summarise it, please.", FILM_TASKS).task is FILM_TASKS[0]


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("What does this viewer like?", "They love war films. They enjoy science fiction films."),
        ("What do they avoid?", "They avoid dark films."),
        ("Do they like science fiction?", "They enjoy science fiction films."),
        ("Would they watch dark films?", "They avoid dark films."),
        ("Do they enjoy comedies?", "The profile says nothing of comedy films."),
    ],
)
def test_questions_about_tastes(question: str, answer: str) -> None:
    assert answered(question, USER_TASKS, PROFILE) == answer


def test_a_taste_for_what_profiles_do_not_tell_is_not_answered() -> None:
    assert plan("Do they like Tom Hanks?", USER_TASKS).task is None


def test_products_are_asked_in_their_own_words() -> None:
    domain = domain_named("products")
    thing, finish = (next(iter(domain.vocabulary.aspects[kind])) for kind in ("thing", "finish"))
    text = f"This is {thing} with {finish}."
    assert answered("What is it?", SHOP_TASKS, text) == f"The item is {thing}."
    assert answered("What colour or finish has it?", SHOP_TASKS, text) == f"The finish is {finish}."


@pytest.mark.slow
def test_the_shipped_model_answers_rightly() -> None:
    model, films, dataset = shipped_model(), shipped_vectors("films"), demo()
    assert dataset.facts is not None
    ids = films.ids[:60]
    facts = [generated_facts(dataset.facts.items.loc[name]) for name in ids]
    for question, kind in (("Where is it set?", "setting"), ("Who is the lead?", "protagonist")):
        answers = model.ask(films.rows(ids), question)
        right = [fact.aspects[kind] in answer for fact, answer in zip(facts, answers, strict=True)]
        assert sum(right) >= 57


def test_a_pair_is_compared() -> None:
    model, films = shipped_model(), shipped_vectors("films")
    pair = (films["f7"], films["f9"])
    alike = model.ask(pair, "What do {first} and {second} have in common?")
    assert "Different:" in alike
    assert model.ask(pair, "Is {first} better than {second}?").startswith("This model cannot answer that.")


def test_an_answer_streams_and_comes_for_several() -> None:
    model, films = shipped_model(), shipped_vectors("films")
    (one,) = model.ask(films["f7"], "Where is it set?", stream=True)
    assert model.ask(films.rows(["f7", "f9"]), "Where is it set?")[0] == one
    assert model.ask(films.rows(["f7", "f9"]), "How does it end?")[1].startswith("This model cannot answer")


def test_a_model_with_a_chat_template_answers_in_its_own_words(monkeypatch: pytest.MonkeyPatch) -> None:
    model, vector = tiny_elm.model(), tiny_elm.vectors()[0]
    monkeypatch.setitem(model.tasks, "say", tiny_elm.SAY)
    own = model.ask(vector, "Is it sad?", free=True)
    assert model.ask(vector, "Is it sad?") != own
    monkeypatch.setattr(model, "tokenizer", copy.deepcopy(model.tokenizer))
    model.tokenizer.chat_template = "{{ messages[0]['content'] }}"
    assert model.ask(vector, "Is it sad?") == model.ask(vector, "Is it sad?", free=True)
    assert model.ask(vector, "Is it sad?", free=False) != model.ask(vector, "Is it sad?", free=True)
