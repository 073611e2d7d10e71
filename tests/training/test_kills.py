"""kill -9 at any moment: a training goes on from what was committed, and ends as if nothing had happened.

ELM_KILLS=200 kills more often than the few times that fit into a test run.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from elm.adapters import read_tensors

HERE = Path(__file__).parent


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="children are forked, which this system cannot")
def test_killed_trainings_end_with_the_same_bits(tmp_path: Path) -> None:
    kills = int(os.environ.get("ELM_KILLS", "4"))
    paths = [str(HERE.parents[1]), str(HERE.parent), str(HERE), os.environ.get("PYTHONPATH", "")]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(paths), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, str(HERE / "killed.py"), str(tmp_path), str(kills), "7"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60 + 5 * kills, env=environment, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    moments = json.loads(done.stdout.splitlines()[-1])
    assert {"one", "two"} <= set(moments), moments  # the kills fell into both stages
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    for name in ("result.json", "metrics.jsonl"):
        assert (whole / name).read_bytes() == (killed / name).read_bytes()
    for name in ("end", "stage-one.best", "stage-two.best", "stage-two"):
        ours, theirs = (read_tensors(folder / f"{name}.safetensors")[0] for folder in (whole, killed))
        assert ours.keys() == theirs.keys()
        assert all(torch.equal(ours[key], theirs[key]) for key in ours)
    assert not [path.name for path in killed.iterdir() if path.name.startswith(".")]  # nothing half-written is left
    one, two = json.loads((whole / "result.json").read_text())
    assert len(one["losses"]) == 30
    assert [row["step"] for row in two["validations"]] == list(range(5, 41, 5))
    assert two["best"]["rSC"] >= 1  # and what was learned is right
