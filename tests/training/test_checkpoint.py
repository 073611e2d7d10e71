"""A checkpoint that was changed is refused, whether its checksum still fits or not."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import nn

from elm._errors import CheckpointError
from elm.adapters import read_tensors, write_tensors
from elm.training import LoopConfig, optimise
from elm.training.loop._sealed import read_sealed, write_sealed

Tensors = dict[str, torch.Tensor]
About = dict[str, str]


class Interrupted(BaseException):
    pass


def train(path: Path, stop: int | None = None) -> torch.Tensor:
    torch.manual_seed(0)
    net, x = nn.Linear(4, 3), torch.arange(8.0).view(2, 4) / 8

    def loss_at(number: int) -> tuple[torch.Tensor, int]:
        if number == stop:
            raise Interrupted
        return ((net(x * (number + 1) / 6) - 1) ** 2).mean(), 1

    config = LoopConfig(steps=6, lr=0.05, warmup=1, save_every=2)
    groups = [(parameter, 1.0) for parameter in net.parameters()]
    optimise(groups, loss_at, config, progress=False, checkpoint=path, modules={"m": net})
    return net.weight.detach().clone()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    with pytest.raises(Interrupted):
        train(tmp_path / "ck.safetensors", stop=4)
    return tmp_path / "ck.safetensors"


@pytest.mark.parametrize("place", [-1, -40, 60, 300])
def test_any_flipped_bit_is_refused(path: Path, place: int) -> None:
    data = bytearray(path.read_bytes())
    data[place] ^= 4
    path.write_bytes(data)
    with pytest.raises(CheckpointError):
        train(path)


def told(**fields: object) -> Callable[[Tensors, About], object]:
    return lambda tensors, about: about.update({key: json.dumps(value) for key, value in fields.items()})


def put(**changed: torch.Tensor) -> Callable[[Tensors, About], object]:
    return lambda tensors, about: tensors.update({key.replace("_of_", "/"): value for key, value in changed.items()})


@pytest.mark.parametrize("sealed", [True, False], ids=["with a checksum that fits", "without one, as once"])
@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t, a: [t.pop(key) for key in list(t) if key.startswith("optimiser")], "moments of 0 of 2"),
        (lambda t, a: t.pop("optimiser/1/exp_avg_sq"), "optimiser/1/exp_avg_sq is missing"),
        (lambda t, a: t.update({"optimiser/0/exp_avg": torch.zeros(7)}), "size mismatch: optimiser/0/exp_avg"),
        (lambda t, a: t.update({"optimiser/9/exp_avg": torch.zeros(3, 4)}), "optimiser/9/exp_avg is not called for"),
        (lambda t, a: t.update({"optimiser/x": torch.zeros(3)}), "optimiser/x is not called for"),
        (lambda t, a: t["optimiser/0/exp_avg_sq"].mul_(-1), "exp_avg_sq is negative"),
        (lambda t, a: t["optimiser/0/step"].fill_(5), "step is 5.0, in training of 4"),
        (lambda t, a: t.update({"m/weight": t["m/weight"].int()}), "size mismatch: m/weight"),
        (lambda t, a: t["m/weight"].fill_(float("nan")), "m/weight holds NaN"),
        (lambda t, a: t["optimiser/0/exp_avg"].fill_(float("inf")), "exp_avg holds NaN or infinity"),
        (lambda t, a: t.update(more=torch.ones(1, dtype=torch.int32)), "more is not called for"),
        (lambda t, a: t.pop("m/bias"), "m/bias is missing"),
        (lambda t, a: a.clear(), "it has no field 'step'"),
        (lambda t, a: a.pop("losses"), "it has no field 'losses'"),
        (lambda t, a: a.pop("settings"), "it has no field 'settings'"),
        (told(step=10**9), "1000000000 steps of 6"),
        (told(step=3), "3 steps of 6, with 4 losses"),
        (told(step=-2), "'step' cannot be -2"),
        (told(step=4.0), "'step' cannot be 4.0"),
        (told(step=True), "'step' cannot be True"),
        (told(losses=[1.0, float("nan"), 1.0, 1.0]), "'losses' cannot be"),
        (told(seconds="1"), "'seconds' cannot be '1'"),
        (told(tokens=-1), "'tokens' cannot be -1"),
        (told(validations=[{"step": 9}]), r"validations after steps \[9\] of 4"),
        (told(settings=None), "'settings' cannot be None"),
        (told(more=1), "a field 'more'"),
        (lambda t, a: a.update(step="{"), "does not say how far it has come"),
    ],
)
def test_what_a_checkpoint_cannot_hold_is_refused(
    path: Path, change: Callable[[Tensors, About], object], message: str, sealed: bool
) -> None:
    tensors, about = read_sealed(path)
    change(tensors, about)
    if sealed:
        write_sealed(path, tensors, about)
    else:
        write_tensors(path, tensors, about)
    with pytest.raises(CheckpointError, match=f"{message}.*delete it to begin again"):
        train(path)


def test_one_of_a_version_without_checksums_goes_on_with_the_same_bits(path: Path, tmp_path: Path) -> None:
    write_tensors(path, *read_sealed(path))
    assert torch.equal(train(path), train(tmp_path / "whole.safetensors"))
    assert "sha256" in read_tensors(path)[1]
