"""Recommenders: backbones that rank from histories, TEARS that a person steers with words, and what an edit changes."""

from elm.embeddings import ExactIndex, FaissIndex, Index, index_recall
from elm.metrics import genre_ndcg
from elm.recommend._held_out import HeldOut, ndcg_at, ranked_gains
from elm.recommend._lists import ListDiff, Recommendation
from elm.recommend._load import load
from elm.recommend._protocols import AnyRecommender, Scorer
from elm.recommend._ratings import fold_in, positives
from elm.recommend._scores import evaluate_profiles
from elm.recommend._shipped import SHIPPED_RECOMMENDER, shipped_recommender
from elm.recommend.backbones._autoencoder import Autoencoder, Backbone, Pass
from elm.recommend.backbones._ease import EASE
from elm.recommend.backbones._gaussian import Gaussian, transport_cost
from elm.recommend.backbones._lightgcn import LightGCN
from elm.recommend.backbones._macridvae import MacridVAE, MacridVAEConfig
from elm.recommend.backbones._multidae import MultiDAE, MultiDAEConfig
from elm.recommend.backbones._multivae import MultiVAE, MultiVAEConfig, MultiVAETraining, train_multivae
from elm.recommend.backbones._nmf import NMF
from elm.recommend.backbones._popularity import Popularity
from elm.recommend.backbones._random import RandomRanker
from elm.recommend.backbones._recommender import BackboneRecommender
from elm.recommend.backbones._recvae import RecVAE, RecVAEConfig
from elm.recommend.backbones._registry import (
    AUTOENCODERS,
    MODELS,
    TRAINING,
    fit_backbone,
    make_autoencoder,
    train_backbone,
)
from elm.recommend.backbones._sparse_rows import SparseRows
from elm.recommend.backbones._store import load_backbone, save_backbone
from elm.recommend.backbones._training import BackboneTraining
from elm.recommend.backbones._wals import WalsRanker
from elm.recommend.benchmark._benchmark import FitOptions, bench_models
from elm.recommend.benchmark._measures import CUTOFFS, compare, cost, measure
from elm.recommend.benchmark._prompted_llm import AskedModel
from elm.recommend.benchmark._protocol import PAPER_THRESHOLDS, PROTOCOLS, Thresholds, split_dataset
from elm.recommend.benchmark._split import RecommendationSplit
from elm.recommend.judges._aspect import Aspect
from elm.recommend.judges._cards import Card, Cards, cards_of
from elm.recommend.judges._chat_value_judge import ChatValueJudge
from elm.recommend.judges._fact_judge import FactJudge
from elm.recommend.judges._language_model_judge import LanguageModelJudge
from elm.recommend.judges._lexicon import FILM_ASPECTS, REQUESTED_GENRES
from elm.recommend.judges._rated import expected_rating
from elm.recommend.judges._reading import Reading
from elm.recommend.judges._values import RequestValues
from elm.recommend.langptune._algorithm import VARIANTS, LangPTune, ProfileEncoder, evaluate_profiler, train_langptune
from elm.recommend.langptune._contrastive import ContrastiveTraining, train_decoder
from elm.recommend.langptune._conventions import CONVENTIONS, Conventions, conventions
from elm.recommend.langptune._decoder import ProfileRecommender
from elm.recommend.langptune._histories import history_prompts
from elm.recommend.langptune._ranks import list_measures, target_ranks
from elm.recommend.langptune._sessions import Sessions, sessions_by_time
from elm.recommend.profiles._editors import Editor, LanguageModelEditor, RuleEditor
from elm.recommend.profiles._genre_swap import (
    EditEffect,
    EditOptions,
    all_on,
    edit_genres,
    evaluate_edit,
    flip_shares,
    genre_masks,
    genre_preferences,
)
from elm.recommend.profiles._genre_words import genre_words, names_genre, swap_genres
from elm.recommend.profiles._polarity import affirmed, sentiment, speaks_against
from elm.recommend.profiles._sentences import clauses, pieces
from elm.recommend.requests._bivae import BiVAERanker
from elm.recommend.requests._distil import Distillation, distil
from elm.recommend.requests._distilled import Distilled, item_table
from elm.recommend.requests._distilled_store import load_distilled, save_distilled
from elm.recommend.requests._encoder_values import EncoderValues
from elm.recommend.requests._explain import Explanation
from elm.recommend.requests._generate import RequestWriter, Wish, chat_requests, guard_wording, shared_wording
from elm.recommend.requests._parts import Asked
from elm.recommend.requests._scoring import base_scores, combine, combined_places, places
from elm.recommend.requests._signals import Engagement
from elm.recommend.requests._standing import StandingWish, StandingWishes
from elm.recommend.requests._steered import SteeredRecommender
from elm.recommend.requests._when import When
from elm.recommend.tears._attribution import EditExplanation, EditPart
from elm.recommend.tears._augmentation import make_views
from elm.recommend.tears._beside import TextBeside
from elm.recommend.tears._controls import natural_pairs, with_controls
from elm.recommend.tears._genre_encoder import GenreEncoder, genre_shares
from elm.recommend.tears._grids import TUNING, tuning_grid
from elm.recommend.tears._known_texts import KnownTexts
from elm.recommend.tears._lora_text_encoder import LoraTextEncoder
from elm.recommend.tears._loss import BASE, DECODINGS, TearsTraining
from elm.recommend.tears._model import Tears
from elm.recommend.tears._recommender import Recommender
from elm.recommend.tears._registry import TEXT_MODELS, TextModels, WithTexts, best_alpha, fit_text_model
from elm.recommend.tears._summaries import SummaryOptions, chat_summaries, file_summaries, template_summaries
from elm.recommend.tears._text_encoder import PieceTextEncoder, SentenceVectors, TextEncoder, TextHeadConfig
from elm.recommend.tears._text_split import TextSplit, text_split
from elm.recommend.tears._training import TearsRun, Views, train_tears

