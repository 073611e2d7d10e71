"""A disk that fills up: one clear line, and nothing lost. The same call goes on once there is room."""

from __future__ import annotations

import json
import os
import re
import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from small_world import Small

from elm.adapters import read_tensors

_MIB = 2**20
_LARGEST = 300_000  # bytes of a file, where no file system could be mounted


class SmallDisk:
    """A folder that takes 3 MiB: a file system of its own where one may be mounted, else a limit on file sizes."""

    def __init__(self, folder: Path) -> None:
        self.folder, self._small = folder, True
        folder.mkdir()
        self._mounted = self._mount("size=3m")

    def _mount(self, options: str) -> bool:
        command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(self.folder)]
        try:
            return subprocess.run(command, capture_output=True).returncode == 0
        except FileNotFoundError:
            return False

    def grow(self) -> None:
        self._small = False
        if self._mounted:
            assert self._mount("remount,size=200m")

    def close(self) -> None:
        if self._mounted:
            subprocess.run(["umount", str(self.folder)], check=True)

    def elm(self, *words: object) -> subprocess.CompletedProcess[str]:
        limit = None
        if self._small and not self._mounted:

            def limit() -> None:
                resource.setrlimit(resource.RLIMIT_FSIZE, (_LARGEST, _LARGEST))

        command = [sys.executable, "-m", "elm", *map(str, words)]
        return subprocess.run(command, capture_output=True, text=True, preexec_fn=limit, timeout=300)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    if not sys.platform.startswith("linux"):
        pytest.skip("needs Linux")
    disk = SmallDisk(tmp_path / "disk")
    yield disk
    disk.close()


def one_line(done: subprocess.CompletedProcess[str]) -> None:
    assert done.returncode == 1, done.stderr
    assert not done.stdout or json.loads(done.stdout).keys() == {"error"}  # with --json
    assert re.fullmatch(r"elm: (the disk is full|.*[Ff]ile too large).*\n", done.stderr), done.stderr


@pytest.mark.slow
def test_training_on_a_full_disk_goes_on_once_there_is_room(disk: SmallDisk, small: Small) -> None:
    out = disk.folder / "run"
    words = ("train", "run", small.data, "--encoder", small.encoder, "--out", out, "--steps", 1, 1, "--quiet", "--json")
    one_line(disk.elm(*words))
    assert (out / "run.json").is_file()
    assert (out / "vectors" / "films" / "space.json").is_file()
    assert not list(out.rglob("*.tmp")), "half-written files are removed"
    for whole in (out / "checkpoints").glob("*.safetensors"):
        read_tensors(whole)
    kept = (out / "vectors" / "films" / "space.json").stat().st_mtime_ns
    disk.grow()
    done = disk.elm(*words)
    assert done.returncode == 0, done.stderr
    assert set(json.loads(done.stdout)["train"]) == {"stage_one", "stage_two"}
    assert (out / "vectors" / "films" / "space.json").stat().st_mtime_ns == kept


@pytest.mark.slow
def test_saving_a_data_set_on_a_full_disk(disk: SmallDisk, small: Small) -> None:
    filler = disk.folder / "filler"
    filler.write_bytes(os.urandom(3 * _MIB - 64 * 1024))
    one_line(disk.elm("data", "demo", "--out", disk.folder / "data"))
    assert not (disk.folder / "data" / "dataset.json").exists(), "a folder that is not whole does not look whole"
    assert not list(disk.folder.rglob("*.tmp"))
