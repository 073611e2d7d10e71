import numpy as np
import pytest

from elm.cav import fit, narrate_concept, narrate_difference, narrate_move
from elm.embeddings import EmbeddingSpace, VectorTable


class Storyteller:
    """Calls a film hilarious where the first number is above 4, bleak where below, and always names its harbour."""

    def describe(self, vectors, task, *, seed=0):
        return [f"A {'hilarious' if row[0] > 4 else 'bleak'} tale of the old harbour." for row in vectors]


@pytest.fixture
def table():
    vectors = np.random.default_rng(0).uniform(3, 5, size=(200, 3))
    return VectorTable([f"i{n}" for n in range(200)], vectors, EmbeddingSpace.fit("w", vectors, "dot", {}, "w"))


@pytest.fixture
def funny(table):
    return fit(table, {"funny": [i for i in table if table[i][0] > 4]})["funny"]


def test_the_path_of_a_move_says_what_came_and_went(table, funny):
    told = narrate_move(Storyteller(), funny, [4.0, 4.0, 4.0], "summary", amounts=(2, -2, 0))
    assert told.amounts == (-2.0, 0.0, 2.0)
    assert told.gained == ["hilarious"]
    assert told.lost == ["bleak"]
    assert str(told).splitlines()[0].startswith("-2.00  A bleak tale")
    assert str(told).splitlines()[-1] == "lost    bleak"


def test_a_difference_is_told_on_the_way_from_one_to_the_other():
    told = narrate_difference(Storyteller(), [3.0, 4.0, 4.0], [6.0, 4.0, 4.0], "summary", steps=4)
    assert told.amounts == pytest.approx((0, 1 / 3, 2 / 3, 1))
    assert ["bleak" in text for text in told.texts] == [True, True, False, False]
    same = narrate_difference(Storyteller(), [3.0, 4.0, 4.0], [3.0, 4.0, 4.0], "summary", steps=2)
    assert same.gained == same.lost == []
    assert "gained  nothing" in str(same)


def test_unit_vectors_keep_their_length_on_the_way():
    seen = []

    class Watch(Storyteller):
        def describe(self, vectors, task, *, seed=0):
            seen.append(vectors)
            return super().describe(vectors, task)

    first, second = (row / np.linalg.norm(row) for row in np.random.default_rng(0).normal(size=(2, 7)))
    narrate_difference(Watch(), first, second, "summary")
    assert np.linalg.norm(seen[0], axis=1) == pytest.approx(np.ones(5), abs=1e-6)
    np.testing.assert_array_equal(seen[0][[0, -1]], np.stack([first, second]).astype(np.float32))


def test_a_concept_is_read_from_the_words_that_its_move_brings(table, funny):
    found = narrate_concept(Storyteller(), funny, table.vectors[:40], "summary")
    assert found.index[0].startswith("hilarious")
    assert found.index[-1].startswith("bleak")
    assert found.loc["hilarious", "p_value"] < 1e-4
    assert found.loc["harbour", ["shift", "p_value"]].tolist() == [0.0, 1.0]


def test_wrong_calls(table, funny):
    model = Storyteller()
    with pytest.raises(ValueError, match="two different amounts"):
        narrate_move(model, funny, table["i1"], "summary", amounts=(1, 1))
    with pytest.raises(ValueError, match="one finite vector"):
        narrate_move(model, funny, table.vectors, "summary")
    with pytest.raises(ValueError, match="got 3, 2 and 5 steps"):
        narrate_difference(model, [1.0, 2.0, 3.0], [1.0, 2.0], "summary")
    with pytest.raises(ValueError, match="two vectors"):
        narrate_concept(model, funny, table["i1"], "summary")
    with pytest.raises(ValueError, match="positive finite"):
        narrate_concept(model, funny, table.vectors, "summary", amount=float("inf"))
