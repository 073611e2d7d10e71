"""The optimisation loop: it minimises, it resumes bit for bit, and it stops at what is not finite."""

from __future__ import annotations

import errno
import json
import resource
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from elm._errors import CheckpointError, ElmError
from elm.adapters import read_tensors, write_tensors
from elm.training import LoopConfig, LoopResult, optimise
from elm.training.loop._sealed import read_sealed, write_sealed

CONFIG = LoopConfig(steps=23, lr=1e-2, warmup=3, save_every=4, seed=6)


class Interrupted(BaseException):
    """As Ctrl-C is, so that nothing on the way takes it for an error of its own."""


def network(seed: int = 0) -> nn.Sequential:
    torch.manual_seed(seed)
    net = nn.Sequential(nn.Linear(3, 8), nn.GELU(), nn.Dropout(0.2), nn.Linear(8, 2))
    net[3].weight.requires_grad_(True)
    return net


def run(
    net: nn.Sequential, checkpoint: Path | None, stop_at: int | None = None, config: LoopConfig = CONFIG
) -> LoopResult:
    """Fit y = (x0 + x1, x2) from batches that follow from the step; `stop_at` raises in the middle of that step."""

    def loss_at(step: int) -> tuple[torch.Tensor, int]:
        x = torch.as_tensor(np.random.default_rng(step).normal(size=(16, 3)).astype(np.float32))
        loss = (net(x) - torch.stack([x[:, 0] + x[:, 1], x[:, 2]], 1)).square().mean()
        if step == stop_at:
            raise Interrupted
        return loss, 16

    groups = [(p, 0.5 if p.ndim == 1 else 1.0) for p in net.parameters()]
    return optimise(groups, loss_at, config, progress=False, checkpoint=checkpoint, modules={"net": net})


def weights(net: nn.Module) -> list[torch.Tensor]:
    return [p.detach().clone() for p in net.parameters()]


def same(a: list[torch.Tensor], b: list[torch.Tensor]) -> bool:
    return all(torch.equal(x, y) for x, y in zip(a, b, strict=True))


def test_the_loss_goes_down() -> None:
    result = run(network(), None, config=LoopConfig(steps=300, lr=2e-2, warmup=10))
    assert len(result.losses) == 300
    assert result.loss == pytest.approx(np.mean(result.losses[-30:]))
    assert result.loss < 0.4 * np.mean(result.losses[:10])
    assert result.tokens_per_second == pytest.approx(300 * 16 / result.seconds)


def test_it_is_adamw_with_clipping_written_out() -> None:
    """Parity with torch's own optimiser, step by step, without dropout."""
    config = LoopConfig(steps=5, lr=1e-2, warmup=2, weight_decay=0.1, clip=0.05)
    target = torch.tensor([3.0, -1.0])
    mine = nn.Parameter(torch.tensor([1.0, 2.0]))
    optimise([(mine, 0.5)], lambda s: ((mine - target).square().sum(), 1), config, progress=False)
    theirs = nn.Parameter(torch.tensor([1.0, 2.0]))
    adam = torch.optim.AdamW([theirs], lr=1.0, betas=(0.9, 0.98), weight_decay=0.1)
    for factor in (0.5, 1.0, 1.0, 0.05 + 0.95 * 0.75, 0.05 + 0.95 * 0.25):
        adam.param_groups[0]["lr"] = 1e-2 * 0.5 * factor
        adam.zero_grad()
        (theirs - target).square().sum().backward()
        nn.utils.clip_grad_norm_([theirs], 0.05)
        adam.step()
    torch.testing.assert_close(mine.detach(), theirs.detach())


