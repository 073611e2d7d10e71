"""Scores of texts against controls, on held-out entities only: does a text say what its vector knows?"""

from elm.evaluation._measures import SECTIONS, Measure, Section, System
from elm.evaluation._protocols import CachedEncoder, Describer, Encoder, Texts
from elm.evaluation.certificates._certificate import Certificate
from elm.evaluation.certificates._certifier import Calibration, Certifier, certify
from elm.evaluation.certificates._earned import LEAST
from elm.evaluation.certificates._evidence import Evidence, FactWitness, Signs, Witness, no_false_fact
from elm.evaluation.certificates._tastes import tastes_hold
from elm.evaluation.concepts._figures import along_figure, concepts_figure, map_figure
from elm.evaluation.concepts._paths import AlongScores, Moves, behavioural_along, semantic_along
from elm.evaluation.concepts._sensitivity import Sensitivity, Steps, list_sensitivity, text_sensitivity
from elm.evaluation.concepts._soft_attributes import soft_attribute_scores
from elm.evaluation.concepts._steering import SteerScores, steer_scores
from elm.evaluation.consistency._behavioural import user_consistency
from elm.evaluation.consistency._entities import entities_asked
from elm.evaluation.consistency._facts import FactScores, fact_scores
from elm.evaluation.consistency._held_out import Collaborative, ControlOptions, HeldOutItems, HeldOutUsers, RankOptions
from elm.evaluation.consistency._item_behaviour import ItemBehaviour, item_behaviour, liked_vectors
from elm.evaluation.consistency._item_scores import TaskScores
from elm.evaluation.consistency._names_and_years import named_scores
from elm.evaluation.consistency._rewrites import VERSIONS, VersionScores, version_scores
from elm.evaluation.consistency._semantic import item_consistency
from elm.evaluation.consistency._shortcuts import SIGNS, Finding, fraud_signs
from elm.evaluation.consistency._user_scores import UserScores
from elm.evaluation.controllability._benchmark import bench_control
from elm.evaluation.controllability._figures import guided_figure, guided_map_figure, trade_off_figure
from elm.evaluation.controllability._fine_grained import FineGrained, draw_targets, fine_grained
from elm.evaluation.controllability._guided import Guided, genre_attributes, guided
from elm.evaluation.controllability._large_scope import Flips, LargeScope, draw_flips, large_scope, largest_genres
from elm.evaluation.controllability._map import GuidedMap, MapSettings, guided_map
from elm.evaluation.controllability._round_trip import EditScores, ListSettings, LoopScores, edit_scores, loop_scores
from elm.evaluation.controllability._suite import Control, ControlTasks, control_means, control_scores, share_scores
from elm.evaluation.controllability._wishes import Wish, WishSet, wish_set
from elm.evaluation.controls._item_probe import LinearProbe
from elm.evaluation.controls._significance import control_tests
from elm.evaluation.controls._untrained_adapter import untrained
from elm.evaluation.controls._user_probe import TraitProbe
from elm.evaluation.rankers._bm25 import BM25Ranker
from elm.evaluation.rankers._candidates import Candidates, draw_candidates
from elm.evaluation.rankers._likes_and_dislikes import likes_and_dislikes
from elm.evaluation.rankers._projection import TextProjection
from elm.evaluation.rankers._rankers import Ranker, TextEncoderRanker, TrainedRanker, ZeroShotRanker
from elm.evaluation.raters._agreement import krippendorff_alpha
from elm.evaluation.raters._answers import FormScores, read_answers, read_key
from elm.evaluation.raters._choices import about_which, next_item
from elm.evaluation.raters._files import forms_page, read_forms, save_forms
from elm.evaluation.raters._forms import Choice, FormItem, FormPlan, Forms, make_forms
from elm.evaluation.raters._judge import Judge, Judged, judge_forms
from elm.evaluation.raters._reader_study import reader_study
from elm.evaluation.report._compare import Comparison, compare, comparison_table
from elm.evaluation.report._figures import margins_figure, standing_figure
from elm.evaluation.report._html import page
from elm.evaluation.report._report import BenchReport
from elm.evaluation.report._score_bars import scores_figure
from elm.evaluation.report._terminal_tables import (
    behaviour_table,
    consistency_table,
    facts_table,
    findings_table,
    loop_table,
    profile_table,
    rankers_table,
    versions_table,
)
from elm.evaluation.report._text_files import read_texts, write_entities
from elm.evaluation.report._verdicts import report_tests, verdicts
from elm.evaluation.requests._bench import RequestBench, bench_requests
from elm.evaluation.requests._cost import cost_curve, index_curve
from elm.evaluation.requests._figures import cost_figure, fronts_figure, quality_figure, satisfaction_figure
from elm.evaluation.requests._four_ways import Asking, four_ways
from elm.evaluation.rewards._behaviour import BehaviouralReward
from elm.evaluation.rewards._bench import RewardBench, bench_rewards
from elm.evaluation.rewards._encoders import HistoryEncoder, PolicyEncoder
from elm.evaluation.rewards._policies import base_writer, demo_sessions, demo_writer
from elm.metrics import text_statistics

