"""Two-stage training (ELM, Section 2 and Appendix D): the adapter alone, then the adapter and the language model."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from torch import nn

from elm._errors import CallError, OutsideDataWarning, VectorError
from elm.data import guard_disjoint
from elm.embeddings import VectorTable
from elm.model import EmbeddingLanguageModel, is_lora, plain_ids, prompt_ids, with_lora
from elm.tasks import Task, TemplateTeacher
from elm.tasks import get as get_task
from elm.training._batch import Batch, Example, collate
from elm.training._loop import LoopConfig, LoopResult, optimise
from elm.training._precision import bf16_is_fast


@dataclass(frozen=True)
class Lessons:
    """What one adapter learns from: vectors, the teacher who writes about their entities, and the tasks.

    ids: the entities to learn from, each in `table` and known to `teacher`; held_out: those that will be scored.
    weight: how often this adapter's batches come up, relative to the other lessons'; variants: wordings of each text.
    Raises `LeakageError` where something held out is among `ids`, `CallError` or `UnknownNameError` where the rest
    does not fit together.
    """

    adapter: str
    table: VectorTable
    teacher: TemplateTeacher
    tasks: tuple[str | Task, ...]
    ids: Sequence[str]
    held_out: Sequence[str] = ()
    weight: float = 1.0
    variants: int = 16

    def __post_init__(self) -> None:
        guard_disjoint(self.ids, self.held_out, f"training of adapter {self.adapter!r}")
        if not len(self.ids):
            raise CallError(f"adapter {self.adapter!r} needs at least one entity to learn from, got none")
        if not self.tasks:
            raise CallError(f"adapter {self.adapter!r} needs at least one task to learn, got none")
        if silent := [i for i in self.ids if i not in self.teacher.facts]:
            raise CallError(
                f"the teacher must have facts of each entity, but has none of {len(silent)}, such as {silent[0]!r}"
            )
        for task in self.tasks:
            get_task(task)
        self.table.row_numbers(self.ids)


@dataclass(frozen=True)
class TwoStage:
    """Run options of both stages. `llm_lr` is the language model's learning rate in stage two, relative to `two.lr`.

    `fast` compiles the language model, which pays off from some minutes of training on.
    """

    one: LoopConfig = field(default_factory=lambda: LoopConfig(steps=300, lr=2e-3))
    two: LoopConfig = field(default_factory=lambda: LoopConfig(steps=700, lr=1e-3))
    llm_lr: float = 1.0
    batch_tokens: int = 2400
    seed: int = 0
    fast: bool = False
    lora_rank: int = 0  # 0: stage two trains all weights of the language model; above: low-rank updates by PEFT


class LessonBatches:
    """Batches of examples, each a function of (seed, step); one adapter a batch, so that lengths are alike."""

    def __init__(self, model: EmbeddingLanguageModel, lessons: Sequence[Lessons], batch_tokens: int, seed: int) -> None:
        if not lessons:
            raise CallError("training needs at least one lesson, got none")
        self._tokenizer, self._lessons, self._tokens, self._seed = model.tokenizer, lessons, batch_tokens, seed
        weights = np.array([lesson.weight for lesson in lessons], float)
        self._weights = weights / weights.sum()
        self._prompts = {
            (lesson.adapter, task): prompt_ids(
                model.tokenizer, get_task(task).prompt, model.adapter(lesson.adapter).config.soft_tokens
            )
            for lesson in lessons
            for task in lesson.tasks
        }
        self._rows = [lesson.table.row_numbers(lesson.ids) for lesson in lessons]

    def at(self, step: int) -> tuple[Lessons, Batch]:
        """The batch of a step, up to `batch_tokens` padding included, and the lesson that it is of."""
        rng = np.random.default_rng([self._seed, step])
        which = int(rng.choice(len(self._lessons), p=self._weights))
        lesson = self._lessons[which]
        examples: list[Example] = []
        longest = 0
        while len(examples) < 256:
            index, task = int(rng.integers(len(lesson.ids))), lesson.tasks[int(rng.integers(len(lesson.tasks)))]
            text = lesson.teacher.write(lesson.ids[index], task, variant=int(rng.integers(lesson.variants)))
            prompt = self._prompts[lesson.adapter, task]
            target = [*plain_ids(self._tokenizer, text), self._tokenizer.eos_token_id]
            longest = max(longest, len(prompt.ids) + len(target))
            if examples and longest * (len(examples) + 1) > self._tokens:
                break
            examples.append(Example(prompt.ids, target, tuple(prompt.slots), int(self._rows[which][index])))
        return lesson, collate(examples, self._tokenizer.pad_token_id or 0)


@dataclass(frozen=True)
class TwoStageResult:
    """What each stage did."""

    one: LoopResult
    two: LoopResult


def train_two_stage(
    model: EmbeddingLanguageModel,
    lessons: Sequence[Lessons],
    config: TwoStage,
    *,
    progress: bool = True,
    checkpoints: Path | None = None,
    after_stage: Callable[[str, LoopResult], None] | None = None,
    allow_space_mismatch: bool = False,
) -> TwoStageResult:
    """Train the adapters with the LLM frozen, then both. Adapters and LLM are changed in place.

    With `checkpoints` (a folder) an interrupted call goes on where it was when called again with the same arguments,
    and ends with the same bits; a finished stage is read back, not done again. `after_stage(name, result)` is called
    at the end of each stage. The model remembers how the tasks were asked. Raises what `optimise` raises, and
    `VectorError` for a lesson's table of another space than its adapter's; `allow_space_mismatch` trains all the same,
    with a warning, and the model's folder records it.
    """
    _check_spaces(model, lessons, allow_space_mismatch)
    model.tasks |= {task.id: task for lesson in lessons for task in map(get_task, lesson.tasks)}
    results = {}
    stages: tuple[tuple[Literal["one", "two"], LoopConfig], ...] = (("one", config.one), ("two", config.two))
    for name, loop in stages:
        if name == "two" and config.lora_rank and not is_lora(model.llm):
            with torch.random.fork_rng(devices=[]):
                torch.manual_seed(config.seed)
                model.llm = with_lora(model.llm, config.lora_rank)
        groups = trainable(model, stage=name, llm_lr=config.llm_lr)
        batches = LessonBatches(model, lessons, config.batch_tokens, config.seed + (name == "two"))
        results[name] = optimise(
            groups,
            _loss(model, batches, config.fast),
            replace(loop, seed=config.seed),
            label=f"stage {name}",
            progress=progress,
            checkpoint=checkpoints / f"stage-{name}.safetensors" if checkpoints else None,
            modules={"elm": model},
        )
        if after_stage:
            after_stage(name, results[name])
    trainable(model, stage="two")
    model.eval()
    return TwoStageResult(**results)


def _check_spaces(model: EmbeddingLanguageModel, lessons: Sequence[Lessons], allow: bool) -> None:
    for lesson in lessons:
        wanted, came = model.adapter(lesson.adapter).config, lesson.table.space
        if wanted.reads(came):
            continue
        told = (
            f"adapter {lesson.adapter!r} reads vectors of space {wanted.space} {wanted.fingerprint} ({wanted.dim}), "
            f"but those of its lessons are of {came.name} {came.fingerprint} ({came.dim})"
        )
        if not allow or wanted.dim != came.dim:
            raise VectorError(f"{told}: make the adapter for the space of the table")
        warnings.warn(f"{told}: the model will say so in its folder", OutsideDataWarning, stacklevel=3)
        model.about["allow_space_mismatch"] = True


def trainable(
    model: EmbeddingLanguageModel, stage: Literal["one", "two"], llm_lr: float = 1.0
) -> list[tuple[nn.Parameter, float]]:
    """Freeze and free by stage; returns (parameter, factor of the learning rate) for what is free.

    Stage "one": the adapters alone. Stage "two": adapters and language model, of which, with LoRA, the updates alone.
    """
    if stage not in ("one", "two"):
        raise CallError(f"the stages of training are 'one' and 'two', got {stage!r}")
    free_llm = stage == "two"
    for parameter in model.adapters.parameters():
        parameter.requires_grad_(True)
    lora = is_lora(model.llm)
    for name, parameter in model.llm.named_parameters():
        parameter.requires_grad_(free_llm and (not lora or "lora_" in name))
    groups = [(p, 1.0) for p in model.adapters.parameters()]
    return groups + [(p, llm_lr) for p in model.llm.parameters() if p.requires_grad]


def _loss(
    model: EmbeddingLanguageModel, batches: LessonBatches, fast: bool
) -> Callable[[int], tuple[torch.Tensor, int]]:
    llm: Any = torch.compile(model.llm, dynamic=True) if fast else model.llm
    half = fast or bf16_is_fast(model.device)
    tables: dict[str, torch.Tensor] = {}

    def at(step: int) -> tuple[torch.Tensor, int]:
        lesson, batch = batches.at(step)
        if lesson.adapter not in tables:
            tables[lesson.adapter] = torch.as_tensor(lesson.table.vectors)
        vectors = tables[lesson.adapter][batch.rows].to(model.device)
        soft = model.adapter(lesson.adapter)(vectors)
        embeds = model.spliced(batch.ids.to(model.device), batch.slots.to(model.device), soft)
        with torch.autocast(model.device.type, dtype=torch.bfloat16, enabled=half):
            return llm(inputs_embeds=embeds, labels=batch.labels.to(model.device)).loss, batch.tokens

    return at
