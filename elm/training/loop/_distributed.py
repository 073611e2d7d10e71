"""The processes that train together, by Accelerate: one where nobody launched more."""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Sequence
from dataclasses import fields, replace
from datetime import timedelta
from typing import Any, TypeVar

import torch
from torch import nn

from elm._errors import CallError

T = TypeVar("T")
_PATIENCE = timedelta(hours=6)  # of the others, while the main process generates and scores


class Team:
    """This process and those that `accelerate launch` or `torchrun` started beside it.

    A step's batch is one for all: each process takes its share of the rows, and gradients are averaged by the targets
    in the shares, so that the number of processes decides the speed and not the result.

    module: what gives the loss. `Team.module` is what to call for it: the same, or, once `prepare` was called, what
    Accelerate made of it. Raises `CallError` for a configuration of FSDP 1, DeepSpeed or other kinds.
    """

    def __init__(self, module: nn.Module | None = None) -> None:
        from accelerate import Accelerator, DistributedDataParallelKwargs, InitProcessGroupKwargs

        # Of several adapters a batch goes through one, so the others have no gradient in that step.
        unused = DistributedDataParallelKwargs(find_unused_parameters=True)
        handlers = [unused, InitProcessGroupKwargs(timeout=_PATIENCE)]
        # Accelerate counts processes without a GPU only where it is told that there shall be none.
        self._accelerator = Accelerator(cpu=not torch.accelerator.is_available(), kwargs_handlers=handlers)
        self._whole = module
        self.module: Any = module
        kind = str(getattr(self._accelerator.distributed_type, "value", "NO"))
        self.sharded = kind == "FSDP"
        if kind in ("DEEPSPEED", "MEGATRON_LM", "XLA") or (self.sharded and not self._accelerator.is_fsdp2):
            came = "FSDP 1" if self.sharded else kind
            raise CallError(
                f"several processes train with copies of the model, or parts of it by FSDP 2; Accelerate's "
                f"configuration says {came}: choose MULTI_GPU, or FSDP with fsdp_version: 2"
            )

    @property
    def size(self) -> int:
        """How many processes there are."""
        return int(self._accelerator.num_processes)

    @property
    def rank(self) -> int:
        """The number of this process, from 0."""
        return int(self._accelerator.process_index)

    @property
    def main(self) -> bool:
        """Whether this is the one process that writes files and shows progress."""
        return self.rank == 0

    def to_device(self, module: nn.Module) -> None:
        """Move a module that lies in main memory to this process's GPU, where there is one."""
        device = self._accelerator.device
        if device.type == "cuda" and not self.sharded:
            module.to(device)

    def share(self, batch: T) -> tuple[T, bool]:
        """This process's rows of a batch (a dataclass of tensors (B, ...)), and whether they count.

        Where there are fewer rows than processes, some get a row that does not count, since all must take part.
        """
        if self.size == 1:
            return batch, True
        named = {field.name: getattr(batch, field.name) for field in fields(batch)}  # type: ignore[arg-type]
        tensors = {name: value for name, value in named.items() if torch.is_tensor(value)}
        counts = self.rank < len(next(iter(tensors.values())))
        rows = slice(self.rank, None, self.size) if counts else slice(0, 1)
        return replace(batch, **{name: value[rows] for name, value in tensors.items()}), counts  # type: ignore[type-var]

    def prepare(self, optimiser: torch.optim.Optimizer) -> None:
        """Make module and optimiser ready for these processes: copies of the model, or parts of it (FSDP).

        With FSDP it is a copy of the module that is cut up and trained; `bring_home` fetches what it has learned.
        """
        if self.size == 1 or self._whole is None:
            return
        if self.sharded:
            cut = copy.deepcopy(self._whole)
            twins = dict(zip(self._whole.parameters(), cut.parameters(), strict=True))
            for group in optimiser.param_groups:
                group["params"] = [twins[parameter] for parameter in group["params"]]
            self.module, _ = self._accelerator.prepare(cut, optimiser)
        else:
            self.module = self._accelerator.prepare_model(self._whole)

    @torch.no_grad()
    def bring_home(self) -> None:
        """Put the weights as they are now into the module that was given; all processes must call it."""
        if not self.sharded or self._whole is None:
            return
        trained = dict(self.module.named_parameters())
        for name, parameter in self._whole.named_parameters():
            if parameter.requires_grad:
                parameter.copy_(gathered(trained[name]))

    def quiet(self, last: bool) -> contextlib.AbstractContextManager[Any]:
        """Within it gradients are not yet sent round, but for those of the `last` part of a step."""
        return contextlib.nullcontext() if last or self.size == 1 else self._accelerator.no_sync(self.module)

    def totals(self, numbers: Sequence[float]) -> list[float]:
        """The sums over all processes, in double precision."""
        if self.size == 1:
            return list(numbers)
        ours = torch.tensor(numbers, dtype=torch.float64, device=self._accelerator.device)
        summed: Any = self._accelerator.reduce(ours, "sum")
        return [float(value) for value in summed]

    def told(self, value: T) -> T:
        """The main process's value, in all of them."""
        if self.size == 1:
            return value
        from accelerate.utils import broadcast_object_list

        found: T = broadcast_object_list([value])[0]
        return found

    def wait(self) -> None:
        """Until all are here."""
        self._accelerator.wait_for_everyone()


def gathered(value: torch.Tensor) -> torch.Tensor:
    """A tensor that is cut up over processes as a whole one; all must call it. Another stays as it is."""
    return value.full_tensor() if hasattr(value, "full_tensor") else value


def scattered(value: torch.Tensor, like: torch.Tensor) -> torch.Tensor:
    """The other way round: a whole tensor cut up as `like` is, where `like` is cut up and of its shape."""
    if not hasattr(like, "full_tensor") or value.shape != like.shape:
        return value
    from torch.distributed.tensor import distribute_tensor

    placed: Any = like
    return distribute_tensor(value.to(like.device), placed.device_mesh, placed.placements)
