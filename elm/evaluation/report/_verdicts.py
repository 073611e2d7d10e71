"""What may be said of a task's texts, in one word, from the tests against its controls and the signs of fraud."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import MappingProxyType

import pandas as pd

from elm.evaluation._measures import COPY, YARDSTICKS
from elm.evaluation.controls._significance import control_tests

VERDICTS = {
    "holds": "beats every control",
    "copies": "beats the controls that never saw the entity, but not the nearest training entity's text",
    "fails": "does not beat the controls that never saw the entity",
    "suspect": "the texts repeat the prompt or tell ids, so their scores say nothing",
    "unclear": "this measure cannot tell the teacher's texts from shuffled ones, so it says nothing",
}
"""Verdict -> what it means."""

_VOID = {"prompt", "ids"}


def report_tests(frame: pd.DataFrame) -> pd.DataFrame:
    """The tests of `control_tests` for the model, and then one per task of the teacher against shuffled texts (the
    teacher's own where they were scored), which tests the yardstick itself. A column system says whose they are; the
    two are corrected apart.
    """
    yardstick = control_tests(frame, controls=YARDSTICKS, system="teacher")
    yardstick = yardstick.drop_duplicates(["section", "task"]).assign(system="teacher")
    return pd.concat([control_tests(frame).assign(system="model"), yardstick], ignore_index=True)


def verdicts(
    tests: pd.DataFrame, signs: Mapping[tuple[str, str], Collection[str]] = MappingProxyType({})
) -> dict[tuple[str, str], str]:
    """(section, task) -> a verdict of `VERDICTS`, from the tests of `report_tests` ("beaten" is p_holm < 0.01).

    signs: of fraud, by (section, task), see `fraud_signs`; "prompt" and "ids" make a task "suspect", the others are
    what the controls are for. Else "unclear" where the teacher does not beat the shuffled texts, "fails" where the
    model does not beat every control besides the nearest training entity's text, "copies" where it does not beat that,
    and "holds".
    """
    found = {}
    for (section, task), group in tests.groupby(["section", "task"], sort=False):
        ours, teachers = (
            group[group["system"] == name].set_index("control")["beaten"] for name in ("model", "teacher")
        )
        if _VOID & set(signs.get((str(section), str(task)), ())):
            verdict = "suspect"
        elif not (len(teachers) and teachers.all()):
            verdict = "unclear"
        elif not (len(ours) and ours.drop(COPY, errors="ignore").all()):
            verdict = "fails"
        else:
            verdict = "holds" if ours.get(COPY, True) else "copies"
        found[str(section), str(task)] = verdict
    return found
