"""What a whole quickstart returns and leaves behind."""

from __future__ import annotations

import json
import math
import shutil
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from small_world import AMOUNTS, Finished, Small, alike, trusted_copy

import elm
from elm._errors import CallError, DataFileError, LeakageError
from elm._storage.files import write_json
from elm.data import EntitySplit
from elm.embeddings import SentenceEncoder
from elm.runs import RunConfig, RunFolder, World, bench_run, build_world, quickstart
from elm.runs.making._train_model import extra_films, lessons

FILM_TASKS = {"summary", "positive_review", "negative_review", "five_positive"}
STEPS = ["embed", "train", "describe", "recommender", "edit_one", "score", "loop", "steer"]
CONSISTENCY = {"sc", "sc_teacher", "sc_nn", "sc_shuffled", "sc_random", "rsc", "fact_precision", "fact_recall", "n"}
FACTS = {"overall", "genres", "setting", "protagonist", "conflict"}
PROFILE = {"n", "bc", "bc_teacher", "bc_shuffled", "bc_random", "rbc"}


def test_the_result_has_the_promised_names_and_plain_values(finished: Finished) -> None:
    result = finished.result
    assert list(result) == ["run", "seconds", "describe", "consistency", "profile", "loop", "edit", "steer", "shipped"]
    json.dumps(result, allow_nan=False)
    assert Path(result["run"]) == finished.folder
    assert finished.shown == STEPS
    assert set(result["seconds"]) == set(STEPS)
    assert all(seconds >= 0 for seconds in result["seconds"].values())


def test_describe_gives_item_task_and_text(finished: Finished) -> None:
    texts = finished.result["describe"]
    assert all(set(entry) == {"item", "task", "text"} for entry in texts)
    assert {entry["task"] for entry in texts} == FILM_TASKS
    assert "halfway" in texts[-1]["item"]
    assert all(len(entry["text"]) > 20 for entry in texts)


def test_consistency_of_each_film_task(finished: Finished) -> None:
    tasks = finished.result["consistency"]
    assert set(tasks) == FILM_TASKS
    for row in tasks.values():
        assert set(row) >= CONSISTENCY
        assert row["n"] == 6
        assert set(row["fact_precision"]) == set(row["fact_recall"]) == FACTS
        assert all(-1 <= row[name] <= 1 for name in CONSISTENCY if name.startswith("sc"))
        assert row["rsc"] is None or math.isfinite(row["rsc"])


def test_profile_loop_edit_and_steer(finished: Finished) -> None:
    profile, loop, edit, steer = (finished.result[name] for name in ("profile", "loop", "edit", "steer"))
    assert set(profile) >= {"example", *PROFILE}
    assert set(profile["example"]) == {"user", "profile"}
    assert profile["n"] == 14
    assert {"ndcg_elm", "ndcg_teacher", "ndcg_history", "ndcg_popular"} <= set(loop)
    assert all(0 <= loop[name] <= 1 for name in loop if name.startswith("ndcg"))
    assert {"example", "n", "ndcg_genre_before", "ndcg_genre_after"} <= set(edit)
    example = edit["example"]
    assert example["profile"] != example["edited"]
    assert example["favourite"] != example["least"]
    assert len(example["before"]) == len(example["after"]) == 10
    assert steer["concept"] == "funny"
    assert steer["amounts"] == list(AMOUNTS)
    assert len(steer["score_along_concept"]) == len(AMOUNTS)
    assert all(math.isfinite(score) for score in steer["score_along_concept"])


def test_only_the_demo_world_has_a_shipped_twin(finished: Finished) -> None:
    assert finished.result["shipped"] == {"consistency": {}, "profile": {}}


def test_the_run_folder_holds_everything(finished: Finished, small: Small) -> None:
    folder = finished.folder
    assert (folder / "scores.png").read_bytes().startswith(b"\x89PNG")
    assert {path.stem for path in (folder / "steps").iterdir()} == set(STEPS)
    assert {path.name for path in (folder / "vectors").iterdir()} == {"films", "users", "items", "held_users"}
    assert (folder / "model" / "manifest.json").is_file()
    assert (folder / "recommender" / "config.json").is_file()
    assert RunConfig.from_dict(json.loads((folder / "run.json").read_text())) == small.config()
    left = [path for path in folder.rglob("*") if path.suffix in (".tmp", ".pkl", ".pt", ".bin")]
    assert not left
    run, model = elm.load(folder), elm.load(folder / "model")
    assert list(run.adapters) == list(model.adapters) == ["minilm", "wals"]


_MORE = ("left_out", "rankers")


def quick(scores: Any) -> Any:
    """The scores without the untrained adapter and other rankers, which the quickstart leaves out to keep its time."""
    if not isinstance(scores, dict):
        return scores
    return {name: quick(row) for name, row in scores.items() if "untrained" not in name and name not in _MORE}


