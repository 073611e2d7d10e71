"""What each process of a launched training does in `test_processes.py`: python two_processes.py FOLDER."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import tiny_elm
import torch
from tiny_elm import SAY, Said

from elm.adapters import write_tensors
from elm.embeddings import VectorTable
from elm.model import EmbeddingLanguageModel
from elm.tasks import TemplateTeacher
from elm.training import Lessons, LoopConfig, Team, TwoStage, Validation, train_two_stage

CONFIG = TwoStage(
    LoopConfig(4, 1e-2, warmup=1, save_every=2, log_every=2),
    LoopConfig(5, 3e-3, warmup=1, save_every=2, accumulate=2, log_every=2),
    batch_tokens=150,
)


class Stopped(BaseException):
    """As a lost connection is."""


class Teacher(TemplateTeacher):
    """Texts of quite different lengths; `patience` is how many more it writes before the process is stopped."""

    patience = 10**9

    def write(self, entity: str, task: object, variant: int = 0) -> str:
        self.patience -= 1
        if self.patience < 0:
            raise Stopped
        return super().write(entity, task, variant)  # type: ignore[arg-type]


def parts(patience: int = 10**9) -> tuple[EmbeddingLanguageModel, list[Lessons]]:
    """A model with two adapters, of which a batch goes through one, and their lessons."""
    a, b = tiny_elm.table(name="a"), tiny_elm.table(dim=4, name="b")
    texts = {i: Said("storm at sea " * (1 + n % 4)) for n, i in enumerate(a.ids)}
    teacher = Teacher(texts)  # type: ignore[arg-type]
    teacher.patience = patience

    def lesson(name: str, table: VectorTable) -> Lessons:
        return Lessons(name, table, teacher, (SAY,), table.ids)

    return tiny_elm.model(a, b), [lesson("a", a), lesson("b", b)]


def norm(model: Any, step: int) -> Mapping[str, float]:
    """A score that follows from the weights alone."""
    return {"rSC": float(np.mean([p.detach().double().norm().item() for p in model.adapters.parameters()]))}


VALIDATION = Validation(norm, every=2)


def in_float32() -> None:
    """Compute without bfloat16, whose rounding differs with the number of rows."""
    import elm.training._objective as objective

    objective.bf16_is_fast = lambda device: False


def sharded() -> None:
    """Cut the weights up over the processes, as a configuration with FSDP 2 does where each process has a GPU.

    Accelerate itself takes such a configuration for GPUs alone, so its state is set as it would be there.
    """
    from accelerate import Accelerator, FullyShardedDataParallelPlugin
    from accelerate.state import AcceleratorState, PartialState
    from accelerate.utils import DistributedType

    Accelerator(cpu=True)
    os.environ |= {"ACCELERATE_USE_FSDP": "true", "FSDP_VERSION": "2"}
    for known in (PartialState._shared_state, AcceleratorState._shared_state):
        known["distributed_type"] = DistributedType.FSDP
    AcceleratorState._shared_state["fsdp_plugin"] = FullyShardedDataParallelPlugin(
        fsdp_version=2,
        auto_wrap_policy="transformer_based_wrap",
        transformer_cls_names_to_wrap=["LlamaDecoderLayer"],
        cpu_ram_efficient_loading=False,
    )


def state(model: EmbeddingLanguageModel) -> dict[str, torch.Tensor]:
    return {name: p.detach().clone() for name, p in model.named_parameters()}


def whole(folder: Path, rank: int) -> None:
    model, lessons = parts()
    result = train_two_stage(model, lessons, CONFIG, progress=True, checkpoints=folder / "whole", validation=VALIDATION)
    write_tensors(folder / f"whole-{rank}.safetensors", state(model), {"losses": json.dumps(result.two.losses)})


def stopped_and_gone_on_with(folder: Path, name: str, team: Team) -> None:
    model, lessons = parts(patience=60)
    try:
        train_two_stage(model, lessons, CONFIG, progress=False, checkpoints=folder / name, validation=VALIDATION)
    except Stopped:
        print(f"{name}: rank {team.rank} of {team.size} was stopped")
    team.wait()
    model, lessons = parts()
    train_two_stage(model, lessons, CONFIG, progress=False, checkpoints=folder / name, validation=VALIDATION)
    write_tensors(folder / f"{name}-{team.rank}.safetensors", state(model))


def main(folder: Path) -> None:
    in_float32()
    team = Team()
    assert (team.size, team.sharded) == (2, False)
    whole(folder, team.rank)
    stopped_and_gone_on_with(folder, "again", team)
    if torch.cuda.is_available():
        return
    sharded()
    assert Team().sharded
    stopped_and_gone_on_with(folder, "cut", team)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
