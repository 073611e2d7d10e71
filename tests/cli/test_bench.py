"""`elm bench` in words: what each command writes and prints, and one clear line for each wrong call."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from faulty_endpoint import endpoint, said

from elm.evaluation import BenchReport, about_which, make_forms, save_forms

Elm = Callable[..., tuple[int, str, str]]


@pytest.fixture(autouse=True)
def no_endpoint(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)


def saved_report(folder: Path, shift: float = 0.0, seed: int = 0) -> Path:
    """A report of made-up scores: 20 films, one task."""
    systems = {"model": 0.6 + shift, "teacher": 0.7, "nn": 0.5, "shuffled": 0.2, "random": 0.2}
    rows = [
        ("consistency", "summary", "SC", system, f"f{n}", mean + 0.01 * (n % 5))
        for system, mean in systems.items()
        for n in range(20)
    ]
    frame = pd.DataFrame(rows, columns=["section", "task", "measure", "system", "id", "value"])
    texts = frame[["task", "system", "id"]].assign(text="A film.")
    row = {"rsc": 0.5, "rsc_interval": [0.4, 0.6], "n": 20}
    about = {"title": folder.name, "world": {"dataset": "demo", "domain": "films", "seed": seed}}
    BenchReport(about, {"consistency": {"summary": row}}, frame, texts).save(folder)
    return folder


def test_two_reports_are_compared(elm: Elm, tmp_path: Path) -> None:
    one, two = saved_report(tmp_path / "one"), saved_report(tmp_path / "two", shift=0.1)
    code, out, err = elm("bench", "consistency", one, two / "report.json", "--json")
    assert (code, err) == (0, "")
    value = json.loads(out)
    assert value["reports"] == ["one", "two"]
    (test,) = value["tests"]
    assert (test["task"], test["better"], round(test["difference"], 6), test["n"]) == ("summary", "two", 0.1, 20)
    code, out, _ = elm("bench", "consistency", one, two)
    assert code == 0
    assert "+0.100" in out


def test_reports_of_other_worlds_or_of_nothing_are_refused(elm: Elm, tmp_path: Path) -> None:
    one, two = saved_report(tmp_path / "one"), saved_report(tmp_path / "two", seed=1)
    one_line(elm("bench", "consistency", one, two), 2, r"one and two differ \(seed: 0 and 1\); score both")
    one_line(elm("bench", "consistency", one, tmp_path), 1, r"holds no report\.json; make one with")
    one_line(
        elm("bench", "consistency", one, two, "--texts", "t.jsonl"),
        2,
        "--texts, --out, --training, --corpus, --tasks, --n and --device are for one run",
    )


def made_forms(folder: Path) -> Path:
    ids = [f"f{n}" for n in range(6)]
    texts = pd.DataFrame(
        [("summary", system, id, f"About {id}.") for id in ids for system in ("model", "teacher", "shuffled")],
        columns=["task", "system", "id", "text"],
    )
    told = {id: f"This is {id}." for id in ids}
    pick = about_which(told, "Which?")
    save_forms(make_forms("Films", texts, told, {"summary": ("It fits.",)}, choice=lambda task, id: pick(id)), folder)
    return folder


def test_answers_of_raters_are_scored(elm: Elm, tmp_path: Path) -> None:
    folder = made_forms(tmp_path / "forms")
    with open(folder / "forms.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    files = []
    for rater in ("ann", "bob"):
        files.append(tmp_path / f"{rater}.csv")
        with open(files[-1], "w", newline="") as file:
            filled = csv.DictWriter(file, rows[0])
            filled.writeheader()
            filled.writerows(row | {"rater": rater, "answer": "2" if row["kind"] == "choice" else "4"} for row in rows)
    words = ("bench", "forms", "--answers", *files, "--key", folder / "key.csv")
    code, out, err = elm(*words, "--json")
    assert (code, err) == (0, "")
    value = json.loads(out)
    assert value["raters"] == ["ann", "bob"]
    assert value["scale"]["summary"]["systems"]["model"]["mean"] == 0.75
    code, out, _ = elm(*words)
    assert code == 0
    assert re.search(r"summary +model +0\.750", out)
    assert "2 raters; Krippendorff's alpha" in out


def test_wrong_calls_of_forms(elm: Elm, tmp_path: Path) -> None:
    folder = made_forms(tmp_path / "forms")
    one_line(elm("bench", "forms", folder / "forms.csv", "--answers"), 2, "name it with --key")
    one_line(elm("bench", "forms", "a", "b", "--out", tmp_path), 2, "forms are made of one run, in a folder named")
    one_line(elm("bench", "forms", tmp_path), 2, "in a folder named with --out")
    blank = ("bench", "forms", "--answers", folder / "forms.csv", "--key", folder / "key.csv")
    one_line(elm(*blank), 1, "the files hold no answer at all")


def test_a_judge_answers_the_forms_and_is_scored(elm: Elm, tmp_path: Path) -> None:
    folder = made_forms(tmp_path / "forms")
    with endpoint(lambda number, body: said("2")) as served:
        words = ("bench", "judge", folder, "--model", "org/a model", "--endpoint", served.url)
        code, out, err = elm(*words, "--json")
        assert code == 0, err
        asked = len(served.calls)
        value = json.loads(out)
        code, out, _ = elm(*words, "--quiet")
        assert len(served.calls) == asked  # kept
    assert value["file"] == str(folder / "answers-org-a-model.csv")
    assert value["judge"]["from_words"] == value["judge"]["answers"] == 12 + 18  # ratings and choices
    assert asked <= 30  # the same question is not asked twice
    assert value["scores"]["scale"]["summary"]["systems"]["model"]["mean"] == 0.25
    assert code == 0
    assert "0 of them expected scores from log-probabilities, 30 as said, 0 unusable" in " ".join(out.split())


def test_wrong_calls_of_judge(elm: Elm, tmp_path: Path) -> None:
    one_line(elm("bench", "judge", tmp_path, "--model", "m"), 1, r"forms\.csv is missing; make forms with")
    folder = made_forms(tmp_path / "forms")
    one_line(elm("bench", "judge", folder, "--model", "m", "--endpoint", "localhost"), 2, "an endpoint is the URL")
    one_line(elm("bench", "judge", folder), 2, "Missing option '--model'")


def one_line(came: tuple[int, str, str], code: int, message: str) -> None:
    """An exit code, nothing on standard output, and one line that says `elm: ` and the message."""
    found, out, err = came
    assert re.search(message, err), err
    assert (found, out) == (code, "")
    assert err.startswith("elm: ")
    assert err.count("\n") == 1
