"""A person's word that a folder from elsewhere may read the files and folders of this disk that it names."""

from __future__ import annotations

from pathlib import Path

from elm._errors import DataFileError
from elm._storage.files import read_json
from elm._storage.inside import RUN, check_links, mark_as_made_here
from elm.runs._concepts import SETTINGS as CONCEPTS
from elm.runs._open import named_paths


def trust(folder: str | Path) -> dict[str, str]:
    """Allow a run, or a folder of concepts, to read what it names outside of itself; gives what it names, by setting.

    Raises `DataFileError` where the folder is neither, or a link leads out of it.
    """
    folder = Path(folder)
    if (folder / RUN).is_file():
        named = named_paths(read_json(folder / RUN))
    elif (folder / CONCEPTS).is_file():
        named = {"run": read_json(folder / CONCEPTS).get("run")}
    else:
        raise DataFileError(f"a run or a folder of concepts can be trusted, and {folder} is neither; name another one")
    check_links(folder)
    mark_as_made_here(folder)
    return {key: str(value) for key, value in named.items() if value is not None}
