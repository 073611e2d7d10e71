"""Recommenders that a person can steer with words: Multi-VAE, TEARS, and what an edit of the text changes."""

from elm.recommend._batches import fold_in, positives
from elm.recommend._edits import EditEffect, edit_genres, evaluate_edit, genre_ndcg, genre_preferences
from elm.recommend._fitting import HeldOut, ndcg_at
from elm.recommend._gaussian import Gaussian, transport_cost
from elm.recommend._genre_words import names_genre, swap_genres
from elm.recommend._lora_text_encoder import LoraTextEncoder
from elm.recommend._multivae import MultiVAE, MultiVAEConfig
from elm.recommend._popularity import Popularity
from elm.recommend._recommender import Recommendation, Recommender
from elm.recommend._scores import evaluate_profiles
from elm.recommend._sentences import pieces
from elm.recommend._tears import Tears
from elm.recommend._text_encoder import PieceTextEncoder, SentenceVectors, TextEncoder, TextHeadConfig
from elm.recommend._train_multivae import MultiVAETraining, history_scores, train_multivae
from elm.recommend._train_tears import TearsTraining, train_tears

load = Recommender.load

__all__ = [
    "EditEffect",
    "Gaussian",
    "HeldOut",
    "LoraTextEncoder",
    "MultiVAE",
    "MultiVAEConfig",
    "MultiVAETraining",
    "PieceTextEncoder",
    "Popularity",
    "Recommendation",
    "Recommender",
    "SentenceVectors",
    "Tears",
    "TearsTraining",
    "TextEncoder",
    "TextHeadConfig",
    "edit_genres",
    "evaluate_edit",
    "evaluate_profiles",
    "fold_in",
    "genre_ndcg",
    "genre_preferences",
    "history_scores",
    "load",
    "names_genre",
    "ndcg_at",
    "pieces",
    "positives",
    "swap_genres",
    "train_multivae",
    "train_tears",
    "transport_cost",
]
