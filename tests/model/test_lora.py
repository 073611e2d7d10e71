"""Low-rank updates in stage two: only they and the adapters learn, and the folder holds them alone."""

from __future__ import annotations

import re

import numpy as np
import pytest
import torch

from elm._errors import CallError, CheckpointError
from elm.adapters import MLPAdapter, read_tensors, write_manifest, write_tensors
from elm.embeddings import EmbeddingSpace, VectorTable
from elm.model import BASE_ID, EmbeddingLanguageModel, load_model, merged, save_model, shipped_base, with_lora
from elm.tasks import ItemFacts, TemplateTeacher
from elm.training import Lessons, LoopConfig, TwoStage, train_two_stage


@pytest.fixture
def trained():
    rng = np.random.default_rng(0)
    vectors = rng.standard_normal((6, 5)).astype(np.float32)
    space = EmbeddingSpace.fit("toy", vectors, "dot", {}, "f")
    table = VectorTable([f"i{n}" for n in range(6)], vectors, space)
    llm, tokenizer = shipped_base()
    adapter = MLPAdapter.for_space(space, 256, ("summary",), soft_tokens=2, hidden=16)
    model = EmbeddingLanguageModel(llm, tokenizer, {"toy": adapter}, {"base": {"id": BASE_ID, "revision": None}})
    before = {name: value.clone() for name, value in llm.state_dict().items()}
    facts = {item: ItemFacts(("War",), text="Two armies meet at a bridge.") for item in table.ids}
    lessons = [Lessons("toy", table, TemplateTeacher(facts), ("summary",), table.ids)]
    config = TwoStage(one=LoopConfig(1, 1e-3), two=LoopConfig(2, 1e-2), batch_tokens=200, lora_rank=2)
    train_two_stage(model, lessons, config, progress=False)
    return model, vectors, before


def test_only_the_updates_and_the_adapters_learn(trained):
    model, _, before = trained
    free = {name for name, p in model.named_parameters() if p.requires_grad}
    assert free
    assert all("lora_" in name or name.startswith("adapters.") for name in free)
    after = {name.replace("base_layer.", ""): value for name, value in model.llm.get_base_model().state_dict().items()}
    assert all(torch.equal(after[name], value) for name, value in before.items())
    assert any(value.abs().sum() > 0 for name, value in model.llm.state_dict().items() if "lora_B" in name)


def test_the_folder_holds_updates_and_loads_the_same_texts(trained, tmp_path):
    model, vectors, _ = trained
    folder = save_model(model, tmp_path / "m")
    assert (folder / "lora" / "adapter_model.safetensors").exists()
    assert not (folder / "llm").exists()
    assert str(tmp_path) not in (folder / "lora" / "adapter_config.json").read_text()
    again = load_model(folder)
    assert again.describe(vectors, "summary") == model.describe(vectors, "summary")


def test_merging_keeps_what_the_model_computes(trained):
    model, _, _ = trained
    ids = torch.tensor([[1, 5, 9]])
    with torch.no_grad():
        wanted = model.llm(ids).logits
        assert torch.allclose(merged(model.llm)(ids).logits, wanted, atol=1e-4)


def test_a_folder_with_both_or_a_bad_rank_is_refused(trained, tmp_path):
    model, _, _ = trained
    folder = save_model(model, tmp_path / "m")
    (folder / "llm").mkdir()
    with pytest.raises(CheckpointError, match="exactly one of llm/"):
        load_model(folder)
    with pytest.raises(CallError, match="at least 1, got 0"):
        with_lora(shipped_base()[0], 0)
    with pytest.raises(CallError, match="already"):
        with_lora(model.llm, 2)


ATTENTION = "base_model.model.model.layers.0.self_attn.q_proj."


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"base_model.model.model.norm.weight": torch.zeros(256, dtype=torch.int32)}, "low-rank updates alone"),
        ({"base_model.model.model.norm.weight": torch.zeros(256)}, "low-rank updates alone"),
        ({"base_model.model.model.lora_A.weight.x": torch.zeros(2, 2)}, "low-rank updates alone"),
        ({f"{ATTENTION}lora_A.weight": torch.zeros(2, 256, dtype=torch.int8)}, "low-rank updates alone"),
        ({f"{ATTENTION}lora_A.weight": torch.zeros(3, 256)}, "not of rank 2 in pairs"),
        ({f"{ATTENTION}lora_A.weight": torch.zeros(2, 255)}, "does not load|do not fit this base"),
        ({f"{ATTENTION}lora_A.weight": None}, "not of rank 2 in pairs"),
        ({f"{ATTENTION}lora_{side}.weight": None for side in "AB"}, "do not fit this base"),
        ({f"{ATTENTION}lora_A.weight": torch.full((2, 256), float("nan"))}, "must be finite"),
    ],
)
def test_a_tensor_that_is_no_update_is_refused(trained, tmp_path, change, message):
    folder = save_model(trained[0], tmp_path / "m")
    path = folder / "lora" / "adapter_model.safetensors"
    tensors = read_tensors(path)[0]
    assert f"{ATTENTION}lora_A.weight" in tensors
    write_tensors(path, {key: value for key, value in {**tensors, **change}.items() if value is not None})
    write_manifest(folder)
    with pytest.raises(CheckpointError, match=message):
        load_model(folder)


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity"])
def test_a_number_of_a_config_is_finite(trained, tmp_path, value):
    model = trained[0]
    model.llm = merged(model.llm)
    folder = save_model(model, tmp_path / "m")
    path = folder / "llm" / "config.json"
    path.write_text(re.sub(r'("rms_norm_eps": )[^,]+', rf"\g<1>{value}", path.read_text()))
    write_manifest(folder)
    with pytest.raises(CheckpointError, match="must give finite numbers, and rms_norm_eps is"):
        load_model(folder)
