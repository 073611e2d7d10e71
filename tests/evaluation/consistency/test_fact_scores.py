from dataclasses import replace

import numpy as np
import pytest

from elm.data import CONFLICTS, PROTAGONISTS, SETTINGS, make_films
from elm.evaluation import fact_scores
from elm.tasks import ItemFacts, TemplateTeacher, all_tasks, domain_named, found_facts, generated_facts
from elm.tasks.facts import _found as facts_module

TRAIN = ItemFacts(
    ("Comedy", "War"), {"setting": "a night train", "protagonist": "a shy librarian", "conflict": "a lost letter"}
)


def test_teachers_texts_of_300_demo_films_are_perfect_in_every_film_task():
    films = make_films(300, seed=7)
    facts = {str(item): generated_facts(film) for item, film in films.iterrows()}
    teacher = TemplateTeacher(facts, seed=5)
    for task in all_tasks("item"):
        if task.id not in {"summary", "positive_review", "negative_review", "five_positive"}:
            continue
        scores = fact_scores([teacher.write(item, task) for item in facts], list(facts.values()))
        assert set(scores.precision.values()) == {1.0}, task.id
        assert set(scores.recall.values()) == {1.0}, task.id


def test_either_wording_counts_whatever_the_case_the_article_and_the_spaces():
    texts = [
        "A NIGHT TRAIN",
        "Aboard an express rolling\n through the dark.",
        "the night train leaves",
        "An Express Rolling Through The Dark",
    ]
    assert fact_scores(texts, [TRAIN] * 4, kinds=("setting",)).recall["setting"] == 1.0
    assert found_facts("a night trainer, a fortnight train")["setting"] == frozenset()
    assert found_facts("An animated children’s film.")["genres"] == {"Animation", "Children"}
    assert found_facts("A warm crimean melodrama of warfare")["genres"] == frozenset()


def test_planted_wrong_facts_score_as_counted_by_hand():
    texts = [
        "A comedy about a shy librarian, a tired judge and a family feud on a night train.",  # 3 right of 5, 5 true
        "A horror film: a retired boxer in a Scottish castle.",  # 0 right of 3, 5 true
    ]
    scores = fact_scores(texts, [TRAIN, TRAIN])
    assert scores.precision == pytest.approx(
        {"overall": 3 / 8, "setting": 1 / 2, "protagonist": 1 / 3, "conflict": 0.0, "genres": 1 / 2}
    )
    assert scores.recall == pytest.approx(
        {"overall": 3 / 10, "setting": 1 / 2, "protagonist": 1 / 2, "conflict": 0.0, "genres": 1 / 4}
    )
    np.testing.assert_allclose(scores.recall_each(), [3 / 5, 0.0])
    np.testing.assert_allclose(scores.precision_each(), [3 / 5, 0.0])
    np.testing.assert_allclose(scores.precision_each("protagonist"), [1 / 2, 0.0])


def test_conventions_for_nothing_found_and_nothing_true():
    silent = fact_scores(["Nothing here."], [TRAIN])
    assert (silent.precision["overall"], silent.recall["overall"]) == (0.0, 0.0)
    nothing_true = fact_scores(["Nothing here."], [ItemFacts()])
    assert (nothing_true.precision["overall"], nothing_true.recall["overall"]) == (1.0, 1.0)
    only_wrong = fact_scores(["A war film."], [ItemFacts()], kinds=("genres",))
    assert (only_wrong.precision["genres"], only_wrong.recall["genres"]) == (0.0, 1.0)


def test_genre_word_inside_another_facts_wording_does_not_count(monkeypatch):
    words = domain_named("films")
    aspects = {**words.vocabulary.aspects, "setting": {"a war museum": "a hall of old guns"}}
    changed = replace(words, vocabulary=replace(words.vocabulary, aspects=aspects))
    monkeypatch.setattr(facts_module, "domain_named", lambda name: changed)
    facts_module._matcher.cache_clear()
    found_facts.cache_clear()
    try:
        assert found_facts("A western in a war museum.")["genres"] == {"Western"}
        assert found_facts("A war western in a war museum.")["genres"] == {"War", "Western"}
    finally:
        facts_module._matcher.cache_clear()
        found_facts.cache_clear()


def test_a_plot_may_speak_of_a_war_in_a_film_of_another_genre():
    film = ItemFacts(("Drama",), text="Two brothers go to war.")
    texts = [
        "This is a drama film. Two brothers go to war.",
        "- A true drama film\n- Two brothers go to war.",
    ]
    assert fact_scores(texts, [film] * 2, kinds=("genres",)).precision["genres"] == 1.0


def test_every_wording_names_one_fact_only():
    wordings = [w for pairs in (SETTINGS, PROTAGONISTS, CONFLICTS) for pair in pairs.items() for w in pair]
    for wording in wordings:
        found = found_facts(f"So {wording}, indeed.")
        assert sum(len(values) for values in found.values()) == 1, wording


def test_wrong_calls():
    with pytest.raises(ValueError, match="1 texts, 2 facts"):
        fact_scores(["x"], [TRAIN, TRAIN])
    with pytest.raises(LookupError, match="did you mean 'genres'"):
        fact_scores(["x"], [TRAIN], kinds=("genre",))
