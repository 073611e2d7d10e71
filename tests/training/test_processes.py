"""The same training in one process and in two, which torchrun starts: gradients are averaged by targets."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from two_processes import CONFIG, VALIDATION, parts, state

from elm._errors import CallError
from elm.adapters import read_tensors
from elm.training import Team, read_metrics, train_two_stage

HERE = Path(__file__).parent
ROOT = HERE.parents[1]


def launched(folder: Path, **more: str) -> str:
    """What two processes print; `more` is for their environment."""
    paths = [str(ROOT), str(HERE.parent), os.environ.get("PYTHONPATH", "")]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(paths), "OMP_NUM_THREADS": "1", **more}
    torchrun = ["torch.distributed.run", "--standalone", "--nproc_per_node", "2"]
    command = [sys.executable, "-m", *torchrun, str(HERE / "two_processes.py"), str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, env=environment, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    folder = tmp_path_factory.mktemp("two")
    return folder, launched(folder, CUDA_VISIBLE_DEVICES="")


def weights(folder: Path, name: str) -> dict[str, torch.Tensor]:
    return read_tensors(folder / f"{name}.safetensors")[0]


@pytest.mark.slow
def test_both_processes_end_with_the_same_weights(told: tuple[Path, str]) -> None:
    ours, theirs = weights(told[0], "whole-0"), weights(told[0], "whole-1")
    assert ours.keys() == theirs.keys()
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)


@pytest.mark.slow
def test_two_processes_learn_what_one_does(
    told: tuple[Path, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each step's batch is the same one, whose longer and shorter texts fall to different processes."""
    monkeypatch.setattr("elm.training._objective.bf16_is_fast", lambda device: False)  # as the processes do
    model, lessons = parts()
    before = state(model)
    result = train_two_stage(model, lessons, CONFIG, progress=False, checkpoints=tmp_path, validation=VALIDATION)
    one, two = state(model), weights(told[0], "whole-0")
    for name in one:
        torch.testing.assert_close(one[name], two[name], rtol=1e-3, atol=2e-4)
    moved = max(float((one[name] - before[name]).abs().max()) for name in one)
    assert moved > 1e-2  # and not because nothing was learned
    for ours, theirs in zip(
        read_metrics(tmp_path / "metrics.jsonl"), read_metrics(told[0] / "whole/metrics.jsonl"), strict=True
    ):
        assert ours.pop("stage") == theirs.pop("stage")
        assert ours == pytest.approx(theirs, rel=1e-4)
    assert result.two.losses == pytest.approx(
        json.loads(read_tensors(told[0] / "whole-0.safetensors")[1]["losses"]), rel=1e-4
    )
    assert result.two.tokens_per_second > 0


@pytest.mark.slow
def test_stopped_processes_go_on_to_the_same_bits(told: tuple[Path, str]) -> None:
    folder, printed = told
    assert {f"again: rank {rank} of 2 was stopped" for rank in (0, 1)} <= set(printed.splitlines())
    whole, again = weights(folder, "whole-0"), weights(folder, "again-0")
    assert all(torch.equal(whole[name], again[name]) for name in whole)
    assert (folder / "whole/metrics.jsonl").read_text() == (folder / "again/metrics.jsonl").read_text()


@pytest.mark.slow
def test_weights_that_are_cut_up_learn_the_same_and_resume(told: tuple[Path, str]) -> None:
    folder, printed = told
    assert {f"cut: rank {rank} of 2 was stopped" for rank in (0, 1)} <= set(printed.splitlines())
    ours, theirs, others = (weights(folder, name) for name in ("whole-0", "cut-0", "cut-1"))
    for name in ours:
        torch.testing.assert_close(ours[name], theirs[name], rtol=1e-3, atol=2e-4)
        assert torch.equal(theirs[name], others[name])


@pytest.mark.gpu
@pytest.mark.skipif(torch.cuda.device_count() < 2, reason="needs two CUDA devices")
def test_two_gpus_learn_what_one_process_does(told: tuple[Path, str], tmp_path: Path) -> None:
    launched(tmp_path)
    ours, theirs, others = weights(told[0], "whole-0"), weights(tmp_path, "whole-0"), weights(tmp_path, "whole-1")
    for name in ours:
        torch.testing.assert_close(ours[name], theirs[name], rtol=1e-3, atol=1e-4)
        torch.testing.assert_close(theirs[name], others[name], rtol=0, atol=0)


@pytest.mark.slow
def test_the_main_process_alone_shows_progress_and_writes(told: tuple[Path, str]) -> None:
    folder, printed = told
    assert printed.count("stage two:   0%") == 1
    rows = [(row["stage"], row["step"], "rSC" in row) for row in read_metrics(folder / "whole/metrics.jsonl")]
    assert len(rows) == len(set(rows))  # no row came from both


def test_one_process_alone() -> None:
    team = Team()
    assert (team.size, team.rank, team.main) == (1, 0, True)
    assert team.totals([1.5, 2]) == [1.5, 2]
    assert team.told("x") == "x"
    batch = object()
    assert team.share(batch) == (batch, True)


@pytest.mark.parametrize(("kind", "told"), [("FSDP", "FSDP 1"), ("DEEPSPEED", "DEEPSPEED")])
def test_configurations_that_cannot_be(monkeypatch: pytest.MonkeyPatch, kind: str, told: str) -> None:
    from types import SimpleNamespace

    from accelerate.utils import DistributedType

    configured = SimpleNamespace(distributed_type=DistributedType[kind], is_fsdp2=False)
    monkeypatch.setattr("accelerate.Accelerator", lambda **options: configured)
    with pytest.raises(CallError, match=rf"Accelerate's configuration says {told}: choose MULTI_GPU, or FSDP with"):
        Team()


def test_a_share_is_every_so_manieth_row(monkeypatch: pytest.MonkeyPatch) -> None:
    from elm.training.data._collate import Example, collate

    batch = collate([Example([5], [n, 2], (0,), (n,)) for n in range(10, 15)], pad=0)
    monkeypatch.setattr(Team, "size", 3)
    rows = []
    for rank in range(3):
        monkeypatch.setattr(Team, "rank", rank)
        part, counts = Team().share(batch)
        assert counts
        assert part.ids.shape == (len(part.rows), 3)
        rows += part.rows.flatten().tolist()
    assert sorted(rows) == list(range(10, 15))
    single = collate([Example([5], [7, 2], (0,), (1,))], pad=0)
    monkeypatch.setattr(Team, "rank", 2)
    part, counts = Team().share(single)
    assert (part.rows.tolist(), counts) == ([[1]], False)  # it takes part, and does not count
