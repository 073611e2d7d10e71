"""The adapter folder: read back bit for bit, or refused with a line that says what is wrong."""

from __future__ import annotations

import errno
import json
import resource
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import tiny_elm
import torch
from safetensors.torch import load_file, save_file
from tiny_elm import SAY

import elm
from elm._errors import CallError, CheckpointError, DataFileError
from elm.adapters import SIGNATURE, check_manifest, read_tensors, write_manifest, write_tensors
from elm.model import EmbeddingLanguageModel, load_llm, load_model, save_model
from elm.model.folder import _store


@pytest.fixture(scope="module")
def model() -> EmbeddingLanguageModel:
    return tiny_elm.model(tiny_elm.table(name="toy"), tiny_elm.table(dim=4, name="wee"))


@pytest.fixture(scope="module")
def saved(model: EmbeddingLanguageModel, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_model(model, tmp_path_factory.mktemp("saved") / "model")


@pytest.fixture
def folder(saved: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(saved, tmp_path / "model"))


def state(model: EmbeddingLanguageModel) -> dict[str, torch.Tensor]:
    return dict(model.state_dict())


def test_it_reads_back_bit_for_bit(model: EmbeddingLanguageModel, saved: Path) -> None:
    again = load_model(saved)
    wanted, came = state(model), state(again)
    assert wanted.keys() == came.keys()
    assert all(torch.equal(came[k], v) for k, v in wanted.items())
    assert again.about == {**model.about, "version": elm.__version__}
    assert {n: again.adapter(n).config for n in again.adapters} == {n: model.adapter(n).config for n in model.adapters}
    for dim, name in ((6, "toy"), (4, "wee")):
        x = tiny_elm.vectors(dim=dim)
        assert again.describe(x, SAY) == model.describe(x, SAY)
        assert again.describe(x, SAY, temperature=1.0, seed=5) == model.describe(x, SAY, temperature=1.0, seed=5)
        assert again.adapter(name).space().matches(model.adapter(name).space())


def test_saving_again_gives_the_same_bytes(saved: Path, tmp_path: Path) -> None:
    save_model(load_model(saved), tmp_path / "again")
    first, second = (json.loads((f / "manifest.json").read_text()) for f in (saved, tmp_path / "again"))
    note = "llm/tokenizer_config.json"  # transformers notes there that the tokenizer came from a folder
    assert first.pop(note)
    assert second.pop(note)
    assert first == second


def test_what_lies_in_the_folder(saved: Path) -> None:
    files = {p.relative_to(saved).as_posix() for p in saved.rglob("*") if p.is_file()}
    assert {"config.json", "manifest.json", "README.md", "llm/model.safetensors", "llm/tokenizer.json"} <= files
    assert {f"adapters/{n}/{f}" for n in ("toy", "wee") for f in ("config.json", "model.safetensors")} <= files
    assert not [f for f in files if f.endswith((".bin", ".pt", ".pkl", ".py", ".tmp"))]
    assert set(json.loads((saved / "manifest.json").read_text())) == files - {"manifest.json"}
    assert [p.name for p in saved.parent.iterdir()] == ["model"]  # nothing is left beside it


def test_half_precision_halves_the_folder_and_leaves_the_space_exact(
    model: EmbeddingLanguageModel, tmp_path: Path
) -> None:
    before = {k: v.clone() for k, v in state(model).items()}
    save_model(model, tmp_path / "half", dtype=torch.float16)
    assert all(torch.equal(v, before[k]) for k, v in state(model).items())
    again = state(load_model(tmp_path / "half"))
    for name, value in before.items():
        exact = name.endswith((".mean", ".scale"))
        assert torch.equal(again[name], value if exact else value.half().float()), name


def test_a_run_folder_is_taken_too(saved: Path) -> None:
    assert set(load_model(saved.parent).adapters) == {"toy", "wee"}


def test_loading_draws_no_random_numbers(saved: Path) -> None:
    torch.manual_seed(1)
    drawn = torch.rand(1)
    torch.manual_seed(1)
    load_model(saved)
    assert torch.equal(torch.rand(1), drawn)


def test_another_model_takes_the_place_of_the_first(folder: Path) -> None:
    (folder / "notes.txt").write_text("mine")
    (folder / SIGNATURE).write_text("of the first")
    other = tiny_elm.model(tiny_elm.table(dim=5, name="new"), seed=3)
    save_model(other, folder, card="# A card\n")
    again = load_model(folder)
    assert all(torch.equal(state(again)[k], v) for k, v in state(other).items())
    assert sorted(p.name for p in (folder / "adapters").iterdir()) == ["new"]
    assert (folder / "README.md").read_text() == "# A card\n"
    assert (folder / "notes.txt").read_text() == "mine"
    assert not (folder / SIGNATURE).exists()


def rewrite(path: Path, change: Callable[[dict[str, torch.Tensor]], None]) -> None:
    """Change the tensors of a file and make the manifest again, as someone does who repairs a folder by hand."""
    tensors = load_file(path)
    change(tensors)
    save_file(tensors, path, metadata={"format": "pt"})
    write_manifest(next(p for p in path.parents if (p / "manifest.json").exists()))


def rewrite_json(path: Path, **changes: object) -> None:
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


@pytest.mark.parametrize(
    "name",
    [
        "adapters/toy/model.safetensors",
        "llm/model.safetensors",
        "llm/tokenizer.json",
        "adapters/wee/config.json",
        "README.md",
    ],
)
def test_a_missing_file(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(CheckpointError, match=rf"{name} is missing, though the manifest names it; fetch or train"):
        load_model(folder)


@pytest.mark.parametrize("name", ["config.json", "manifest.json"])
def test_a_missing_head(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(DataFileError, match=rf"{name} is missing; the folder is not complete"):
        load_model(folder)


def test_no_folder_at_all(tmp_path: Path) -> None:
    with pytest.raises(
        DataFileError, match=r"a model is a folder; there is none at .*nowhere: train one with `elm train`"
    ):
        load_model(tmp_path / "nowhere")


@pytest.mark.parametrize("name", ["adapters/toy/model.safetensors", "llm/model.safetensors"])
@pytest.mark.parametrize("keep", [0.0, 0.4, 0.99])
def test_a_cut_off_file(folder: Path, name: str, keep: float) -> None:
    path = folder / name
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * keep)])
    with pytest.raises(CheckpointError, match=rf"{name} is cut off or changed since it was saved"):
        load_model(folder)
    write_manifest(folder)  # even where the manifest vouches for it
    with pytest.raises(CheckpointError, match="cut off or damaged"):
        load_model(folder)


