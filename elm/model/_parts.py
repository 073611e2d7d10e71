"""What a model is made of: what its folder holds, and what reading and decoding need of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import torch

from elm._errors import CheckpointError, UnknownNameError
from elm.adapters import MLPAdapter
from elm.model.base._words import Words
from elm.tasks import TEXT_TASKS, Task, all_tasks, get


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
    def words(self) -> Words | None:
        """The words that it writes in; None: all of its base's. `CheckpointError` where its folder names other ones."""
        text = self.about.get("words")
        return None if text is None else Words.read(text, self.llm.get_input_embeddings().weight.shape[0])

    @property
    def most_repeats(self) -> int:
        """How often the same run of words may come in a row; 0: the texts are not watched for that."""
        count = self.about.get("most_repeats", 0)
        if not isinstance(count, int) or not 0 <= count < 1000:
            raise CheckpointError(f"most_repeats in config.json is a count below 1000, got {str(count)[:40]}")
        return count

    def check_words(self) -> None:
        """Raise `CheckpointError` where the folder names words that its base does not have, or cannot end without."""
        _ = self.most_repeats
        end = self.tokenizer.eos_token_id
        if self.words is not None and end is not None and end not in self.words:
            raise CheckpointError("the words of a model hold its end token, and those in its config.json do not")

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
        if task in (known := self._known_tasks()):
            return known[task]
        if task in {one.id for one in TEXT_TASKS}:
            return get(task)
        raise UnknownNameError("task", task, known)

    def learned(self, adapter: MLPAdapter) -> list[Task]:
        """The tasks that an adapter has learned and whose prompts are known."""
        known = self._known_tasks()
        return [known[id] for id in adapter.config.tasks if id in known]

    def _known_tasks(self) -> dict[str, Task]:
        return {task.id: task for task in all_tasks()} | dict(self.tasks)
