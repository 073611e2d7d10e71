import json

import numpy as np
import pytest

from elm.cav import fit
from elm.evaluation import steer_scores


class Deaf:
    def describe(self, vectors, task, *, seed=0):
        return [f"plain tree {'joke ' * (row % 3)}" for row in range(len(vectors))]


@pytest.fixture
def table(axes):
    return axes.table


@pytest.fixture
def cav(table):
    funny = [i for i, v in zip(table.ids, table.vectors, strict=True) if v[0] > 0.5]
    return fit(table, {"funny": funny})["funny"]


def test_a_model_that_reads_the_concept_follows_it(axes, table, cav):
    scores = steer_scores(axes.model, "summary", table, table.ids[:20], cav, axes.encoder).to_dict()
    assert scores["amounts"] == [-2.0, -1.0, 0.0, 1.0, 2.0]
    assert scores["score_along_concept"] == sorted(scores["score_along_concept"])
    assert scores["spearman"] > 0.9 > scores["spearman_random"]
    assert scores["p_value"] < 1e-3
    assert json.loads(json.dumps(scores, allow_nan=False)) == scores


def test_a_model_that_ignores_its_vector_does_not(axes, table, cav):
    found = steer_scores(Deaf(), "summary", table, table.ids[:20], cav, axes.encoder, amounts=(-1, 0, 1))
    assert np.ptp(found.along.mean(0)) == pytest.approx(0.0, abs=1e-6)
    assert found.to_dict()["spearman"] == 0.0
    assert found.to_dict()["p_value"] == 1.0
    assert list(found.texts) == [-1.0, 0.0, 1.0]


def test_wrong_calls(axes, table, cav):
    with pytest.raises(ValueError, match="got 1 and 5"):
        steer_scores(axes.model, "summary", table, table.ids[:1], cav, axes.encoder)
    with pytest.raises(ValueError, match="got 2 and 1"):
        steer_scores(axes.model, "summary", table, table.ids[:2], cav, axes.encoder, amounts=(1.0,))
