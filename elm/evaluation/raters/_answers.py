"""What raters answered: read from their files, joined with the key, scored by system with agreement and a test."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from elm._errors import DataFileError
from elm._storage.csv import bare, read_csv_texts
from elm.evaluation._json import number
from elm.evaluation.raters._agreement import krippendorff_alpha
from elm.evaluation.raters._choices import CHANCE
from elm.evaluation.raters._forms import KEY
from elm.metrics import bootstrap_interval, holm, paired_test

_NEEDED = ("form", "output", "question", "answer")


def read_key(path: str | Path) -> pd.DataFrame:
    """The key of forms, as `save_forms` wrote it; `DataFileError` where it is missing or none."""
    path = Path(path)
    if not path.is_file():
        raise DataFileError(f"{path} does not exist; the key is the key.csv that was made with the forms")
    key = read_csv_texts(path)
    if list(key.columns) != list(KEY) or key["form"].nunique() != 1 or key["output"].duplicated().any():
        raise DataFileError(f"{path} is no key of forms; give the key.csv that was made with them")
    return key.astype({"questions": int, "right": int})


def read_answers(paths: Iterable[str | Path], key: pd.DataFrame) -> pd.DataFrame:
    """Answers of one or more files: columns rater, output, question (from 1) and answer, one row per answer.

    A file is a table (CSV, commas or semicolons) with the columns form, output, question, answer and mostly rater;
    where that is missing or empty, the file's name stands for the rater. Rows without an answer are passed over.

    Raises `DataFileError` that names file and line: a missing column, another form, an unknown output or question, an
    answer that is no number of the scale, the same answer twice; and where no file holds an answer.
    """
    rows: list[dict[str, Any]] = []
    seen: dict[tuple[str, str, int], str] = {}
    about = key.set_index("output")
    for path in map(Path, paths):
        for line, row in _table(path):
            where = f"{path}, line {line}"
            if not (row["answer"] or "").strip():
                continue
            found = _answer(where, row, about) | {"rater": (row.get("rater") or "").strip() or path.stem}
            name = (found["rater"], found["output"], found["question"])
            if name in seen:
                raise DataFileError(
                    f"{where}: {name[0]} has answered question {name[2]} of {name[1]} already, in "
                    f"{seen[name]}; keep one of the two"
                )
            seen[name] = where
            rows.append(found)
    if not rows:
        raise DataFileError("the files hold no answer at all; fill in the column answer, or save them from forms.html")
    return pd.DataFrame(rows)[["rater", "output", "question", "answer"]]


def _table(path: Path) -> Iterable[tuple[int, dict[str, str]]]:
    if not path.is_file():
        raise DataFileError(f"{path} does not exist; answers are the CSV files that raters saved")
    with open(path, encoding="utf-8-sig", newline="") as file:
        try:
            first = file.readline()
            file.seek(0)
            table = csv.DictReader(file, delimiter=";" if first.count(";") > first.count(",") else ",")
            if lacks := [name for name in _NEEDED if name not in (table.fieldnames or ())]:
                raise DataFileError(
                    f"{path}: answers have the columns {', '.join(_NEEDED)}, and it lacks {', '.join(lacks)}"
                )
            for row in table:
                yield table.line_num, {name: bare(cell) for name, cell in row.items() if name}
        except (UnicodeDecodeError, csv.Error) as error:
            raise DataFileError(f"{path} is no table of answers in UTF-8 ({error}); save it as CSV again") from error


def _answer(where: str, row: Mapping[str, str], about: pd.DataFrame) -> dict[str, Any]:
    form = about["form"].iloc[0]
    if row["form"] != form:
        raise DataFileError(
            f"{where}: answers go with the key of the same form, {form}, and this is of {row['form']!r}"
        )
    output = row["output"]
    if output not in about.index:
        raise DataFileError(f"{where}: the form has no output {output!r}; it has {about.index[0]} to {about.index[-1]}")
    asked = int(str(about.at[output, "questions"]))
    question = (row["question"] or "").strip()
    if question not in map(str, range(1, asked + 1)):
        raise DataFileError(f"{where}: {output} has questions 1 to {asked}, and this is {question!r}")
    most = 2 if about.at[output, "kind"] == "choice" else 5
    try:
        value = float(row["answer"].strip().replace(",", "."))
    except ValueError:
        value = float("nan")
    if not 1 <= value <= most:
        raise DataFileError(f"{where}: an answer is a number from 1 to {most}, and this is {row['answer']!r}")
    return {"output": output, "question": int(question), "answer": value}


@dataclass(frozen=True)
class FormScores:
    """Answers joined with the key, a row each: columns rater, output, question, answer, kind, task, system, id, right
    and score (0 to 1: (answer - 1) / 4 on the scale; of a choice, how far it leans to the right option).
    """

    rows: pd.DataFrame
    seed: int = 0

    @classmethod
    def of(cls, answers: pd.DataFrame, key: pd.DataFrame, seed: int = 0) -> FormScores:
        """Join the answers of `read_answers` with their key."""
        rows = answers.merge(key.drop(columns=["form", "questions"]), on="output")
        leaning = np.where(rows["right"] == 2, rows["answer"] - 1, 2 - rows["answer"])
        rows["score"] = np.where(rows["kind"] == "scale", (rows["answer"] - 1) / 4, leaning)
        return cls(rows, seed)

    def outputs(self) -> pd.DataFrame:
        """A row per text, score: the mean over questions and raters: kind, task, system, id, score. Choices are right
        (1) or wrong (0) in each rater's eyes first; one that leans to neither side is half right.
        """
        rows = self.rows.copy()
        chosen = rows["kind"] == "choice"
        rows.loc[chosen, "score"] = (np.sign(rows.loc[chosen, "score"] - 0.5) + 1) / 2
        return rows.groupby(["kind", "task", "system", "id"], sort=False)["score"].mean().reset_index()

    def agreement(self, kind: str = "scale", task: str | None = None) -> float:
        """Krippendorff's alpha of the raters, over all questions that two or more of them answered: ordinal on the
        scale, nominal for choices. A judge's expected scores are rounded. NaN for a single rater.
        """
        rows = self.rows[(self.rows["kind"] == kind) & (self.rows["task"].eq(task) if task is not None else True)]
        table = rows.assign(answer=rows["answer"].round()).pivot(
            index="rater", columns=["output", "question"], values="answer"
        )
        return krippendorff_alpha(table.to_numpy(), "ordinal" if kind == "scale" else "nominal")

    def to_dict(self) -> dict[str, Any]:
        """{"raters", "answers", "scale": task -> ..., "choice": task -> ...} as plain numbers; None for what has none.

        A task holds alpha, systems (mean, 95 % bootstrap interval over texts, n; on the scale also the mean of each
        question, of choices the p value against chance), and the model's difference to the teacher, paired over
        entities, with p_value (a t test; of choices an exact sign test, for one rater McNemar's) and p_holm (Holm over
        the tasks of a kind).
        """
        found: dict[str, Any] = {
            "raters": sorted(self.rows["rater"].unique()),
            "answers": len(self.rows),
            "alpha": {kind: number(self.agreement(kind)) for kind in ("scale", "choice")},
        }
        for kind in ("scale", "choice"):
            tasks = {
                task: self._task(kind, str(task), rows)
                for task, rows in self.outputs().query("kind == @kind").groupby("task", sort=False)
            }
            tested = [task for task in tasks.values() if task["p_value"] is not None]
            for task, p in zip(tested, holm([t["p_value"] for t in tested]) if tested else [], strict=True):
                task["p_holm"] = float(p)
            found[kind] = tasks
        return found

    def _task(self, kind: str, task: str, rows: pd.DataFrame) -> dict[str, Any]:
        asked = self.rows[(self.rows["kind"] == kind) & (self.rows["task"] == task)]
        systems: dict[str, dict[str, Any]] = {}
        for system, own in rows.groupby("system", sort=False):
            ends = bootstrap_interval(own["score"], self.seed)
            systems[str(system)] = {"mean": float(own["score"].mean()), "interval": list(ends), "n": len(own)}
            if kind == "scale":
                means = asked[asked["system"] == system].groupby("question")["score"].mean()
                systems[str(system)]["questions"] = {str(number): float(mean) for number, mean in means.items()}
            else:
                systems[str(system)]["p_chance"] = _sign_test(own["score"].to_numpy() - CHANCE)
        wide = rows.pivot(index="id", columns="system", values="score")
        both = wide[["model", "teacher"]].dropna() if {"model", "teacher"} <= set(wide) else wide.iloc[:0]
        p_value = None
        if kind == "choice" and len(both):
            p_value = _sign_test((both["model"] - both["teacher"]).to_numpy())
        elif len(both) > 1:
            p_value = paired_test(both["model"], both["teacher"]).p_value
        return {
            "alpha": number(self.agreement(kind, task)),
            "systems": systems,
            "difference": float((both["model"] - both["teacher"]).mean()) if len(both) else None,
            "p_value": p_value,
            "p_holm": None,
            "pairs": len(both),
        }


def _sign_test(differences: np.ndarray) -> float:
    """Exact two-sided sign test; ties say nothing."""
    up, down = int((differences > 0).sum()), int((differences < 0).sum())
    return float(stats.binomtest(up, up + down).pvalue) if up + down else 1.0
