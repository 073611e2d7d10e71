"""Data sets: the `Dataset` type, loaders, the demo world, splits and guards against leakage."""

from elm.data._constants import ATTRIBUTES, GENRES
from elm.data._dataset import Dataset, Facts

__all__ = ["ATTRIBUTES", "GENRES", "Dataset", "Facts"]
