"""GGUF files as bases: converted once, exactly, and refused in one line where they cannot be."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import tiny_elm
import torch
from tiny_elm import SAY

import elm.model.base._converted as _converted
from elm._errors import CallError, CheckpointError, DataFileError, ElmError
from elm.model import all_kept, base_reference, load_llm, load_model, save_model, with_lora

pytest.importorskip("gguf", reason="the library that writes and reads GGUF files is not installed")
import gguf_files

IDS = torch.tensor([[1, 50, 60, 70, 80, 90, 44, 33]])


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ELM_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "bases"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return gguf_files.write(tmp_path / "tiny.gguf", gguf_files.llama())


@pytest.mark.parametrize("architecture", ["llama", "gemma3"])
def test_a_file_says_what_its_source_says(architecture: str, tmp_path: Path) -> None:
    source = getattr(gguf_files, architecture)()
    llm, tokenizer = load_llm(gguf_files.write(tmp_path / "tiny.gguf", source, architecture))
    with torch.no_grad():
        torch.testing.assert_close(llm(IDS).logits, source(IDS).logits, rtol=1e-4, atol=1e-4)
    if architecture == "gemma3":
        ids = tokenizer("the storm", add_special_tokens=False)["input_ids"]
        assert [gguf_files.PIECES[i] for i in ids] == ["th", "e", "▁", "storm"]
        assert (tokenizer.bos_token_id, tokenizer.eos_token_id, tokenizer.pad_token_id) == (2, 1, 0)
        return
    for text in ("A storm at sea.", "naïve 東京 🎬\n\ttab", "  spaces  "):
        assert tokenizer(text, add_special_tokens=False)["input_ids"] == tiny_elm.tokenizer()(text)["input_ids"]
    assert (tokenizer.bos_token_id, tokenizer.eos_token_id, tokenizer.pad_token_id) == (1, 2, 0)


def test_blocks_are_unpacked_as_the_library_unpacks_them(tmp_path: Path) -> None:
    import gguf

    source = gguf_files.llama()
    llm, _ = load_llm(gguf_files.write(tmp_path / "tiny.gguf", source, blocks=True))
    for name, value in source.state_dict().items():
        if value.ndim == 2 and "q_proj" not in name and "k_proj" not in name:
            kind = gguf.GGMLQuantizationType.Q8_0
            expected = gguf.quants.dequantize(gguf.quants.quantize(value.numpy(), kind), kind)
            torch.testing.assert_close(llm.state_dict()[name], torch.from_numpy(expected))
    assert llm.dtype == torch.float32


def test_a_file_is_converted_once(file: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, _ = load_llm(file)
    assert [path.name for path in cache.iterdir()] == [base_reference(file)["sha256"]]

    def never(*_: Any) -> None:
        pytest.fail("the file was converted again")

    monkeypatch.setattr(_converted, "_convert", never)
    again, _ = load_llm(shutil.copy(file, file.with_name("other.gguf")))  # the same bytes under another name
    assert all(torch.equal(a, b) for a, b in zip(first.parameters(), again.parameters(), strict=True))
    assert all_kept() == {base_reference(file)["sha256"]: str(file)}


def test_what_is_kept_is_an_ordinary_folder(file: Path, cache: Path) -> None:
    load_llm(file)
    (folder,) = cache.iterdir()
    for name in ("config.json", "tokenizer_config.json"):
        text = (folder / name).read_text()
        assert "quantization_config" not in json.loads(text)
        assert str(file.parent) not in text
        assert "/tmp" not in text
    assert load_llm(folder)[0] is not None


def test_a_damaged_copy_is_made_again(file: Path, cache: Path) -> None:
    first = [value.clone() for value in load_llm(file)[0].parameters()]  # the file may be mapped into memory
    (folder,) = cache.iterdir()
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])
    again, _ = load_llm(file)
    assert all(torch.equal(a, b) for a, b in zip(first, again.parameters(), strict=True))


def test_a_conversion_that_breaks_off_leaves_nothing(file: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = _converted.read_tokenizer

    def broken(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(_converted, "read_tokenizer", broken)
    with pytest.raises(KeyboardInterrupt):
        load_llm(file)
    assert list(cache.iterdir()) == []
    monkeypatch.setattr(_converted, "read_tokenizer", real)
    assert load_llm(file)[0] is not None


def test_a_folder_with_one_file_and_one_with_several(file: Path) -> None:
    assert load_llm(file.parent)[0] is not None
    shutil.copy(file, file.with_name("second.gguf"))
    with pytest.raises(CallError, match=r"a GGUF base is one file, and .* has 2: name one, such as .*second.gguf"):
        load_llm(file.parent)


def test_other_files_beside_it_have_no_say(file: Path) -> None:
    (file.parent / "generation_config.json").write_text("{")
    (file.parent / "adapter_config.json").write_text('{"base_model_name_or_path": "../elsewhere"}')
    assert load_llm(file)[0] is not None


@pytest.mark.parametrize("share", [0.0, 0.001, 0.3, 0.9, 0.9999])
def test_a_file_that_is_cut_off(share: float, file: Path, cache: Path) -> None:
    data = file.read_bytes()
    file.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(CheckpointError, match=r"tiny.gguf is cut off, damaged, or no GGUF file"):
        load_llm(file)
    assert not cache.exists()


def test_a_file_that_is_none(file: Path) -> None:
    file.write_text("a storm at sea" * 100)
    with pytest.raises(CheckpointError, match=r"is cut off, damaged, or no GGUF file \(GGUF magic invalid\)"):
        load_llm(file)


def test_an_unknown_architecture(tmp_path: Path, cache: Path) -> None:
    path = gguf_files.write(tmp_path / "tiny.gguf", gguf_files.llama(), named="sealion9")
    with pytest.raises(CheckpointError, match=r"is not a language model that transformers reads from GGUF: .*sealion9"):
        load_llm(path)
    assert list(cache.iterdir()) == []


def test_a_file_without_a_tokenizer(tmp_path: Path, cache: Path) -> None:
    path = gguf_files.write(tmp_path / "tiny.gguf", gguf_files.llama(), words=False)
    with pytest.raises(CheckpointError, match=r"a base comes with its tokenizer, and .*tiny.gguf has none"):
        load_llm(path)
    assert not cache.exists()


def test_too_little_disk(file: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10**9, 10**9, 1000))
    with pytest.raises(ElmError, match=r"takes 0.1 GB in .*cache/bases/.*, and 0.0 GB are free: free some space"):
        load_llm(file)
    assert not cache.exists()


def test_without_the_library(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "gguf", None)
    with pytest.raises(DataFileError, match=r"read by the library gguf, which is not installed: .*tiny.gguf needs it"):
        load_llm(file)


def test_a_file_that_is_not_there() -> None:
    with pytest.raises(DataFileError, match=r"a local transformers folder, a GGUF file or a Hub id; gone.gguf is not"):
        load_llm("gone.gguf")


@pytest.fixture
def tuned(file: Path, tmp_path: Path) -> Path:
    llm, tokenizer = load_llm(file)
    model = tiny_elm.model()
    model.llm, model.tokenizer, model.about = with_lora(llm, 2), tokenizer, {"base": base_reference(file)}
    return save_model(model, tmp_path / "tuned")


def test_a_model_on_a_file_finds_it_by_its_hash(tuned: Path, file: Path) -> None:
    x = tiny_elm.vectors(3)
    texts = load_model(tuned).describe(x, SAY)
    moved = file.rename(file.with_name("moved.gguf"))
    assert load_model(tuned).describe(x, SAY) == texts  # from the cache, wherever the file is now
    assert load_model(tuned, base=moved).describe(x, SAY) == texts


def test_another_file_is_not_the_base(tuned: Path, tmp_path: Path) -> None:
    other = gguf_files.write(tmp_path / "other.gguf", gguf_files.llama(seed=1))
    with pytest.raises(CheckpointError, match=r"was trained on the base .*tiny.gguf .*, and the weights in"):
        load_model(tuned, base=other)
