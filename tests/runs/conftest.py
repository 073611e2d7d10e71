"""One finished run, made once and shared by all test workers."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock
from small_world import save_encoder, small_config, small_dataset

from elm.runs import RunConfig, quickstart


@dataclass(frozen=True)
class Small:
    """Where the small data set and its encoder lie."""

    data: Path
    encoder: Path

    def config(self, **settings: object) -> RunConfig:
        return small_config(**{"dataset": str(self.data), "encoder": str(self.encoder), **settings})


@dataclass(frozen=True)
class Finished:
    """A run that went through (not to be changed), what `quickstart` returned, and the steps that it showed."""

    folder: Path
    result: dict[str, Any]
    shown: list[str]


@pytest.fixture(scope="session")
def once(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Callable[[str, Callable[[Path], None]], Path]:
    """Make a folder once for all workers of this call of pytest."""
    base = tmp_path_factory.getbasetemp()
    shared = base if worker_id == "master" else base.parent

    def make(name: str, fill: Callable[[Path], None]) -> Path:
        folder = shared / f"shared-{name}"
        with FileLock(shared / f"{name}.lock"):
            if not (folder / "made").exists():
                folder.mkdir()
                fill(folder)
                (folder / "made").touch()
        return folder

    return make


@pytest.fixture(scope="session")
def small(once: Callable[[str, Callable[[Path], None]], Path]) -> Small:
    def fill(folder: Path) -> None:
        dataset = small_dataset()
        dataset.save(folder / "data")
        save_encoder(folder, dataset.texts["text"].tolist())

    folder = once("small", fill)
    return Small(folder / "data", folder / "encoder")


@pytest.fixture(scope="session")
def finished(once: Callable[[str, Callable[[Path], None]], Path], small: Small) -> Finished:
    def fill(folder: Path) -> None:
        shown: list[str] = []
        result = quickstart(folder / "run", small.config(), progress=False, show=lambda name, value: shown.append(name))
        (folder / "result.json").write_text(json.dumps({"result": result, "shown": shown}))

    folder = once("finished", fill)
    kept = json.loads((folder / "result.json").read_text())
    return Finished(folder / "run", kept["result"], kept["shown"])
