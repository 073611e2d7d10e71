"""Training: the base model's recipe, the two stages of an ELM, and training by reward."""

from elm.training._base_lm import BaseRecipe, generated_sources, plot_sources, text_pair, train_base
from elm.training._cost import Device, TrainingCost, device_of, kept_numbers, product_speed, training_cost
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
from elm.training.loop._watch import TRACKERS, Watcher, tracked, watched
from elm.training.reward._collect import Reward
from elm.training.reward._guard import Guard, Limits, guarded
from elm.training.reward._language_model_policy import TextPolicy, VectorPolicy
from elm.training.reward._objectives import OBJECTIVES, Objective
from elm.training.reward._policy import FirstWeights, Policy, Scores
from elm.training.reward._policy_gradient import grpo, reinforce
from elm.training.reward._readability import Readability
from elm.training.reward._rewards import PreferenceReward, SemanticReward, mixed_reward
from elm.training.reward._rlso import PROTOCOLS, rlso
from elm.training.reward._train import RewardResult, RewardTraining, train_by_reward
from elm.training.reward._trajectories import Trajectories, standardised
from elm.training.reward._tuned import Tuned

__all__ = [
    "OBJECTIVES",
    "PROTOCOLS",
    "SCHEDULES",
    "TRACKERS",
    "BaseRecipe",
    "Device",
    "FirstWeights",
    "Guard",
    "LengthBuckets",
    "Lessons",
    "Likelihood",
    "Limits",
    "LoopConfig",
    "LoopContext",
    "LoopResult",
    "NamedWords",
    "Objective",
    "Policy",
    "PreferenceReward",
    "Readability",
    "Reward",
    "RewardResult",
    "RewardTraining",
    "Scores",
    "SemanticReward",
    "Stage",
    "Team",
    "TextPolicy",
    "TrainingCost",
    "Trajectories",
    "Tuned",
    "TwoStage",
    "TwoStageResult",
    "Validation",
    "VectorPolicy",
    "Watcher",
    "WrittenLessons",
    "adapters_alone",
    "adapters_and_llm",
    "device_of",
    "generated_sources",
    "grpo",
    "guarded",
    "kept_numbers",
    "llm_rate",
    "mixed_reward",
    "optimise",
    "plot_sources",
    "product_speed",
    "read_metrics",
    "reinforce",
    "rlso",
    "standardised",
    "text_pair",
    "tracked",
    "train_base",
    "train_by_reward",
    "train_stages",
    "train_two_stage",
    "trainable",
    "training_cost",
    "two_stages",
    "warmup_constant",
    "warmup_cosine",
    "warmup_linear",
    "watched",
]
