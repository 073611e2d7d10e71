"""Runs the code of a notebook in a new IPython shell, and prints what it showed: `{"kinds": [...], "stderr": "..."}`.

A process of its own is a clean kernel without a kernel's sockets, on which a client now and then waits for ever.
"""

from __future__ import annotations

import json
import sys

import nbformat
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output


class Shell(InteractiveShell):
    """A shell whose figures are inline."""

    def enable_gui(self, gui: str | None = None) -> None:
        assert gui is None


def main(path: str) -> None:
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
    print(json.dumps({"kinds": sorted(kinds), "stderr": complaints}))


if __name__ == "__main__":
    main(sys.argv[1])
