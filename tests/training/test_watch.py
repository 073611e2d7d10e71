"""Rows of the metrics go to those who watch: the same rows as in the file, of every training, resumed ones too."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from elm._errors import CallError, UnknownNameError
from elm.training import LoopConfig, LoopContext, optimise, read_metrics, tracked, watched

CONFIG = LoopConfig(steps=60, lr=0.1, warmup=1, log_every=20, save_every=20)


def train(folder: Path, steps_until: int | None = None) -> None:
    weight = nn.Parameter(torch.tensor([3.0]))

    def loss(step: int) -> tuple[torch.Tensor, int]:
        if step == steps_until:
            raise KeyboardInterrupt
        return (weight**2).sum(), 1

    context = LoopContext(metrics=folder / "metrics.jsonl")
    modules = {"toy": nn.ParameterList([weight])}
    optimise(
        [(weight, 1.0)],
        loss,
        CONFIG,
        progress=False,
        checkpoint=folder / "c.safetensors",
        modules=modules,
        context=context,
    )


def test_who_watches_hears_what_the_file_holds(tmp_path: Path) -> None:
    told: list[dict[str, Any]] = []
    with watched(lambda stage, step, numbers: told.append({"stage": stage, "step": step, **numbers})):
        with pytest.raises(KeyboardInterrupt):
            train(tmp_path, steps_until=45)
        train(tmp_path)
    assert told == list(read_metrics(tmp_path / "metrics.jsonl"))
    assert [row["step"] for row in told] == [20, 40, 60]
    train(tmp_path / "later")
    assert len(told) == 3, "nobody watches any more"


def test_a_callback_that_raises_ends_the_training_which_can_be_resumed(tmp_path: Path) -> None:
    def stop(stage: str, step: int, numbers: Any) -> None:
        raise RuntimeError(f"enough at {step}")

    with pytest.raises(RuntimeError, match="enough at 20"), watched(stop):
        train(tmp_path)
    train(tmp_path)
    train(tmp_path / "straight")
    assert list(read_metrics(tmp_path / "metrics.jsonl")) == list(read_metrics(tmp_path / "straight" / "metrics.jsonl"))


def test_tensorboard_gets_files_beside_the_run(tmp_path: Path) -> None:
    pytest.importorskip("tensorboardX", reason="tensorboardX is not installed")
    with tracked("tensorboard", tmp_path / "my-run"):
        train(tmp_path / "my-run")
    (events,) = (tmp_path / "tracked" / "my-run").rglob("events.*")
    content = events.read_bytes()
    assert content.count(b"training/loss") == 3
    assert not list((tmp_path / "my-run").glob("events*"))


def test_no_tracker_is_no_tracker(tmp_path: Path) -> None:
    with tracked(None, tmp_path / "run"):
        pass
    assert not list(tmp_path.iterdir())


def test_unknown_and_missing_ones_are_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UnknownNameError, match="tensorbord"), tracked("tensorbord", tmp_path):
        pass
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(CallError, match="pip install wandb"), tracked("wandb", tmp_path):
        pass
