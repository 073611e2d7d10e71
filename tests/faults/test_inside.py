"""A folder from anybody reaches nothing outside of itself: not by half-done saves, links, or what it names."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from elm._errors import CallError, DataFileError, ElmError
from elm._storage import folders
from elm._storage.folders import finish_save, folder_written_aside, hold, read_whole
from elm._storage.inside import is_made_here, mark_as_made_here
from elm.adapters import load_adapter
from elm.cav import CAVs
from elm.cli import main
from elm.data import Dataset, EntitySplit
from elm.data import load as load_data
from elm.embeddings import EmbeddingSpace, VectorTable
from elm.model import load_model
from elm.recommend import load as load_recommender
from elm.recommend import load_backbone
from elm.runs import RunFolder, open_concepts, open_run, open_table, trust
from elm.tasks import load_examples

# One door of each kind of folder that anybody may hand over.
DOORS: dict[str, Callable[[Path], object]] = {
    "model": load_model,
    "adapter": load_adapter,
    "table": VectorTable.load,
    "data set": Dataset.load,
    "concepts": CAVs.load,
    "recommender": load_recommender,
    "backbone": load_backbone,
    "examples": load_examples,
}
NAMES = ("..", ".", "", "/", "../thesis.txt", "..\\thesis.txt", "a/../../thesis.txt", "thesis.txt", "mine.txt")


def toy_space() -> EmbeddingSpace:
    return EmbeddingSpace("toy", 3, "cosine", np.zeros(3, np.float32), np.ones(3, np.float32), 9.0, {}, "f" * 16)


def table(*ids: str) -> VectorTable:
    return VectorTable(list(ids), np.eye(len(ids), 3), toy_space())


def everything(place: Path) -> dict[str, object]:
    """All files, folders and links below a place, with what they hold."""
    return {
        str(path.relative_to(place)): os.readlink(path)
        if path.is_symlink()
        else path.read_bytes()
        if path.is_file()
        else None
        for path in place.rglob("*")
    }


def planted(folder: Path, record: str) -> None:
    """A half-done save that came with the folder."""
    (folder / ".elm-save").mkdir()
    (folder / ".elm-save" / ".retired").write_text(record)
    (folder / ".elm-save" / "mine.txt").write_text("theirs")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A person's folder, with a download in it that is a sound table of vectors."""
    home = tmp_path / "home"
    table("a", "b").save(home / "download")
    (home / "download" / "mine.txt").write_text("mine")
    (home / "thesis.txt").write_text("years of work")
    return home


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("form", ["lines", "record", "stolen"])
def test_a_half_done_save_of_others_is_refused_and_nothing_changes(home: Path, door: str, form: str) -> None:
    folder = home / "download"
    record = {
        "lines": "\n".join(NAMES),
        "record": json.dumps({"made_for": [1, 2], "retired": list(NAMES)}),
        "stolen": json.dumps({"made_for": [os.stat(folder).st_ino, 0], "retired": list(NAMES)}),
    }[form]
    planted(folder, record)
    before = everything(home)
    with pytest.raises(ElmError, match=r"\.elm-save should be a save that was made here .* remove it"):
        DOORS[door](folder)
    for act in (lambda: table("c").save(folder), lambda: finish_save(folder)):
        with pytest.raises(DataFileError, match=r"it came with the folder"):
            act()
    assert everything(home) == before


@pytest.mark.parametrize("form", ["link to a folder", "broken link", "file"])
def test_a_half_done_save_that_is_no_folder(home: Path, form: str) -> None:
    folder, ready = home / "download", home / "download" / ".elm-save"
    if form == "file":
        ready.write_text("x")
    else:
        ready.symlink_to(home if form == "link to a folder" else "nowhere")
    before = everything(home)
    for act in (lambda: VectorTable.load(folder), lambda: table("c").save(folder), lambda: finish_save(folder)):
        with pytest.raises(DataFileError, match="should be a save that was made here"):
            act()
    assert everything(home) == before


