from __future__ import annotations

import re

import numpy as np
import pytest

from elm.data import SHOP_VOCABULARY, demo_shop, make_products
from elm.tasks import (
    PRODUCTS,
    SECOND,
    VECTOR,
    ItemFacts,
    TemplateTeacher,
    TraitReader,
    all_tasks,
    generated_facts,
    get,
)

ITEM_TASKS = ("description", "endorsement", "positive_review", "negative_review", "neutral_review")
SIX = (*ITEM_TASKS, "user_profile")
KINDS = SHOP_VOCABULARY.kind_words


@pytest.fixture(scope="module")
def facts() -> dict[str, ItemFacts]:
    return {str(item): generated_facts(row, "products") for item, row in make_products(150).iterrows()}


def stated(text: str) -> tuple[dict[str, set[str]], set[str], set[tuple[str, int]]]:
    """What a text says of all that the shop knows, by its first wordings: aspects, categories, qualities."""
    said = text.lower()

    def has(phrase: str) -> bool:
        return re.search(rf"(?<!\w){re.escape(phrase.lower())}(?!\w)", said) is not None

    aspects = {name: {v for v in values if has(v)} for name, values in SHOP_VOCABULARY.aspects.items()}
    kinds = {kind for kind, word in KINDS.items() if has(word)}
    levels = {(q, n) for q, (first, _) in SHOP_VOCABULARY.qualities.items() for n in (0, 1) if has(first[n])}
    return aspects, kinds, levels


def test_the_six_tasks_of_appendix_a_are_there_in_the_words_of_a_shop() -> None:
    ids = [task.id for task in all_tasks(domain="products")]
    assert set(SIX) <= set(ids)
    assert all(task.reads in ("item", "user") for task in all_tasks(domain="products"))
    for task in (get(id, "products") for id in SIX):
        said = " ".join((task.prompt, task.ask, *task.questions))
        assert "film" not in said
        assert "viewer" not in said
        assert task.prompt.count(VECTOR) == 1
        assert SECOND not in task.prompt
        assert task.ask
        assert len(task.questions) >= 3
    assert get("description", "products").prompt.startswith("Describe the product")


@pytest.mark.parametrize("task", ITEM_TASKS)
def test_every_text_states_all_that_is_known_and_nothing_else(task: str, facts: dict[str, ItemFacts]) -> None:
    teacher = TemplateTeacher(facts, seed=1)
    for item, known in facts.items():
        text = teacher.write(item, task)
        aspects, kinds, qualities = stated(text)
        assert aspects == {name: {value} for name, value in known.aspects.items()}, text
        assert kinds == set(known.kinds), text
        assert qualities == set(known.qualities), text


@pytest.mark.parametrize("task", ITEM_TASKS)
def test_there_are_six_wordings_or_more_of_every_task(task: str, facts: dict[str, ItemFacts]) -> None:
    generated = TemplateTeacher(facts)
    assert len({generated.write("p1", task, variant) for variant in range(200)}) >= 6
    real = TemplateTeacher({"b": ItemFacts(kinds=("Kitchen",), text="A pan with a lid.", domain="products")})
    texts = {real.write("b", task, variant) for variant in range(200)}
    assert len(texts) >= 6
    assert all("A pan with a lid." in text and "kitchen" in text for text in texts)


def test_texts_read_as_sentences(facts: dict[str, ItemFacts]) -> None:
    teacher = TemplateTeacher(facts)
    for item in facts:
        for task in ITEM_TASKS:
            text = teacher.write(item, task)
            assert not re.search(r"[{}]|  |\s[.,!?]", text)
            assert re.match(r"[A-Z]", text)
            assert not re.search(r"[.!?] [a-z]", text)
            assert text[-1] in ".!?"
            assert not re.search(r"\b(a [aeiou]\w*|an [^aeiouA-Z]\w*)\b", re.sub(r"a (USB|ukulele)", "", text)), text


def test_facts_stand_in_one_line_for_the_base_model(facts: dict[str, ItemFacts]) -> None:
    line = facts["p1"].line()
    assert re.fullmatch(r"categories: .+; item: .+; finish: .+; feature: .+; known as: .+", line)
    assert stated(line)[1] == set(facts["p1"].kinds)


def test_profiles_of_customers_speak_of_products() -> None:
    shop = demo_shop(200, 30)
    tastes = TraitReader(shop, domain="products").read_all(shop.interactions)
    names = {*SHOP_VOCABULARY.kinds, *SHOP_VOCABULARY.qualities}
    assert all({name for name, _ in (*found.likes, *found.dislikes)} <= names for found in tastes.values())
    teacher = TemplateTeacher(tastes)
    for user in tastes:
        bullets = teacher.write(user, "user_profile").split("\n")
        assert len(bullets) == len(tastes[user].likes) + len(tastes[user].dislikes)
        assert all("product" in bullet and "film" not in bullet for bullet in bullets)
    assert "Categories" in get("user_summary", "products").write(tastes["u1"], np.random.default_rng(1))


def test_a_quality_is_said_as_a_thing_to_like() -> None:
    assert PRODUCTS.trait("easy_to_clean") == "products that are easy to clean"
    assert PRODUCTS.trait("Pets") == "pet products"
    assert PRODUCTS.trait("quiet") == "quiet products"
    assert not [name for name in SHOP_VOCABULARY.qualities if "_" in PRODUCTS.trait(name)]
