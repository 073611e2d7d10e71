"""All eight kinds of folder, spoiled: nothing outside is touched, nothing runs, none loads as something else.

ELM_FOLDERS=1000 spoils that many, spread over the kinds; a usual test run draws a sample of them.
"""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import hostile_places
import pytest
import test_hostile_tables as made
from datasets import Dataset, DatasetDict
from test_hostile import outside
from test_hostile import same as same_model

from elm._errors import ElmError
from elm.model import EmbeddingLanguageModel, load_model
from elm.tasks import load_examples, save_examples
from elm.tasks.examples._build import COLUMNS

FOLDERS = int(os.environ.get("ELM_FOLDERS", "216"))


def examples() -> DatasetDict:
    """Rows as `build_examples` makes them, two parts."""
    row = {name: ["a"] if name == "entities" else "a" for name in COLUMNS}
    return DatasetDict({part: Dataset.from_list([row] * 3) for part in ("train", "test")})


def read_examples(folder: Path) -> Any:
    return {part: rows.to_list() for part, rows in load_examples(folder).items()}


KINDS: dict[str, tuple[Callable[[Path], object], Callable[[Path], Any]]] = {
    "examples": (lambda folder: save_examples(examples(), folder), read_examples),
    **{kind: made.KINDS[kind] for kind in ("adapter", "table", "data set", "concepts", "recommender", "multi-vae")},
}


def spoiled(place: Path, good: Path, kind: str, numbers: range, read: Callable[[Path], bool]) -> list[str]:
    """What went wrong with folders of a kind; `read` tells whether what it loads is what was saved."""
    (place / "secret").write_text("secret")
    wrong = []
    for number in numbers:
        folder = Path(shutil.copytree(good, place / "folder", copy_function=os.link))
        spoil = hostile_places.SPOILS[number % len(hostile_places.SPOILS)]
        told = f"{number}: {spoil.__name__}: {spoil(random.Random(f'{kind} {number}'), folder)}"
        before, inside = outside(place, folder), everything(folder)
        try:
            if not read(folder) and spoil is not hostile_places.name:  # a title or a space may have such a name
                wrong.append(f"{told}: loaded as something else")
        except ElmError as error:
            if "\n" in str(error):
                wrong.append(f"{told}: an error of several lines: {error}")
        except Exception as error:  # what a caller would meet as a traceback
            wrong.append(f"{told}: {type(error).__name__}: {error}")
        if outside(place, folder) != before or (place / "secret").read_text() != "secret":
            wrong.append(f"{told}: something happened outside")
        if everything(folder) != inside:
            wrong.append(f"{told}: loading changed the folder")
        if (place / "ran").exists():
            wrong.append(f"{told}: code was run")
        shutil.rmtree(folder)
        shutil.rmtree(place / "away", ignore_errors=True)
    return wrong


def everything(folder: Path) -> set[tuple[str, int]]:
    """Names and times of what lies in a folder; links are not followed."""
    return {(str(path.relative_to(folder)), path.lstat().st_mtime_ns) for path in folder.rglob("*")}


@pytest.mark.parametrize("kind", KINDS)
def test_a_folder_that_reaches_out(kind: str, tmp_path: Path) -> None:
    save, read = KINDS[kind]
    save(tmp_path / "good")
    right = read(tmp_path / "good")
    (tmp_path / "place").mkdir()
    numbers = range(-(-FOLDERS // (len(KINDS) + 1)))
    wrong = spoiled(tmp_path / "place", tmp_path / "good", kind, numbers, lambda f: made.same(read(f), right))
    assert not wrong, "\n".join(wrong)


def test_a_model_that_reaches_out(saved: Path, model: EmbeddingLanguageModel, tmp_path: Path) -> None:
    numbers = range(-(-FOLDERS // (len(KINDS) + 1)))
    wrong = spoiled(tmp_path, saved, "model", numbers, lambda folder: same_model(load_model(folder), model))
    assert not wrong, "\n".join(wrong)
