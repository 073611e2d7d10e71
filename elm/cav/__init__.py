"""Concept vectors: fit a direction for a concept, see whether it is real, and move vectors along it."""

from elm.cav._cav import CAV, CAVs
from elm.cav._estimator import ConceptClassifier, ManyFits, fit_many
from elm.cav._fit import fit
from elm.cav._narrate import Narration, narrate_concept, narrate_difference, narrate_move

__all__ = [
    "CAV",
    "CAVs",
    "ConceptClassifier",
    "ManyFits",
    "Narration",
    "fit",
    "fit_many",
    "narrate_concept",
    "narrate_difference",
    "narrate_move",
]
