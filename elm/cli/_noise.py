"""Third-party progress bars and warnings, kept off a person's screen for the time of one command."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from elm._text.printed import one_line
from elm.cli import _output

_PACKAGE = str(Path(__file__).resolve().parents[1])
_SETTINGS = {
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "TRANSFORMERS_VERBOSITY": "error",
    "TRANSFORMERS_NO_ADVISORY_WARNINGS": "1",
    "TOKENIZERS_PARALLELISM": "false",
}
_CHATTY = ("transformers", "sentence_transformers", "huggingface_hub", "datasets", "peft", "implicit", "matplotlib")


@contextlib.contextmanager
def quiet_libraries(debug: bool = False) -> Iterator[None]:
    """Silence other libraries; the toolkit's own warnings become one line each. With `debug` nothing is hidden.

    The libraries read the settings when they are imported, so this comes before the first heavy import. A setting
    that the person made stays as it is.
    """
    if debug:
        yield
        return
    for name, value in _SETTINGS.items():
        os.environ.setdefault(name, value)
    for name in _CHATTY:
        logging.getLogger(name).setLevel(logging.ERROR)
    told: set[str] = set()

    def show(message: Warning | str, category: type[Warning], filename: str, *_: Any, **__: Any) -> None:
        text = one_line(message)
        if text not in told and _is_ours(category, filename):
            told.add(text)
            _output.warn(text)

    with warnings.catch_warnings(), _no_bars():
        warnings.showwarning = show
        yield


@contextlib.contextmanager
def _no_bars() -> Iterator[None]:
    """Where transformers is imported already, as in a notebook, it no longer reads its settings; ask it."""
    loaded: Any = sys.modules.get("transformers.utils.logging")
    if loaded is None or not loaded.is_progress_bar_enabled():
        yield
        return
    loaded.disable_progress_bar()
    try:
        yield
    finally:
        loaded.enable_progress_bar()


def _is_ours(category: type[Warning], filename: str) -> bool:
    """Either a class of ours, or a plain UserWarning that points at our code; not a library's complaint about us."""
    return category.__module__.startswith("elm.") or (category is UserWarning and filename.startswith(_PACKAGE))
