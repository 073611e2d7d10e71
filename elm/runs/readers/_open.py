"""A reader's folder, read back."""

from __future__ import annotations

from pathlib import Path

from elm._errors import DataFileError
from elm._storage.inside import RUN
from elm.runs._folder import RunFolder
from elm.runs._open import run_settings
from elm.runs.readers._config import ReaderConfig, is_reader
from elm.runs.readers._lessons import ReaderWorld
from elm.runs.readers._pairs import Pairs


def open_reader(path: str | Path) -> tuple[RunFolder, ReaderConfig, ReaderWorld]:
    """An existing reader: its folder, settings, and what it was trained on.

    Raises `DataFileError` where the folder is no reader's or its data are no longer those that it was begun with, and
    `CallError` where it came from elsewhere and names folders outside of itself.
    """
    settings = run_settings(path)
    if not is_reader(settings):
        raise DataFileError(f"{path} is a run, and no reader: `elm fit` makes readers")
    run = RunFolder(path)
    config = ReaderConfig.from_dict(settings, run.path / RUN)
    pairs = Pairs.load(run.path)
    if pairs.digest != config.data:
        raise DataFileError(
            f"a reader keeps its data, but the vectors or texts in {path} are no longer those that it was begun with: "
            "bring them back, or fit again with --fresh"
        )
    return run, config, ReaderWorld.of(pairs, config)


def is_reader_folder(place: Path) -> bool:
    """Whether a folder is a reader's run folder."""
    return (place / RUN).is_file() and is_reader(run_settings(place))