def test_accumulated_batches_weigh_by_their_targets() -> None:
    """Two batches of three and of one target are the same step as one batch of all four."""
    x = torch.tensor(np.random.default_rng(0).normal(size=(40, 3)).astype(np.float32))

    def fitted(accumulate: int) -> tuple[nn.Linear, LoopResult]:
        torch.manual_seed(0)
        net = nn.Linear(3, 1)

        def loss_at(number: int) -> tuple[torch.Tensor, int, int]:
            step, part = divmod(number, accumulate)
            rows = x[4 * step :][:4]
            rows = rows if accumulate == 1 else (rows[:3], rows[3:])[part]
            return net(rows).square().mean(), 10 * len(rows), len(rows)

        loop = LoopConfig(10, 1e-2, warmup=2, accumulate=accumulate)
        return net, optimise([(p, 1.0) for p in net.parameters()], loss_at, loop, progress=False)

    (one, whole), (two, parts) = fitted(1), fitted(2)
    torch.testing.assert_close(one.weight, two.weight, rtol=1e-4, atol=1e-6)
    assert parts.losses == pytest.approx(whole.losses)
    assert parts.tokens_per_second * parts.seconds == pytest.approx(10 * 40)


def test_checkpoints_of_the_first_version_go_on(tmp_path: Path) -> None:
    """They name neither accumulation nor schedule, and hold no validations and no checksum."""
    whole, path = network(), tmp_path / "ck.safetensors"
    expected = run(whole, None)
    with pytest.raises(Interrupted):
        run(network(), path, stop_at=9)
    tensors, metadata = read_tensors(path)
    assert set(json.loads(metadata["settings"])) == {"steps", "lr", "warmup", "weight_decay", "clip", "seed"}
    write_tensors(path, tensors, {key: metadata[key] for key in metadata.keys() - {"validations", "sha256"}})
    net = network()
    assert run(net, path).losses == expected.losses
    assert same(weights(net), weights(whole))


def test_the_seed_decides_dropout_and_the_global_generator_is_left_alone() -> None:
    a, b, c = network(), network(), network()
    torch.manual_seed(1)
    run(a, None)
    drawn = torch.rand(1)
    torch.manual_seed(1)
    assert torch.equal(torch.rand(1), drawn)
    torch.manual_seed(2)
    run(b, None)
    assert same(weights(a), weights(b))
    run(c, None, config=LoopConfig(steps=23, lr=1e-2, warmup=3, seed=7))
    assert not same(weights(a), weights(c))


@pytest.mark.parametrize("stop_at", [0, 1, *np.random.default_rng(0).integers(2, 22, size=4).tolist(), 22])
@pytest.mark.parametrize("fresh", [True, False], ids=["another process", "the same process"])
def test_an_interrupted_run_ends_with_the_same_bits(tmp_path: Path, stop_at: int, fresh: bool) -> None:
    whole = network()
    expected = run(whole, None)
    net, path = network(), tmp_path / "ck.safetensors"
    with pytest.raises(Interrupted):
        run(net, path, stop_at)
    net = network(seed=99) if fresh else net  # what the module holds is replaced by what was committed
    resumed = run(net, path)
    assert same(weights(net), weights(whole))
    assert resumed.losses == expected.losses


def test_interrupted_twice(tmp_path: Path) -> None:
    whole = network()
    expected = run(whole, None)
    for stop_at in (9, 9, 18):
        with pytest.raises(Interrupted):
            run(network(), tmp_path / "ck.safetensors", stop_at)
    net = network()
    assert run(net, tmp_path / "ck.safetensors").losses == expected.losses
    assert same(weights(net), weights(whole))


def test_a_finished_run_is_read_back_and_not_done_again(tmp_path: Path) -> None:
    first, path = network(), tmp_path / "ck.safetensors"
    result = run(first, path)
    before = path.read_bytes()
    again = network(seed=5)
    assert run(again, path, stop_at=0) == result  # seconds and speed are those of the work, too
    assert same(weights(again), weights(first))
    assert path.read_bytes() == before


def test_the_seconds_of_all_calls_count(tmp_path: Path) -> None:
    path = tmp_path / "ck.safetensors"
    with pytest.raises(Interrupted):
        run(network(), path, stop_at=9)
    tensors, about = read_sealed(path)
    write_sealed(path, tensors, {**about, "seconds": json.dumps(100.0)})
    result = run(network(), path)
    assert 100 < result.seconds < 110
    assert result.tokens_per_second == pytest.approx(23 * 16 / result.seconds)