@pytest.mark.parametrize("name", ["adapters/toy/model.safetensors", "llm/model.safetensors", "llm/tokenizer.json"])
def test_a_flipped_byte(folder: Path, name: str) -> None:
    path = folder / name
    data = bytearray(path.read_bytes())
    data[-3] ^= 1
    path.write_bytes(data)
    with pytest.raises(CheckpointError, match=rf"{name} is cut off or changed since it was saved; fetch or train"):
        load_model(folder)


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        (
            "adapters/toy",
            lambda t: t.update(extra=torch.zeros(2)),
            "do not fit: extra; it is damaged or of another model",
        ),
        ("adapters/toy", lambda t: t.pop("inner.bias"), "do not fit: inner.bias"),
        ("adapters/toy", lambda t: t.update({"inner.bias": torch.zeros(3)}), "do not fit: inner.bias"),
        ("adapters/toy", lambda t: t["outer.weight"].fill_(np.nan), "must be finite, but outer.weight in .* hold NaN"),
        ("adapters/toy", lambda t: t["mean"][0].fill_(np.inf), "must be finite, but mean in .* hold NaN or infinity"),
        ("llm", lambda t: t.update(extra=torch.zeros(2)), "do not fit their config: extra"),
        ("llm", lambda t: t.pop("model.norm.weight"), "do not fit their config: model.norm.weight"),
        (
            "llm",
            lambda t: t.update({"model.norm.weight": torch.zeros(3)}),
            "do not fit their config: model.norm.weight",
        ),
        ("llm", lambda t: t["model.norm.weight"].fill_(np.nan), "must be finite, but model.norm.weight in "),
    ],
)
def test_tensors_that_do_not_fit(folder: Path, name: str, change, message: str) -> None:  # type: ignore[no-untyped-def]
    rewrite(folder / name / "model.safetensors", change)
    with pytest.raises(CheckpointError, match=message):
        load_model(folder)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"schema": 99}, "has schema 99, this version reads 1 to 4: update elm-toolkit"),
        ({"schema": None}, "has schema None, this version reads 1 to 4"),
        ({"schema": True}, "has schema True, this version reads 1 to 4"),
        ({"schema": 0}, "has schema 0, this version reads 1 to 4"),
        ({"adapters": "toy"}, "must list its adapters by name, each once, got 'toy'"),
        ({"adapters": [3]}, r"must list its adapters by name, each once, got \[3\]"),
        ({"adapters": ["toy", "toy"]}, "must list its adapters by name, each once"),
        ({"adapters": ["../../toy"]}, r"must list its adapters by name, each once, got \['../../toy'\]"),
        ({"adapters": ["toy"]}, "holds adapters/wee, which config.json does not list"),
        ({"adapters": ["toy", "other"]}, "does not name adapters/other/config.json"),
        ({"base": {"id": 3, "revision": None, "sha256": None, "files": None}}, "its field 'id' cannot be 3"),
        ({"base": "tiny"}, "its field 'base' cannot be 'tiny'"),
        ({"extra": 1}, "has a field 'extra' that this version does not know"),
        ({"version": 2}, "its field 'version' cannot be 2"),
        ({"allow_space_mismatch": "no"}, "its field 'allow_space_mismatch' cannot be 'no'"),
        ({"tasks": {"say": {"prompt": "x"}}}, "it has no field 'reads'"),
        (
            {"tasks": {"say": {"reads": "item", "prompt": "x", "max_new_tokens": 3, "temperature": 0}}},
            "config.json holds an invalid prompt: the prompt of a task that reads item holds",
        ),
    ],
)
def test_a_config_of_another_kind(folder: Path, changes: dict, message: str) -> None:
    rewrite_json(folder / "config.json", **changes)
    write_manifest(folder)
    with pytest.raises(CheckpointError, match=message):
        load_model(folder)


