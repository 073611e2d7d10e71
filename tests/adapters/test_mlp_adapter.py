"""The MLP adapter: shapes, normalisation, whitened start, and the vectors that it refuses."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import tiny_elm
import torch

from elm._errors import CallError, OutsideDataWarning, VectorError
from elm.adapters import AdapterConfig, MLPAdapter


def make(soft_tokens: int = 3, hidden: int = 16, dim: int = 6) -> MLPAdapter:
    torch.manual_seed(0)
    return MLPAdapter.for_space(tiny_elm.table(dim=dim).space, 32, ("say",), 0.02, soft_tokens, hidden)


@pytest.mark.parametrize("soft_tokens", range(1, 17))
def test_one_vector_gives_n_soft_tokens(soft_tokens: int) -> None:
    adapter = make(soft_tokens)
    assert adapter(torch.zeros(5, 6)).shape == (5, soft_tokens, 32)
    assert adapter(torch.zeros(1, 6)).shape == (1, soft_tokens, 32)


def test_forward_is_the_two_layers_written_out() -> None:
    adapter, x = make(), tiny_elm.vectors()
    space = tiny_elm.table().space
    w1, b1 = adapter.inner.weight.detach().numpy(), adapter.inner.bias.detach().numpy()
    w2, b2 = adapter.outer.weight.detach().numpy(), adapter.outer.bias.detach().numpy()
    hidden = space.normalise(x) @ w1.T + b1
    hidden = hidden * 0.5 * (1 + torch.erf(torch.as_tensor(hidden) / 2**0.5).numpy())  # GELU
    soft = (hidden @ w2.T + b2).reshape(len(x), 3, 32)
    soft = (soft - soft.mean(-1, keepdims=True)) / np.sqrt(soft.var(-1, keepdims=True) + 1e-5)
    np.testing.assert_allclose(adapter(torch.as_tensor(x)).detach().numpy(), 0.02 * soft, atol=1e-5)


def test_it_normalises_as_its_space_does() -> None:
    adapter, x, space = make(), tiny_elm.vectors(), tiny_elm.table().space
    seen: list[torch.Tensor] = []
    adapter.inner.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0]))
    adapter(torch.as_tensor(x))
    np.testing.assert_allclose(seen[0].numpy(), space.normalise(x), rtol=1e-6, atol=1e-6)


def test_soft_tokens_have_the_spread_of_token_embeddings() -> None:
    soft = make()(torch.as_tensor(tiny_elm.vectors(50)))
    assert soft.std().item() == pytest.approx(0.02, rel=0.01)


def test_it_rebuilds_its_space() -> None:
    adapter, space = make(), tiny_elm.table().space
    again = adapter.space()
    assert again.matches(space)
    assert (again.metric, again.reach) == (space.metric, space.reach)
    np.testing.assert_array_equal(again.mean, space.mean)
    np.testing.assert_array_equal(again.scale, space.scale)


def test_config_round_trip() -> None:
    config = make().config
    values = config.to_dict()
    assert AdapterConfig(**{**values, "tasks": tuple(values["tasks"])}) == config


def test_the_start_whitens_the_training_vectors() -> None:
    """Kept pre-activations have identity covariance, and come with their opposites."""
    x = tiny_elm.vectors(200)
    adapter = make().start_from(x)
    before = (
        torch.nn.functional.linear(
            (torch.as_tensor(x) - adapter.mean) / adapter.scale, adapter.inner.weight, adapter.inner.bias
        )
        .detach()
        .numpy()
    )
    np.testing.assert_allclose(np.cov(before[:, :6].T), np.eye(6), atol=1e-3)
    np.testing.assert_allclose(before[:, 6:12], -before[:, :6], atol=1e-6)


def test_the_start_keeps_the_strongest_directions_that_fit() -> None:
    x = tiny_elm.vectors(200)
    adapter = make(hidden=8).start_from(x)  # room for 4 directions and their opposites
    space = adapter.space()
    normal = space.normalise(x)
    _, _, directions = np.linalg.svd(normal - normal.mean(0), full_matrices=False)
    rows = adapter.inner.weight[:4].detach().numpy()
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    np.testing.assert_allclose(np.abs((rows * directions[:4]).sum(1)), 1, atol=1e-4)


def test_the_start_leaves_out_directions_without_spread() -> None:
    x = tiny_elm.vectors(200)
    x[:, 5] = x[:, 4]  # one direction less
    torch.manual_seed(0)
    from elm.embeddings import EmbeddingSpace

    space = EmbeddingSpace.fit("flat", x, "dot", {}, "f")
    adapter = MLPAdapter.for_space(space, 32, hidden=16).start_from(x)
    assert torch.isfinite(adapter.inner.weight).all()
    assert (adapter.inner.weight.norm(dim=1) > 0.3).sum() == 10  # five directions, twice
    for few in (x[:1], np.repeat(x[:1], 4, axis=0)):
        assert torch.isfinite(MLPAdapter.for_space(space, 32).start_from(few).inner.weight).all()


def test_the_start_refuses_vectors_of_another_kind() -> None:
    with pytest.raises(VectorError, match="vectors of space 'toy' have 6 numbers, got 5"):
        make().start_from(np.zeros((3, 5), np.float32))
    with pytest.raises(VectorError, match="must be finite, but 1 of 2 rows hold NaN or infinity"):
        make().start_from(np.array([[0.0] * 6, [np.nan] * 6]))


def test_gradients_reach_every_weight() -> None:
    adapter = make()
    adapter(torch.as_tensor(tiny_elm.vectors())).square().sum().backward()
    assert {name for name, p in adapter.named_parameters() if p.grad is None} == set()
    assert {name for name, _ in adapter.named_buffers()} == {"mean", "scale"}


def test_check_takes_one_vector_or_many_and_lists() -> None:
    adapter, x = make(), tiny_elm.vectors()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        np.testing.assert_array_equal(adapter.check(x), x)
        np.testing.assert_array_equal(adapter.check(x[0]), x[:1])
        np.testing.assert_array_equal(adapter.check(x.tolist()), x)
    assert adapter.check(x.astype(np.float64)).dtype == np.float32


def test_what_is_checked_can_be_given_to_torch() -> None:
    """Views that run backwards and read-only arrays are what numpy and safetensors hand out."""
    adapter, x = make(), tiny_elm.vectors()
    x.flags.writeable = False
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert torch.equal(torch.as_tensor(adapter.check(x[::-1])), torch.as_tensor(x.copy()).flip(0))
        assert torch.equal(torch.as_tensor(adapter.check(x)), torch.as_tensor(x.copy()))


@pytest.mark.parametrize(
    ("vectors", "message"),
    [
        (np.zeros(5), r"vectors of space 'toy' have 6 numbers, got 5; pass vectors made by the same encoder"),
        (np.zeros((2, 7)), r"vectors of space 'toy' have 6 numbers, got 7"),
        (np.full(6, np.nan), r"must be finite, but 1 of 1 rows hold NaN or infinity \(first: row 0\)"),
        ([[0.0] * 6, [0.0] * 5 + [np.inf]], r"but 1 of 2 rows hold NaN or infinity \(first: row 1\); drop or repair"),
        (np.zeros((0, 6)), r"not be empty, got \(0, 6\)"),
        (np.zeros((2, 2, 6)), r"must have shape \(dim,\) or \(n, dim\)"),
        ("six words", r"must be numbers"),
        ([1j] * 6, r"must be real numbers"),
    ],
)
def test_vectors_that_cannot_be_read(vectors: object, message: str) -> None:
    with pytest.raises(VectorError, match=message):
        make().check(vectors)  # type: ignore[arg-type]


def test_a_vector_far_outside_draws_a_warning() -> None:
    adapter = make()
    far = np.stack([tiny_elm.vectors()[0], adapter.mean.numpy() + 50 * adapter.scale.numpy()])
    with pytest.warns(
        OutsideDataWarning, match=r"1 of 2 vectors lie far outside the data of space 'toy' \(distance 50"
    ):
        checked = adapter.check(far)
    np.testing.assert_array_equal(checked, far.astype(np.float32))


@pytest.mark.parametrize("field", ["dim", "token_dim", "soft_tokens", "hidden"])
def test_sizes_are_at_least_one(field: str) -> None:
    sizes = {"dim": 6, "token_dim": 32, "soft_tokens": 1, "hidden": 4, field: 0}
    with pytest.raises(CallError, match=f"an adapter's {field} must be at least 1, got 0"):
        AdapterConfig("toy", "f", "dot", **sizes)  # type: ignore[arg-type]