def test_a_checkpoint_of_other_settings_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "ck.safetensors"
    run(network(), path)
    message = r"goes on with its own settings, and .* was begun with lr 0.01, seed 6: delete it to begin again"
    with pytest.raises(CheckpointError, match=message):
        run(network(), path, config=LoopConfig(steps=23, lr=3e-2, warmup=3, seed=1))
    run(network(), path, config=LoopConfig(steps=23, lr=1e-2, warmup=3, seed=6, save_every=7))  # may differ


def test_a_checkpoint_of_another_model_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "ck.safetensors"
    run(network(), path)
    wide = nn.Sequential(nn.Linear(3, 9), nn.GELU(), nn.Dropout(0.2), nn.Linear(9, 2))
    with pytest.raises(CheckpointError, match=r"is of another model .*size mismatch.*; delete it to begin again"):
        run(wide, path)
    weight, other = nn.Parameter(torch.zeros(1)), {"other": network()}
    with pytest.raises(CheckpointError, match=r"is of another model .*other/0\.weight"):
        optimise([(weight, 1.0)], lambda s: (weight.sum(), 1), CONFIG, progress=False, checkpoint=path, modules=other)


def test_a_cut_off_checkpoint_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "ck.safetensors"
    run(network(), path)
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(CheckpointError, match=r"ck.safetensors is cut off or damaged"):
        run(network(), path)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_a_loss_that_is_not_finite_stops_the_run(tmp_path: Path, value: float) -> None:
    weight = nn.Parameter(torch.tensor([1.0]))
    path = tmp_path / "ck.safetensors"

    def loss_at(step: int) -> tuple[torch.Tensor, int]:
        return (weight * (value if step == 7 else 1.0)).sum(), 1

    message = rf"the loss must stay finite; it was {value} at step 7 of training: lower the learning rate"
    with pytest.raises(ElmError, match=message):
        optimise(
            [(weight, 1.0)], loss_at, CONFIG, progress=False, checkpoint=path, modules={"w": nn.ParameterList([weight])}
        )
    tensors, metadata = read_tensors(path)
    assert metadata["step"] == "4"
    assert torch.isfinite(tensors["w/0"]).all()


def test_a_gradient_that_is_not_finite_stops_the_run_too() -> None:
    weight = nn.Parameter(torch.tensor([0.0]))
    with pytest.raises(ElmError, match="the gradient must stay finite; it was nan at step 0 of training"):
        optimise([(weight, 1.0)], lambda s: ((weight * 0).sqrt().sum(), 1), CONFIG, progress=False)
    assert weight.item() == 0


def test_nothing_to_do() -> None:
    net = network()
    before = weights(net)
    assert run(net, None, config=LoopConfig(steps=0, lr=1.0)).losses == []
    assert same(weights(net), before)


@pytest.fixture
def file_size_limit():  # type: ignore[no-untyped-def]
    """Writing beyond so many bytes fails, as it does on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    yield lambda size: resource.setrlimit(resource.RLIMIT_FSIZE, (before[0] if size is None else size, before[1]))
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_keeps_the_last_checkpoint_and_the_run_goes_on_later(
    tmp_path: Path, file_size_limit: Callable[[int | None], None]
) -> None:
    whole = network()
    expected = run(whole, None)
    net, path = network(), tmp_path / "ck.safetensors"
    with pytest.raises(Interrupted):
        run(net, path, stop_at=9)
    before = path.read_bytes()
    file_size_limit(len(before) // 2)
    with pytest.raises(OSError, match="File too large; what was there before is kept") as caught:
        run(net, path)
    file_size_limit(None)
    assert (caught.value.errno, caught.value.filename) == (errno.EFBIG, str(path))
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["ck.safetensors"]
    net = network()
    assert run(net, path).losses == expected.losses
    assert same(weights(net), weights(whole))