@pytest.mark.parametrize("text", ["[1, 2]", "{}", '"model"'])
def test_a_config_that_is_none(folder: Path, text: str) -> None:
    (folder / "config.json").write_text(text)
    with pytest.raises(CheckpointError, match="is not that of an embedding language model; it names no schema"):
        load_model(folder)


def test_a_config_that_is_no_json(folder: Path) -> None:
    (folder / "config.json").write_text('{"schema": 1, "adap')
    with pytest.raises(DataFileError, match=r"config.json is not valid JSON"):
        load_model(folder)


@pytest.mark.parametrize("changes", [{"dim": "six"}, {"unknown": 1}, {"soft_tokens": 0}, {"tasks": None}])
def test_an_adapter_config_that_is_none(folder: Path, changes: dict) -> None:
    rewrite_json(folder / "adapters" / "toy" / "config.json", **changes)
    write_manifest(folder)
    with pytest.raises(CheckpointError, match=r"toy/config.json is not an adapter's config"):
        load_model(folder)


@pytest.mark.parametrize("name", ["../secret", "llm/../../secret", "/etc/hostname", r"..\secret", r"C:\secret"])
def test_a_manifest_stays_in_its_folder(folder: Path, name: str) -> None:
    (folder.parent / "secret").write_text("x")
    rewrite_json(folder / "manifest.json", **{name: {"sha256": "0", "size": 1}})
    with pytest.raises(CheckpointError, match="but a manifest names files of its own folder only"):
        load_model(folder)


@pytest.mark.parametrize("text", ["[]", '{"config.json": 3}', '{"config.json": {"size": 3}}', "null"])
def test_a_manifest_of_another_form(folder: Path, text: str) -> None:
    (folder / "manifest.json").write_text(text)
    with pytest.raises((CheckpointError, DataFileError), match="does not give size and sha256 of each file"):
        load_model(folder)


