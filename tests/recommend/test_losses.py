"""The three terms of the TEARS loss against independent computations."""

import math

import numpy as np
import pytest
import scipy.linalg
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from torch.distributions import Independent, Normal, kl_divergence

from elm.recommend import Gaussian, transport_cost
from elm.recommend.backbones._gaussian import annealed, kl_to_prior, multinomial_loss

vectors = hnp.arrays(np.float64, 4, elements=st.floats(-3, 3))
spreads = hnp.arrays(np.float64, 4, elements=st.floats(0.05, 3))


def full_matrix_cost(mu_a, sigma_a, mu_b, sigma_b) -> float:
    """Equation 1 of TEARS as printed, with matrix roots of the full covariances."""
    cov_a, cov_b = np.diag(sigma_a**2), np.diag(sigma_b**2)
    root = scipy.linalg.sqrtm(cov_a)
    middle = scipy.linalg.sqrtm(root @ cov_b @ root)
    return float(((mu_a - mu_b) ** 2).sum() + np.trace(cov_a + cov_b - 2 * np.real(middle)))


@given(vectors, spreads, vectors, spreads)
def test_transport_is_the_full_matrix_formula(mu_a, sigma_a, mu_b, sigma_b):
    a, b = (Gaussian(torch.tensor(mu)[None], torch.tensor(s)[None]) for mu, s in ((mu_a, sigma_a), (mu_b, sigma_b)))
    assert transport_cost(a, b).item() == pytest.approx(full_matrix_cost(mu_a, sigma_a, mu_b, sigma_b), abs=1e-6)
    assert transport_cost(a, b).item() == pytest.approx(transport_cost(b, a).item())
    assert transport_cost(a, a).item() == 0


def test_kl_is_that_of_torch_distributions():
    q = Gaussian(torch.randn(3, 5), torch.rand(3, 5) + 0.1)
    reference = kl_divergence(Independent(Normal(*q), 1), Independent(Normal(torch.zeros(3, 5), torch.ones(3, 5)), 1))
    torch.testing.assert_close(kl_to_prior(q), reference)


def test_multinomial_loss_by_hand():
    loss = multinomial_loss(torch.tensor([[0.0, math.log(3.0)]]), torch.tensor([[1.0, 2.0]]))
    assert loss.item() == pytest.approx(-math.log(0.25) - 2 * math.log(0.75))


def test_annealing_rises_to_its_weight_and_stays():
    assert [annealed(0.2, step, 10) for step in (0, 5, 10, 50)] == [0, pytest.approx(0.1), 0.2, 0.2]
    assert annealed(0.2, 0, 0) == 0.2


def test_sampling_uses_mean_and_deviation():
    torch.manual_seed(0)
    draws = Gaussian(torch.full((20000, 1), 3.0), torch.full((20000, 1), 0.5)).sample()
    assert draws.mean().item() == pytest.approx(3.0, abs=0.02)
    assert draws.std().item() == pytest.approx(0.5, abs=0.02)
