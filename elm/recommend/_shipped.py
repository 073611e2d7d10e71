"""The recommender of the demo world that the package carries."""

from __future__ import annotations

from pathlib import Path

from elm.recommend._load import load
from elm.recommend._protocols import AnyRecommender
from elm.recommend.tears._text_encoder import SentenceVectors

SHIPPED_RECOMMENDER = Path(__file__).parent / "shipped" / "demo"


def shipped_recommender(encoder: SentenceVectors | None = None) -> AnyRecommender:
    """TEARS over the demo world's films, made by `elm train demo`; encoder: as `load` takes it."""
    return load(SHIPPED_RECOMMENDER, encoder)
