"""Hundreds of spoiled folders: none loads as something else, none writes outside of itself, none runs code."""

from __future__ import annotations

import os
import random
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import hostile
import pytest
import torch

from elm._errors import ElmError
from elm.model import EmbeddingLanguageModel, load_model, verify

EACH = 22  # folders of each way to spoil one


def same(one: EmbeddingLanguageModel, other: EmbeddingLanguageModel) -> bool:
    """Whether weights, configs and prompts are equal."""
    ours, theirs = one.state_dict(), other.state_dict()
    weights = ours.keys() == theirs.keys() and all(torch.equal(theirs[key], value) for key, value in ours.items())
    configs = [{n: m.adapter(n).config for n in m.adapters} for m in (one, other)]
    prompts = [{n: t.prompt for n, t in m.tasks.items()} for m in (one, other)]
    return weights and configs[0] == configs[1] and prompts[0] == prompts[1]


def outside(place: Path, folder: Path) -> dict[str, tuple[int, int]]:
    """What lies beside the folder, with times and sizes."""
    return {
        str(path.relative_to(place)): (path.stat().st_mtime_ns, path.stat().st_size)
        for path in place.rglob("*")
        if not path.is_relative_to(folder) and path.exists() and path != place
    }


def test_there_are_at_least_five_hundred() -> None:
    assert EACH * len(hostile.SPOILS) >= 500


@pytest.mark.slow
@pytest.mark.parametrize("spoil", hostile.SPOILS, ids=lambda spoil: spoil.__name__.replace(" ", "-"))
def test_a_spoiled_folder(saved: Path, model: EmbeddingLanguageModel, tmp_path: Path, spoil: hostile.Spoil) -> None:
    (tmp_path / "secret").write_text("secret")
    came: Counter[str] = Counter()
    for seed in range(EACH):
        folder = Path(shutil.copytree(saved, tmp_path / "model", copy_function=os.link))
        said = spoil(random.Random(f"{spoil.__name__} {seed}"), folder)
        before = outside(tmp_path, folder)
        loaded, reason = None, ""
        try:
            loaded = load_model(folder)
        except ElmError as error:
            reason = str(error)
        came["loaded" if loaded else "refused"] += 1
        assert loaded is None or same(loaded, model), f"loaded as something else: {said}"
        assert "\n" not in reason, said
        found = [problem for problem in verify(folder) if reason or "it is unchecked" not in problem.what]
        assert bool(found) == bool(reason), f"verify and load_model disagree: {said}: {reason}"
        assert outside(tmp_path, folder) == before, f"something happened outside: {said}"
        assert not (tmp_path / "ran").exists(), f"code was run: {said}"
        shutil.rmtree(folder)
        shutil.rmtree(tmp_path / "away", ignore_errors=True)
    assert came["refused"] > came["loaded"], came


def test_the_payloads_do_run_where_they_are_read(tmp_path: Path) -> None:
    """So that the silence above means something."""
    import pickle

    source, pickled = hostile.code(tmp_path / "model")
    for run in (lambda: exec(source), lambda: pickle.loads(pickled)):
        run()
        assert (tmp_path / "ran").exists()
        (tmp_path / "ran").unlink()


def test_a_person_s_own_files_at_the_top_do_no_harm(copy: Callable[[], Path], model: EmbeddingLanguageModel) -> None:
    folder = copy()
    for name in (".gitattributes", "llm/.DS_Store"):
        (folder / name).write_text("mine")
    assert not verify(folder)
    mine = ["events.log", "llm/.notes", "notes.txt", "train.py"]
    for name in mine:
        (folder / name).write_text("mine")
    assert same(load_model(folder), model)
    assert [problem.path for problem in verify(folder)] == mine, "what nobody vouches for is told"


def test_a_description_of_a_hundred_megabytes(copy: Callable[[], Path]) -> None:
    folder = copy()
    for name in ("config.json", "manifest.json", "adapters/toy/config.json"):
        there = copy()
        (there / name).unlink()
        with open(there / name, "wb") as file:
            file.truncate(100 * 2**20)
        if name != "manifest.json":
            hostile.reseal(there)
        with pytest.raises(ElmError, match=r"must be a description of at most \d+ bytes, and is larger"):
            load_model(there)
    assert not verify(folder)
