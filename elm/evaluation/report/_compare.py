"""Two runs or more on the same held-out entities: is the difference of their scores chance?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from elm._errors import CallError
from elm.evaluation._json import number
from elm.evaluation.report._report import BenchReport
from elm.evaluation.report._terminal_tables import words
from elm.metrics import bootstrap_interval, holm, paired_test

if TYPE_CHECKING:
    from rich.table import Table

LEVEL = 0.01
"""The corrected p value below which one of two is better."""

_COLUMNS = tuple("section task measure first second mean_first mean_second difference low high p_value n".split())


@dataclass(frozen=True)
class Comparison:
    """names: of the reports, the first of which the others are compared with. tests: a row for each section, task and
    measure that two reports share: mean_first, mean_second, difference (second minus first) with its 95 % bootstrap
    interval (low, high), p_value, n and p_corrected (Holm, over all rows). left_out: what only one of them scored.
    """

    names: list[str]
    tests: pd.DataFrame
    left_out: list[str]

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON; each test says which is "better", None where that may be chance."""
        rows = []
        for test in self.tests.to_dict("records"):
            winner = test["second"] if test["difference"] > 0 else test["first"]
            plain = {name: number(value) if isinstance(value, float) else value for name, value in test.items()}
            rows.append(plain | {"better": winner if test["p_corrected"] < LEVEL else None})
        return {"reports": self.names, "tests": rows, "left_out": self.left_out}


def compare(reports: Sequence[BenchReport], names: Sequence[str] | None = None, seed: int = 0) -> Comparison:
    """Compare the scores of the model in each report with those in the first, entity by entity (paired t tests).

    names: by default the reports' titles. seed: of the bootstrap. Entities that only one report scored, or for which a
    measure is not defined, are left out of that pair.

    Raises `CallError` for fewer than two reports, for reports of different worlds (data, splits, vectors, seed), for
    names that are not unique, and where two reports have no task in common.
    """
    if len(reports) < 2:
        raise CallError(f"a comparison needs two reports or more, got {len(reports)}")
    names = [report.title for report in reports] if names is None else list(names)
    if len(set(names)) != len(reports):
        raise CallError(f"compared reports need a name each, all different, got {', '.join(names)}")
    first, rows = reports[0], []
    left_out: list[str] = []
    for name, report in zip(names[1:], reports[1:], strict=True):
        _same_world(names[0], first, name, report)
        found = list(_pairs(first.frame, report.frame, names[0], name, seed, left_out))
        if not found:
            raise CallError(f"compared reports share a task, and {names[0]} and {name} have none in common")
        rows += found
    tests = pd.DataFrame(rows, columns=list(_COLUMNS))
    tests["p_corrected"] = holm(tests["p_value"])
    return Comparison(names, tests, left_out)


def _same_world(first_name: str, first: BenchReport, name: str, other: BenchReport) -> None:
    one, two = (report.about.get("world", {}) for report in (first, other))
    odd = [key for key in dict.fromkeys((*one, *two)) if one.get(key) != two.get(key)]
    if odd:
        came = "; ".join(f"{key.replace('_', ' ')}: {one.get(key)} and {two.get(key)}" for key in odd)
        raise CallError(
            f"reports are compared on the same held-out entities of the same world, but {first_name} and {name} differ "
            f"({came}); score both on one data set with one seed"
        )


def _pairs(
    one: pd.DataFrame, two: pd.DataFrame, first: str, second: str, seed: int, left_out: list[str]
) -> Iterator[tuple[Any, ...]]:
    keys = ["section", "task", "measure"]
    mine, theirs = (dict(iter(frame[frame["system"] == "model"].groupby(keys, sort=False))) for frame in (one, two))
    for key in dict.fromkeys((*mine, *theirs)):
        if key not in mine or key not in theirs:
            left_out.append(f"{' '.join(map(str, key))}: only in {first if key in mine else second}")
            continue
        a, b = (group.set_index("id")["value"] for group in (mine[key], theirs[key]))
        both = pd.concat([a, b], axis=1, join="inner", keys=["a", "b"]).dropna()
        if len(both) < 2:
            left_out.append(f"{' '.join(map(str, key))}: {first} and {second} share {len(both)} entities")
            continue
        test = paired_test(both["b"], both["a"])
        low, high = bootstrap_interval(both["b"] - both["a"], seed)
        yield (
            *key,
            first,
            second,
            float(both["a"].mean()),
            float(both["b"].mean()),
            test.difference,
            low,
            high,
            test.p_value,
            test.n,
        )


def comparison_table(found: Mapping[str, Any]) -> Table:
    """The tests of `Comparison.to_dict` for a terminal; the better one stands in bold where it is no chance."""
    from rich import box
    from rich.table import Table

    title = (
        f"Second minus first, paired over held-out entities (Holm over {len(found['tests'])} tests, bold: p < {LEVEL})"
    )
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False, collapse_padding=True)
    for name in ("task", "measure", "first", "second"):
        table.add_column(name, overflow="fold")
    for name in ("difference", "95 %", "p", "n"):
        table.add_column(name, justify="right", no_wrap=True)
    for test in found["tests"]:
        ends = [
            words(f"{test[name]} {test[f'mean_{name}']:.3f}", "bold" if test["better"] == test[name] else "")
            for name in ("first", "second")
        ]
        p = "< .001" if test["p_corrected"] < 0.001 else f"{test['p_corrected']:.3f}"
        table.add_row(
            words(test["task"]),
            words(f"{test['section']}, {test['measure']}"),
            *ends,
            f"{test['difference']:+.3f}",
            f"{test['low']:+.3f} to {test['high']:+.3f}",
            p,
            str(test["n"]),
        )
    return table
