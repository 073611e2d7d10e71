"""`elm adapter` as a person meets it: folders packed, checked, told apart, merged, signed, exported."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny_elm
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM

from elm.adapters import SIGNATURE, _share, read_config, write_manifest
from elm.cli import main
from elm.embeddings import VectorTable
from elm.model import EmbeddingLanguageModel, load_model, save_model, verify, with_lora
from elm.model.folder import _store
from elm.runs import write_card

SCORES: dict[str, Any] = {
    "consistency": {"summary": {"sc": 0.5, "sc_teacher": 0.6, "sc_nn": 0.4, "rsc": 0.5, "n": 7}},
    "profile": {},
}
Call = Callable[..., tuple[int, str, str]]


@pytest.fixture
def elm(capsys: pytest.CaptureFixture[str]) -> Call:
    """Run `elm adapter WORDS`: (exit code, standard output, standard error)."""

    def call(*words: object) -> tuple[int, str, str]:
        code = main(["adapter", *map(str, words)])
        return code, *capsys.readouterr()

    return call


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bases") / "my-base"
    tiny_elm.base().save_pretrained(folder)
    tiny_elm.tokenizer().save_pretrained(folder)
    return folder


def summariser(base: Path, lora: bool = False) -> EmbeddingLanguageModel:
    model = tiny_elm.model(tasks=("summary",))
    model.about = {"base": {"id": str(base), "revision": None, "sha256": None}, "made": {"dataset": "toys"}}
    if lora:
        model.llm = with_lora(tiny_elm.base(), rank=2)
        with torch.no_grad():
            for name, parameter in model.llm.named_parameters():
                if "lora_B" in name:
                    parameter.normal_(generator=torch.Generator().manual_seed(1))
    return model.eval()


@pytest.fixture(scope="module")
def original(base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run folder: its model, and what else lies about in one."""
    run = tmp_path_factory.mktemp("run")
    save_model(summariser(base), run / "model")
    write_card(run, SCORES)
    (run / "model" / "notes.txt").write_text("private")
    (run / "checkpoints").mkdir()
    tiny_elm.table().save(run / "table")
    return run


@pytest.fixture
def run(original: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(original, tmp_path / "run"))