@pytest.mark.slow
def test_bench_uses_the_same_names_and_finds_the_same_scores(finished: Finished, tmp_path: Path) -> None:
    run = trusted_copy(finished.folder, tmp_path / "run")  # its card is written anew
    value = bench_run(run, 6, 14, progress=False)
    assert set(value) == {"run", "consistency", "behaviour", "versions", "profile"}
    assert alike(quick(value["consistency"]), quick(finished.result["consistency"]))
    expected = {name: entry for name, entry in finished.result["profile"].items() if name != "example"}
    summary = value["profile"].pop("user_summary")
    assert alike(quick(value["profile"]), quick(expected))
    assert set(quick(summary)) == set(quick(expected))


@pytest.fixture(scope="module")
def world(finished: Finished, small: Small) -> World:
    config = small.config()
    return build_world(RunFolder(finished.folder), config, SentenceEncoder(config.encoder), progress=False)


def test_nothing_that_is_scored_is_in_a_lesson(world: World, small: Small) -> None:
    films, users = lessons(world, small.config())
    held_films = {*world.film_split.validation, *world.film_split.test}
    held_users = {*world.user_split.validation, *world.user_split.test}
    assert set(films.ids) == set(world.film_split.train)
    assert not held_films & set(films.ids)
    assert {user.partition("#")[0] for user in users.ids} == set(world.user_split.train)
    assert not held_users & {user.partition("#")[0] for user in users.ids}
    assert not held_users & set(world.users.ids)
    assert not set(world.rated["user"]) & set(world.users.ids)
    both = world.rated.merge(world.hidden, on=["user", "item"])
    assert both.empty


def test_a_held_out_film_or_user_among_the_lessons_is_refused(world: World, small: Small) -> None:
    leaky: Any = SimpleNamespace(
        train=[*world.film_split.train, world.film_split.test[0]],
        validation=world.film_split.validation,
        test=world.film_split.test,
    )
    with pytest.raises(
        LeakageError, match=f"'minilm': 1 held out are also trained on \\('{world.film_split.test[0]}'\\)"
    ):
        lessons(replace(world, film_split=leaky), small.config())
    user = world.user_split.train[0]
    leaky = SimpleNamespace(train=world.user_split.train, validation=[], test=[user])
    with pytest.raises(LeakageError, match=f"'wals': 1 held out are also trained on \\('{user}'\\)"):
        lessons(replace(world, user_split=leaky), small.config())
    with pytest.raises(LeakageError, match="also trained on"):
        EntitySplit(["a"], [], ["a"])


def test_generated_films_are_learned_from_beside_the_training_films(world: World, small: Small, tmp_path: Path) -> None:
    encoder = SentenceEncoder(small.encoder)
    table, facts = extra_films(RunFolder(tmp_path), world, small.config(extra_films=60), encoder, progress=False)
    assert len(table) == len(facts) == 60
    assert not set(table.ids) & set(world.films.ids)
    films, _ = lessons(world, small.config(), (table, facts))
    assert set(films.ids) == {*world.film_split.train, *table.ids}
    bare = replace(world, dataset=replace(world.dataset, facts=None))
    with pytest.raises(CallError, match="generated from facts, and small knows none"):
        extra_films(RunFolder(tmp_path), bare, small.config(extra_films=60), encoder, progress=False)


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"dataset": "dem"}, CallError, r"unknown data set 'dem'; did you mean 'demo'\?"),
        ({"dataset": "/no/such/data"}, DataFileError, "/no/such/data is not a folder"),
        ({"encoder": "no-such-encoder"}, DataFileError, "sentence encoder 'no-such-encoder' was not found"),
        ({"vector_sources": ("plott",)}, CallError, "plott"),
        ({"vector_sources": ("plot",), "target_source": "plot"}, CallError, "different sources, not both 'plot'"),
        ({"film_shares": (0.5, 0.6)}, CallError, "leave a training part"),
    ],
)
def test_wrong_settings(
    small: Small, tmp_path: Path, settings: dict[str, object], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        quickstart(tmp_path / "run", small.config(**settings), progress=False)


def test_data_that_changed_since_the_run_began_is_noticed(finished: Finished, small: Small, tmp_path: Path) -> None:
    shutil.copytree(small.data, tmp_path / "data")
    shutil.copytree(finished.folder / "vectors", tmp_path / "run" / "vectors")
    shutil.copytree(finished.folder / "splits", tmp_path / "run" / "splits")
    config = small.config(dataset=str(tmp_path / "data"))
    write_json(tmp_path / "run" / "run.json", config.to_dict())
    dataset = elm.data.load(tmp_path / "data")
    replace(dataset, interactions=dataset.interactions[dataset.interactions["user"] != "u7"]).save(tmp_path / "data")
    with pytest.raises(DataFileError, match=r"the users of the data set are no longer those of .*users\.json"):
        quickstart(tmp_path / "run", config, progress=False)
