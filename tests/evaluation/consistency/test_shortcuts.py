"""Four frauds, each with its own trap; and nobody honest is caught in one."""

import numpy as np
import pytest

from elm.evaluation import (
    SIGNS,
    ControlOptions,
    Finding,
    RankOptions,
    fraud_signs,
    item_consistency,
    user_consistency,
)
from elm.tasks import VECTOR, get

ITEM_TASKS = ("summary", "five_positive", "similarities", "common_with_nn")


class Reworded:
    """The teacher in another wording: honest texts that are nobody's copy."""

    def __init__(self, teacher):
        self.teacher = teacher

    def write(self, entity, task):
        return self.teacher.write(entity, task, variant=2)


class Prompted:
    """Gives back what it was asked."""

    def describe(self, vectors, task, *, seed=0):
        count = len(vectors[0] if isinstance(vectors, tuple) else vectors)
        return [get(task).prompt.replace(VECTOR, "it")] * count


class Telling:
    """Writes as another model does, and says the id of what it found."""

    def __init__(self, honest):
        self.honest = honest

    def describe(self, vectors, task, *, seed=0):
        found = self.honest.found(vectors[0] if isinstance(vectors, tuple) else vectors)
        texts = self.honest.describe(vectors, task)
        return [f"{text} (Catalogue number {id}.)" for text, id in zip(texts, found, strict=True)]


def of_items(world, model, encoder, tasks=ITEM_TASKS):
    found = item_consistency(model, tasks, world.held_out, encoder, ControlOptions(probe=False))
    return {task: signs(scores) for task, scores in found.items()}


def of_users(world, model, trained, task="user_profile"):
    ranking, controls = RankOptions(trained[task]), ControlOptions(probe=False)
    return signs(user_consistency(model, task, world.held_out, trained[task].projection, ranking, controls))


def signs(scores):
    assert [one["sign"] for one in scores.to_dict()["findings"]] == [one.sign for one in scores.findings]
    return {one.sign for one in scores.findings}


@pytest.mark.slow
def test_the_honest_and_the_teacher_are_not_accused(film_world, user_world, encoder, trained, look_up):
    for teacher in (film_world.teacher, Reworded(film_world.teacher)):
        assert set(map(frozenset, of_items(film_world, look_up(film_world.table, teacher), encoder).values())) == {
            frozenset()
        }
    for teacher in (user_world.teacher, Reworded(user_world.teacher)):
        for task in ("user_profile", "user_summary"):
            assert of_users(user_world, look_up(user_world.folded, teacher), trained, task) == set()


def test_a_model_that_ignores_its_vector(film_world, user_world, encoder, trained, blind):
    class BlindToPairs(blind):
        def describe(self, vectors, task, *, seed=0):
            if not isinstance(vectors, tuple):
                return super().describe(vectors, task)
            return [self.teacher.write((self.ids[row], self.ids[row + 1]), task) for row in range(len(vectors[0]))]

    model = BlindToPairs(film_world.train, Reworded(film_world.teacher))
    assert all("blind" in found for found in of_items(film_world, model, encoder).values())
    assert "blind" in of_users(user_world, blind(user_world.users.ids, user_world.teacher), trained)


@pytest.mark.parametrize("reworded", [False, True])
def test_a_model_that_copies_the_nearest_neighbour(film_world, user_world, encoder, trained, look_up, reworded):
    films, users = ((Reworded(w.teacher) if reworded else w.teacher) for w in (film_world, user_world))
    copier = look_up(film_world.table.subset(film_world.train), films)
    for found in of_items(film_world, copier, encoder).values():
        assert "copy" in found
        assert not found & {"prompt", "ids"}

    class Nearest(look_up):
        def found(self, vectors):
            lengths = [np.linalg.norm(rows, axis=1, keepdims=True) for rows in (vectors, self.table.vectors)]
            near = (vectors / lengths[0]) @ (self.table.vectors / lengths[1]).T
            return [self.table.ids[row] for row in near.argmax(1)]

    assert of_users(user_world, Nearest(user_world.users, users), trained) == {"copy"}


def test_a_model_that_returns_the_prompt(film_world, user_world, encoder, trained):
    assert all("prompt" in found for found in of_items(film_world, Prompted(), encoder).values())
    assert "prompt" in of_users(user_world, Prompted(), trained)