def test_a_manifest_that_leaves_weights_out(folder: Path) -> None:
    (folder / "manifest.json").write_text("{}")
    with pytest.raises(CheckpointError, match=r"does not name config.json"):
        load_model(folder)
    with pytest.raises(CheckpointError, match=r"adapters/toy/config.json is not named by the manifest"):
        check_manifest(folder)


def test_weights_that_are_not_finite_are_not_saved(folder: Path) -> None:
    broken = tiny_elm.model()
    with torch.no_grad():
        broken.adapter("toy").outer.bias[0] = 1e6
    with pytest.raises(CallError, match=r"must be finite in torch.float16 to be saved, but outer.bias are not"):
        save_model(broken, folder, dtype=torch.float16)
    assert set(load_model(folder).adapters) == {"toy", "wee"}  # what was there is still whole


@pytest.fixture
def small_disk() -> Iterator[Callable[[int], None]]:
    """No file may grow beyond so many bytes, which a process meets as it meets a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    yield lambda size: resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("size", [6_000, 60_000])  # the adapter does not fit; the language model does not
def test_a_full_disk_keeps_the_model_that_was_there(folder: Path, small_disk: Callable[[int], None], size: int) -> None:
    before = state(load_model(folder))
    big = tiny_elm.model(tiny_elm.table(dim=5, name="new"), seed=3)
    small_disk(size)
    with pytest.raises(OSError, match="File too large; what was there before is kept"):
        save_model(big, folder)
    after = state(load_model(folder))
    assert all(torch.equal(after[k], v) for k, v in before.items())
    assert [p.name for p in folder.parent.iterdir()] == ["model"]


def test_a_file_of_tensors_on_a_full_disk(tmp_path: Path, small_disk: Callable[[int], None]) -> None:
    path = tmp_path / "a.safetensors"
    write_tensors(path, {"a": torch.ones(4)}, {"step": "1"})
    small_disk(500)
    with pytest.raises(OSError, match="what was there before is kept") as caught:
        write_tensors(path, {"a": torch.zeros(1000)})
    assert caught.value.errno == errno.EFBIG
    assert caught.value.filename == str(path)
    tensors, metadata = read_tensors(path)
    assert torch.equal(tensors["a"], torch.ones(4))
    assert metadata == {"step": "1"}
    assert [p.name for p in tmp_path.iterdir()] == ["a.safetensors"]


def test_a_base_that_is_none(tmp_path: Path, folder: Path) -> None:
    with pytest.raises(
        DataFileError,
        match=r"is a local transformers folder, a GGUF file or a Hub id; .*nowhere is not",
    ):
        load_llm(tmp_path / "nowhere")
    (folder / "llm" / "model.safetensors").unlink()
    with pytest.raises(DataFileError, match="a language model is a local transformers folder"):
        load_llm(folder / "llm")


def test_no_code_is_run_from_a_folder(folder: Path) -> None:
    """A base that asks for its own Python file to be run is refused, not asked about."""
    rewrite_json(
        folder / "llm" / "config.json",
        model_type="evil",
        auto_map={"AutoConfig": "evil.Config", "AutoModelForCausalLM": "evil.Model"},
    )
    write_manifest(folder)
    with pytest.raises(CheckpointError, match=r"config.json asks for code of its own \(auto_map\), and none is run"):
        load_model(folder)
    (folder / "llm" / "evil.py").write_text("raise SystemExit('ran')")
    with pytest.raises(CheckpointError, match=r"llm/evil.py is not named by the manifest; remove the file"):
        load_model(folder)


def test_a_model_that_the_package_carries_is_loaded_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    carried = save_model(tiny_elm.model(), tmp_path / "package" / "small-reader")
    monkeypatch.setattr(_store, "READERS", carried.parent)
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    vectors = tiny_elm.vectors(2)
    texts = load_model(carried).describe(vectors, SAY)
    assert load_model("small-reader").describe(vectors, SAY) == texts
    assert elm.load("small-reader").describe(vectors, SAY) == texts
    (tmp_path / "elsewhere" / "small-reader").mkdir()  # a folder here comes first, even one that is no model
    with pytest.raises(DataFileError):
        load_model("small-reader")
    with pytest.raises(DataFileError, match="there is none"):
        load_model("another-reader")
