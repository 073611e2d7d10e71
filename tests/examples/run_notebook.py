"""Runs notebooks, each in a new IPython shell of a process of its own: python run_notebook.py NOTEBOOK FOLDER ...

What each showed is left in its folder, as `{"kinds": [...], "stderr": "..."}` in `shown.json`; where it failed,
`error.txt` says how. A process of its own is a clean kernel without a kernel's sockets, on which a client now and then
waits for ever. It is a fork of this one, in which the libraries are imported already: that takes most of a notebook's
time. Names and modules of ours are imported by each notebook itself.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import traceback
from pathlib import Path

import nbformat
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

LIBRARIES = tuple(
    """
    ipywidgets matplotlib.figure pandas peft scipy.stats sentence_transformers sklearn.linear_model torch transformers
    transformers.generation transformers.models.llama.modeling_llama
""".split()
)


class Shell(InteractiveShell):
    """A shell whose figures are inline."""

    def enable_gui(self, gui: str | None = None) -> None:
        assert gui is None


def shown_by(path: Path) -> dict[str, object]:
    shell = Shell.instance()
    kinds: set[str] = set()
    complaints = ""
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type != "code":
            continue
        with capture_output() as shown:
            result = shell.run_cell(cell.source, store_history=True)
        result.raise_error()
        kinds |= {kind for output in shown.outputs for kind in output.data or ()}
        if result.result is not None:  # the value of the last line, which a notebook shows, too
            kinds |= set(shell.display_formatter.format(result.result)[0])
        complaints += shown.stderr
    return {"kinds": sorted(kinds), "stderr": complaints}


def child(path: Path, folder: Path) -> None:
    """Run a notebook in a folder of its own, `work`, and leave beside it what came; never returns."""
    try:
        (folder / "work").mkdir()
        os.chdir(folder / "work")
        (folder / "shown.json").write_text(json.dumps(shown_by(path)))
    except BaseException:
        (folder / "error.txt").write_text(traceback.format_exc())
    finally:
        os._exit(0)


def main(words: list[str]) -> None:
    for library in LIBRARIES:
        importlib.import_module(library)
    assert "elm" not in sys.modules
    for path, folder in zip(words[::2], words[1::2], strict=True):
        if not (process := os.fork()):
            child(Path(path), Path(folder))
        os.waitpid(process, 0)


if __name__ == "__main__":
    main(sys.argv[1:])
