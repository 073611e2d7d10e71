"""`elm bench` on a run: its report, texts of another system, comparisons, rater forms; runs that cannot be scored."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from small_world import Finished, trusted_copy

from elm._errors import CallError
from elm.cli import main
from elm.evaluation import BenchReport
from elm.runs import bench_compare, bench_run, trust

Elm = Callable[..., tuple[int, str, str]]
FEW = ("--films", 3, "--users", 4)


@pytest.fixture(scope="module")
def run(finished: Finished, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the finished run that has been scored."""
    folder = trusted_copy(finished.folder, tmp_path_factory.mktemp("bench") / "run")
    bench_run(folder, 3, 4, progress=False)
    return folder


@pytest.mark.slow
def test_a_run_gets_its_report(run: Path) -> None:
    report = BenchReport.load(run)
    assert report.title == "run"
    assert report.about["asked"]["films"] == 3
    assert report.about["source"]["kind"] == "model"
    assert {"dataset", "seed", "vectors", "film_split", "user_split", "held_out_ratings"} <= set(report.about["world"])
    assert set(report.frame["section"]) == {"consistency", "profile", "behaviour"}
    assert {"model", "teacher", "nn", "shuffled", "random"} <= set(report.texts["system"])
    assert set(report.texts.query("task == 'summary'")["id"]) <= set(report.names)
    page = (run / "report.html").read_text()
    for words in ("3 films and 4 viewers that were held out", "film_split", "user_profile"):
        assert words in page


