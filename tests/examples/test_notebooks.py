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


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> dict[Path, Path]:
    """Each notebook's folder, once all have run, one after the other, as forks that share the imports of libraries."""
    base = tmp_path_factory.mktemp("notebooks")
    folders = {path: base / path.stem for path in NOTEBOOKS}
    for folder in folders.values():
        folder.mkdir()
    own = {"HF_HUB_OFFLINE": "1", "TMPDIR": str(base), "IPYTHONDIR": str(base / "ipython")}
    words = [str(word) for pair in folders.items() for word in pair]
    command = [sys.executable, str(Path(__file__).with_name("run_notebook.py")), *words]
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ | own, timeout=1700)
    assert done.returncode == 0, done.stderr[-3000:]
    return folders


@pytest.mark.slow
@pytest.mark.timeout(1800)  # all six, on a machine that does much else
@pytest.mark.skipif(not hasattr(os, "fork"), reason="notebooks run in forks, which this system does not have")
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_runs_from_a_clean_shell(path: Path, ran: dict[Path, Path]) -> None:
    folder = ran[path]
    assert not (folder / "error.txt").exists(), (folder / "error.txt").read_text()[-3000:]
    shown = json.loads((folder / "shown.json").read_text())
    assert not list((folder / "work").iterdir()), "a notebook leaves nothing beside itself"
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
