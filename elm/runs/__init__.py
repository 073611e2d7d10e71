"""Runs: data, vectors, models and scores of one experiment in one folder that resumes."""

from elm.evaluation import ControlTasks, bench_control
from elm.recommend import (
    TEXT_MODELS,
    SummaryOptions,
    TextModels,
    TextSplit,
    WithTexts,
    best_alpha,
    chat_summaries,
    file_summaries,
    fit_text_model,
    natural_pairs,
    template_summaries,
    text_split,
)
from elm.runs._concepts import (
    ConceptSettings,
    concept_evidence,
    concept_source,
    concept_vector,
    fit_concepts,
    open_concepts,
    sentence_concepts,
)
from elm.runs._config import RunConfig
from elm.runs._experiment_data import World, build_world
from elm.runs._folder import RunFolder
from elm.runs._open import (
    folded_history,
    open_model,
    open_recommender,
    open_run,
    open_table,
    open_tables,
    open_vector,
    run_settings,
    vector_of_history,
)
from elm.runs._requests import open_steered, steered
from elm.runs._trust import trust
from elm.runs.making._latents import latent_table, read_summaries
from elm.runs.making._plan import plan_run
from elm.runs.making._quickstart import QUICK, SHORT, quickstart
from elm.runs.making._train_base import make_base
from elm.runs.making._train_model import teach
from elm.runs.making._train_recommender import HeldUsers, held_users, teach_recommender
from elm.runs.making._train_run import make_demo, train_run
from elm.runs.readers._config import FitOptions, ReaderConfig
from elm.runs.readers._fit import Reader, fit
from elm.runs.readers._texts import texts_of, without_names
from elm.runs.scoring._bench import BenchOptions, bench_compare, bench_entities, bench_run
from elm.runs.scoring._bench_forms import bench_forms
from elm.runs.scoring._certificates import Known, certifier
from elm.runs.scoring._score import RunScores, score_films, score_run, score_users
from elm.runs.scoring._shipped import shipped_twin
from elm.runs.share._card import model_card, write_card
from elm.runs.share._card_data import card_problems
from elm.runs.share._package import check_out, merge_folder, pack

__all__ = [
    "QUICK",
    "SHORT",
    "TEXT_MODELS",
    "BenchOptions",
    "ConceptSettings",
    "ControlTasks",
    "FitOptions",
    "HeldUsers",
    "Known",
    "Reader",
    "ReaderConfig",
    "RunConfig",
    "RunFolder",
    "RunScores",
    "SummaryOptions",
    "TextModels",
    "TextSplit",
    "WithTexts",
    "World",
    "bench_compare",
    "bench_control",
    "bench_entities",
    "bench_forms",
    "bench_run",
    "best_alpha",
    "build_world",
    "card_problems",
    "certifier",
    "chat_summaries",
    "check_out",
    "concept_evidence",
    "concept_source",
    "concept_vector",
    "file_summaries",
    "fit",
    "fit_concepts",
    "fit_text_model",
    "folded_history",
    "held_users",
    "latent_table",
    "make_base",
    "make_demo",
    "merge_folder",
    "model_card",
    "natural_pairs",
    "open_concepts",
    "open_model",
    "open_recommender",
    "open_run",
    "open_steered",
    "open_table",
    "open_tables",
    "open_vector",
    "pack",
    "plan_run",
    "quickstart",
    "read_summaries",
    "run_settings",
    "score_films",
    "score_run",
    "score_users",
    "sentence_concepts",
    "shipped_twin",
    "steered",
    "teach",
    "teach_recommender",
    "template_summaries",
    "text_split",
    "texts_of",
    "train_run",
    "trust",
    "vector_of_history",
    "without_names",
    "write_card",
]
