"""A report on disk: its numbers as JSON, every single score and text as CSV, and the page that shows them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from elm._errors import DataFileError
from elm._storage.csv import read_csv_texts, write_csv
from elm._storage.files import read_json, sha256, write_json, written_aside
from elm.evaluation.report._html import page
from elm.evaluation.report._verdicts import report_tests, verdicts

SCHEMA = 1
PAGE, NUMBERS, SCORES, TEXTS = "report.html", "report.json", "scores.csv", "texts.csv"
FILES = (PAGE, NUMBERS, SCORES, TEXTS)
"""What `BenchReport.save` writes."""


@dataclass(frozen=True)
class BenchReport:
    """What `elm bench consistency` found.

    about: title, version, source (a model or a file of texts), asked (how many entities), world (what two reports share
    whose scores may be compared), and settings, all of plain values. scores: means and positions by section and task
    (`RunScores.to_dict`). frame: every score (section, task, measure, system, id, value). texts: every text (task,
    system, id, text). names: entity id -> what people call it.
    """

    about: Mapping[str, Any]
    scores: Mapping[str, Mapping[str, Any]]
    frame: pd.DataFrame
    texts: pd.DataFrame
    names: Mapping[str, str] = field(default_factory=dict)

    @property
    def title(self) -> str:
        return str(self.about.get("title", "report"))

    def judged(self) -> tuple[pd.DataFrame, dict[tuple[str, str], str]]:
        """The tests of `report_tests`, and the verdict of each (section, task)."""
        tests = report_tests(self.frame)
        signs = {
            (section, task): {sign["sign"] for sign in row.get("findings") or ()}
            for section, tasks in self.scores.items()
            for task, row in tasks.items()
        }
        return tests, verdicts(tests, signs)

    def save(self, folder: str | Path) -> Path:
        """Write `report.html`, `report.json`, `scores.csv` and `texts.csv`; returns the path of the page.

        The JSON comes last and holds checksums of the tables, so that half a report is not taken for a whole one.
        """
        folder = Path(folder)
        tests, judged = self.judged()
        found = [{"section": s, "task": t, "verdict": v} for (s, t), v in judged.items()]
        for name, table in ((SCORES, self.frame), (TEXTS, self.texts)):
            write_csv(folder / name, table)
        with written_aside(folder / PAGE) as aside:
            aside.write_text(page(self), encoding="utf-8")
        files = {name: sha256(folder / name) for name in (SCORES, TEXTS)}
        told = {"scores": self.scores, "verdicts": found, "tests": tests.to_dict("records")}
        write_json(folder / NUMBERS, {"schema": SCHEMA, **self.about, **told, "names": self.names, "sha256": files})
        return folder / PAGE

    @classmethod
    def load(cls, path: str | Path) -> BenchReport:
        """Read a report from its folder, or from its `report.json`.

        Raises `DataFileError` where a file is missing, not a report, or of another report than the others.
        """
        path = Path(path)
        numbers = path if path.suffix == ".json" else path / NUMBERS
        if not numbers.is_file():
            raise DataFileError(f"{path} holds no {NUMBERS}; make one with `elm bench consistency RUN`")
        found = read_json(numbers)
        needed = ("world", "scores", "sha256", "names", "title")
        if not isinstance(found, dict) or found.get("schema") != SCHEMA or any(name not in found for name in needed):
            raise DataFileError(f"{numbers} is no report of this version; make it again with `elm bench consistency`")
        tables = {name: _table(numbers.parent / name, found["sha256"].get(name)) for name in (SCORES, TEXTS)}
        frame = tables[SCORES].assign(value=pd.to_numeric(tables[SCORES]["value"]))
        told = {
            n: value
            for n, value in found.items()
            if n not in ("schema", "scores", "verdicts", "tests", "names", "sha256")
        }
        return cls(told, found["scores"], frame, tables[TEXTS], found["names"])


def _table(path: Path, checksum: str | None) -> pd.DataFrame:
    """A table as it was written: every cell a string, as it stands."""
    if not path.is_file() or sha256(path) != checksum:
        raise DataFileError(f"{path} is not the table that its {NUMBERS} describes; score again to write both")
    return read_csv_texts(path)
