"""Names and years of real items, by hand."""

from dataclasses import replace

import pytest

from elm._errors import CallError
from elm.evaluation import ControlOptions, item_consistency, named_scores
from elm.evaluation.consistency._names_and_years import named
from elm.tasks import ItemFacts, TemplateTeacher


def test_names_are_words_with_capitals_inside_a_sentence():
    text = """In Oslo, Anna met O'Brien. "Why?" asked Jean-Luc
But Rome was not built: I know "Sam". 3 Days in 1999."""
    assert sorted(named(text)["names"]) == ["anna", "days", "jean-luc", "o'brien", "oslo", "rome", "sam"]
    assert named(text)["years"] == {"1999"}
    assert named("The 1994 film. In 21999 and 1799 there were 2024s.")["years"] == {"1994", "2024"}
    assert named("") == {"names": frozenset(), "years": frozenset()}


def test_precision_and_recall_over_all_texts():
    texts = ["A film in which Rick and Zoe meet in 1942.", "Nothing is said.", "Sam sings."]
    sources = ["Rick's bar in 1941: there Ilsa comes to Rick.", "All of Paris waits.", "There Sam sings for Rick."]
    scores = named_scores(texts, sources)
    assert scores.found["names"].tolist() == [2, 0, 1]  # Sam, at the head, is a name since the source has it as one
    assert scores.right["names"].tolist() == [1, 0, 1]
    assert scores.true["names"].tolist() == [2, 1, 2]
    assert scores.precision["names"] == pytest.approx(2 / 3)
    assert scores.recall["names"] == pytest.approx(2 / 5)
    assert (scores.precision["years"], scores.recall["years"]) == (0.0, 0.0)
    assert scores.recall_each("years").tolist() == [0.0, 1.0, 1.0]
    with pytest.raises(CallError, match="one source a text: 1 texts, 2 sources"):
        named_scores(["a"], ["b", "c"])


def test_a_text_that_quotes_its_source_has_all_of_it():
    source = "In 1968, old Mr Hopkins leaves Leeds. His dog Rex stays."
    scores = named_scores([source], [source])
    assert set(scores.precision.values()) == set(scores.recall.values()) == {1.0}


def test_items_with_a_text_of_their_own_are_scored_on_names(film_world, encoder, look_up):
    facts = {
        item: ItemFacts(film.kinds, text=f"In {1900 + n} one Mister{chr(97 + n % 26)} is at {film.aspects['setting']}.")
        for n, (item, film) in enumerate(film_world.facts.items())
    }
    teacher = TemplateTeacher(facts, 0)
    held_out, quick = replace(film_world.held_out, facts=facts, teacher=teacher), ControlOptions(probe=False)
    found = item_consistency(look_up(film_world.table, teacher), ["summary"], held_out, encoder, quick)["summary"]
    plain = found.to_dict()["named"]
    assert plain["model"]["named_recall"] == {"overall": 1.0, "names": 1.0, "years": 1.0}
    assert plain["nn"]["named_recall"]["years"] == 0.0
    frame = found.frame()
    recall = frame[(frame["measure"] == "names_recall") & (frame["system"] == "teacher")]
    assert recall["value"].tolist() == [1.0] * 50
    assert film_world.facts[film_world.test[0]].text is None
    model = look_up(film_world.table, film_world.teacher)
    generated = item_consistency(model, ["summary"], film_world.held_out, encoder, quick)["summary"]
    assert generated.named == {}
