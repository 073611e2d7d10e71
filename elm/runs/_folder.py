"""A run folder: its settings, and which of its steps are done, so that an interrupted run goes on where it was."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from elm._errors import CallError, DataFileError
from elm._storage.fields import differing
from elm._storage.files import read_json, write_json
from elm._storage.folders import hold
from elm._storage.inside import RUN, check_links, mark_as_made_here

_MADE = tuple(
    """
    steps checkpoints vectors splits model recommender certificates.json scores.png report.html report.json
    scores.csv texts.csv training-report texts.parquet
""".split()
)
"""What a run makes; markers of steps first, so that a kill while they are removed leaves no step that looks done."""


class RunFolder:
    """Steps are committed by a small JSON file each, written last; a step that is committed is not done again.

    >>> import tempfile
    >>> run = RunFolder.start(tempfile.mkdtemp(), {"seed": 0})
    >>> run.step("add", lambda: {"sum": 3}), run.step("add", lambda: {"sum": 99})
    ({'sum': 3}, {'sum': 3})
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self._held: object = None

    @classmethod
    def start(
        cls,
        path: str | Path,
        settings: Mapping[str, Any],
        fresh: bool = False,
        upgrade: Callable[[dict[str, Any]], Mapping[str, Any]] = lambda came: came,
    ) -> RunFolder:
        """Begin a run or go on with it. `upgrade` completes settings that an older version wrote.

        The folder is this process's for as long as the object lives. Raises `CallError` where the folder was begun with
        other settings (`fresh` removes what the run made, and begins again), and where it holds what a run makes but
        is none; `FolderBusyError` where another process works in it.
        """
        run, wanted = cls(path), _plain(settings)
        run._check_begun()
        run.path.mkdir(parents=True, exist_ok=True)
        run._held = hold(run.path)
        found = run._check_begun()  # once more: another process may have worked here until now
        if found and not fresh:  # where nothing is made yet, other settings do no harm
            _same(run.path, _plain(upgrade(run.settings())), wanted)
            mark_as_made_here(run.path)  # who calls has named all that it reads
            return run
        for part in found:
            _remove(run.path / part)
        write_json(run.path / RUN, wanted)
        mark_as_made_here(run.path)
        return run

    def _check_begun(self) -> list[str]:
        """What a run has made here; `CallError` where it was none, `DataFileError` where a link leads out."""
        found = [part for part in _MADE if os.path.lexists(self.path / part)]
        if found and not (self.path / RUN).exists():
            raise CallError(
                f"a run begins in a folder of its own, and {self.path} holds {found[0]} but no {RUN}: "
                "choose another folder with --out"
            )
        check_links(self.path)
        return found

    def settings(self) -> dict[str, Any]:
        """What the run was begun with; `DataFileError` where the folder is not a run."""
        if not (self.path / RUN).exists():
            raise DataFileError(f"{self.path} is not a run folder (it has no run.json); make one with `elm quickstart`")
        check_links(self.path)
        result: dict[str, Any] = read_json(self.path / RUN)
        return result

    def done(self, name: str) -> dict[str, Any] | None:
        """The result of a step that is committed, else None."""
        marker = self.path / "steps" / f"{name}.json"
        return read_json(marker)["result"] if marker.exists() else None

    def step(self, name: str, work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """The result of a step: read back if it is committed, else worked out and committed with its seconds."""
        result = self.done(name)
        if result is None:
            began = time.perf_counter()
            result = work()
            write_json(
                self.path / "steps" / f"{name}.json",
                {"seconds": round(time.perf_counter() - began, 2), "result": result},
            )
        kept: dict[str, Any] = json.loads(json.dumps(result))
        return kept

    def seconds(self) -> dict[str, float]:
        """How long each committed step took."""
        return {p.stem: read_json(p)["seconds"] for p in sorted((self.path / "steps").glob("*.json"))}


def _plain(settings: Mapping[str, Any]) -> dict[str, Any]:
    plain: dict[str, Any] = json.loads(json.dumps(dict(settings)))
    return plain


def _same(path: Path, came: dict[str, Any], wanted: dict[str, Any]) -> None:
    if odd := differing(came, wanted):
        raise CallError(
            f"a run keeps its settings, and {path} was begun with other values of {', '.join(odd)}: "
            "choose another folder with --out, or --fresh to begin again"
        )


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
