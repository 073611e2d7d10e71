"""Concept vectors: fit a direction for a concept, see whether it is real, and move vectors along it."""

from elm.cav._cav import CAV, CAVs
from elm.cav._fit import fit

__all__ = ["CAV", "CAVs", "fit"]
