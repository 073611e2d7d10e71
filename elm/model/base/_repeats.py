"""A guard against a text that goes round in a circle, as small language models do now and then."""

from __future__ import annotations

import torch

_LONGEST = 16  # tokens of what is repeated


class RepetitionGuard:
    """A logits processor that forbids the next token where it would say the same thing once more.

    The same run of 1 to 16 tokens may come `most` times in a row; what would begin it again is forbidden, so that
    "a preacher, a preacher," ends there. Runs that come again with something between them are left alone.
    """

    def __init__(self, most: int) -> None:
        self._most = most

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        """input_ids (B, t): what was written; scores (B, vocabulary), -inf where a token is forbidden."""
        most, written = self._most, input_ids.shape[1]
        if written < most:
            return scores
        rows = torch.arange(len(input_ids), device=scores.device)
        scores = scores.clone()
        for length in range(1, min(_LONGEST, written // most) + 1):
            runs = input_ids[:, -length * most :].view(-1, most, length)  # (B, runs, tokens)
            around = (runs == runs[:, :1]).all(dim=2).all(dim=1)
            scores[rows[around], input_ids[around, -length]] = -torch.inf
        return scores
