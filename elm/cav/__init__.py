"""Concept vectors: fit a direction for a concept, see whether it is real, and move vectors along it."""

from elm.cav._cav import CAV, CAVs
from elm.cav._estimator import ConceptClassifier, ManyFits, fit_many
from elm.cav._evidence import Fitting, evidence
from elm.cav._fit import fit
from elm.cav._narrate import Narration, narrate_concept, narrate_difference, narrate_move
from elm.cav._per_user import own_against_common
from elm.cav._sentence import from_sentences
from elm.cav._solve import Engine, Method
from elm.cav._sources import (
    fact_concepts,
    genome_concepts,
    genre_concepts,
    named_items,
    tag_concepts,
    tag_disagreement,
    tag_table,
)

__all__ = [
    "CAV",
    "CAVs",
    "ConceptClassifier",
    "Engine",
    "Fitting",
    "ManyFits",
    "Method",
    "Narration",
    "evidence",
    "fact_concepts",
    "fit",
    "fit_many",
    "from_sentences",
    "genome_concepts",
    "genre_concepts",
    "named_items",
    "narrate_concept",
    "narrate_difference",
    "narrate_move",
    "own_against_common",
    "tag_concepts",
    "tag_disagreement",
    "tag_table",
]
