"""Two-stage training (ELM, Section 2 and Appendix D): the adapter alone, then the adapter and the language model."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Literal

import numpy as np

from elm._errors import CallError, OutsideDataWarning, UnknownNameError, VectorError
from elm.model import LARGE, EmbeddingLanguageModel, Words, head_of, is_lora, require_end, require_plain
from elm.training._rates import relative_rate
from elm.training._stage import ALL_WEIGHTS, Groups, Likelihood, Stage, adapters_alone, adapters_and_llm, train_stages
from elm.training._word_start import NamedWords
from elm.training.data._corpus_words import corpus_words
from elm.training.data._dataset import WrittenLessons
from elm.training.data._generated import Lessons
from elm.training.loop._distributed import Team
from elm.training.loop._optimise import LoopConfig, LoopResult
from elm.training.loop._recompute import recomputing
from elm.training.loop._validation import Validation

_START_BATCH = 8  # batches of the later stages in one of the start in words, whose steps cost little
WORDS = ("auto", "all", "corpus")
"""What training may be told of the words that it writes in."""


@dataclass(frozen=True)
class TwoStage:
    """Run options of both stages. `llm_lr` is the language model's learning rate in stage two, relative to `two.lr`;
    None: by its size, and by whether it learns by LoRA (`llm_rate`).

    `fast` compiles the language model, which pays off from some minutes of training on. `words`: which of the base's
    words are trained and written, where "auto" means those of the corpus from a vocabulary of 32,768 on; the model's
    folder records them. `recompute`: keep no activations of the layers but compute them again, for less memory and more
    time (gradient checkpointing). Raises `UnknownNameError` for another choice.
    """

    one: LoopConfig = field(default_factory=lambda: LoopConfig(steps=300, lr=2e-3))
    two: LoopConfig = field(default_factory=lambda: LoopConfig(steps=700, lr=1e-3))
    llm_lr: float | None = 1.0
    batch_tokens: int = 2400
    seed: int = 0
    fast: bool = False
    lora_rank: int = 0  # 0: stage two trains all weights of the language model; above: low-rank updates by PEFT
    start: LoopConfig | None = None  # a start in words before stage one (`NamedWords`)
    words: str = "auto"  # "corpus": those of the texts and a common stock; "all" of the base; "auto": by its size
    recompute: bool = False

    def __post_init__(self) -> None:
        if self.words not in WORDS:
            raise UnknownNameError("choice of words", self.words, WORDS)


@dataclass(frozen=True)
class TwoStageResult:
    """What each stage did. `words`: the start in words, where there was one."""

    one: LoopResult
    two: LoopResult
    words: LoopResult | None = None


def train_two_stage(
    model: EmbeddingLanguageModel,
    lessons: Sequence[Lessons | WrittenLessons],
    config: TwoStage,
    *,
    progress: bool = True,
    checkpoints: Path | None = None,
    after_stage: Callable[[str, LoopResult], None] | None = None,
    allow_space_mismatch: bool = False,
    validation: Validation | None = None,
) -> TwoStageResult:
    """Train the adapters with the LLM frozen, then both. Adapters and LLM are changed in place.

    With `checkpoints` (a folder) an interrupted call goes on where it was when called again with the same arguments,
    and ends with the same bits; a finished stage is read back, not done again. `after_stage(name, result)` is called
    at the end of each stage. `validation` scores what the model writes on the way; its numbers stand beside the loss in
    checkpoints/metrics.jsonl. Where `accelerate launch` or `torchrun` started several processes, all call this alike
    and end with the same weights; a GPU is used where there is one. The model remembers how the tasks were asked.

    Raises what `optimise` raises, `CallError` for a tokenizer without an end token or a text that is longer than the
    language model's context, and `VectorError` for a lesson's table of another space than its adapter's;
    `allow_space_mismatch` trains all the same, with a warning, and the model's folder records it.
    """
    _check_spaces(model, lessons, allow_space_mismatch)
    require_end(model.tokenizer)
    _remember(model, lessons)
    if not config.lora_rank and not is_lora(model.llm):
        require_plain(model.llm, ALL_WEIGHTS)  # before stage one has taken its time
    Team().to_device(model)
    model.words = chosen_words(model, config, lessons, progress)
    model.tasks |= {task.id: task for lesson in lessons for task in lesson.learned}
    if config.llm_lr is None:
        config = replace(config, llm_lr=relative_rate(model.llm, config.lora_rank > 0, config.two.lr))
    with recomputing(model.llm, config.recompute):
        results = train_stages(
            model,
            two_stages(config, lessons),
            progress=progress,
            checkpoints=checkpoints,
            after_stage=after_stage,
            validation=validation,
        )
    trainable(model, stage="two")
    model.eval()
    return TwoStageResult(**results)


def chosen_words(
    model: EmbeddingLanguageModel, config: TwoStage, lessons: Sequence[Lessons | WrittenLessons], progress: bool = True
) -> Words | None:
    """The words that a training with these settings writes in; None: all of the base's.

    Raises `CallError` where some are asked for and the base's output layer cannot be told from the rest.
    """
    large = model.llm.get_input_embeddings().weight.shape[0] >= LARGE
    if config.words == "all" or (config.words == "auto" and not large):
        return model.words if config.words == "auto" else None
    if head_of(model.llm) is None:
        if config.words == "auto":
            return None
        raise CallError('this base\'s scores follow from its last states in a way of its own: train with words="all"')
    batches = [
        (config.seed + number, loop.steps * loop.accumulate) for number, loop in enumerate((config.one, config.two))
    ]
    return corpus_words(model, lessons, batches, config.batch_tokens, progress)


def two_stages(config: TwoStage, lessons: Sequence[Lessons | WrittenLessons]) -> list[Stage]:
    """The stages of the ELM paper: "one" trains the adapters alone, "two" the language model with them. With
    `config.start` the stage "words" comes before them.
    """
    rate = 1.0 if config.llm_lr is None else config.llm_lr
    both = partial(adapters_and_llm, llm_lr=rate, lora_rank=config.lora_rank, seed=config.seed)
    parts: tuple[tuple[str, Callable[[EmbeddingLanguageModel], Groups], LoopConfig], ...]
    parts = (("one", adapters_alone, config.one), ("two", both, config.two))
    named = NamedWords(lessons, _START_BATCH * config.batch_tokens, config.seed)
    start = (
        [] if config.start is None else [Stage("words", adapters_alone, named, replace(config.start, seed=config.seed))]
    )
    return start + [
        Stage(
            name,
            free,
            Likelihood(lessons, config.batch_tokens, config.seed + number, config.fast),
            replace(loop, seed=config.seed),
        )
        for number, (name, free, loop) in enumerate(parts)
    ]


def _check_spaces(model: EmbeddingLanguageModel, lessons: Sequence[Lessons | WrittenLessons], allow: bool) -> None:
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


def _remember(model: EmbeddingLanguageModel, lessons: Sequence[Lessons | WrittenLessons]) -> None:
    """Each adapter keeps where the vectors that it learns from lie, to notice others later.

    One vector stands for all views of an entity ("u1", "u1#1", ...): the region is calibrated on vectors that are no
    twins of those that made it.
    """
    for name in dict.fromkeys(lesson.adapter for lesson in lessons):
        rows = {
            id.partition("#")[0]: lesson.table[id]
            for lesson in lessons
            if lesson.adapter == name
            for id in reversed(lesson.ids)
        }
        model.adapter(name).remember(np.stack(list(rows.values())))


def trainable(model: EmbeddingLanguageModel, stage: Literal["one", "two"], llm_lr: float = 1.0) -> Groups:
    """Freeze and free by stage; returns (parameter, factor of the learning rate) for what is free.

    Stage "one": the adapters alone. Stage "two": adapters and language model, of which, with LoRA, the updates alone.
    """
    if stage not in ("one", "two"):
        raise CallError(f"the stages of training are 'one' and 'two', got {stage!r}")
    return adapters_alone(model) if stage == "one" else adapters_and_llm(model, llm_lr)
