"""kill -9 at any moment of a save leaves the whole old folder or the whole new one, and the next save tidies up.

ELM_KILLS=50 kills each kind of folder, and a training, more often than fits into a test run.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
TIMES = int(os.environ.get("ELM_KILLS", "4"))

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="kills forked processes, which needs a Unix system")


def report(script: str, *words: object) -> dict[str, Any]:
    """What a script of this folder prints, run with the tests' helpers on its path."""
    command = [sys.executable, str(HERE / script), *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(HERE.parent)})
    assert done.returncode == 0, done.stderr[-2000:]
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


@pytest.mark.parametrize("mode", ["exchange", "moves"])
def test_killed_at_every_system_call(tmp_path: Path, mode: str) -> None:
    """Both ways of swapping: folders that change places, and, where there is no such call, parts that move in."""
    came = report("kill_folders.py", tmp_path / "unit", mode)
    assert came["moments"] >= 30
    assert set(came["found"]) == {"old", "new"}


@pytest.mark.slow
def test_killed_at_random_moments_while_saving_models(tmp_path: Path) -> None:
    came = report("kill_models.py", tmp_path / "model", TIMES, 0)
    assert sum(came["found"].values()) == TIMES
    assert set(came["found"]) <= {"first", "second"}
    assert TIMES < 20 or set(came["found"]) == {"first", "second"}
    assert came["left"] == ["model"]


@pytest.mark.slow
def test_killed_at_random_moments_while_saving_every_other_kind(tmp_path: Path) -> None:
    for kind, found in report("kill_kinds.py", tmp_path, TIMES, 0).items():
        assert sum(found.values()) == TIMES
        assert set(found) <= {"first", "second"}, kind
