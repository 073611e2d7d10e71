"""Training as a list of stages: what each frees, what it minimises, and for how long."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn

from elm._errors import CallError
from elm.model import EmbeddingLanguageModel, context_length, is_lora, require_plain, with_lora
from elm.training._objective import Objective, shared_loss
from elm.training.data._dataset import WrittenLessons
from elm.training.data._generated import Lessons
from elm.training.data._sampler import LessonBatches
from elm.training.loop._distributed import Team
from elm.training.loop._optimise import LoopConfig, LoopContext, LoopResult, optimise
from elm.training.loop._validation import Validation

Groups = list[tuple[nn.Parameter, float]]
"""What a stage trains, each with the factor of its learning rate."""

StepLoss = Callable[[int], tuple[torch.Tensor, int, int]]
"""Number of a batch -> (loss, tokens, targets)."""


ALL_WEIGHTS = "stage two without LoRA trains all weights"


@dataclass(frozen=True)
class Stage:
    """One part of a training.

    trainable: freezes and frees the model's weights, and gives those that are trained. loss: makes, once these are
    free, the loss of each batch and the processes that share it. loop: how long, at which learning rate, and its seed.
    """

    name: str
    trainable: Callable[[EmbeddingLanguageModel], Groups]
    loss: Callable[[EmbeddingLanguageModel], tuple[Team, StepLoss]]
    loop: LoopConfig


def train_stages(
    model: EmbeddingLanguageModel,
    stages: Sequence[Stage],
    *,
    progress: bool = True,
    checkpoints: Path | None = None,
    after_stage: Callable[[str, LoopResult], None] | None = None,
    validation: Validation | None = None,
) -> dict[str, LoopResult]:
    """Train the model in place, stage by stage; name -> what the stage did.

    With `checkpoints` (a folder) an interrupted call goes on where it was; a finished stage is read back.
    `after_stage(name, result)` is called at the end of each. validation: watches the stages that it names. Raises what
    `optimise` raises, and `CallError` for two stages of one name, or a validation of a stage that is not there.
    """
    names = [stage.name for stage in stages]
    if len(set(names)) != len(names):
        raise CallError(f"the stages of a training have names of their own, got {', '.join(names)}")
    if validation and (odd := sorted(set(validation.stages) - set(names))):
        raise CallError(f"the stages of training are {' and '.join(map(repr, names))}, got {odd[0]!r}")
    results: dict[str, LoopResult] = {}
    for stage in stages:
        groups = stage.trainable(model)
        team, loss_at = stage.loss(model)
        results[stage.name] = optimise(
            groups,
            loss_at,
            stage.loop,
            label=f"stage {stage.name}",
            progress=progress,
            checkpoint=checkpoints / f"stage-{stage.name}.safetensors" if checkpoints else None,
            modules={"elm": model},
            context=LoopContext(
                validation if validation and stage.name in validation.stages else None,
                checkpoints / "metrics.jsonl" if checkpoints else None,
                team,
            ),
        )
        if after_stage:
            after_stage(stage.name, results[stage.name])
    return results


def adapters_alone(model: EmbeddingLanguageModel) -> Groups:
    """Free the adapters and freeze the language model: stage one."""
    return _freed(model, lambda name: False, 1.0)


def adapters_and_llm(model: EmbeddingLanguageModel, llm_lr: float = 1.0, lora_rank: int = 0, seed: int = 0) -> Groups:
    """Free the adapters and the language model, of which, with LoRA, the updates alone: stage two.

    llm_lr: the language model's learning rate relative to the adapters'. lora_rank: above 0 a language model without
    updates gets some of this rank, drawn by `seed`.
    """
    if lora_rank and not is_lora(model.llm):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            model.llm = with_lora(model.llm, lora_rank)
    lora = is_lora(model.llm)
    if not lora:
        require_plain(model.llm, ALL_WEIGHTS)
    return _freed(model, lambda name: not lora or "lora_" in name, llm_lr)


def _freed(model: EmbeddingLanguageModel, free: Callable[[str], bool], llm_lr: float) -> Groups:
    for parameter in model.adapters.parameters():
        parameter.requires_grad_(True)
    for name, parameter in model.llm.named_parameters():
        parameter.requires_grad_(free(name))
    groups = [(p, 1.0) for p in model.adapters.parameters()]
    return groups + [(p, llm_lr) for p in model.llm.parameters() if p.requires_grad]


@dataclass(frozen=True)
class Likelihood:
    """The loss of both stages of the ELM paper: cross-entropy of the lessons' texts, given their vectors.

    batch_tokens: about how many tokens a batch takes; seed: of its draws; fast: compile the language model.
    """

    lessons: Sequence[Lessons | WrittenLessons]
    batch_tokens: int
    seed: int
    fast: bool = False

    def __call__(self, model: EmbeddingLanguageModel) -> tuple[Team, StepLoss]:
        """The processes that share a batch, and the loss of each batch by its number."""
        team = Team(Objective(model, self.fast))
        batches = LessonBatches(model, self.lessons, self.batch_tokens, self.seed)
        return team, _loss(team, batches, context_length(model.llm))


def _loss(team: Team, batches: LessonBatches, context: int | None) -> StepLoss:
    tables: dict[str, torch.Tensor] = {}

    def at(number: int) -> tuple[torch.Tensor, int, int]:
        lesson, batch = batches.at(number)
        if context is not None and batch.ids.shape[1] > context:
            raise CallError(
                f"a prompt and its text must fit the language model's context of {context} tokens; one that adapter "
                f"{lesson.adapter!r} is to learn takes {batch.ids.shape[1]}: shorten its texts, use fewer soft tokens, "
                "or take a base with a longer context"
            )
        if lesson.adapter not in tables:
            tables[lesson.adapter] = torch.as_tensor(lesson.table.vectors)
        return shared_loss(team, lesson.adapter, tables[lesson.adapter], batch)

    return at
