"""Quantised bases: read where their library is, trained by LoRA alone, refused in one line elsewhere."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import tiny_elm
import torch
from tiny_elm import SAY

from elm._errors import CallError, CheckpointError
from elm.model import base_reference, load_llm, load_model, merge, save_llm, save_model, with_lora
from elm.training import TwoStage, adapters_and_llm, train_two_stage

LIBRARIES = ("bitsandbytes", "torchao")


def claimed(folder: Path, method: str) -> Path:
    """A base whose description says that it is quantised."""
    save_llm(tiny_elm.base(), tiny_elm.tokenizer(), folder)
    path = folder / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "quantization_config": {"quant_method": method}}))
    return folder


@pytest.mark.parametrize("method", LIBRARIES)
def test_without_its_library(method: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *of: None if name == method else real(name, *of))
    told = rf"is quantised by {method}, which is not installed: pip install {method}, or take the base as it was before"
    with pytest.raises(CheckpointError, match=told):
        load_llm(claimed(tmp_path, method))


def test_another_method(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"is quantised by gptq, and bitsandbytes and torchao alone are read"):
        load_llm(claimed(tmp_path, "gptq"))


def test_all_weights_of_a_quantised_base_are_not_trained() -> None:
    model = tiny_elm.model()
    model.llm.hf_quantizer = SimpleNamespace()  # what transformers leaves on such a model
    told = r"stage two without LoRA trains all weights, and this base is quantised: train it with LoRA"
    with pytest.raises(CallError, match=told):
        train_two_stage(model, [], TwoStage())
    with pytest.raises(CallError, match=told):
        adapters_and_llm(model)
    assert adapters_and_llm(model, lora_rank=2)
    with pytest.raises(CallError, match=r"updates are folded into weights, and this base is quantised"):
        merge(model)


@pytest.mark.parametrize("method", LIBRARIES)
def test_it_is_read_and_trained_by_lora(method: str, tmp_path: Path) -> None:
    pytest.importorskip(method, reason=f"{method} is not installed")
    folder = quantised(tmp_path, method)
    llm, tokenizer = load_llm(folder)
    model = tiny_elm.model()
    model.llm, model.tokenizer, model.about = with_lora(llm, 2), tokenizer, {"base": base_reference(folder)}
    ids = torch.tensor([[1, 50, 60, 70]])
    model.llm(inputs_embeds=model.llm.get_input_embeddings()(ids), labels=ids).loss.backward()
    moved = [name for name, p in model.llm.named_parameters() if p.grad is not None and p.grad.abs().sum() > 0]
    assert moved
    assert all("lora_" in name for name in moved)
    x = tiny_elm.vectors(2)
    assert load_model(save_model(model, tmp_path / "tuned")).describe(x, SAY) == model.eval().describe(x, SAY)


def quantised(where: Path, method: str) -> Path:
    from transformers import AutoModelForCausalLM, BitsAndBytesConfig, TorchAoConfig

    save_llm(tiny_elm.base(), tiny_elm.tokenizer(), where / "plain")
    if method == "torchao":
        from torchao.quantization import Int8WeightOnlyConfig

        how: Any = TorchAoConfig(Int8WeightOnlyConfig())
    else:
        how = BitsAndBytesConfig(load_in_4bit=True)
    made = AutoModelForCausalLM.from_pretrained(where / "plain", quantization_config=how)
    made.save_pretrained(where / "base")
    tiny_elm.tokenizer().save_pretrained(where / "base")
    return where / "base"
