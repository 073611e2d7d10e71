"""`verify` finds all that is wrong with a folder, says where, and reads each file of weights once."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import tiny_elm
import torch
from safetensors.torch import load_file, save_file

from elm._errors import DataFileError
from elm.adapters import Problem, scan, write_manifest
from elm.model import SHIPPED, save_model, verify


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    model = tiny_elm.model(tiny_elm.table(name="toy"), tiny_elm.table(dim=4, name="wee"))
    return save_model(model, tmp_path_factory.mktemp("saved") / "model")


@pytest.fixture
def folder(saved: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(saved, tmp_path / "model"))


def test_sound_folders(folder: Path) -> None:
    assert verify(folder) == []
    assert verify(folder.parent) == [], "a run folder that holds one"
    assert verify(SHIPPED / "demo") == []


def test_no_folder(tmp_path: Path) -> None:
    with pytest.raises(DataFileError, match="a model is a folder; there is none at"):
        verify(tmp_path / "none")


def test_all_problems_are_told_at_once(folder: Path) -> None:
    (folder / "README.md").unlink()
    (folder / "llm" / "tokenizer_config.json").write_text("{}")
    (folder / "llm" / "extra.py").write_text("")
    (folder / "lora").mkdir()
    path = folder / "adapters" / "toy" / "model.safetensors"
    tensors = load_file(path)
    tensors["mean"][0] = np.nan
    del tensors["inner.bias"]
    save_file(tensors, path)
    found = {problem.path: [] for problem in verify(folder)}
    for problem in verify(folder):
        found[problem.path].append(problem.what)
    assert found["README.md"] == ["is missing, though the manifest names it; fetch or train the model again"]
    assert "is cut off or changed since it was saved" in found["llm/tokenizer_config.json"][0]
    assert "is not named by the manifest" in found["llm/extra.py"][0]
    assert "must hold exactly one of llm/" in found["."][0]
    weights = " ".join(found["adapters/toy/model.safetensors"])
    for part in ("is cut off or changed", "holds NaN or infinity in mean", "do not fit its config: inner.bias"):
        assert part in weights


def test_a_base_of_another_width(folder: Path, tmp_path: Path) -> None:
    assert verify(folder, base=folder / "llm") == []
    (problem,) = {p.what for p in verify(folder, base=SHIPPED / "base")}
    assert problem == "writes tokens 32 wide, but the language model reads 256"
    assert [p.path for p in verify(folder, base=tmp_path / "nowhere")] == ["config.json"]


@pytest.mark.parametrize("fingerprint", ["", "two words", "x" * 200, "naïve"])
def test_a_fingerprint_that_is_none(folder: Path, fingerprint: str) -> None:
    path = folder / "adapters" / "toy" / "config.json"
    path.write_text(path.read_text().replace("toy-6-0", fingerprint))
    write_manifest(folder)
    (problem,) = verify(folder)
    assert problem.path == "adapters/toy/config.json"
    assert problem.what.startswith("has no well-formed fingerprint")


def test_a_problem_reads_as_a_sentence() -> None:
    assert str(Problem("llm/config.json", "is missing")) == "llm/config.json is missing"


@pytest.mark.parametrize(
    "dtype", [torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.float8_e5m2, torch.float8_e4m3fn]
)
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_the_scan_looks_at_every_number_of_every_kind(tmp_path: Path, dtype: torch.dtype, bad: float) -> None:
    path = tmp_path / "a.safetensors"
    size = 2**21 // dtype.itemsize + 3  # more than two chunks of the reading
    fine = torch.linspace(-200, 200, size).to(dtype)
    largest = torch.tensor(
        [torch.finfo(dtype).max, torch.finfo(dtype).min, torch.finfo(dtype).tiny], dtype=torch.float64
    )
    largest = largest.to(dtype)
    whole = {"fine": fine, "largest": largest, "whole": torch.arange(5)}
    save_file(whole, path)
    assert scan(path).not_finite == ()
    at = torch.arange(size) == size - 1
    save_file({**whole, "z": torch.where(at, torch.tensor(bad).to(dtype), fine)}, path)
    if dtype is torch.float8_e4m3fn and np.isinf(bad):
        pytest.skip("this kind of number has no infinity")
    assert scan(path).not_finite == ("z",)


def test_the_scan_s_hash_is_the_file_s(tmp_path: Path) -> None:
    from elm._storage.files import sha256

    path = tmp_path / "a.safetensors"
    save_file({"b": torch.ones(300_000), "a": torch.zeros(0), "c": torch.ones(7)}, path, metadata={"format": "pt"})
    assert scan(path).sha256 == sha256(path)
