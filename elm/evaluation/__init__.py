"""Scores of texts against controls, on held-out entities only: does a text say what its vector knows?"""

from elm.evaluation._along import AlongScores, behavioural_along, semantic_along
from elm.evaluation._asked import entities_asked
from elm.evaluation._behavioural import user_consistency
from elm.evaluation._candidates import Candidates, draw_candidates
from elm.evaluation._controls import CONTROLS, HEADLINES, control_tests
from elm.evaluation._facts import FactScores, fact_scores
from elm.evaluation._figures import along_figure, concepts_figure, map_figure
from elm.evaluation._frauds import SIGNS, Finding, fraud_signs
from elm.evaluation._item_behaviour import ItemBehaviour, item_behaviour, liked_vectors
from elm.evaluation._lexical import BM25Ranker
from elm.evaluation._loop import EditScores, LoopScores, edit_scores, loop_scores
from elm.evaluation._probe import LinearProbe
from elm.evaluation._profile_parts import likes_and_dislikes
from elm.evaluation._projection import TextProjection
from elm.evaluation._ranker import Ranker, TextEncoderRanker, TrainedRanker, ZeroShotRanker
from elm.evaluation._report import scores_figure
from elm.evaluation._semantic import TaskScores, item_consistency
from elm.evaluation._sensitivity import Sensitivity, list_sensitivity, text_sensitivity
from elm.evaluation._soft_attributes import soft_attribute_scores
from elm.evaluation._steer import SteerScores, steer_scores
from elm.evaluation._tables import (
    behaviour_table,
    consistency_table,
    facts_table,
    loop_table,
    profile_table,
    versions_table,
)
from elm.evaluation._texts import CachedEncoder, Describer, Encoder, Texts
from elm.evaluation._trait_probe import TraitProbe
from elm.evaluation._untrained import untrained
from elm.evaluation._user_scores import UserScores
from elm.evaluation._versions import VERSIONS, VersionScores, version_scores

__all__ = [
    "CONTROLS",
    "HEADLINES",
    "SIGNS",
    "VERSIONS",
    "AlongScores",
    "BM25Ranker",
    "CachedEncoder",
    "Candidates",
    "Describer",
    "EditScores",
    "Encoder",
    "FactScores",
    "Finding",
    "ItemBehaviour",
    "LinearProbe",
    "LoopScores",
    "Ranker",
    "Sensitivity",
    "SteerScores",
    "TaskScores",
    "TextEncoderRanker",
    "TextProjection",
    "Texts",
    "TrainedRanker",
    "TraitProbe",
    "UserScores",
    "VersionScores",
    "ZeroShotRanker",
    "along_figure",
    "behaviour_table",
    "behavioural_along",
    "concepts_figure",
    "consistency_table",
    "control_tests",
    "draw_candidates",
    "edit_scores",
    "entities_asked",
    "fact_scores",
    "facts_table",
    "fraud_signs",
    "item_behaviour",
    "item_consistency",
    "liked_vectors",
    "likes_and_dislikes",
    "list_sensitivity",
    "loop_scores",
    "loop_table",
    "map_figure",
    "profile_table",
    "scores_figure",
    "semantic_along",
    "soft_attribute_scores",
    "steer_scores",
    "text_sensitivity",
    "untrained",
    "user_consistency",
    "version_scores",
    "versions_table",
]
