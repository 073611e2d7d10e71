"""Training: the base model's recipe, and the two stages of an ELM."""

from elm.training._base_lm import BaseRecipe, generated_sources, plot_sources, text_pair, train_base
from elm.training._lessons import Lessons
from elm.training._loop import LoopConfig, LoopResult, optimise
from elm.training._schedule import warmup_cosine
from elm.training._stages import TwoStage, TwoStageResult, train_two_stage, trainable

__all__ = ["BaseRecipe", "Lessons", "LoopConfig", "LoopResult", "TwoStage", "TwoStageResult", "generated_sources",
           "optimise", "plot_sources", "text_pair", "train_base", "train_two_stage", "trainable",
           "warmup_cosine"]  # fmt: skip
