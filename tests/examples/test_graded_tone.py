"""The example's task is taught, saved and read back; its grades are read from a text exactly."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import elm
from elm.data import ATTRIBUTES

PATH = Path(__file__).resolve().parents[2] / "examples" / "graded_tone.py"


@pytest.fixture(scope="module")
def example() -> ModuleType:
    spec = importlib.util.spec_from_file_location("graded_tone", PATH)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["graded_tone"] = module
    spec.loader.exec_module(module)
    return module


@given(st.lists(st.floats(0, 1), min_size=8, max_size=8))
def test_what_the_teacher_grades_is_what_is_read(example: ModuleType, levels: list[float]) -> None:
    films = pd.DataFrame([levels], columns=list(ATTRIBUTES), index=["f1"])
    facts = example.graded(films)["f1"]
    text = example.TONE.write(facts, np.random.default_rng(0))
    assert example.grades_in(text) == dict(facts.qualities)
    assert len(text.splitlines()) == 8


def test_a_text_without_grades_gives_none(example: ModuleType) -> None:
    assert example.grades_in("A fine film.\n- very green") == {}


@pytest.mark.slow
def test_the_task_is_taught_and_saved(example: ModuleType, tmp_path: Path) -> None:
    example.teach(tmp_path, steps=2, extra=0, batch_tokens=400, progress=False)
    model = elm.load(tmp_path)
    films = elm.model.shipped_vectors("films")
    assert isinstance(model.describe(films["f863"], example.TONE), str)
    assert model.describe(films["f863"], "summary")  # the shipped tasks are still there
    with pytest.raises(ValueError, match="was not trained"):
        elm.describe(films["f863"], example.TONE)
