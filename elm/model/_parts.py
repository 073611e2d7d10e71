"""What a model is made of: what its folder holds, and what reading and decoding need of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import torch

from elm._errors import UnknownNameError
from elm.adapters import MLPAdapter
from elm.tasks import Task, all_tasks


@dataclass(frozen=True)
class ModelParts:
    """A language model, its tokenizer, and adapters by the name of their space.

    about: what the folder says of the model. tasks: those that it learned, by id, as they were asked.
    """

    llm: Any
    tokenizer: Any
    adapters: Mapping[str, MLPAdapter]
    about: Mapping[str, Any] = field(default_factory=dict)
    tasks: Mapping[str, Task] = field(default_factory=dict)

    @property
    def device(self) -> torch.device:
        """Where the language model is."""
        device: torch.device = self.llm.get_input_embeddings().weight.device
        return device

    def adapter(self, name: str) -> MLPAdapter:
        """The adapter of a space; `UnknownNameError` suggests the nearest name."""
        if name not in self.adapters:
            raise UnknownNameError("space", name, self.adapters)
        return self.adapters[name]

    def task(self, task: str | Task) -> Task:
        """A task by its id, asked as this model learned it; else as the registry has it.

        Raises `UnknownNameError` with the nearest id.
        """
        if isinstance(task, Task):
            return task
        if task not in (known := self._known_tasks()):
            raise UnknownNameError("task", task, known)
        return known[task]

    def learned(self, adapter: MLPAdapter) -> list[Task]:
        """The tasks that an adapter has learned and whose prompts are known."""
        known = self._known_tasks()
        return [known[id] for id in adapter.config.tasks if id in known]

    def _known_tasks(self) -> dict[str, Task]:
        return {task.id: task for task in all_tasks()} | dict(self.tasks)
