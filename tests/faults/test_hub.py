"""From the Hub and back: a whole model, or one line that says what is wrong; downloads go on where they broke off."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import tiny_elm
import torch
from fake_hub import FakeHub
from tiny_elm import SAY

import elm
from elm._errors import CallError, CheckpointError, DataFileError, HubError
from elm.adapters import SIGNATURE
from elm.model import (
    EmbeddingLanguageModel,
    base_reference,
    fetch,
    load_llm,
    push_folder,
    save_llm,
    save_model,
    verify,
    with_lora,
)

NAME = "someone/some-model"


def same(one: EmbeddingLanguageModel, other: EmbeddingLanguageModel) -> bool:
    ours, theirs = one.state_dict(), other.state_dict()
    return ours.keys() == theirs.keys() and all(torch.equal(theirs[key], value) for key, value in ours.items())


def test_a_model_comes_from_the_hub(hub: FakeHub, saved: Path, model: EmbeddingLanguageModel) -> None:
    commit = hub.add(NAME, saved)
    came = elm.load(NAME)
    assert same(came, model)
    assert came.describe(tiny_elm.vectors(), SAY) == model.describe(tiny_elm.vectors(), SAY)
    asked = len(hub.requests)
    assert same(elm.load(NAME, revision=commit, local_files_only=True), model)
    assert len(hub.requests) == asked, "what is in the cache is not asked for"
    assert not verify(fetch(NAME)), "files of the cache are links into its blobs"


def test_only_what_belongs_is_fetched(hub: FakeHub, saved: Path, tmp_path: Path) -> None:
    hub.add(NAME, saved)
    hub.repositories[NAME]["main"] |= {"evil.py": b"raise SystemExit", "old/pytorch_model.bin": b"x", "run.sh": b"x"}
    folder = fetch(NAME)
    assert not [path for path in folder.rglob("*") if path.suffix in (".py", ".bin", ".sh")]
    elm.load(NAME)


def test_a_revision_is_what_is_loaded(hub: FakeHub, saved: Path, tmp_path: Path) -> None:
    hub.add(NAME, saved)
    other = tiny_elm.model(seed=5)
    commit = hub.add(NAME, save_model(other, tmp_path / "other"), branch="next")
    assert same(elm.load(NAME, revision="next"), other)
    assert same(elm.load(NAME, revision=commit), other)
    assert not same(elm.load(NAME), other)
    with pytest.raises(HubError, match=r"cannot read someone/some-model on the Hub: there is no such revision; name a"):
        elm.load(NAME, revision="nowhere")


def test_a_token_reaches_the_hub(hub: FakeHub, saved: Path) -> None:
    hub.add(NAME, saved)
    elm.load(NAME, token="hf_secret")
    assert set(hub.tokens) == {"Bearer hf_secret"}


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (401, r"there is none of that name, or it is private: check the name, or pass a token|access is denied"),
        (403, r"access is denied \(403\); pass a token that may, or run `hf auth login`"),
        (404, r"there is none of that name \(404\); check the name and the revision"),
        (429, r"too many requests \(429\); wait a few minutes and call again"),
        (500, r"the Hub has trouble of its own \(500\); call again later"),
        (503, r"the Hub has trouble of its own \(503\); call again later"),
    ],
)
def test_a_hub_that_refuses(hub: FakeHub, status: int, message: str) -> None:
    hub.status = status
    for act, word in ((lambda: elm.load(NAME), "read"), (lambda: tiny_elm.model().push_to_hub(NAME), "write to")):
        with pytest.raises(HubError, match=rf"cannot {word} someone/some-model on the Hub: ({message})") as caught:
            act()
        assert "\n" not in str(caught.value)


def test_a_repository_that_is_not_there(hub: FakeHub) -> None:
    with pytest.raises(HubError, match="there is none of that name, or it is private"):
        elm.load(NAME)


def test_no_hub_at_all(hub: FakeHub, saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from huggingface_hub import constants

    with pytest.raises(HubError, match="it is not whole in the cache; call once without local_files_only"):
        elm.load(NAME, local_files_only=True)
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(HubError, match=r"no connection, or it broke off \(.*refused.*\); call again"):
        elm.load(NAME)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(HubError, match="it is not in the cache, and HF_HUB_OFFLINE keeps this process off the network"):
        elm.load(NAME)


def test_a_cut_line_is_picked_up_within_the_call(hub: FakeHub, saved: Path, model: EmbeddingLanguageModel) -> None:
    hub.add(NAME, saved)
    hub.cuts["llm/model.safetensors"] = [5_000, 40_000]
    assert same(elm.load(NAME), model)
    assert any("llm/model.safetensors bytes=5000-" in line for line in hub.requests), hub.requests


def test_an_interrupted_download_goes_on(hub: FakeHub, saved: Path, model: EmbeddingLanguageModel) -> None:
    hub.add(NAME, saved)
    hub.cuts["llm/model.safetensors"] = [5_000] * 50  # from where the last try broke off, nothing more comes
    with pytest.raises(
        HubError, match=r"no connection, or it broke off .*; call again: files that came whole are kept"
    ):
        elm.load(NAME)
    with pytest.raises(HubError, match="it is not whole in the cache"):
        elm.load(NAME, local_files_only=True)
    hub.cuts.clear()
    hub.requests.clear()
    assert same(elm.load(NAME), model)
    asked = [line for line in hub.requests if line.startswith("GET") and "/resolve/" in line]
    assert any(line.endswith("llm/model.safetensors") for line in asked), asked
    assert not any("adapters/toy/model.safetensors" in line for line in asked), "what was whole is not asked for again"


def test_a_base_on_the_hub_is_pinned_to_its_commit(hub: FakeHub, tmp_path: Path) -> None:
    save_llm(tiny_elm.base(), tiny_elm.tokenizer(), tmp_path / "base")
    commit = hub.add("someone/base", tmp_path / "base")
    llm, tokenizer = load_llm("someone/base")
    about = {"base": base_reference("someone/base")}
    assert about["base"] == {"id": "someone/base", "revision": commit, "sha256": None, "files": None}
    model = EmbeddingLanguageModel(with_lora(llm, 2), tokenizer, {"toy": tiny_elm.adapter(tiny_elm.table())}, about)
    folder = save_model(model, tmp_path / "tuned")
    save_llm(tiny_elm.base(seed=7), tiny_elm.tokenizer(), tmp_path / "base")
    hub.add("someone/base", tmp_path / "base")
    assert same(elm.load(folder), model), "though the base has moved on"
    assert same(elm.load(folder, local_files_only=True), model)
    assert not verify(folder, base="someone/base")


def test_a_base_on_the_hub_that_asks_for_a_kernel_is_refused(hub: FakeHub, tmp_path: Path) -> None:
    save_llm(tiny_elm.base(), tiny_elm.tokenizer(), tmp_path / "base")
    path = tmp_path / "base" / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "attn_implementation": "someone/kernel"}))
    hub.add("someone/base", tmp_path / "base")
    with pytest.raises(CheckpointError, match=r"config.json asks for code of its own \(attn_implementation\)"):
        load_llm("someone/base")


def test_what_the_hub_changes_on_the_way_is_refused(hub: FakeHub, saved: Path) -> None:
    hub.add(NAME, saved)
    files = hub.repositories[NAME]["main"]
    files["llm/model.safetensors"] = files["llm/model.safetensors"][:-4] + b"\1\2\3\4"
    with pytest.raises(CheckpointError, match=r"llm/model.safetensors is cut off or changed since it was saved"):
        elm.load(NAME)


def test_a_model_goes_to_the_hub_and_comes_back(hub: FakeHub, model: EmbeddingLanguageModel) -> None:
    address = model.push_to_hub(NAME, token="hf_secret", card="---\nlibrary_name: elm\n---\n# Mine\n")
    assert address.startswith(f"{hub.url}/{NAME}/commit/")
    assert hub.uploads, "large files go by LFS"
    assert hub.repositories[NAME]["main"]["README.md"].endswith(b"# Mine\n")
    assert same(elm.load(NAME), model)


def test_what_an_earlier_push_had_alone_goes(hub: FakeHub, saved: Path, tmp_path: Path) -> None:
    signed = Path(shutil.copytree(saved, tmp_path / "signed"))
    (signed / SIGNATURE).write_text("{}")
    push_folder(signed, NAME)
    assert (fetch(NAME) / SIGNATURE).is_file(), "a signature travels with what it signs"
    assert "adapters/wee/config.json" in hub.repositories[NAME]["main"]
    other = tiny_elm.model(seed=2)
    other.push_to_hub(NAME)
    assert same(elm.load(NAME), other)
    assert not {"adapters/wee/config.json", SIGNATURE} & hub.repositories[NAME]["main"].keys()


def test_a_branch_of_its_own(hub: FakeHub, saved: Path, model: EmbeddingLanguageModel) -> None:
    push_folder(saved, NAME)
    other = tiny_elm.model(seed=3)
    other.push_to_hub(NAME, revision="next")
    assert same(elm.load(NAME), model)
    assert same(elm.load(NAME, revision="next"), other)


def test_names_that_are_folders_stay_on_this_machine(
    hub: FakeHub, saved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataFileError, match=r"a model is a folder; there is none at .*someone/some-model"):
        elm.load(Path(NAME))
    (tmp_path / "runs").mkdir()
    with pytest.raises(DataFileError, match="a model is a folder; there is none at runs/mine"):
        elm.load("runs/mine")
    (tmp_path / "runs" / "mine").symlink_to(saved)
    elm.load("runs/mine")
    with pytest.raises(DataFileError, match="a revision is that of a repository on the Hub, and runs/mine is a folder"):
        elm.load("runs/mine", revision="main")
    assert not hub.requests
    with pytest.raises(CallError, match=r"a repository is named owner/name, and 'a/b/c' cannot be one"):
        fetch("a/b/c")


def test_save_pretrained_writes_what_save_model_writes(
    saved: Path, model: EmbeddingLanguageModel, tmp_path: Path
) -> None:
    model.save_pretrained(tmp_path / "one")
    names = {p.relative_to(saved).as_posix(): p.read_bytes() for p in saved.rglob("*") if p.is_file()}
    ours = {
        p.relative_to(tmp_path / "one").as_posix(): p.read_bytes() for p in (tmp_path / "one").rglob("*") if p.is_file()
    }
    assert ours == names, "the mixin adds nothing of its own"
    assert same(EmbeddingLanguageModel.from_pretrained(tmp_path / "one"), model)


def test_a_repository_of_gguf_files(hub: FakeHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("gguf", reason="the library that reads GGUF files is not installed")
    monkeypatch.syspath_prepend(Path(__file__).parents[1] / "model")
    import gguf_files

    monkeypatch.setenv("ELM_CACHE", str(tmp_path / "kept"))
    (tmp_path / "repo").mkdir()
    gguf_files.write(tmp_path / "repo" / "tiny-Q8.gguf", gguf_files.llama())
    (tmp_path / "repo" / "config.json").write_text("{}")  # as many of them have
    hub.add("someone/tiny-GGUF", tmp_path / "repo")
    llm, _ = load_llm("someone/tiny-GGUF")
    assert torch.equal(llm.get_input_embeddings().weight, gguf_files.llama().get_input_embeddings().weight)
    reference = base_reference("someone/tiny-GGUF")
    assert (reference["id"], reference["revision"]) == ("someone/tiny-GGUF/tiny-Q8.gguf", None)
    assert base_reference("someone/tiny-GGUF/tiny-Q8.gguf") == reference
    gguf_files.write(tmp_path / "repo" / "tiny-F32.gguf", gguf_files.llama(seed=1))
    hub.add("someone/tiny-GGUF", tmp_path / "repo")
    with pytest.raises(CallError, match=r"a GGUF base is one file, and someone/tiny-GGUF has 2, such as tiny-F32.gguf"):
        load_llm("someone/tiny-GGUF")
    assert load_llm("someone/tiny-GGUF/tiny-F32.gguf")[0] is not None
    with pytest.raises(DataFileError, match=r"someone/tiny-GGUF/gone.gguf is not"):
        load_llm("someone/tiny-GGUF/gone.gguf")
