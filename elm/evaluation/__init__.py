"""Scores of texts against controls, on held-out entities only: does a text say what its vector knows?"""

from elm.evaluation._along import AlongScores, behavioural_along, semantic_along
from elm.evaluation._asked import entities_asked
from elm.evaluation._behavioural import user_consistency
from elm.evaluation._candidates import Candidates, draw_candidates
from elm.evaluation._certificate import Certificate
from elm.evaluation._certifier import Calibration, Certifier, certify
from elm.evaluation._compare import Comparison, compare, comparison_table
from elm.evaluation._control import Control, control_means, control_scores, share_scores
from elm.evaluation._control_figures import guided_figure, guided_map_figure, trade_off_figure
from elm.evaluation._control_fine import BETWEEN, FineGrained, check_range, draw_targets, fine_grained
from elm.evaluation._control_guided import Guided, genre_attributes, guided
from elm.evaluation._control_large import Flips, LargeScope, draw_flips, large_scope, largest_genres
from elm.evaluation._control_map import GuidedMap, guided_map
from elm.evaluation._controls import CONTROLS, HEADLINES, control_tests
from elm.evaluation._evidence import Evidence, FactWitness, Signs, Witness, beats_neighbour, no_false_fact
from elm.evaluation._facts import FactScores, fact_scores
from elm.evaluation._figures import along_figure, concepts_figure, map_figure
from elm.evaluation._forms import Choice, FormItem, Forms, make_forms
from elm.evaluation._forms_agreement import krippendorff_alpha
from elm.evaluation._forms_answers import FormScores, read_answers, read_key
from elm.evaluation._forms_files import forms_page, read_forms, save_forms
from elm.evaluation._frauds import SIGNS, Finding, fraud_signs
from elm.evaluation._given import read_texts, write_entities
from elm.evaluation._interpretability import about_which, next_item
from elm.evaluation._item_behaviour import ItemBehaviour, item_behaviour, liked_vectors
from elm.evaluation._judge import Judge, Judged, judge_forms
from elm.evaluation._lexical import BM25Ranker
from elm.evaluation._loop import EditScores, LoopScores, edit_scores, loop_scores
from elm.evaluation._named import named_scores
from elm.evaluation._page import page
from elm.evaluation._page_figures import margins_figure, standing_figure
from elm.evaluation._page_report import BenchReport
from elm.evaluation._page_verdicts import report_tests, verdicts
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
    findings_table,
    loop_table,
    profile_table,
    rankers_table,
    versions_table,
)
from elm.evaluation._text_statistics import text_statistics
from elm.evaluation._texts import CachedEncoder, Describer, Encoder, Texts
from elm.evaluation._trait_probe import TraitProbe
from elm.evaluation._untrained import untrained
from elm.evaluation._user_scores import UserScores
from elm.evaluation._versions import VERSIONS, VersionScores, version_scores

__all__ = [
    "BETWEEN",
    "CONTROLS",
    "HEADLINES",
    "SIGNS",
    "VERSIONS",
    "AlongScores",
    "BM25Ranker",
    "BenchReport",
    "CachedEncoder",
    "Calibration",
    "Candidates",
    "Certificate",
    "Certifier",
    "Choice",
    "Comparison",
    "Control",
    "Describer",
    "EditScores",
    "Encoder",
    "Evidence",
    "FactScores",
    "FactWitness",
    "Finding",
    "FineGrained",
    "Flips",
    "FormItem",
    "FormScores",
    "Forms",
    "Guided",
    "GuidedMap",
    "ItemBehaviour",
    "Judge",
    "Judged",
    "LargeScope",
    "LinearProbe",
    "LoopScores",
    "Ranker",
    "Sensitivity",
    "Signs",
    "SteerScores",
    "TaskScores",
    "TextEncoderRanker",
    "TextProjection",
    "Texts",
    "TrainedRanker",
    "TraitProbe",
    "UserScores",
    "VersionScores",
    "Witness",
    "ZeroShotRanker",
    "about_which",
    "along_figure",
    "beats_neighbour",
    "behaviour_table",
    "behavioural_along",
    "certify",
    "check_range",
    "compare",
    "comparison_table",
    "concepts_figure",
    "consistency_table",
    "control_means",
    "control_scores",
    "control_tests",
    "draw_candidates",
    "draw_flips",
    "draw_targets",
    "edit_scores",
    "entities_asked",
    "fact_scores",
    "facts_table",
    "findings_table",
    "fine_grained",
    "forms_page",
    "fraud_signs",
    "genre_attributes",
    "guided",
    "guided_figure",
    "guided_map",
    "guided_map_figure",
    "item_behaviour",
    "item_consistency",
    "judge_forms",
    "krippendorff_alpha",
    "large_scope",
    "largest_genres",
    "liked_vectors",
    "likes_and_dislikes",
    "list_sensitivity",
    "loop_scores",
    "loop_table",
    "make_forms",
    "map_figure",
    "margins_figure",
    "named_scores",
    "next_item",
    "no_false_fact",
    "page",
    "profile_table",
    "rankers_table",
    "read_answers",
    "read_forms",
    "read_key",
    "read_texts",
    "report_tests",
    "save_forms",
    "scores_figure",
    "semantic_along",
    "share_scores",
    "soft_attribute_scores",
    "standing_figure",
    "steer_scores",
    "text_sensitivity",
    "text_statistics",
    "trade_off_figure",
    "untrained",
    "user_consistency",
    "verdicts",
    "version_scores",
    "versions_table",
    "write_entities",
]
