"""Films without known facts, as in real data sets: teachers quote one text, the others make the vectors."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from small_world import Small

from elm._errors import CallError
from elm.data import load
from elm.runs import RunConfig, bench_run, open_table, quickstart, train_run
from elm.training import LoopConfig, TwoStage

STAGE = LoopConfig(steps=2, lr=1e-3, warmup=1)


@pytest.fixture
def bare(small: Small, tmp_path: Path) -> Path:
    """The small data set without its facts, one film without its plot."""
    dataset = load(str(small.data))
    texts = dataset.texts[(dataset.texts["item"] != "f5") | (dataset.texts["source"] != "plot")]
    return replace(dataset, facts=None, texts=texts).save(tmp_path / "bare")


def settings(small: Small) -> dict[str, object]:
    return {
        "encoder": str(small.encoder),
        "base": str(small.base),
        "training": TwoStage(one=STAGE, two=STAGE, batch_tokens=600),
        "soft_tokens": 2,
        "hidden": 32,
        "factors": 8,
    }


@pytest.mark.slow
def test_a_run_is_trained_and_scored_on_genres_alone(small: Small, bare: Path, tmp_path: Path) -> None:
    config = RunConfig.for_dataset(str(bare), **settings(small))
    assert (config.vector_sources, config.target_source) == (("note",), "plot")
    result = train_run(tmp_path / "run", config, progress=False)
    assert set(result["train"]) == {"stage_one", "stage_two"}
    assert "f5" not in open_table(tmp_path / "run", "films"), "a film that teachers cannot quote is left out"
    scores = bench_run(tmp_path / "run", 3, 4, progress=False)
    for row in scores["consistency"].values():
        assert set(row["fact_recall"]) == {"overall", "genres"}
        assert row["fact_recall"]["genres"] is not None


def test_what_can_be_quoted_and_what_not(small: Small, bare: Path) -> None:
    config = RunConfig.for_dataset(str(bare), ["plot"], "note")
    assert (config.vector_sources, config.target_source) == (("plot",), "note")
    silent = load(str(bare))
    replace(silent, texts=silent.texts.iloc[:0]).save(bare)
    with pytest.raises(CallError, match=r"films need texts to be described, and .* has none; join some with `elm data"):
        RunConfig.for_dataset(str(bare))


def test_a_text_cannot_make_the_vector_and_be_scored(small: Small, bare: Path, tmp_path: Path) -> None:
    config = RunConfig.for_dataset(str(bare), ["plot"], "plot", **settings(small))
    with pytest.raises(CallError, match="different sources, not both 'plot'"):
        quickstart(tmp_path / "run", config, progress=False)
