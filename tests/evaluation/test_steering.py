import json

import numpy as np
import pytest

from elm.cav import fit
from elm.embeddings import EmbeddingSpace, VectorTable
from elm.evaluation import steer_scores


class AxisEncoder:
    """Reads texts "joke joke plain ...": the share of jokes on axis 0, the other words on axes of their own."""

    def encode(self, texts):
        rows = np.array([[t.split().count(w) for w in ("joke", "plain", "tree", "stone")] for t in texts], float)
        return (rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)).astype(np.float32)


class Reader:
    """Writes each axis of the vector as often as it weighs."""

    def describe(self, vectors, task, *, seed=0):
        words = ("joke", "plain", "tree", "stone")
        return [
            " ".join(w for w, v in zip(words, row, strict=True) for _ in range(round(20 * max(v, 0)) + 1))
            for row in vectors
        ]


class Deaf:
    def describe(self, vectors, task, *, seed=0):
        return [f"plain tree {'joke ' * (row % 3)}" for row in range(len(vectors))]


@pytest.fixture
def table():
    rng = np.random.default_rng(0)
    vectors = rng.random((80, 4)) + 0.2
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return VectorTable([f"i{n}" for n in range(80)], vectors, EmbeddingSpace.fit("axes", vectors, "cosine", {}, "a"))


@pytest.fixture
def cav(table):
    funny = [i for i, v in zip(table.ids, table.vectors, strict=True) if v[0] > 0.5]
    return fit(table, {"funny": funny})["funny"]


def test_a_model_that_reads_the_concept_follows_it(table, cav):
    scores = steer_scores(Reader(), "summary", table, table.ids[:20], cav, AxisEncoder()).to_dict()
    assert scores["amounts"] == [-2.0, -1.0, 0.0, 1.0, 2.0]
    assert scores["score_along_concept"] == sorted(scores["score_along_concept"])
    assert scores["spearman"] > 0.9 > scores["spearman_random"]
    assert scores["p_value"] < 1e-3
    assert json.loads(json.dumps(scores, allow_nan=False)) == scores


def test_a_model_that_ignores_its_vector_does_not(table, cav):
    found = steer_scores(Deaf(), "summary", table, table.ids[:20], cav, AxisEncoder(), amounts=(-1, 0, 1))
    assert np.ptp(found.along.mean(0)) == pytest.approx(0.0, abs=1e-6)
    assert found.to_dict()["spearman"] == 0.0
    assert found.to_dict()["p_value"] == 1.0
    assert list(found.texts) == [-1.0, 0.0, 1.0]


def test_wrong_calls(table, cav):
    with pytest.raises(ValueError, match="got 1 and 5"):
        steer_scores(Reader(), "summary", table, table.ids[:1], cav, AxisEncoder())
    with pytest.raises(ValueError, match="got 2 and 1"):
        steer_scores(Reader(), "summary", table, table.ids[:2], cav, AxisEncoder(), amounts=(1.0,))
