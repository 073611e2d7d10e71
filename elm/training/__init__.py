"""Training: the base model's recipe, and the two stages of an ELM."""

from elm.training._base_lm import BaseRecipe, generated_sources, plot_sources, text_pair, train_base
from elm.training._buckets import LengthBuckets
from elm.training._lessons import Lessons
from elm.training._loop import LoopConfig, LoopResult, optimise
from elm.training._metrics import read_metrics
from elm.training._schedule import SCHEDULES, warmup_constant, warmup_cosine, warmup_linear
from elm.training._stages import TwoStage, TwoStageResult, train_two_stage, trainable
from elm.training._team import Team
from elm.training._validate import Validation
from elm.training._written import WrittenLessons

__all__ = [
    "SCHEDULES",
    "BaseRecipe",
    "LengthBuckets",
    "Lessons",
    "LoopConfig",
    "LoopResult",
    "Team",
    "TwoStage",
    "TwoStageResult",
    "Validation",
    "WrittenLessons",
    "generated_sources",
    "optimise",
    "plot_sources",
    "read_metrics",
    "text_pair",
    "train_base",
    "train_two_stage",
    "trainable",
    "warmup_constant",
    "warmup_cosine",
    "warmup_linear",
]
