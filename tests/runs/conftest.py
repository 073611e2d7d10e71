"""One finished run, made once and shared by all test workers."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from filelock import FileLock
from small_world import AMOUNTS, Finished, Small, save_base, save_encoder, small_dataset

from elm.runs import quickstart
from elm.runs.making import _quickstart_steps


@pytest.fixture(scope="session")
def once(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Callable[[str, Callable[[Path], None]], Path]:
    """Make a folder once for all workers of this call of pytest."""
    base = tmp_path_factory.getbasetemp()
    shared = base if worker_id == "master" else base.parent

    def make(name: str, fill: Callable[[Path], None]) -> Path:
        folder = shared / f"shared-{name}"
        with FileLock(shared / f"{name}.lock"):
            if not (folder / "made").exists():
                folder.mkdir(exist_ok=True)
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
        save_base(folder)

    folder = once("small", fill)
    return Small(folder / "data", folder / "encoder", folder / "base")


@pytest.fixture(scope="session")
def finished(once: Callable[[str, Callable[[Path], None]], Path], small: Small) -> Finished:
    def fill(folder: Path) -> None:
        shown: list[str] = []
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(_quickstart_steps, "AMOUNTS", AMOUNTS)
            show = lambda name, value: shown.append(name)  # noqa: E731
            result = quickstart(folder / "run", small.config(), progress=False, show=show)
        (folder / "result.json").write_text(json.dumps({"result": result, "shown": shown}))

    folder = once("finished", fill)
    kept = json.loads((folder / "result.json").read_text())
    return Finished(folder / "run", kept["result"], kept["shown"])
