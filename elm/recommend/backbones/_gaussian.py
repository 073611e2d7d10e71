"""Diagonal Gaussians, and the three terms of the alignment loss (TEARS, equations 1, 3, 5 and the KL term)."""

from __future__ import annotations

from typing import NamedTuple

import torch

from elm.recommend.backbones._sparse_rows import Ratings, as_rows


class Gaussian(NamedTuple):
    """A batch of diagonal Gaussians: mean and standard deviation, both (B, latent)."""

    mu: torch.Tensor
    sigma: torch.Tensor

    def sample(self) -> torch.Tensor:
        """mu + sigma * noise (TEARS, equation 3), (B, latent); noise from torch's global generator."""
        return self.mu + self.sigma * torch.randn_like(self.mu)


def transport_cost(a: Gaussian, b: Gaussian) -> torch.Tensor:
    """Squared 2-Wasserstein distance of diagonal Gaussians, (B,).

    TEARS, equation 1: the matrix roots fall away when both covariances are diagonal, which leaves
    |mu_a - mu_b|^2 + |sigma_a - sigma_b|^2.

    >>> one = Gaussian(torch.zeros(1, 2), torch.ones(1, 2))
    >>> two = Gaussian(torch.tensor([[3.0, 0.0]]), torch.tensor([[1.0, 2.0]]))
    >>> transport_cost(one, two)
    tensor([10.])
    """
    return ((a.mu - b.mu) ** 2).sum(-1) + ((a.sigma - b.sigma) ** 2).sum(-1)


def kl_to_prior(q: Gaussian) -> torch.Tensor:
    """KL(q || N(0, I)), (B,)."""
    variance = q.sigma**2
    return 0.5 * (q.mu**2 + variance - 1 - torch.log(variance)).sum(-1)


def multinomial_loss(logits: torch.Tensor, targets: Ratings) -> torch.Tensor:
    """Negative multinomial log-likelihood -sum_i y_i log softmax(logits)_i, (B,), of logits (B, items).

    Only the logits of the targets are gathered; no dense matrix of targets is made.
    """
    rows, logits = as_rows(targets), logits.float()  # sums over thousands of items want more than bfloat16
    met = rows.sums(rows.values * logits[rows.owners, rows.columns])
    return rows.sums() * torch.logsumexp(logits, dim=-1) - met


def annealed(weight: float, step: int, over: int) -> float:
    """Linear warm-up of a loss weight: 0 at step 0, `weight` from step `over` on."""
    return weight if over <= 0 else weight * min(step / over, 1.0)
