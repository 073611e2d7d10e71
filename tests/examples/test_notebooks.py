"""Each notebook runs in a clean shell, offline, and is kept as it ran: with its pictures and without leftovers."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

NOTEBOOKS = sorted((Path(__file__).resolve().parents[2] / "examples").glob("*.ipynb"))


def test_there_are_six() -> None:
    assert [path.name[:2] for path in NOTEBOOKS] == ["01", "02", "03", "04", "05", "06"]


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_runs_from_a_clean_shell(path: Path, tmp_path: Path) -> None:
    work = tmp_path / "work"
    work.mkdir()
    own = {"HF_HUB_OFFLINE": "1", "TMPDIR": str(tmp_path), "IPYTHONDIR": str(tmp_path / "ipython")}
    command = [sys.executable, str(Path(__file__).with_name("run_notebook.py")), str(path)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=work, env=os.environ | own, timeout=600)
    assert done.returncode == 0, done.stderr[-3000:] + done.stdout[-3000:]
    shown = json.loads(done.stdout.splitlines()[-1])
    assert not list(work.iterdir()), "a notebook leaves nothing beside itself"
    assert "image/png" in shown["kinds"]
    assert not shown["stderr"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_is_kept_as_it_ran(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    cells = notebook.cells
    assert cells[0].cell_type == "markdown"
    assert cells[0].source.startswith(f"# {int(path.name[:2])}. ")
    assert all(cell.source.strip() for cell in cells)
    code = [cell for cell in cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    outputs = [out for cell in code for out in cell.outputs]
    assert not [out for out in outputs if out.output_type == "error" or out.get("name") == "stderr"]
    assert any("image/png" in out.get("data", {}) for out in outputs)
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"/tmp/|/home/|/root/|/work/|[A-Z]:\\\\", text), "paths of a machine"
    assert len(text) < 300_000
