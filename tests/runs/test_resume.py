"""An interrupted run goes on where it was, does nothing twice, and ends with what an uninterrupted one gives."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from safetensors import SafetensorError, safe_open
from small_world import AMOUNTS, Finished, Small, alike

from elm._errors import CallError, DataFileError
from elm.data import load
from elm.runs import RunConfig, RunFolder, quickstart

# Where Ctrl-C comes, in the order of the steps: inside of each, after it has begun.
INTERRUPTED = {
    "embed": "elm.runs._experiment_data.fold_in",
    "describe": "elm.runs.quickstart._quickstart_steps.interpolate",
    "recommender": "elm.runs.making._train_recommender.train_tears",
    "edit_one": "elm.runs.quickstart._quickstart_steps.swap_genres",
    "score": "elm.runs.quickstart._quickstart_steps.score_users",
    "loop": "elm.runs.quickstart._quickstart_steps.edit_scores",
    "steer": "elm.runs.quickstart._quickstart_steps.steer_scores",
}


def without_times(result: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in result.items() if name not in ("run", "seconds")}


def stamps(folder: Path) -> dict[str, int]:
    """When each file of the run was written; splits and folded-in users are made again at each call, and the model's
    card, with the manifest, once more when there are scores.
    """
    parts = ("steps", "vectors/films", "vectors/users", "vectors/items", "model", "recommender")
    files = {p for part in parts for p in (folder / part).rglob("*") if p.is_file()}
    files -= {folder / "model" / "README.md", folder / "model" / "manifest.json"}
    return {str(p): p.stat().st_mtime_ns for p in files}


def interrupt(monkeypatch: pytest.MonkeyPatch, place: str, folder: Path, config: RunConfig) -> None:
    def stop(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(place, stop)
        with pytest.raises(KeyboardInterrupt):
            quickstart(folder, config, progress=False)


def kill_in_stage_two(folder: Path, config: RunConfig) -> int:
    """Run in a process of its own until stage two has done a step, then kill -9 it; returns its exit code."""
    script = (
        "import sys, json; from elm.runs import RunConfig, quickstart\n"
        "quickstart(sys.argv[1], RunConfig.from_dict(json.loads(sys.argv[2])), progress=False)"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script, str(folder), json.dumps(config.to_dict())],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 240
    while process.poll() is None and steps_done(folder / "checkpoints" / "stage-two.safetensors") < 1:
        assert time.monotonic() < deadline, "stage two was not reached"
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    return process.wait()


def steps_done(checkpoint: Path) -> int:
    try:
        with safe_open(checkpoint, framework="pt") as file:
            return int(file.metadata()["step"])
    except (FileNotFoundError, SafetensorError):
        return 0


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_interrupted_at_every_step_it_ends_the_same(
    finished: Finished, small: Small, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, config = tmp_path / "run", small.config()
    monkeypatch.setattr("elm.runs.quickstart._quickstart_steps.AMOUNTS", AMOUNTS)
    interrupt(monkeypatch, INTERRUPTED["embed"], folder, config)
    assert not (folder / "steps").exists()
    assert kill_in_stage_two(folder, config) == -signal.SIGKILL
    assert [path.stem for path in (folder / "steps").iterdir()] == ["embed"]
    for step, place in list(INTERRUPTED.items())[1:]:
        before = stamps(folder)
        interrupt(monkeypatch, place, folder, config)
        after = stamps(folder)
        assert not (folder / "steps" / f"{step}.json").exists()
        assert {path: after[path] for path in before} == before, f"done again when {step} was interrupted"
    shown: list[str] = []
    result = quickstart(folder, config, progress=False, show=lambda name, value: shown.append(name))
    assert shown == finished.shown
    assert alike(without_times(result), without_times(finished.result))


def test_a_finished_run_does_nothing_again(finished: Finished, small: Small) -> None:
    before = stamps(finished.folder)
    shown: list[str] = []
    result = quickstart(finished.folder, small.config(), progress=False, show=lambda name, value: shown.append(name))
    assert result == finished.result
    assert shown == finished.shown
    assert stamps(finished.folder) == before


def test_other_settings_in_the_same_folder_are_refused(finished: Finished, small: Small) -> None:
    before = stamps(finished.folder)
    with pytest.raises(
        CallError,
        match=r"was begun with other values of scored_films, seed: choose another folder with --out, or --fresh",
    ):
        quickstart(finished.folder, small.config(seed=5, scored_films=3), progress=False)
    assert stamps(finished.folder) == before


def test_fresh_begins_again_with_nothing_of_the_old_run(
    small: Small, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "run"
    interrupt(monkeypatch, "elm.runs.quickstart._quickstart.teach", folder, small.config())
    old = stamps(folder)
    assert any("vectors/films" in path for path in old)
    other = small.config(seed=4, vector_sources=("note",))
    with monkeypatch.context() as patch:
        patch.setattr("elm.runs.quickstart._quickstart.teach", stop)
        with pytest.raises(KeyboardInterrupt):
            quickstart(folder, other, fresh=True, progress=False)
    new = stamps(folder)
    assert all(new[path] > old[path] for path in old)
    assert RunConfig.from_dict(json.loads((folder / "run.json").read_text())) == other


def stop(*_: Any, **__: Any) -> None:
    raise KeyboardInterrupt


def test_a_run_does_not_begin_among_other_peoples_files(tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    with pytest.raises(CallError, match=r"begins in a folder of its own, and .* holds model but no run\.json"):
        RunFolder.start(tmp_path, {"seed": 0}, fresh=True)
    assert (tmp_path / "model").is_dir()


def test_where_nothing_is_made_settings_may_change(tmp_path: Path) -> None:
    RunFolder.start(tmp_path, {"seed": 0})
    run = RunFolder.start(tmp_path, {"seed": 1})
    assert run.settings() == {"seed": 1}
    run.step("first", lambda: {})
    with pytest.raises(CallError, match="other values of seed"):
        RunFolder.start(tmp_path, {"seed": 0})
    assert RunFolder.start(tmp_path, {"seed": 0}, fresh=True).done("first") is None


def test_a_step_that_fails_is_not_committed(tmp_path: Path) -> None:
    run = RunFolder.start(tmp_path, {})

    def fail() -> dict[str, Any]:
        raise DataFileError("no disk")

    with pytest.raises(DataFileError, match="no disk"):
        run.step("first", fail)
    assert run.done("first") is None
    assert run.step("first", lambda: {"n": (1, 2)}) == {"n": [1, 2]}
    assert run.step("first", fail) == {"n": [1, 2]}
    assert set(run.seconds()) == {"first"}


def test_settings_of_an_older_version_have_the_defaults_of_what_they_lack() -> None:
    old = RunConfig(seed=3).to_dict()
    del old["encoder"]
    del old["training"]["batch_tokens"]
    assert RunConfig.from_dict(old) == RunConfig(seed=3)
    with pytest.raises(DataFileError, match=r"run\.json holds the settings of a run, and these are not.*'folder'"):
        RunConfig.from_dict({**old, "folder": "x"})


def test_the_world_is_read_back_as_it_was_made(finished: Finished, small: Small) -> None:
    films = json.loads((finished.folder / "splits" / "films.json").read_text())
    assert sum(map(len, films.values())) == load(str(small.data)).n_items