def tensors(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*.safetensors")}


def test_pack_takes_what_belongs_and_no_paths(elm: Call, run: Path, base: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    code, said, err = elm("pack", run, out, "--license", "mit")
    assert (code, err) == (0, "")
    assert said.startswith(f"packed into {out}: ")
    assert verify(out) == []
    assert tensors(out) == tensors(run / "model")
    assert not (out / "notes.txt").exists()
    assert read_config(out).base == {"id": "my-base", "revision": None, "sha256": None, "files": None}
    assert not [p for p in out.rglob("*") if p.is_file() and str(base.parent).encode() in p.read_bytes()]
    card = (out / "README.md").read_text()
    assert "license: mit" in card
    assert "| summary | 0.500 | 0.600 | 0.400 |" in card
    assert load_model(out).describe(tiny_elm.vectors(), "summary") == load_model(run).describe(
        tiny_elm.vectors(), "summary"
    )


def test_pack_half_says_so(elm: Call, run: Path, tmp_path: Path) -> None:
    code, said, err = elm("pack", run, tmp_path / "out", "--half", "--json")
    assert (code, err) == (0, "")
    value = json.loads(said)
    assert value["bytes"] < sum(p.stat().st_size for p in (run / "model").rglob("*") if p.is_file())
    assert value["remarks"] == ["the card says that the licence is not known; name one with --license"]
    assert load_file(tmp_path / "out" / "llm" / "model.safetensors")["model.norm.weight"].dtype == torch.float16
    card = (tmp_path / "out" / "README.md").read_text()
    assert "rounded to half precision, after the scores were measured" in card
    assert "| summary | 0.500 |" in card
    assert verify(tmp_path / "out") == []


@pytest.mark.parametrize("words", [("pack",), ("pack", "--half"), ("merge",)])
def test_a_copy_is_one_save_with_its_card(
    words: tuple[str, ...], elm: Call, run: Path, base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A kill leaves what was there before, or the new model with its own card and scores, and nothing in between."""
    source, out, saves = run, tmp_path / "out", []
    if words == ("merge",):
        source = tmp_path / "lora"
        save_model(summariser(base, lora=True), source)
    elm("pack", run, out, "--license", "mit")
    for module in (_share, _store):
        real = module.folder_written_aside
        monkeypatch.setattr(
            module, "folder_written_aside", lambda *args, real=real, **named: saves.append(args) or real(*args, **named)
        )
    assert elm(words[0], source, out, *words[1:])[0] == 0
    assert len(saves) == 1
    assert verify(out) == []
    card = (out / "README.md").read_text()
    assert ("| summary | 0.500 |" in card) == (out / "scores.json").exists() == (source == run)
    assert "license: unknown" in card
    assert write_card(out) == card


def test_pack_refuses_what_would_be_lost_or_is_broken(elm: Call, run: Path, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work")
    for out, message in (
        (run / "model", "where it lies"),
        (run / "model" / "x", "where it lies"),
        (tmp_path / "mine", "holds something else"),
        (run / "model" / "README.md", "where it lies"),
        (tmp_path / "mine" / "thesis.txt", "is a file"),
    ):
        code, said, err = elm("pack", run, out)
        assert (code, said, err.count("\n")) == (2, "", 1)
        assert message in err
    with open(run / "model" / "llm" / "model.safetensors", "ab") as file:
        file.write(b"x")
    code, said, err = elm("pack", run, tmp_path / "out")
    assert (code, said, err.count("\n")) == (1, "", 1)
    assert "only a sound model is packed, and" in err
    assert not (tmp_path / "out").exists()
    assert elm("pack", tmp_path / "nowhere", tmp_path / "out")[0] == 1


def test_verify_prints_all_that_is_wrong_and_where(elm: Call, run: Path) -> None:
    model = run / "model"
    assert elm("verify", run) == (
        1,
        f"notes.txt is not named by the manifest, so it is unchecked; move it away\n{model}: 1 problem\n",
        "",
    )
    (model / "notes.txt").unlink()
    assert elm("verify", run) == (0, f"{model} is sound\n", "")
    with open(model / "llm" / "tokenizer.json", "ab") as file:
        file.write(b" ")
    (model / "adapters" / "toy" / "config.json").unlink()
    code, said, err = elm("verify", run)
    assert (code, err) == (1, "")
    assert "adapters/toy/config.json is missing" in said
    assert "llm/tokenizer.json is cut off or changed since it was saved" in said
    code, said, _ = elm("verify", run, "--json")
    assert code == 1
    value = json.loads(said)
    assert value["sound"] is False
    assert {p["path"] for p in value["problems"]} >= {"adapters/toy/config.json", "llm/tokenizer.json"}


def test_verify_against_a_base_and_a_table(elm: Call, run: Path, base: Path, tmp_path: Path) -> None:
    wide = tiny_elm.base(shape=tiny_elm.BaseConfig(320, 64, 2, 2, 64, 128))
    wide.save_pretrained(tmp_path / "wide")
    tiny_elm.tokenizer().save_pretrained(tmp_path / "wide")
    (run / "model" / "notes.txt").unlink()
    assert elm("verify", run, "--base", base, "--vectors", run / "table")[0] == 0
    code, said, _ = elm("verify", run, "--base", tmp_path / "wide")
    assert code == 1
    assert "adapters/toy/config.json writes tokens 32 wide, but the language model reads 64" in said
    tiny_elm.table(seed=4).save(tmp_path / "other")
    code, said, _ = elm("verify", run, "--vectors", tmp_path / "other")
    assert code == 1
    assert "adapters hold no adapter for the space of" in said
    assert "toy toy-6-4 (6): toy toy-6-0 (6)" in said


def test_verify_notices_factors_that_are_not_those_of_the_fingerprint(elm: Call, run: Path, tmp_path: Path) -> None:
    table = tiny_elm.table()
    table.space.made.update({"by": "wals", "kind": "items", "n_items": len(table)})
    VectorTable(table.ids, table.vectors, table.space).save(tmp_path / "items")
    code, said, _ = elm("verify", run, "--vectors", tmp_path / "items")
    assert code == 1
    assert "items is not what it says: the fingerprint of an item table is that of its factors (" in said


def test_info_reads_no_weights(elm: Call, run: Path) -> None:
    (run / "model" / "llm" / "model.safetensors").write_bytes(b"")
    code, said, _ = elm("info", run)
    assert code == 0
    for words in ("toy", "toy-6-0", "summary", "my-base", "not signed"):
        assert words in said
    value = json.loads(elm("info", run, "--json")[1])
    assert value["adapters"]["toy"]["fingerprint"] == "toy-6-0"
    assert (value["schema"], value["language_model"], value["signed"]) == (4, "llm", False)
    assert value["tasks"]["summary"]["prompt"]


def test_card_is_printed_or_written_anew(elm: Call, run: Path) -> None:
    card = (run / "model" / "README.md").read_text()
    assert elm("card", run) == (0, card, "")
    (run / "model" / "README.md").write_text("---\nlicense: [}\n---\n")
    code, _, err = elm("card", run)
    assert code == 0
    assert "elm: warning: the card: its front matter cannot be read" in err
    write_manifest(run / "model")
    code, said, err = elm("card", run, "--rewrite", "--license", "mit")
    assert (code, err) == (0, "")
    assert said == card.replace("license: unknown", "license: mit")
    assert verify(run) == []
    code, _, err = elm("card", run, "--license", "mit")
    assert code == 2
    assert "add --rewrite" in err
    code, _, err = elm("card", run, "--rewrite", "--license", "My own!")
    assert code == 2
    assert "a licence is named as on the Hub" in err


def change(folder: Path, name: str, edit: Callable[[dict[str, torch.Tensor]], object]) -> None:
    found = load_file(folder / name)
    edit(found)
    save_file(found, folder / name, metadata={"format": "pt"})
    write_manifest(folder)


def test_diff_names_fields_and_tensors(elm: Call, run: Path, original: Path) -> None:
    model = run / "model"
    assert elm("diff", run, original) == (0, "the same model\n", "")
    (model / "notes.txt").unlink()
    about = json.loads((model / "adapters" / "toy" / "config.json").read_text())
    (model / "adapters" / "toy" / "config.json").write_text(json.dumps({**about, "reach": 9.0}))
    change(model, "adapters/toy/model.safetensors", lambda t: t["outer.bias"][3].add_(0.5))
    change(model, "llm/model.safetensors", lambda t: t.update({"model.norm.weight": t["model.norm.weight"].half()}))
    code, said, _ = elm("diff", run, original, "--json")
    assert code == 0
    value = json.loads(said)
    assert value["equal"] is False
    found = {(d["path"], d["name"]): d for d in value["differences"]}
    assert set(found) == {
        ("adapters/toy/config.json", "reach"),
        ("adapters/toy/model.safetensors", "outer.bias"),
        ("llm/model.safetensors", "model.norm.weight"),
    }
    bias = found["adapters/toy/model.safetensors", "outer.bias"]
    assert bias["largest"] == pytest.approx(0.5, abs=1e-6)
    assert found["adapters/toy/config.json", "reach"]["what"].startswith("9.0 against ")
    assert found["llm/model.safetensors", "model.norm.weight"]["what"] == "largest difference 0, F16 against F32"
    said = elm("diff", run, original)[1]
    assert "adapters/toy/model.safetensors outer.bias: largest difference 0.5" in said


def test_diff_of_other_shapes_and_spaces(elm: Call, run: Path, tmp_path: Path) -> None:
    other = save_model(tiny_elm.model(tiny_elm.table(dim=5), tiny_elm.table(dim=4, name="wee")), tmp_path / "other")
    said = elm("diff", run, other)[1]
    assert "adapters/toy/model.safetensors inner.weight: shape [16, 6] against [16, 5]" in said
    assert f"adapters/wee/model.safetensors: only in {other}" in said
    assert f"scores.png: only in {run / 'model'}" in said
    assert "adapters/toy/config.json dim: 6 against 5" in said


@pytest.mark.slow
def test_merge_makes_a_folder_that_needs_no_base(elm: Call, base: Path, tmp_path: Path) -> None:
    model = summariser(base, lora=True)
    folder = save_model(model, tmp_path / "lora")
    write_card(folder, SCORES)
    vectors = tiny_elm.vectors()
    texts = model.describe(vectors, "summary", temperature=0)
    code, said, err = elm("merge", folder, tmp_path / "merged")
    assert (code, err) == (0, "")
    assert said.startswith(f"merged into {tmp_path / 'merged'}: ")
    assert verify(tmp_path / "merged") == []
    assert not (tmp_path / "merged" / "lora").exists()
    assert load_model(tmp_path / "merged").describe(vectors, "summary", temperature=0) == texts
    assert AutoModelForCausalLM.from_pretrained(tmp_path / "merged" / "llm").config.hidden_size == 32
    assert "| summary | 0.500 |" in (tmp_path / "merged" / "README.md").read_text()
    assert elm("merge", folder, folder)[0] == 2
    np.save(tmp_path / "v.npy", vectors)
    for of, reminded in ((folder, True), (tmp_path / "merged", False)):
        code, _, err = elm("export", of, "--vectors", tmp_path / "v.npy", "--out", tmp_path / "p.safetensors")
        assert (code, "`elm adapter merge" in err) == (0, reminded)
    code, _, err = elm("merge", tmp_path / "merged", tmp_path / "again")
    assert (code, "in llm/ already" in err) == (2, True)
    assert not (tmp_path / "again").exists()


def test_packed_updates_name_their_base_and_say_that_they_need_it(elm: Call, base: Path, tmp_path: Path) -> None:
    model = summariser(base, lora=True)
    save_model(model, tmp_path / "lora")
    code, _, err = elm("pack", tmp_path / "lora", tmp_path / "out")
    assert code == 0
    assert "lora/ needs its base, my-base, which is on no Hub" in err
    assert verify(tmp_path / "out", base) == []
    written = [path for path in (tmp_path / "out").rglob("*") if path.suffix in (".json", ".md")]
    assert not [path for path in written if str(base.parent) in path.read_text()]
    assert [path.parent.name for path in written if path.name == "README.md"] == ["out"]
    vectors = tiny_elm.vectors()
    again = load_model(tmp_path / "out", base=base)
    assert again.describe(vectors, "summary") == model.describe(vectors, "summary")
    assert "base_model" not in (tmp_path / "out" / "README.md").read_text().split("\n---\n")[0]


def test_sign_and_verify(elm: Call, run: Path, tmp_path: Path) -> None:
    pytest.importorskip("model_signing.signing", reason='needs pip install "elm-toolkit[signing]"')
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    pem, none = serialization.Encoding.PEM, serialization.NoEncryption()
    (tmp_path / "key").write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, none))
    public = key.public_key().public_bytes(pem, serialization.PublicFormat.SubjectPublicKeyInfo)
    (tmp_path / "pub").write_bytes(public)
    code, said, _ = elm("verify", run, "--key", tmp_path / "pub")
    assert (code, f"{SIGNATURE} " in said, "is not signed" in said) == (1, True, True)
    assert elm("sign", run, "--key", tmp_path / "key")[0] == 0
    assert "so it is unchecked" in elm("verify", run, "--key", tmp_path / "pub")[1]
    (run / "model" / "notes.txt").unlink()
    assert elm("verify", run, "--key", tmp_path / "pub")[0] == 0
    assert json.loads(elm("info", run, "--json")[1])["signed"] is True
    code, _, err = elm("card", run, "--rewrite")  # another card is another folder
    assert (code, "is removed: sign the folder again" in err) == (0, True)
    assert elm("verify", run, "--key", tmp_path / "pub")[0] == 1
    code, said, err = elm("sign", run, "--key", tmp_path / "nowhere")
    assert (code, said) == (2, "")
    assert "a key is a PEM file, and there is none at" in err


def test_export_writes_a_prompt_for_each_row(elm: Call, run: Path, tmp_path: Path) -> None:
    np.save(tmp_path / "v.npy", tiny_elm.vectors())
    for vectors, names in ((run / "table", {f"v{i}" for i in range(12)}), (tmp_path / "v.npy", set("0123456789"))):
        code, said, _ = elm("export", run, "--vectors", vectors, "--out", tmp_path / "p.safetensors", "--json")
        assert code == 0
        with safe_open(tmp_path / "p.safetensors", framework="np") as file:
            assert names <= set(file.keys())
        assert json.loads(said)["shape"][::2] == [12, 32]
    assert elm("export", run, "--vectors", run / "table", "--out", tmp_path / "p", "--task", "sumary")[0] == 2


def test_the_page_on_sharing_names_every_command() -> None:
    import typer

    from elm.cli._adapter import adapter

    commands: Any = typer.main.get_command(adapter)
    page = (Path(__file__).resolve().parents[2] / "docs" / "sharing.md").read_text(encoding="utf-8")
    assert set(re.findall(r"elm adapter (\w+)", page)) == set(commands.commands)