def test_a_model_that_leaks_the_id(film_world, user_world, encoder, trained, look_up):
    films, users = (
        Telling(look_up(film_world.table, film_world.teacher)),
        Telling(look_up(user_world.folded, user_world.teacher)),
    )
    assert all(found == {"ids"} for found in of_items(film_world, films, encoder).values())
    assert of_users(user_world, users, trained) == {"ids"}
    neighbours = Telling(look_up(film_world.table.subset(film_world.train), film_world.teacher))
    assert of_items(film_world, neighbours, encoder, ["summary"])["summary"] == {"copy", "ids"}  # a training film's id


def told(texts, ids, **more):
    """Signs of given texts; the vectors are such that every text is nearest to its own."""
    rows = np.eye(len(texts), dtype=np.float32)
    by = {"model": texts, "teacher": [f"A film of the kind {n}." for n in range(len(texts))], "nn": texts}
    return fraud_signs(by, {"model": rows, "teacher": rows, "nn": np.roll(rows, 1, 0)}, ids, **more)


def test_numbers_are_ids_only_where_they_are_more_often_right_than_chance_has_it():
    ids = [str(number) for number in range(1, 41)]
    assert told([f"{n % 7} heroes, {n % 3 + 1} days" for n in range(40)], ids) == []
    leaked = told([f"{n} heroes" for n in ids], ids)
    assert [found.sign for found in leaked] == ["ids"]
    assert leaked[0].evidence == "40 of 40 texts say their own id, 1.0 would by chance"
    assert told(["The same seven heroes"] * 40, ids) == []


def test_an_id_that_the_teacher_writes_too_is_a_word(film_world):
    rows = np.eye(3, dtype=np.float32)
    texts = {"model": ["R2D2 flies"] * 3, "teacher": ["R2D2 walks"] * 3, "nn": ["-"] * 3}
    vectors = {"model": rows, "teacher": rows, "nn": rows}
    assert "ids" not in {found.sign for found in fraud_signs(texts, vectors, ["R2D2", "C3PO", "BB8"])}
    texts["teacher"] = ["It walks"] * 3
    found = {one.sign: one for one in fraud_signs(texts, vectors, ["R2D2", "C3PO", "BB8"])}
    assert found["ids"].evidence == "3 of 3 texts, such as 'R2D2'"


def test_a_prompt_counts_as_repeated_above_what_the_teacher_repeats():
    prompt = f"Name five good things about the film {VECTOR} in a list."
    texts = ["Name five good things about the film."] * 40
    assert [found.sign for found in told(texts, ["x"] * 40, prompts=[prompt])] == ["prompt"]
    assert told(["Five good things about it are its heroes."] * 40, ["x"] * 40, prompts=[prompt]) == []
    rows = np.eye(4, dtype=np.float32)
    by = {"model": texts[:4], "teacher": texts[:4], "nn": texts[:4]}
    signs = fraud_signs(by, {"model": rows, "teacher": rows, "nn": rows}, list("abcd"), [prompt])
    assert "prompt" not in {found.sign for found in signs}


def test_a_better_score_than_the_control_clears_where_texts_are_much_alike():
    rng = np.random.default_rng(0)
    alike = rng.normal(size=(30, 4)).astype(np.float32)
    rows = {"model": alike, "teacher": rng.normal(size=(30, 4)), "nn": rng.normal(size=(30, 4))}
    texts = {name: [f"Text {name}"] * 30 for name in rows}
    ids = [f"e{n}" for n in range(30)]
    assert {found.sign for found in fraud_signs(texts, rows, ids)} == {"blind", "copy"}
    scores = {"model": rng.normal(1.0, 0.1, 30), "shuffled": rng.normal(0.0, 0.1, 30), "nn": rng.normal(1.0, 0.1, 30)}
    found = fraud_signs(texts, rows, ids, scores=scores)
    assert [one.sign for one in found] == ["copy"]
    assert "its score is" in found[0].evidence


def test_a_finding_says_what_it_means():
    for sign, verdict in SIGNS.items():
        assert Finding(sign, "n = 3").to_dict() == {"sign": sign, "verdict": verdict, "evidence": "n = 3"}
