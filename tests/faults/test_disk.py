"""Full and read-only disks, two writers, readers in the middle of a save: the old folder or the new one, one line."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import tiny_elm
import torch
from kill_folders import read, write

from elm._errors import CallError, FolderBusyError
from elm._storage import folders
from elm._storage.files import written_aside
from elm.embeddings import VectorTable
from elm.model import EmbeddingLanguageModel, load_model, save_model, verify
from elm.runs import RunFolder

HERE = Path(__file__).parent


def state(model: EmbeddingLanguageModel) -> dict[str, torch.Tensor]:
    return dict(model.state_dict())


@contextmanager
def other_process(folder: Path, mode: str) -> Iterator[None]:
    """A process that writes or holds the folder for the time of the block."""
    command = [sys.executable, str(HERE / "swapping.py"), str(folder), mode]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    assert child.stdout.readline()
    try:
        yield
    finally:
        child.kill()
        child.wait()
        child.stdout.close()


@pytest.fixture
def mounted(tmp_path: Path) -> Iterator[Callable[[str], Path]]:
    """Mount a small file system of memory with these options, on a folder that is returned."""
    folders = []

    def mount(options: str) -> Path:
        folder = tmp_path / f"disk-{len(folders)}"
        folder.mkdir()
        command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
        try:
            done = subprocess.run(command, capture_output=True)
        except FileNotFoundError:
            pytest.skip("this machine has no mount command")
        if done.returncode:
            pytest.skip("this user may not mount a file system")
        folders.append(folder)
        return folder

    yield mount
    for folder in folders:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def remount(folder: Path, options: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{options}", str(folder)], check=True)


def test_a_file_system_that_is_full(mounted: Callable[[str], Path], saved: Path, model: EmbeddingLanguageModel) -> None:
    size = sum(path.stat().st_size for path in saved.rglob("*") if path.is_file())
    disk = mounted(f"size={size * 3 // 2 // 1024}k")  # for one model, not for two
    before = state(load_model(save_model(tiny_elm.model(), disk / "model")))
    with pytest.raises(OSError, match="No space left on device; what was there before is kept"):
        save_model(model, disk / "model")
    after = state(load_model(disk / "model"))
    assert all(torch.equal(after[key], value) for key, value in before.items())
    assert [path.name for path in disk.iterdir()] == ["model"], "what was half written is gone"


def test_no_file_may_grow(tmp_path: Path) -> None:
    """What a full disk does to another writer, by a limit on the size of files."""
    old, new = tiny_elm.table(seed=1), tiny_elm.table(n=4000, seed=2)
    old.save(tmp_path / "unit")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (30_000, hard))
    try:
        with pytest.raises(OSError, match=r"File too large; what was there before is kept") as caught:
            new.save(tmp_path / "unit")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert VectorTable.load(tmp_path / "unit").ids == old.ids
    assert caught.value.filename == str(tmp_path / "unit")
    assert [path.name for path in tmp_path.iterdir()] == ["unit"]


def test_a_read_only_disk_reads_and_does_not_write(mounted: Callable[[str], Path]) -> None:
    disk = mounted("size=2m")
    save_model(tiny_elm.model(), disk / "model")
    remount(disk, "ro")
    assert not verify(disk / "model")
    with pytest.raises(OSError, match="Read-only file system") as caught:
        save_model(tiny_elm.model(seed=1), disk / "model")
    assert caught.value.filename
    load_model(disk / "model")


@pytest.mark.skipif(os.geteuid() == 0, reason="modes of folders do not bind the administrator")
def test_a_folder_that_this_user_may_not_write(tmp_path: Path) -> None:
    write(tmp_path / "place" / "unit", "old")
    for path in (tmp_path / "place" / "unit", tmp_path / "place"):
        path.chmod(0o555)
    try:
        with pytest.raises(PermissionError):
            write(tmp_path / "place" / "unit", "new")
        assert (tmp_path / "place" / "unit" / "a.txt").read_text() == "old"
    finally:
        (tmp_path / "place").chmod(0o755)


def test_a_folder_that_is_a_mount_point(mounted: Callable[[str], Path]) -> None:
    """It cannot change places with another; parts move in."""
    disk = mounted("size=2m")
    for version in ("old", "new", "old"):
        write(disk, version)
        (disk / "mine.txt").write_text("kept")
        assert read(disk) == version
    assert sorted(path.name for path in disk.iterdir()) == ["a.txt", "b", "mine.txt", "only-old.txt"]


def test_a_folder_that_somebody_works_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "unit"
    write(folder, "old")
    monkeypatch.chdir(folder)
    write(Path(), "new")
    assert Path("a.txt").read_text() == "new", "the working directory is still the folder"
    (folder / "mine.txt").write_text("kept")
    assert read(folder) == "new"


def test_what_a_person_put_there_stays(tmp_path: Path) -> None:
    folder = tmp_path / "unit"
    write(folder, "old")
    (folder / "mine.txt").write_text("kept")
    (folder / "link").symlink_to("mine.txt")
    write(folder, "new")
    assert read(folder) == "new"
    assert (folder / "link").is_symlink()
    (folder / "notes" / "deep").mkdir(parents=True)
    (folder / "notes" / "deep" / "more.txt").write_text("mine")
    write(folder, "old")
    assert read(folder) == "old"
    assert (folder / "notes" / "deep" / "more.txt").read_text() == "mine"


def test_a_link_to_the_folder_stays_one(tmp_path: Path) -> None:
    write(tmp_path / "real", "old")
    (tmp_path / "unit").symlink_to("real")
    write(tmp_path / "unit", "new")
    assert (tmp_path / "unit").is_symlink()
    assert (tmp_path / "real" / "a.txt").read_text() == "new"


def test_an_error_within_leaves_the_old_folder(tmp_path: Path) -> None:
    write(tmp_path / "unit", "old")

    def fail() -> None:
        with folders.folder_written_aside(tmp_path / "unit") as aside:
            (aside / "a.txt").write_text("new")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert (tmp_path / "unit" / "a.txt").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["unit"]


def test_a_second_writer_is_told_to_wait(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = save_model(tiny_elm.model(), tmp_path / "model")
    with other_process(folder, "hold"):
        waits = folders._acquired
        monkeypatch.setattr(folders, "_acquired", lambda path, of, wait: waits(path, of, 0.05))
        with pytest.raises(FolderBusyError, match=r"one process at a time writes .*/model, and another is at it; wait"):
            save_model(tiny_elm.model(seed=1), folder)
        load_model(folder)  # readers need no lock
    save_model(tiny_elm.model(seed=1), folder)
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_a_run_folder_is_one_process_s_at_a_time(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    with other_process(folder, "run"), pytest.raises(FolderBusyError, match=r"one process at a time writes .*/run"):
        RunFolder.start(folder, {"seed": 0})
    mine = RunFolder.start(folder, {"seed": 0})
    assert RunFolder.start(folder, {"seed": 0}).path == mine.path, "this process may go on with its own"


@pytest.mark.parametrize("mode", ["exchange", "moves"])
def test_a_reader_never_mixes_two_saves(tmp_path: Path, mode: str) -> None:
    folder = tmp_path / "unit"
    write(folder, "old")
    (folder / "mine.txt").write_text("kept")
    found: Counter[str] = Counter()
    began = time.monotonic()
    with other_process(folder, mode):
        while (len(found) < 2 or found.total() < 60) and time.monotonic() < began + 30:
            found[read(folder)] += 1
    assert set(found) == {"old", "new"}


def test_two_writers_at_once_take_turns(tmp_path: Path) -> None:
    folder = tmp_path / "unit"
    write(folder, "old")
    (folder / "mine.txt").write_text("kept")
    with other_process(folder, "exchange"), other_process(folder, "moves"):
        for _ in range(6):
            write(folder, "new")
            assert read(folder) in ("old", "new")
    write(folder, "new")
    assert read(folder) == "new"
    assert [path.name for path in tmp_path.iterdir()] == ["unit"]


def test_temporary_files_of_the_dead_go_and_those_of_the_living_stay(tmp_path: Path) -> None:
    child = subprocess.Popen(["true"])
    child.wait()
    dead, alive = tmp_path / f".a.txt.{child.pid}.abcd1234.tmp", tmp_path / f".a.txt.{os.getppid()}.abcd1234.tmp"
    others = tmp_path / f".b.txt.{child.pid}.abcd1234.tmp"
    for path in (dead, alive, others):
        path.touch()
    with written_aside(tmp_path / "a.txt") as aside:
        aside.write_text("new")
    assert not dead.exists()
    assert alive.exists()
    assert others.exists()


def test_everybody_may_read_what_is_saved(saved: Path) -> None:
    assert {path.stat().st_mode & 0o777 for path in saved.rglob("*") if path.is_file()} == {0o644}
    assert {path.stat().st_mode & 0o777 for path in (saved, *saved.rglob("*")) if path.is_dir()} == {0o755}


def test_a_file_in_the_place_of_a_folder_is_kept_and_said(tmp_path: Path) -> None:
    (tmp_path / "set").write_text("somebody's")
    with pytest.raises(CallError, match=r"is a folder, and .*set is a file: choose another name"):
        save_model(tiny_elm.model(), tmp_path / "set")
    assert [path.name for path in tmp_path.iterdir()] == ["set"]
    assert (tmp_path / "set").read_text() == "somebody's"
