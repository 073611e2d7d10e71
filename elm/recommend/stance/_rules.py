"""Stance by rule: the English words of `speaks_against`; for encoders that no reader was trained for."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from torch import nn

from elm.recommend.profiles._polarity import speaks_against


class StanceRules(nn.Module):
    """Every sentence is for what it names, or against it where it holds one of the words; none is neither."""

    def read(self, texts: Sequence[str]) -> np.ndarray:
        """Shares (n, 3) float32: against, neither, for.

        >>> StanceRules().read(["They avoid war films."])
        array([[1., 0., 0.]], dtype=float32)
        """
        against = np.array([speaks_against(text) for text in texts], np.float32).reshape(-1, 1)
        return np.concatenate([against, np.zeros_like(against), 1 - against], axis=1)
