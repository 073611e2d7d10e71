"""Comparisons of reports: paired, corrected, and refused where worlds differ."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from elm._errors import CallError
from elm.evaluation import BenchReport, compare, comparison_table
from elm.metrics import holm

WORLD = {"dataset": "demo", "seed": 0, "film_split": "abc"}


def report(title: str, values: dict[str, dict[str, Any]], world: dict[str, Any] = WORLD) -> BenchReport:
    """values: task -> id -> SC of the model; the teacher has 1 everywhere."""
    rows = [
        ("consistency", task, "SC", system, id, value if system == "model" else 1.0)
        for task, found in values.items()
        for id, value in found.items()
        for system in ("model", "teacher")
    ]
    frame = pd.DataFrame(rows, columns=["section", "task", "measure", "system", "id", "value"])
    return BenchReport({"title": title, "world": world}, {}, frame, pd.DataFrame())


def numbers(n: int, seed: int, shift: float = 0.0) -> dict[str, float]:
    return {f"f{k}": float(v) + shift for k, v in enumerate(np.random.default_rng(seed).random(n))}


def test_differences_are_paired_by_entity_and_corrected_together() -> None:
    a, b = {"x": numbers(30, 0), "y": numbers(30, 1)}, {"x": numbers(30, 0, 0.1), "y": numbers(30, 2)}
    b["x"] = dict(reversed(b["x"].items()))  # the order of rows does not matter
    b["x"]["f3"] += 0.05
    found = compare([report("a", a), report("b", b)])
    rows = found.tests.set_index("task")
    ours, theirs = ([values["y"][f"f{k}"] for k in range(30)] for values in (a, b))
    assert rows.at["y", "p_value"] == pytest.approx(stats.ttest_rel(theirs, ours).pvalue, abs=1e-12)
    assert rows.at["x", "difference"] == pytest.approx(0.1 + 0.05 / 30)
    assert rows.at["x", "low"] <= rows.at["x", "difference"] <= rows.at["x", "high"]
    assert found.tests["p_corrected"].tolist() == holm(found.tests["p_value"]).tolist()
    told = {test["task"]: test["better"] for test in found.to_dict()["tests"]}
    assert told == {"x": "b", "y": None}


def test_entities_and_tasks_that_one_alone_scored_are_left_out() -> None:
    one = {"x": numbers(10, 0), "y": numbers(10, 1)}
    two = {"x": {**dict(list(numbers(10, 0, 0.5).items())[:6]), "f99": 0.0}, "z": numbers(10, 1)}
    two["x"]["f0"] = float("nan")
    found = compare([report("a", one), report("b", two)])
    assert found.tests[["task", "n"]].values.tolist() == [["x", 5]]
    assert found.left_out == ["consistency y SC: only in a", "consistency z SC: only in b"]


def test_three_reports_are_each_compared_with_the_first() -> None:
    found = compare([report(name, {"x": numbers(20, 0, shift)}) for name, shift in (("a", 0), ("b", 0.2), ("c", -0.2))])
    assert found.tests[["first", "second"]].values.tolist() == [["a", "b"], ["a", "c"]]
    assert [test["better"] for test in found.to_dict()["tests"]] == ["b", "a"]


def test_the_same_report_twice_shows_no_difference() -> None:
    values = {"x": numbers(20, 0)}
    (test,) = compare([report("a", values), report("b", values)]).to_dict()["tests"]
    assert (test["difference"], test["p_value"], test["better"]) == (0.0, 1.0, None)


def test_other_worlds_are_refused_in_words() -> None:
    values = {"x": numbers(5, 0)}
    other = WORLD | {"film_split": "def", "seed": 1}
    with pytest.raises(
        CallError, match=r"a and b differ \(seed: 0 and 1; film split: abc and def\); score both on one"
    ):
        compare([report("a", values), report("b", values, other)])
    with pytest.raises(CallError, match=r"differ \(film split: abc and None\)"):
        compare([report("a", values), report("b", values, {"dataset": "demo", "seed": 0})])


def test_wrong_calls() -> None:
    values = {"x": numbers(5, 0)}
    with pytest.raises(CallError, match="two reports or more, got 1"):
        compare([report("a", values)])
    with pytest.raises(CallError, match="a name each, all different, got a, a"):
        compare([report("a", values), report("a", values)])
    with pytest.raises(CallError, match="a and b have none in common"):
        compare([report("a", values), report("b", {"y": numbers(5, 0)})])


def test_the_table_shows_names_as_they_are() -> None:
    from rich.console import Console

    found = compare([report("[bold]a", {"[x]": numbers(20, 0)}), report("b", {"[x]": numbers(20, 0, 0.3)})])
    console = Console(width=120)
    with console.capture() as capture:
        console.print(comparison_table(found.to_dict()))
    out = capture.get()
    for words in ("[bold]a", "[x]", "+0.300", "< .001", "20"):
        assert words in out