@pytest.fixture(scope="module")
def answered(run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Texts of another system on two of the tasks, written from the entities that the command lists."""
    folder = tmp_path_factory.mktemp("given")
    words = ["bench", "entities", run, "--out", folder / "entities.jsonl", *FEW, "--quiet", "--json"]
    assert main([str(word) for word in words]) == 0
    rows = [json.loads(line) for line in (folder / "entities.jsonl").read_text().splitlines()]
    assert {len(row["vector"]) for row in rows if row["task"] == "summary"} == {32}
    assert {len(row["vector"]) for row in rows if row["task"] == "user_profile"} == {8}
    with open(folder / "mine.jsonl", "w") as file:
        for number, row in enumerate(row for row in rows if row["task"] in ("summary", "user_profile")):
            text = f"- They love war films.\n- They avoid text {number}."
            file.write(json.dumps({"task": row["task"], "id": row["id"], "text": text}) + "\n")
    return folder / "mine.jsonl"


@pytest.mark.slow
def test_texts_of_another_system_are_scored_and_compared_with_the_run(elm: Elm, run: Path, answered: Path) -> None:
    code, out, err = elm("bench", "consistency", run, "--texts", answered, *FEW, "--quiet", "--json")
    assert (code, err) == (0, "")
    value = json.loads(out)
    assert list(value["consistency"]) == ["summary"]
    assert "bc" in value["profile"]
    folder = answered.with_name("mine-report")
    report = BenchReport.load(folder)
    assert report.title == "mine"
    assert report.about["source"]["kind"] == "texts"
    ours = report.texts.query("task == 'summary' and system == 'model'")["text"]
    assert all(text.startswith("- They love war films.") for text in ours)

    code, out, err = elm("bench", "consistency", run, folder, "--json")
    assert (code, err) == (0, "")
    value = json.loads(out)
    assert value["reports"] == ["run", "mine"]
    assert {(test["section"], test["task"]) for test in value["tests"]} >= {
        ("consistency", "summary"),
        ("profile", "user_profile"),
    }
    assert any("only in run" in line for line in value["left_out"])


def test_texts_that_do_not_fit_are_named_by_line(elm: Elm, run: Path, answered: Path, tmp_path: Path) -> None:
    rows = answered.read_text().splitlines()
    wrong = tmp_path / "wrong.jsonl"
    cases = {
        "line 2: summary of .* has a text already, in line 1": [rows[0], rows[0]],
        "summary lacks 1 of 3": [row for n, row in enumerate(rows) if n],
        "line 1: unknown held-out entity of summary 'f9999'": [rows[0].replace(json.loads(rows[0])["id"], "f9999")],
    }
    for message, lines in cases.items():
        wrong.write_text("\n".join(lines))
        one_line(elm("bench", "consistency", run, "--texts", wrong, *FEW, "--quiet"), 1, message)
    assert not (tmp_path / "wrong-report").exists()


def test_a_report_of_an_earlier_model_is_not_compared(run: Path, tmp_path: Path) -> None:
    older = trusted_copy(run, tmp_path / "older")
    told = json.loads((older / "report.json").read_text())
    told["source"]["weights"] = "0" * 16
    (older / "report.json").write_text(json.dumps(told))
    with pytest.raises(CallError, match="is of an earlier one: score it again with"):
        bench_compare([run, older], 3, 4, progress=False)


@pytest.mark.slow
def test_training_films_are_scored_only_on_demand_and_the_report_says_so(elm: Elm, run: Path, tmp_path: Path) -> None:
    words = ("bench", "consistency", run, "--training", "--out", tmp_path / "training", *FEW, "--quiet", "--json")
    code, out, err = elm(*words)
    assert (code, err) == (0, "")
    assert json.loads(out)["profile"] == {}
    report = BenchReport.load(tmp_path / "training")
    assert "Some of them were trained on" in (tmp_path / "training" / "report.html").read_text()
    assert report.scores["consistency"]["summary"]["trained"] == 3
    assert not set(report.texts["id"]) & set(BenchReport.load(run).texts["id"])
    with pytest.raises(CallError, match=r"differ \(training: False and True\)"):
        bench_compare([run, tmp_path / "training"], 3, 4, progress=False)
    with pytest.raises(CallError, match="training films are scored with the run's model alone"):
        bench_run(run, 3, 4, progress=False, training=True, texts=tmp_path / "x.jsonl")


def test_forms_of_a_run(elm: Elm, run: Path, tmp_path: Path) -> None:
    words = ("bench", "forms", run, "--out", tmp_path / "forms", "--outputs", 4, "--choices", 3, "--json", "--quiet")
    code, out, err = elm(*words)
    assert (code, err) == (0, "")
    value = json.loads(out)
    assert value["outputs"]["scale: summary"] == 4
    page = (tmp_path / "forms" / "forms.html").read_text()
    titles = BenchReport.load(run).names.values()
    assert any(title.replace("'", "&#39;") in page for title in titles)
    shutil.rmtree(tmp_path / "forms")
    (tmp_path / "bare").mkdir()
    shutil.copy(run / "run.json", tmp_path / "bare")
    trust(tmp_path / "bare")
    one_line(
        elm("bench", "forms", tmp_path / "bare", "--out", tmp_path / "forms"), 1, r"holds no report\.json; make one"
    )


def one_line(came: tuple[int, str, str], code: int, message: str) -> None:
    """An exit code, nothing on standard output, and one line that says `elm: ` and the message."""
    found, out, err = came
    assert re.search(message, err), err
    assert (found, out) == (code, "")
    assert err.startswith("elm: ")
    assert err.count("\n") == 1


@pytest.mark.slow
def test_the_best_of_several_texts_is_scored_and_said_to_be(elm: Elm, run: Path) -> None:
    before = (run / "model" / "README.md").read_bytes()
    code, out, err = elm("bench", "consistency", run, "--n", 3, "--choose", "nearest", *FEW, "--json", "--quiet")
    assert (code, err) == (0, "")
    row = json.loads(out)["consistency"]["summary"]
    single = BenchReport.load(run)
    chosen = BenchReport.load(run / "best-of-3-report")
    assert row["best_of"] == chosen.about["asked"]["best_of"] == 3
    assert row["sc"] >= single.scores["consistency"]["summary"]["sc"]
    assert "is the nearest of 3 to its vector, by the encoder that SC uses" in (
        run / "best-of-3-report" / "report.html"
    ).read_text().replace("&#39;", "'")
    assert "best of 3, chosen by SC" in elm("bench", "consistency", run, "--n", 3, *FEW)[1]
    assert (run / "model" / "README.md").read_bytes() == before
    users = [report.texts.query("task == 'user_profile'") for report in (single, chosen)]
    assert users[0]["text"].tolist() == users[1]["text"].tolist()  # of vectors that no encoder made
    with pytest.raises(CallError, match="the same world"):
        bench_compare([run, run / "best-of-3-report"], 3, 4)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--n", 0), "n counts the texts"),
        (("--n", 2, "--choose", "best"), "way to choose a text 'best'"),
        (("--n", 2, "--texts", "x.jsonl"), "the best of n texts is scored with the run's model alone"),
        (("--device", "warp"), "warp is none"),
    ],
)
def test_a_choice_that_cannot_be(elm: Elm, run: Path, words: tuple[object, ...], message: str) -> None:
    code, out, err = elm("bench", "consistency", run, *words)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert message in err
