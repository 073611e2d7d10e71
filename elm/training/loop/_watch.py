"""Training that people can watch: each row of the metrics also goes to callbacks, such as TensorBoard's."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from elm._errors import CallError, UnknownNameError

Watcher = Callable[[str, int, Mapping[str, Any]], None]
"""(stage, step, numbers such as loss, lr, SC) -> nothing."""

TRACKERS: Mapping[str, tuple[str, ...]] = {
    "tensorboard": ("tensorboardX", "tensorboard"),
    "trackio": ("trackio",),
    "wandb": ("wandb",),
}
"""Where metrics can go, and the packages of which one is needed."""

_watching: ContextVar[tuple[Watcher, ...]] = ContextVar("watching", default=())


@contextmanager
def watched(*watchers: Watcher) -> Iterator[None]:
    """Every training inside tells its rows to these callbacks, as it writes them to its metrics file.

    Of several processes the first one tells. A training that resumes tells the rows from there on. What a callback
    raises ends the training, which can be resumed.

    >>> import torch
    >>> from torch import nn
    >>> from elm.training import LoopConfig, optimise
    >>> weight, told = nn.Parameter(torch.tensor([3.0])), []
    >>> config = LoopConfig(steps=100, lr=0.1, warmup=1, log_every=50)
    >>> with watched(lambda stage, step, numbers: told.append((stage, step))):
    ...     _ = optimise([(weight, 1.0)], lambda step: ((weight**2).sum(), 1), config, progress=False)
    >>> told
    [('training', 50), ('training', 100)]
    """
    token = _watching.set((*_watching.get(), *watchers))
    try:
        yield
    finally:
        _watching.reset(token)


def tell(stage: str, step: int, numbers: Mapping[str, Any]) -> None:
    """Tell a row of the metrics to all who watch."""
    for watcher in _watching.get():
        watcher(stage, step, numbers)


@contextmanager
def tracked(name: str | None, out: Path) -> Iterator[None]:
    """Trainings inside also log to TensorBoard, trackio or Weights & Biases, through Accelerate's trackers.

    name: one of `TRACKERS`; None: to none. out: the folder that is trained; its name is the run's, and TensorBoard's
    files go into `tracked` beside it, where runs can be compared. Raises `UnknownNameError`, and `CallError` where the
    package is not installed.
    """
    if name is None:
        yield
        return
    if name not in TRACKERS:
        raise UnknownNameError("tracker", name, TRACKERS)
    if not any(importlib.util.find_spec(package) for package in TRACKERS[name]):
        raise CallError(f"--track {name} needs a package that is not installed: pip install {TRACKERS[name][0]}")
    from accelerate import PartialState
    from accelerate.tracking import LOGGER_TYPE_TO_CLASS

    PartialState()  # whose process it is, which the trackers ask
    kind: Any = LOGGER_TYPE_TO_CLASS[name]
    tracker: Any = kind(out.name, *([str(out.parent / "tracked")] if kind.requires_logging_directory else []))
    if hasattr(tracker, "start"):  # newer versions begin by a call of their own
        tracker.start()

    def watcher(stage: str, step: int, numbers: Mapping[str, Any]) -> None:
        plain = {f"{stage}/{key}": value for key, value in numbers.items() if isinstance(value, (int, float))}
        tracker.log(plain, step=step)

    try:
        with watched(watcher):
            yield
    finally:
        tracker.finish()
