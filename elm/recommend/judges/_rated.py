"""A rating from the probabilities that a language model gives to the answers 1 to 5 (appendix B of CTRL-Rec)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from elm._errors import CallError, TeacherError

RATINGS = ("1", "2", "3", "4", "5")
MASS = 0.9
"""How much of the probability must lie on the five ratings; less, and the model has not understood the question."""


def expected_rating(log_probabilities: npt.ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Log-probabilities (n, 5) of the answers 1 to 5 -> expected ratings (n,), and the mass on the five (n,).

    The rating is sum(r * P(r)), P normalised over the five.

    >>> rating, mass = expected_rating(np.log([[0.05, 0.05, 0.1, 0.2, 0.5]]))
    >>> rating.round(4).tolist(), mass.round(4).tolist()
    ([4.1667], [0.9])
    """
    table = np.asarray(log_probabilities, dtype=np.float64)
    if table.ndim != 2 or table.shape[1] != len(RATINGS):
        raise CallError(f"ratings are read from log-probabilities of shape (n, 5), got {table.shape}")
    shares = np.exp(table)
    mass = shares.sum(axis=1)
    rating = shares @ np.arange(1.0, 6.0) / np.where(mass > 0, mass, 1.0)
    return np.where(mass > 0, rating, np.nan), mass


def value_of(rating: np.ndarray) -> np.ndarray:
    """A rating from 1 to 5 as a value from 0 to 1."""
    return (rating - 1) / 4


def check_mass(mass: np.ndarray, least: float, who: str) -> None:
    """`TeacherError` where the mean mass on the ratings is below `least`."""
    if mass.size and (found := float(np.nanmean(mass))) < least:
        raise TeacherError(
            f"{who} must answer with a rating from 1 to 5, but only {found:.2f} of the probability lies on the five "
            f"(at least {least:g} shows that the question was understood); use an instruction-tuned model, give it "
            "more examples, or lower least_mass and say so beside the results"
        )
