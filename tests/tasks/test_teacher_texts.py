"""What the template teacher writes about generated films, real films and users."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pandas as pd
import pytest

from elm._errors import CallError, UnknownNameError
from elm.data import Dataset, demo
from elm.tasks import FILMS, ItemFacts, TemplateTeacher, TraitReader, UserFacts, all_tasks, item_facts

FILM_TASKS = [t.id for t in all_tasks("item")]
USER_TASKS = [t.id for t in all_tasks("user")]


@pytest.fixture(scope="module")
def world() -> Dataset:
    return demo(n_films=200, n_users=60)


@pytest.fixture(scope="module")
def films(world: Dataset) -> dict[str, ItemFacts]:
    return {item: item_facts(world, item) for item in world.items.index}


@pytest.fixture(scope="module")
def users(world: Dataset) -> dict[str, UserFacts]:
    return TraitReader(world).read_all(world.interactions)


@pytest.mark.parametrize("task", FILM_TASKS)
def test_every_fact_of_a_film_stands_in_its_text(films: dict[str, ItemFacts], task: str) -> None:
    teacher = TemplateTeacher(films)
    for item, facts in films.items():
        for variant in range(3):
            text = teacher.write(item, task, variant).lower()
            said = [*facts.aspects.values(), *map(FILMS.kind_word, facts.kinds)]
            if task not in ("funnier", "sadder", "scarier"):
                said += [FILMS.quality_words(a, level) for a, level in facts.qualities]
            missing = [fact for fact in said if str(fact).lower() not in text]
            assert not missing, (item, text, missing)
            assert "{" not in text
            assert "  " not in text


@pytest.mark.parametrize("task", [*FILM_TASKS, *USER_TASKS])
def test_the_same_seed_entity_and_variant_give_the_same_text(films, users, task: str) -> None:  # type: ignore[no-untyped-def]
    facts = films if task in FILM_TASKS else users
    one, same, other = TemplateTeacher(facts, seed=4), TemplateTeacher(facts, seed=4), TemplateTeacher(facts, seed=5)
    ids = list(facts)[:40]
    texts = [one.write(i, task, variant=2) for i in ids]
    assert [same.write(i, task, variant=2) for i in reversed(ids)] == texts[::-1]  # the order of calls is no matter
    assert [other.write(i, task, variant=2) for i in ids] != texts
    assert len(set(texts)) == len(texts)


@pytest.mark.parametrize("task", [*FILM_TASKS, *USER_TASKS])
def test_variants_say_the_same_in_other_words(films, users, task: str) -> None:  # type: ignore[no-untyped-def]
    facts = films if task in FILM_TASKS else users
    teacher = TemplateTeacher(facts)
    for entity in list(facts)[:30]:
        assert len({teacher.write(entity, task, variant) for variant in range(16)}) >= 2


def test_five_positive_is_five_bullets(films: dict[str, ItemFacts]) -> None:
    for item in films:
        lines = TemplateTeacher(films).write(item, "five_positive").splitlines()
        assert len(lines) == 5
        assert all(line.startswith("- ") and line[2:3].isupper() for line in lines), lines


def test_a_profile_is_a_bullet_for_each_trait_likes_first(users: dict[str, UserFacts]) -> None:
    liking = ("They love", "They seek out", "They enjoy", "They are happy with")
    for user, facts in users.items():
        lines = TemplateTeacher(users).write(user, "user_profile").splitlines()
        likes, dislikes = len(facts.likes), len(facts.dislikes)
        assert 2 <= likes + dislikes <= 10
        assert len(set(lines)) == len(lines)
        assert [line.removeprefix("- ").startswith(liking) for line in lines] == [True] * likes + [False] * dislikes
    assert np.mean([len(facts.likes) + len(facts.dislikes) == 10 for facts in users.values()]) > 0.8


def test_a_summary_of_a_user_has_four_parts_that_say_every_trait(users: dict[str, UserFacts]) -> None:
    for user, facts in users.items():
        text = TemplateTeacher(users).write(user, "user_summary")
        parts = text.rstrip(".").split(". ")
        assert len(parts) == 4, text
        liked, disliked = " ".join(parts[:2]), " ".join(parts[2:])
        assert all(FILMS.trait(t) in liked for t, _ in facts.likes)
        assert all(FILMS.trait(t) in disliked for t, _ in facts.dislikes)


def test_a_user_without_genres_still_gets_four_parts() -> None:
    facts = {"u": UserFacts(likes=(("dark", 0),), dislikes=(("War", 1),))}
    text = TemplateTeacher(facts).write("u", "user_summary")
    assert text.count("nothing in particular") == 2
    assert text.rstrip(".").count(". ") == 3


def test_lines_of_facts_are_labelled_and_in_a_fixed_order(films, users) -> None:  # type: ignore[no-untyped-def]
    for facts in films.values():
        labels = [part.split(":")[0] for part in facts.line().split("; ")]
        assert labels == ["genres", "setting", "lead", "conflict", "mood"]
    for tastes in users.values():
        assert tastes.line().startswith("likes: ")
        assert tastes.line().count("; dislikes: ") == 1


@pytest.fixture
def real() -> Dataset:
    items = pd.DataFrame(
        {"title": ["Heat", "Alien"], "year": [1995, 1979], "genres": [["Crime"], ["Sci-Fi", "Horror"]]}
    )
    items.index = pd.Index(["1", "2"])
    seen = pd.DataFrame({"user": ["a", "a"], "item": ["1", "2"], "rating": [5.0, 2.0]})
    return Dataset("real", items, pd.DataFrame(index=["a"]), seen)


@pytest.mark.parametrize("task", FILM_TASKS)
def test_a_real_film_is_told_by_genres_and_plot(real: Dataset, task: str) -> None:
    plot = "A crew answers a call from a dead planet."
    facts = item_facts(real, "2", plot)
    assert facts == ItemFacts(("Sci-Fi", "Horror"), text=plot)
    text = TemplateTeacher({"2": facts}).write("2", task)
    assert plot in text
    assert "science fiction and horror" in text


@pytest.mark.parametrize("task", FILM_TASKS)
def test_a_real_film_without_a_plot_leaves_no_hole(real: Dataset, task: str) -> None:
    for variant in range(6):
        text = TemplateTeacher({"1": item_facts(real, "1")}).write("1", task, variant)
        assert "crime" in text
        assert "  " not in text
        assert text == text.strip()
        assert "- \n" not in text


def test_a_long_plot_is_quoted_in_part() -> None:
    plot = " ".join(f"word{i}" for i in range(200))
    text = TemplateTeacher({"1": ItemFacts(("War",), text=plot)}).write("1", "summary")
    assert "word44." in text
    assert "word45" not in text


def test_what_the_teacher_cannot_write_it_says(films, users, real: Dataset) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(UnknownNameError, match=r"unknown entity 'f99999'.*the teacher has no facts of it"):
        TemplateTeacher(films).write("f99999", "summary")
    with pytest.raises(UnknownNameError, match="did you mean 'five_positive'"):
        TemplateTeacher(films).write("f1", "five_positives")
    with pytest.raises(CallError, match="task 'user_profile' reads users, but 'f1' is of the other kind"):
        TemplateTeacher(films).write("f1", "user_profile")
    with pytest.raises(CallError, match="task 'summary' reads items, but 'u1' is of the other kind"):
        TemplateTeacher(users).write("u1", "summary")
    with pytest.raises(UnknownNameError, match="unknown item '3'"):
        item_facts(real, "3")


def test_wordings_are_used_about_equally_often(films: dict[str, ItemFacts]) -> None:
    """A pattern that a seed never picks would be a wording that no model learns."""
    teacher = TemplateTeacher(films)
    first = Counter(teacher.write(i, "five_positive", v).splitlines()[3].split()[1] for i in films for v in range(4))
    assert set(first) == {"A", "It"}  # "a fine blend of", "a true ... film", "it works as"
    assert np.isclose(first["It"] / sum(first.values()), 1 / 3, atol=0.06)
