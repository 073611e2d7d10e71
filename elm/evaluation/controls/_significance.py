"""Does the model beat its controls? One test for each task and control, corrected for their number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from elm._errors import CallError
from elm.evaluation._measures import CONTROLS, SECTIONS
from elm.metrics import bootstrap_interval, entity_p_value, holm, paired_test

HEADLINES = {
    section.name: section.headline.name
    for section in sorted(SECTIONS.values(), key=lambda section: section.entity)  # items, then users
}
"""Section of a scores table -> the measure that its tasks are judged by."""


def control_tests(
    frame: pd.DataFrame,
    measures: Mapping[str, str] = HEADLINES,
    controls: Sequence[str] = CONTROLS,
    system: str = "model",
    seed: int = 0,
) -> pd.DataFrame:
    """Paired tests of a system against each control in each task, on the entities that both were scored on.

    frame: columns section, task, measure, system, id and value, such as `RunScores.frame` gives. Returns one row per
    test: section, task, measure, control, n, mean (of the system), control_mean, difference, low and high (its 95 %
    bootstrap interval), p_value (two-sided paired t test), p_holm (corrected by Holm 1979 over all rows) and beaten
    (the difference is positive and p_holm below 0.01). A control that was scored on fewer than two entities has no row.

    Raises `CallError` where the table holds no score of the system at all.
    """
    if not (frame["system"] == system).any():
        raise CallError(f"tests need scores of the system {system!r}, and the table has none")
    rows = []
    for section, measure in measures.items():
        part = frame[(frame["section"] == section) & (frame["measure"] == measure)]
        for task, values in part.groupby("task", sort=False):
            table = values.pivot(index="id", columns="system", values="value")
            for control in (name for name in controls if name in table and system in table):
                both = table[[system, control]].dropna()
                if len(both) > 1:
                    rows.append(
                        {
                            "section": section,
                            "task": task,
                            "measure": measure,
                            "control": control,
                            **_tested(both[system].to_numpy(), both[control].to_numpy(), seed),
                        }
                    )
    tests = pd.DataFrame(rows, columns=list(_COLUMNS))
    tests["p_holm"] = holm(tests["p_value"]) if len(tests) else []
    tests["beaten"] = (tests["difference"] > 0) & (tests["p_holm"] < 0.01)
    return tests


_COLUMNS = tuple("section task measure control n mean control_mean difference low high p_value".split())


def _tested(ours: np.ndarray, theirs: np.ndarray, seed: int) -> dict[str, float]:
    test = paired_test(ours, theirs)
    p = entity_p_value(ours, theirs)  # a few entities prove nothing
    low, high = bootstrap_interval(ours - theirs, seed)
    means = {"mean": float(ours.mean()), "control_mean": float(theirs.mean()), "difference": test.difference}
    return {"n": test.n, **means, "low": low, "high": high, "p_value": 1.0 if np.isnan(p) else p}
