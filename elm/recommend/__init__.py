"""Recommenders: backbones that rank from histories, TEARS that a person steers with words, and what an edit changes."""

from elm.recommend._asked import AskedModel
from elm.recommend._autoencoder import Autoencoder, Backbone, Pass
from elm.recommend._backbone_store import load_backbone, save_backbone
from elm.recommend._batches import fold_in, positives
from elm.recommend._bench import bench_models
from elm.recommend._ease import EASE
from elm.recommend._editor import Editor, LanguageModelEditor, RuleEditor
from elm.recommend._edits import (
    EditEffect,
    Scorer,
    all_on,
    edit_genres,
    evaluate_edit,
    flip_shares,
    genre_masks,
    genre_ndcg,
    genre_preferences,
)
from elm.recommend._evaluate import CUTOFFS, compare, cost, measure
from elm.recommend._explain import EditExplanation, EditPart, ListDiff
from elm.recommend._fitting import HeldOut, ndcg_at
from elm.recommend._gaussian import Gaussian, transport_cost
from elm.recommend._genre_encoder import GenreEncoder, genre_shares
from elm.recommend._genre_words import genre_words, names_genre, swap_genres
from elm.recommend._lora_text_encoder import LoraTextEncoder
from elm.recommend._macridvae import MacridVAE, MacridVAEConfig
from elm.recommend._models import AUTOENCODERS, MODELS, fit_backbone, make_autoencoder
from elm.recommend._multidae import MultiDAE, MultiDAEConfig
from elm.recommend._multivae import MultiVAE, MultiVAEConfig
from elm.recommend._polarity import affirmed, sentiment, speaks_against
from elm.recommend._popularity import Popularity
from elm.recommend._protocol import PAPER_THRESHOLDS, PROTOCOLS, Thresholds, split_dataset
from elm.recommend._recommender import Recommendation, Recommender
from elm.recommend._recvae import RecVAE, RecVAEConfig
from elm.recommend._scores import evaluate_profiles
from elm.recommend._sentences import clauses, pieces
from elm.recommend._sparse_rows import SparseRows
from elm.recommend._split import RecommendationSplit
from elm.recommend._tears import Tears
from elm.recommend._tears_loss import BASE, DECODINGS, TearsTraining
from elm.recommend._text_encoder import PieceTextEncoder, SentenceVectors, TextEncoder, TextHeadConfig
from elm.recommend._train_backbone import TRAINING, BackboneTraining, MultiVAETraining, train_backbone, train_multivae
from elm.recommend._train_tears import Views, train_tears
from elm.recommend._tuning import TUNING, tuning_grid
from elm.recommend._views import make_views
from elm.recommend._wals_ranker import WalsRanker

load = Recommender.load

__all__ = [
    "AUTOENCODERS",
    "BASE",
    "CUTOFFS",
    "DECODINGS",
    "EASE",
    "MODELS",
    "PAPER_THRESHOLDS",
    "PROTOCOLS",
    "TRAINING",
    "TUNING",
    "AskedModel",
    "Autoencoder",
    "Backbone",
    "BackboneTraining",
    "EditEffect",
    "EditExplanation",
    "EditPart",
    "Editor",
    "Gaussian",
    "GenreEncoder",
    "HeldOut",
    "LanguageModelEditor",
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
    "RecVAE",
    "RecVAEConfig",
    "Recommendation",
    "RecommendationSplit",
    "Recommender",
    "RuleEditor",
    "Scorer",
    "SentenceVectors",
    "SparseRows",
    "Tears",
    "TearsTraining",
    "TextEncoder",
    "TextHeadConfig",
    "Thresholds",
    "Views",
    "WalsRanker",
    "affirmed",
    "all_on",
    "bench_models",
    "clauses",
    "compare",
    "cost",
    "edit_genres",
    "evaluate_edit",
    "evaluate_profiles",
    "fit_backbone",
    "flip_shares",
    "fold_in",
    "genre_masks",
    "genre_ndcg",
    "genre_preferences",
    "genre_shares",
    "genre_words",
    "load",
    "load_backbone",
    "make_autoencoder",
    "make_views",
    "measure",
    "names_genre",
    "ndcg_at",
    "pieces",
    "positives",
    "save_backbone",
    "sentiment",
    "speaks_against",
    "split_dataset",
    "swap_genres",
    "train_backbone",
    "train_multivae",
    "train_tears",
    "transport_cost",
    "tuning_grid",
]
