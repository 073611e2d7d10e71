"""What a training did, step by step, as JSON lines: the same lines whether it was interrupted or not."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from elm._storage.files import disk_errors, written_aside
from elm.training.loop._watch import tell


class MetricsFile:
    """The rows of one stage in a file that stages share; without a path those who watch alone are told (`watched`).

    A row holds the stage, the step, and numbers. Seconds are not among them, since they differ from run to run.
    Only the main one of several processes writes and tells.
    """

    def __init__(self, path: Path | None, stage: str, main: bool = True) -> None:
        self._path, self._stage, self._main = path if main else None, stage, main

    def rewind(self, step: int) -> None:
        """Take out what a killed process wrote about this stage after `step`, and a line that it did not finish."""
        if self._path is None or not self._path.exists():
            return
        kept = [row for row in read_metrics(self._path) if row["stage"] != self._stage or row["step"] <= step]
        with written_aside(self._path) as aside, disk_errors(self._path):
            aside.write_text("".join(f"{json.dumps(row)}\n" for row in kept), encoding="utf-8")

    def add(self, step: int, numbers: Mapping[str, Any]) -> None:
        """Write a row. Raises `OSError` where the disk is full, and what a callback raises."""
        if self._main:
            tell(self._stage, step, numbers)
        if self._path is None:
            return
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with disk_errors(self._path), open(self._path, "a", encoding="utf-8") as file:
            file.write(json.dumps({"stage": self._stage, "step": step, **numbers}) + "\n")


def read_metrics(path: str | Path) -> Iterator[dict[str, Any]]:
    """The rows of a metrics file, in the order of training: stage, step, and numbers such as loss, lr, SC, rSC.

    A last line that was cut off is passed over.
    """
    for line in Path(path).read_text(encoding="utf-8").splitlines():
        try:
            yield json.loads(line)
        except ValueError:
            return