def test_an_own_half_done_save_is_finished_by_repair_alone_and_takes_plain_names_only(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = home / "download"
    (folder / "old.txt").write_text("old")
    interrupted_save(folder, monkeypatch)
    before = everything(home)
    monkeypatch.setattr(folders, "WAIT", 0.0)
    with pytest.raises(ElmError, match=f"finish it with: elm repair {folder}"):
        VectorTable.load(folder)
    assert everything(home) == before
    copy = Path(shutil.copytree(folder, home / "copy", symlinks=True))
    with pytest.raises(DataFileError, match="or the folder was copied"):
        finish_save(copy)

    assert main(["repair", str(folder)]) == 0
    assert "finished the interrupted save" in capsys.readouterr().out
    assert (folder / "new.txt").read_text() == "new"
    assert (folder / "mine.txt").read_text() == "mine"
    assert not (folder / "old.txt").exists()
    assert (home / "thesis.txt").read_text() == "years of work"
    assert main(["repair", str(folder)]) == 0
    assert "nothing to repair" in capsys.readouterr().out
    assert main(["repair", str(home / "nowhere")]) == 1


def interrupted_save(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Save over the folder by moves, and stop where the finished save is about to be moved in."""
    finish, calls = folders._finish, []

    def second_stops(folder: Path) -> None:
        calls.append(folder)
        if len(calls) == 2:  # the first looks for what was left before
            raise KeyboardInterrupt
        finish(folder)

    def no_exchange(one: Path, other: Path) -> None:
        raise OSError(95, "no such call here")

    with monkeypatch.context() as patch:
        patch.setattr(folders, "_exchange", no_exchange)
        patch.setattr(folders, "_finish", second_stops)
        with pytest.raises(KeyboardInterrupt), folder_written_aside(folder, retired=["old.txt", *NAMES[:7]]) as aside:
            (aside / "new.txt").write_text("new")


def test_a_record_of_our_own_that_was_changed_retires_plain_names_only(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = home / "download"
    interrupted_save(folder, monkeypatch)
    path = folder / ".elm-save" / ".retired"
    record = json.loads(path.read_text())
    path.write_text(json.dumps({**record, "retired": [*NAMES[:7], ".elm-save"]}))
    assert finish_save(folder)
    assert (folder / "new.txt").exists()
    assert (home / "thesis.txt").read_text() == "years of work"
    assert (folder / "mine.txt").read_text() == "mine"


@pytest.mark.parametrize("door", DOORS)
def test_no_loader_follows_a_link_out_of_its_folder(home: Path, door: str) -> None:
    for name, target in (("vectors.safetensors", home / "thesis.txt"), ("more", home), ("deep/er/link", "/etc")):
        folder = Path(shutil.copytree(home / "download", home / "other"))
        (folder / name).unlink(missing_ok=True)
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).symlink_to(target)
        with pytest.raises(ElmError, match="a link that leads out of"):
            DOORS[door](folder)
        shutil.rmtree(folder)


def test_links_within_a_folder_and_into_the_blobs_of_the_hubs_cache_are_followed(tmp_path: Path) -> None:
    blobs, snapshot = tmp_path / "blobs", tmp_path / "snapshots" / "abc"
    table("a").save(snapshot)
    blobs.mkdir()
    for path in list(snapshot.iterdir()):
        os.rename(path, blobs / path.name)
        path.symlink_to(Path("../../blobs") / path.name)
    assert VectorTable.load(snapshot).ids == ["a"]


def run_with_link(home: Path, name: str) -> Path:
    """A run from elsewhere, one part of which is a link to a person's folder."""
    run, victim = home / "run", home / "victim"
    run.mkdir()
    (run / "run.json").write_text("{}")
    table("a").save(victim / "films")
    (run / name).symlink_to("../victim")
    return run


@pytest.mark.parametrize("name", ["steps", "vectors", "model", "checkpoints", "recommender", "splits", "report.html"])
def test_a_run_whose_part_is_a_link_out_is_neither_read_nor_written(home: Path, name: str) -> None:
    run = run_with_link(home, name)
    before = everything(home / "victim")
    tries: list[Callable[[], object]] = [
        lambda: RunFolder.start(run, {}),
        lambda: RunFolder.start(run, {}, fresh=True),
        lambda: open_run(run),
        lambda: open_table(run, "films"),
        lambda: table("b").save(run / name / "films"),
        lambda: EntitySplit(("a",), ("b",), ("c",)).save(run / name / "films.json"),
        lambda: load_model(run / name),
    ]
    for act in tries:
        with pytest.raises(ElmError, match="leads out of"):
            act()
    assert everything(home / "victim") == before


def test_a_lock_that_is_a_link_leaves_its_target_alone(home: Path) -> None:
    run = home / "run"
    run.mkdir()
    (run / ".lock").symlink_to(home / "thesis.txt")
    with pytest.raises((ElmError, OSError)):
        hold(run)
    assert (home / "thesis.txt").read_text() == "years of work"


def test_paths_that_a_run_names_are_read_where_it_was_made_or_is_trusted(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    encoder = home / "encoder"
    encoder.mkdir()
    own = RunFolder.start(home / "own", {"encoder": str(encoder)}).path
    assert open_run(own)[1].encoder == str(encoder)

    theirs = Path(shutil.copytree(own, home / "theirs"))
    with pytest.raises(CallError, match=rf"encoder {encoder}.*elm trust {theirs}"):
        open_run(theirs)
    assert main(["trust", str(theirs)]) == 0
    assert f"encoder: {encoder}" in capsys.readouterr().out
    assert open_run(theirs)[1].encoder == str(encoder)

    named = home / "named"  # a name of the Hub, and a folder within the run, need no trust
    (named / "enc").mkdir(parents=True)
    (named / "run.json").write_text(json.dumps({"encoder": str(named / "enc"), "base": "someone/some-model"}))
    assert open_run(named)[1].base == "someone/some-model"
    with pytest.raises(DataFileError, match="a run or a folder of concepts can be trusted"):
        trust(home)


def test_concepts_that_name_a_run_elsewhere(home: Path) -> None:
    from elm.runs import ConceptSettings, fit_concepts

    ids = [f"i{k}" for k in range(40)]
    rows = np.random.default_rng(0).normal(size=(40, 3))
    run = home / "run"
    VectorTable(ids, rows, toy_space()).save(run / "vectors" / "items")
    (run / "run.json").write_text("{}")
    settings = ConceptSettings(str(run), "items", everything=True)
    fit_concepts(home / "own", settings, {"up": pd.Series((rows[:, 0] > 0).astype(float), index=ids)})
    assert open_concepts(home / "own")[1].run == str(run)
    shutil.copytree(home / "own", home / "theirs")
    with pytest.raises(CallError, match="was not made here and reads from outside of itself"):
        open_concepts(home / "theirs")
    assert trust(home / "theirs").keys() == {"run"}
    assert open_concepts(home / "theirs")[1].run == str(run)


@pytest.mark.parametrize("mark", ["[1, 2]", "not json", "[]", "null", "[" * 40])
def test_a_mark_that_came_with_a_folder_proves_nothing(tmp_path: Path, mark: str) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / ".made-here").write_text(mark)
    assert not is_made_here(folder)
    mark_as_made_here(folder)
    assert is_made_here(folder)
    assert not is_made_here(Path(shutil.copytree(folder, tmp_path / "copy")))


def test_a_run_is_looked_at_again_once_its_lock_is_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who waited for a run that ended in the meantime sees what that run made."""
    from elm.runs import _folder

    def after_another_run(folder: Path) -> object:
        (folder / "steps").mkdir()
        (folder / "steps" / "train.json").write_text('{"seconds": 1, "result": {"seed": 1}}')
        (folder / "run.json").write_text('{"seed": 1}')
        return hold(folder)

    monkeypatch.setattr(_folder, "hold", after_another_run)
    with pytest.raises(CallError, match="begun with other values of seed"):
        RunFolder.start(tmp_path / "run", {"seed": 2})


def test_a_folder_of_too_many_files_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("elm._storage.inside._MOST", 5)
    for k in range(6):
        (tmp_path / f"{k}.txt").write_text("x")
    with pytest.raises(DataFileError, match="more than 5 files"):
        read_whole(tmp_path, lambda: 1)


def test_a_data_set_that_was_saved_loads_from_a_folder_that_is_a_link(tmp_path: Path) -> None:
    """A link to the folder itself is the caller's own word."""
    items = pd.DataFrame({"title": ["A"], "year": [1990], "genres": [[]]}, index=["a"])
    seen = pd.DataFrame({"user": ["u"], "item": ["a"], "rating": [5]})
    Dataset("t", items, pd.DataFrame(index=["u"]), seen).save(tmp_path / "real")
    (tmp_path / "link").symlink_to("real")
    assert load_data(tmp_path / "link").items["title"].tolist() == ["A"]
