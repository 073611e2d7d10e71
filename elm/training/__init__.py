"""Training: the base model's recipe, and the two stages of an ELM."""

from elm.training._base_lm import BaseRecipe, generated_sources, plot_sources, text_pair, train_base
from elm.training._rates import llm_rate
from elm.training._stage import Likelihood, Stage, adapters_alone, adapters_and_llm, train_stages
from elm.training._two_stage import TwoStage, TwoStageResult, train_two_stage, trainable, two_stages
from elm.training._word_start import NamedWords
from elm.training.data._dataset import WrittenLessons
from elm.training.data._generated import Lessons
from elm.training.data._length_buckets import LengthBuckets
from elm.training.loop._distributed import Team
from elm.training.loop._metrics_log import read_metrics
from elm.training.loop._optimise import LoopConfig, LoopContext, LoopResult, optimise
from elm.training.loop._schedule import SCHEDULES, warmup_constant, warmup_cosine, warmup_linear
from elm.training.loop._validation import Validation

__all__ = [
    "SCHEDULES",
    "BaseRecipe",
    "LengthBuckets",
    "Lessons",
    "Likelihood",
    "LoopConfig",
    "LoopContext",
    "LoopResult",
    "NamedWords",
    "Stage",
    "Team",
    "TwoStage",
    "TwoStageResult",
    "Validation",
    "WrittenLessons",
    "adapters_alone",
    "adapters_and_llm",
    "generated_sources",
    "llm_rate",
    "optimise",
    "plot_sources",
    "read_metrics",
    "text_pair",
    "train_base",
    "train_stages",
    "train_two_stage",
    "trainable",
    "two_stages",
    "warmup_constant",
    "warmup_cosine",
    "warmup_linear",
]
