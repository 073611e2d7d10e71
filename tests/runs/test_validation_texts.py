"""A run that is watched: scores of what the model writes beside the loss, and the tasks that it learns."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from small_world import Small

from elm._errors import CallError, UnknownNameError
from elm.data import EntitySplit
from elm.embeddings import SentenceEncoder
from elm.model import load_model
from elm.runs._experiment_data import build_world
from elm.runs.making._train_model import lessons, teach
from elm.runs.making._validation import watch
from elm.training import read_metrics


@pytest.mark.slow
def test_a_watched_run_scores_validation_films_alone(small: Small, tmp_path: Path) -> None:
    config = small.config(base=str(small.base), validate_every=2, film_tasks=("summary", "similarities"))
    run = config.begin(tmp_path / "run")
    encoder = SentenceEncoder(config.encoder)
    world = build_world(run, config, encoder, progress=False)
    teach(run, world, config, encoder, progress=False)
    rows = [row for row in read_metrics(run.path / "checkpoints" / "metrics.jsonl") if "rSC" in row]
    assert [row["step"] for row in rows] == [2, 3, 2, 3]
    assert all(set(row) >= {"loss", "SC", "rSC", "shuffled", "facts"} for row in rows)
    model = load_model(run.path)
    pair = world.films.rows(world.film_split.test[:2])
    assert isinstance(model.describe((pair[0], pair[1]), "similarities"), str)
    with pytest.raises(CallError, match="task 'pitch' was not trained"):
        model.describe(pair[0], "pitch")

    further = replace(config, pair_share=0.5, validate_every=0)
    again = teach(run, world, further, encoder, False, load_model(run.path / "model"), "checkpoints/again")
    assert set(again) == {"stage_one", "stage_two"}
    assert (run.path / "checkpoints" / "again" / "stage-two.safetensors").exists()
    made = load_model(run.path).about["made"]
    assert made["steps"].startswith("3 and 3")
    assert "3 and 3 of 600 tokens" in made["then"]

    none = replace(world, film_split=EntitySplit(world.film_split.train, [], world.film_split.test))
    with pytest.raises(CallError, match="got 1 tasks and 0 films"):
        watch(none, config, encoder)
    with pytest.raises(CallError, match="got 0 tasks"):
        watch(world, replace(config, film_tasks=("similarities",)), encoder)
    assert watch(world, replace(config, validate_every=0), encoder) is None


def test_tasks_over_two_films_have_a_share_of_their_own(small: Small, tmp_path: Path) -> None:
    config = small.config(film_tasks=("summary", "similarities", "interpolation"))
    run = config.begin(tmp_path / "run")
    world = build_world(run, config, SentenceEncoder(config.encoder), progress=False)
    together, _ = lessons(world, config)
    single, pairs, users = lessons(world, replace(config, pair_share=0.25))
    assert together.tasks == (*single.tasks, *pairs.tasks) == config.film_tasks
    assert pairs.weight / (pairs.weight + single.weight) == pytest.approx(0.25)
    assert pairs.weight + single.weight == pytest.approx(together.weight)
    assert users.tasks == config.user_tasks


def test_tasks_are_named_or_all(small: Small) -> None:
    config = small.config()
    assert config.with_tasks([]) == config
    assert config.with_tasks(["pitch", "pitch"]).film_tasks == ("pitch",)
    assert len(config.with_tasks(["all"]).film_tasks) == 24
    assert len(replace(config, domain="products").with_tasks(["all"]).film_tasks) == 5
    with pytest.raises(UnknownNameError, match="unknown film task 'pich'; did you mean 'pitch'"):
        config.with_tasks(["pich"])
    with pytest.raises(CallError, match="'user_profile' is about users"):
        config.with_tasks(["user_profile"])