__all__ = [
    "AUTOENCODERS",
    "BASE",
    "CONVENTIONS",
    "CUTOFFS",
    "DECODINGS",
    "EASE",
    "FILM_ASPECTS",
    "MODELS",
    "NMF",
    "PAPER_THRESHOLDS",
    "PROTOCOLS",
    "REQUESTED_GENRES",
    "SHIPPED_RECOMMENDER",
    "TEXT_MODELS",
    "TRAINING",
    "TUNING",
    "VARIANTS",
    "AnyRecommender",
    "Asked",
    "AskedModel",
    "Aspect",
    "Autoencoder",
    "Backbone",
    "BackboneRecommender",
    "BackboneTraining",
    "BiVAERanker",
    "Card",
    "Cards",
    "ChatValueJudge",
    "ContrastiveTraining",
    "Conventions",
    "Distillation",
    "Distilled",
    "EditEffect",
    "EditExplanation",
    "EditOptions",
    "EditPart",
    "Editor",
    "EncoderValues",
    "Engagement",
    "ExactIndex",
    "Explanation",
    "FactJudge",
    "FaissIndex",
    "FitOptions",
    "Gaussian",
    "GenreEncoder",
    "HeldOut",
    "Index",
    "KnownTexts",
    "LangPTune",
    "LanguageModelEditor",
    "LanguageModelJudge",
    "LightGCN",
    "ListDiff",
    "LoraTextEncoder",
    "MacridVAE",
    "MacridVAEConfig",
    "MultiDAE",
    "MultiDAEConfig",
    "MultiVAE",
    "MultiVAEConfig",
    "MultiVAETraining",
    "Pass",
    "PieceTextEncoder",
    "Popularity",
    "ProfileEncoder",
    "ProfileRecommender",
    "RandomRanker",
    "Reading",
    "RecVAE",
    "RecVAEConfig",
    "Recommendation",
    "RecommendationSplit",
    "Recommender",
    "RequestValues",
    "RequestWriter",
    "RuleEditor",
    "Scorer",
    "SentenceVectors",
    "Sessions",
    "SparseRows",
    "StandingWish",
    "StandingWishes",
    "SteeredRecommender",
    "SummaryOptions",
    "Tears",
    "TearsRun",
    "TearsTraining",
    "TextBeside",
    "TextEncoder",
    "TextHeadConfig",
    "TextModels",
    "TextSplit",
    "Thresholds",
    "Views",
    "WalsRanker",
    "When",
    "Wish",
    "WithTexts",
    "affirmed",
    "all_on",
    "base_scores",
    "bench_models",
    "best_alpha",
    "cards_of",
    "chat_requests",
    "chat_summaries",
    "clauses",
    "combine",
    "combined_places",
    "compare",
    "conventions",
    "cost",
    "distil",
    "edit_genres",
    "evaluate_edit",
    "evaluate_profiler",
    "evaluate_profiles",
    "expected_rating",
    "file_summaries",
    "fit_backbone",
    "fit_text_model",
    "flip_shares",
    "fold_in",
    "genre_masks",
    "genre_ndcg",
    "genre_preferences",
    "genre_shares",
    "genre_words",
    "guard_wording",
    "history_prompts",
    "index_recall",
    "item_table",
    "list_measures",
    "load",
    "load_backbone",
    "load_distilled",
    "make_autoencoder",
    "make_views",
    "measure",
    "names_genre",
    "natural_pairs",
    "ndcg_at",
    "pieces",
    "places",
    "positives",
    "ranked_gains",
    "save_backbone",
    "save_distilled",
    "sentiment",
    "sessions_by_time",
    "shared_wording",
    "shipped_recommender",
    "speaks_against",
    "split_dataset",
    "swap_genres",
    "target_ranks",
    "template_summaries",
    "text_split",
    "train_backbone",
    "train_decoder",
    "train_langptune",
    "train_multivae",
    "train_tears",
    "transport_cost",
    "tuning_grid",
    "with_controls",
]
