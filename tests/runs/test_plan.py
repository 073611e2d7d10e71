"""What a run would take is counted as it is, and one that cannot fit is refused before it starts."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from small_world import Small

from elm._errors import CallError, CheckpointError, UnknownNameError
from elm.adapters import MLPAdapter
from elm.embeddings import EmbeddingSpace
from elm.model import outlined_llm, shipped_base, with_lora
from elm.runs import RunConfig, plan_run, train_run
from elm.training import Device, LoopConfig, TwoStage, device_of, training_cost


def config(small: Small, **training: Any) -> RunConfig:
    stages = TwoStage(LoopConfig(10, 1e-3), LoopConfig(20, 1e-3, accumulate=3), batch_tokens=1000, **training)
    return RunConfig.for_dataset(str(small.data), encoder=str(small.encoder), training=stages)


def count(model: torch.nn.Module, learning: bool = False) -> int:
    return sum(p.numel() for p in model.parameters() if p.requires_grad or not learning)


def adapters(of: RunConfig, width: int, dim: int) -> int:
    spaces = [EmbeddingSpace.of_name("x", torch.randn(3, d).numpy()) for d in (dim, of.factors)]
    return sum(count(MLPAdapter.for_space(s, width, (), 1.0, of.soft_tokens, of.hidden)) for s in spaces)


def test_parameters_and_tokens_are_those_of_the_run(small: Small) -> None:
    from elm.embeddings import SentenceEncoder

    dim, whole = SentenceEncoder(str(small.encoder)).dim, shipped_base()[0]
    found = plan_run(config(small), "t4")
    beside = adapters(config(small), 256, dim)
    assert found["parameters"] == count(whole)
    assert found["trained"] == count(whole) + beside
    assert found["tokens"] == [10 * 1000, 20 * 3 * 1000]
    assert found["memory"]["weights"] == round(4 * (count(whole) + beside) / 1e9, 3)
    assert found["memory"]["moments"] == round(8 * (count(whole) + beside) / 1e9, 3)
    assert found["total_gb"] == pytest.approx(sum(found["memory"].values()), abs=0.01)
    assert (found["fits"], found["measured"], found["device_gb"]) == (True, False, 16)
    updates = plan_run(config(small, lora_rank=4), "t4")
    assert updates["trained"] == count(with_lora(whole, 4), learning=True) + beside
    assert updates["hours"] < found["hours"]


def test_an_outline_reads_no_weights() -> None:
    llm = outlined_llm("shipped")
    assert {p.device.type for p in llm.parameters()} == {"meta"}
    assert {name: p.shape for name, p in llm.named_parameters()} == {
        name: p.shape for name, p in shipped_base()[0].named_parameters()
    }
    assert next(outlined_llm("shipped", "bfloat16").parameters()).dtype == torch.bfloat16


def test_more_of_anything_costs_more() -> None:
    llm, device = outlined_llm("shipped"), Device("toy", 1e9, 1e9, measured=False)
    plain = TwoStage(LoopConfig(10, 1e-3), LoopConfig(10, 1e-3))
    cost = training_cost(llm, 1000, plain, device)
    half = training_cost(llm, 1000, replace(plain, batch_tokens=1200), device)
    assert half.memory["activations"] == cost.memory["activations"] / 2
    assert half.hours == cost.hours / 2
    again = training_cost(llm, 1000, replace(plain, recompute=True), device)
    assert again.memory["activations"] < cost.memory["activations"]
    assert again.hours > cost.hours
    body = count(llm) - 2048 * 256
    assert cost.hours * 3600 * 1e9 == pytest.approx(24_000 * body * 4 + 24_000 * body * 6)


def test_a_run_that_cannot_fit_is_refused_before_it_starts(
    small: Small, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, elm: Any
) -> None:
    words = ("train", "run", small.data, "--encoder", small.encoder, "--out", tmp_path / "run", "--steps", 1, 1)
    code, out, _ = elm(*words, "--plan", "--json")
    assert code == 0
    assert json.loads(out)["fits"]
    assert not (tmp_path / "run").exists()
    tiny = Device("cpu", 2e7, 1e9, measured=True)
    monkeypatch.setattr("elm.runs.making._plan.device_of", lambda name, tried=True: tiny)
    with pytest.raises(CallError, match=r"fits into the memory of its device, and this one takes 0\.1 GB .*--lora 16"):
        train_run(tmp_path / "run", config(small))
    code, out, err = elm(*words, "--plan")
    assert code == 2
    assert "memory: " in out
    assert "has 0.0: train updates" in err
    assert not (tmp_path / "run").exists()


def test_devices_and_bases_that_are_none(small: Small, tmp_path: Path, elm: Any) -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'h100'"):
        device_of("h10")
    assert device_of("cpu", tried=False).memory > 1e8
    (tmp_path / "base").mkdir()
    (tmp_path / "base" / "config.json").write_text('{"model_type": "nothing-known"}')
    with pytest.raises(CheckpointError, match="describes no language model that can be counted"):
        outlined_llm(tmp_path / "base")
    code, _, err = elm("train", "run", small.data, "--encoder", small.encoder, "--device", "l4")
    assert code == 2
    assert "--device goes with --plan" in err
