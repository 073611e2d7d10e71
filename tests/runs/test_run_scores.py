"""All scores of a run: every control and ranker in one table, its tests, and what may be scored at all."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from small_world import Finished

from elm._errors import CallError
from elm.cli import _output, main
from elm.data import EntitySplit
from elm.embeddings import SentenceEncoder
from elm.evaluation import CachedEncoder
from elm.model import load_model
from elm.runs import RunScores, World, build_world, open_recommender, open_run, score_films, score_run, score_users


@pytest.fixture(scope="module")
def parts(finished: Finished):
    run, config = open_run(finished.folder)
    encoder = SentenceEncoder(config.encoder)
    config = replace(config, film_tasks=("summary",), user_tasks=("user_profile",), scored_films=5, scored_users=6)
    return (
        load_model(finished.folder),
        build_world(run, config, encoder, progress=False),
        config,
        CachedEncoder(encoder),
    )


@pytest.fixture(scope="module")
def scores(finished: Finished, parts) -> RunScores:
    return score_run(*parts, False, True, open_recommender(finished.folder))


@pytest.mark.slow
def test_every_control_and_ranker_is_in_the_table(scores: RunScores) -> None:
    frame = scores.frame()
    assert not frame.duplicated(["section", "task", "measure", "system", "id"]).any()
    controls = {"model", "teacher", "nn", "shuffled", "random", "probe", "untrained"}
    for section in ("consistency", "behaviour", "profile"):
        assert controls <= set(frame[frame["section"] == section]["system"])
    assert {"BC_bm25", "BC_text_encoder", "BC_zero_shot", "BC_uniform", "SC"} <= set(
        frame[frame["section"] == "profile"]["measure"]
    )
    assert {"BC_liked_films", "BC_own_profile"} <= set(frame[frame["section"] == "behaviour"]["measure"])
    assert set(scores.texts_frame()["task"]) == {"summary", "user_profile"}


def test_plain_values_hold_the_tests(scores: RunScores) -> None:
    value = scores.to_dict()
    assert json.loads(json.dumps(value, allow_nan=False)) == value
    sections = {(row["section"], row["control"]) for row in value["tests"]}
    assert sections == {
        (section, control)
        for section in ("consistency", "behaviour", "profile")
        for control in ("shuffled", "nn", "random", "untrained")
    }
    assert all(row["p_holm"] >= row["p_value"] for row in value["tests"])
    assert value["consistency"]["summary"]["trained"] == value["profile"]["user_profile"]["trained"] == 0


def test_training_entities_only_on_demand_and_the_scores_say_so(parts) -> None:
    model, world, config, encoder = parts
    films = score_films(model, world, config, encoder, include_training=True, progress=False)
    users = score_users(model, world, config, encoder, include_training=True)
    assert films["summary"].to_dict()["trained"] == 5
    assert users["user_profile"].to_dict()["trained"] == len(users["user_profile"].users) > 0
    assert set(users["user_profile"].users) <= set(world.users.ids)


def test_a_run_that_kept_nothing_is_refused(parts) -> None:
    model, world, config, encoder = parts

    def without_test(split: EntitySplit) -> EntitySplit:
        return EntitySplit([*split.train, *split.validation, *split.test], [], [])

    bare: World = replace(world, film_split=without_test(world.film_split), user_split=without_test(world.user_split))
    with pytest.raises(CallError, match="this run kept 0 films for them: begin one with a test share of films"):
        score_films(model, bare, config, encoder, progress=False)
    with pytest.raises(CallError, match="this run kept 0 users for them"):
        score_users(model, bare, config, encoder)


@pytest.mark.slow
def test_the_command_shows_what_rankers_can_tell_and_what_speaks_against_the_texts(
    finished: Finished, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = main(["bench", "consistency", str(finished.folder), "--films", "3", "--users", "4", "--out", str(tmp_path)])
    _output.set_quiet(False)
    shown = capsys.readouterr().out
    assert code == 0
    assert "What can each ranker tell?" in shown
    assert "text_encoder" in shown
    assert "What speaks against these texts?" in shown  # three steps of training teach nothing
    assert "texts do not depend on the vector" in " ".join(shown.split())
