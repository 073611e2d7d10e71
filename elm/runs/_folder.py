"""A run folder: its settings, and which of its steps are done, so that an interrupted run goes on where it was."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from elm._errors import CallError, DataFileError
from elm._files import read_json, write_json


class RunFolder:
    """Steps are committed by a small JSON file each, written last; a step that is committed is not done again.

    >>> import tempfile
    >>> run = RunFolder.start(tempfile.mkdtemp(), {"seed": 0})
    >>> run.step("add", lambda: {"sum": 3}), run.step("add", lambda: {"sum": 99})
    ({'sum': 3}, {'sum': 3})
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)

    @classmethod
    def start(cls, path: str | Path, settings: dict[str, Any], fresh: bool = False) -> RunFolder:
        """Begin a run or go on with it. Other settings in the same folder are a `CallError` unless `fresh`."""
        run = cls(path)
        settings = json.loads(json.dumps(settings))
        if (run.path / "run.json").exists() and not fresh:
            came = run.settings()
            if came != settings:
                odd = sorted(k for k in came.keys() | settings.keys() if came.get(k) != settings.get(k))
                raise CallError(
                    f"a run keeps its settings, and {run.path} was begun with other values of {', '.join(odd)}: "
                    "choose another folder with --out, or --fresh to begin again"
                )
        else:
            for marker in (run.path / "steps").glob("*.json"):
                marker.unlink()
            for checkpoint in (run.path / "checkpoints").glob("*.safetensors"):
                checkpoint.unlink()
            write_json(run.path / "run.json", settings)
        return run

    def settings(self) -> dict[str, Any]:
        """What the run was begun with; `DataFileError` where the folder is no run."""
        if not (self.path / "run.json").exists():
            raise DataFileError(f"{self.path} is not a run folder (it has no run.json); make one with `elm quickstart`")
        return read_json(self.path / "run.json")

    def done(self, name: str) -> dict[str, Any] | None:
        marker = self.path / "steps" / f"{name}.json"
        return read_json(marker)["result"] if marker.exists() else None

    def step(self, name: str, work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """The result of a step: read back if it is committed, else worked out and committed with its seconds."""
        result = self.done(name)
        if result is None:
            began = time.perf_counter()
            result = work()
            write_json(self.path / "steps" / f"{name}.json",
                       {"seconds": round(time.perf_counter() - began, 2), "result": result})  # fmt: skip
        return json.loads(json.dumps(result))

    def seconds(self) -> dict[str, float]:
        """How long each committed step took."""
        return {p.stem: read_json(p)["seconds"] for p in sorted((self.path / "steps").glob("*.json"))}