__all__ = [
    "LEAST",
    "SECTIONS",
    "SIGNS",
    "VERSIONS",
    "AlongScores",
    "Asking",
    "BM25Ranker",
    "BehaviouralReward",
    "BenchReport",
    "CachedEncoder",
    "Calibration",
    "Candidates",
    "Certificate",
    "Certifier",
    "Choice",
    "Collaborative",
    "Comparison",
    "Control",
    "ControlOptions",
    "ControlTasks",
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
    "FormPlan",
    "FormScores",
    "Forms",
    "Guided",
    "GuidedMap",
    "HeldOutItems",
    "HeldOutUsers",
    "HistoryEncoder",
    "ItemBehaviour",
    "Judge",
    "Judged",
    "LargeScope",
    "LinearProbe",
    "ListSettings",
    "LoopScores",
    "MapSettings",
    "Measure",
    "Moves",
    "PolicyEncoder",
    "RankOptions",
    "Ranker",
    "RequestBench",
    "RewardBench",
    "Section",
    "Sensitivity",
    "Signs",
    "SteerScores",
    "Steps",
    "System",
    "TaskScores",
    "TextEncoderRanker",
    "TextProjection",
    "Texts",
    "TrainedRanker",
    "TraitProbe",
    "UserScores",
    "VersionScores",
    "Wish",
    "WishSet",
    "Witness",
    "ZeroShotRanker",
    "about_which",
    "along_figure",
    "base_writer",
    "behaviour_table",
    "behavioural_along",
    "bench_control",
    "bench_requests",
    "bench_rewards",
    "certify",
    "compare",
    "comparison_table",
    "concepts_figure",
    "consistency_table",
    "control_means",
    "control_scores",
    "control_tests",
    "cost_curve",
    "cost_figure",
    "demo_sessions",
    "demo_writer",
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
    "four_ways",
    "fraud_signs",
    "fronts_figure",
    "genre_attributes",
    "guided",
    "guided_figure",
    "guided_map",
    "guided_map_figure",
    "index_curve",
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
    "quality_figure",
    "rankers_table",
    "read_answers",
    "read_forms",
    "read_key",
    "read_texts",
    "reader_study",
    "report_tests",
    "satisfaction_figure",
    "save_forms",
    "scores_figure",
    "semantic_along",
    "share_scores",
    "soft_attribute_scores",
    "standing_figure",
    "steer_scores",
    "tastes_hold",
    "text_sensitivity",
    "text_statistics",
    "trade_off_figure",
    "untrained",
    "user_consistency",
    "verdicts",
    "version_scores",
    "versions_table",
    "wish_set",
    "write_entities",
]
