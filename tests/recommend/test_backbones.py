"""The backbones against answers that can be proved: closed forms, independent formulas, dense twins of sparse code."""

import copy
import dataclasses

import numpy as np
import pytest
import torch
from scipy import sparse
from scipy.stats import norm

from elm._errors import ElmError
from elm.recommend import (
    EASE,
    TRAINING,
    Autoencoder,
    Backbone,
    BackboneTraining,
    Gaussian,
    MacridVAE,
    MacridVAEConfig,
    MultiDAE,
    MultiDAEConfig,
    MultiVAE,
    MultiVAEConfig,
    Popularity,
    RecVAE,
    RecVAEConfig,
    SparseRows,
    WalsRanker,
    ndcg_at,
    positives,
    train_backbone,
    tuning_grid,
)
from elm.recommend.backbones._ease import gram_matrix
from elm.recommend.backbones._gaussian import multinomial_loss
from elm.recommend.backbones._recvae import log_composite_prior
from elm.recommend.backbones._sparse_rows import SparseLinear, as_rows

ITEMS = 40
SMALL = {
    MultiDAE: MultiDAEConfig(ITEMS, hidden=32, latent=8),
    MultiVAE: MultiVAEConfig(ITEMS, hidden=32, latent=8),
    RecVAE: RecVAEConfig(ITEMS, hidden=32, latent=8, dropout=0.2),
    MacridVAE: MacridVAEConfig(ITEMS, concepts=2, size=16),
}


def made(kind: type[Autoencoder]) -> Autoencoder:
    with torch.random.fork_rng():
        return kind(SMALL[kind])


@pytest.fixture(scope="module")
def trained(world):
    models = {}
    for kind, config in SMALL.items():
        options = dataclasses.replace(TRAINING[kind], epochs=20, batch=20, learning_rate=5e-3, anneal_epochs=5)
        models[kind] = train_backbone(kind(config), world.train, world.validation, options)[0]
    return models


@pytest.mark.slow
@pytest.mark.parametrize("kind", SMALL)
def test_every_autoencoder_ranks_the_own_group_first(world, trained, kind):
    scores = trained[kind].scores(world.test.inputs)
    best = np.argsort(-scores, axis=1)[:, :6]
    assert (best // 20 == world.test_groups[:, None]).mean() > 0.97
    popular = Popularity.fit(world.train).scores(world.test.inputs)
    assert np.nanmean(ndcg_at(scores, world.test.targets)) > np.nanmean(ndcg_at(popular, world.test.targets)) + 0.1


@pytest.mark.parametrize("kind", SMALL)
def test_scores_are_log_probabilities_with_the_history_left_out(world, trained, kind):
    scores = trained[kind].scores(world.test.inputs)
    seen = world.test.inputs.toarray() > 0
    assert np.isneginf(scores[seen]).all()
    nobody = trained[kind].scores(sparse.csr_matrix((1, ITEMS)))
    assert np.exp(nobody).sum() == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("kind", SMALL)
def test_sparse_rows_give_what_dense_ones_give(world, kind):
    model = made(kind).eval()
    rows = world.test.inputs[:7]
    dense = torch.from_numpy(rows.toarray())
    torch.testing.assert_close(model.encode(rows).mu, model.encode(dense).mu)
    assert model.encode(rows).mu.shape == (7, model.latent)
    assert isinstance(model, Backbone)


def test_the_sparse_layer_is_a_linear_layer_in_value_and_gradient():
    torch.manual_seed(0)
    ours, plain = SparseLinear(ITEMS, 5), torch.nn.Linear(ITEMS, 5)
    plain.load_state_dict(ours.state_dict())
    x = torch.where(torch.rand(6, ITEMS) < 0.3, torch.rand(6, ITEMS), 0.0)
    x[2] = 0  # a user without a rating
    weights = torch.rand(6, 5)
    for layer, out in ((ours, ours(as_rows(x))), (plain, plain(x))):
        (out * weights).sum().backward()
        assert layer.weight.grad is not None
    torch.testing.assert_close(ours(as_rows(x)), plain(x))
    torch.testing.assert_close(ours.weight.grad, plain.weight.grad)
    torch.testing.assert_close(ours.bias.grad, plain.bias.grad)


def test_sparse_rows_normalise_and_drop_stored_entries_only():
    rows = as_rows(sparse.csr_matrix([[3.0, 0.0, 4.0], [0.0, 0.0, 0.0]]))
    assert rows.normalised().values.tolist() == pytest.approx([0.6, 0.8])
    assert rows.sums().tolist() == [7, 0]
    torch.manual_seed(0)
    dropped = rows.dropped(0.5)
    assert set(dropped.values.tolist()) <= {0.0, 6.0, 8.0}
    assert rows.dropped(0.5, training=False).values.tolist() == [3, 4]
    assert isinstance(dropped, SparseRows)


def test_the_likelihood_of_sparse_targets_is_that_of_dense_ones():
    logits = torch.randn(4, ITEMS, requires_grad=True)
    targets = (torch.rand(4, ITEMS) < 0.2).float()
    dense = -(targets * torch.log_softmax(logits, -1)).sum(-1)
    found = multinomial_loss(logits, sparse.csr_matrix(targets.numpy()))
    torch.testing.assert_close(found, dense)
    expected = torch.autograd.grad(dense.sum(), logits)[0]
    torch.testing.assert_close(torch.autograd.grad(found.sum(), logits)[0], expected)


def test_the_composite_prior_is_the_mixture_of_three_densities():
    torch.manual_seed(1)
    z, old = torch.randn(5, 3), Gaussian(torch.randn(5, 3), torch.rand(5, 3) + 0.2)
    mixture = (
        3 / 20 * norm.pdf(z) + 3 / 4 * norm.pdf(z, old.mu, old.sigma) + 1 / 10 * norm.pdf(z, 0, np.sqrt(np.exp(10)))
    )
    np.testing.assert_allclose(log_composite_prior(z, old), np.log(mixture), rtol=1e-5)


def test_recvae_trains_encoder_and_decoder_in_turns_and_keeps_the_old_encoder(world):
    model = made(RecVAE)
    assert [tuple(p) for p in model.passes()] == [("encoder", 3), ("decoder", 1)]
    rows, targets = as_rows(world.train[:20]), as_rows(positives(world.train[:20]))
    model.train()
    model.loss(rows, targets, 0.005, "decoder").mean().backward()
    assert all(p.grad is None for p in model.encoder.parameters())
    assert model.decoder.weight.grad is not None
    rows = as_rows(world.test.inputs[:3])
    model.eval()
    before = model.encode(rows).mu
    with torch.no_grad():
        model.encoder.first.bias.add_(1.0)
    torch.testing.assert_close(model._old[0](rows).mu, before)
    model.after("encoder")
    torch.testing.assert_close(model._old[0](rows).mu, model.encode(rows).mu)
    assert not torch.equal(model.encode(rows).mu, before)
    assert not any("old" in name for name in model.state_dict())


def test_recvaes_old_encoder_goes_where_the_model_goes(world):
    model = made(RecVAE).to("meta")  # a device that every machine has; tensors there have shapes alone
    rows = as_rows(world.train[:20], "meta")
    assert model.loss(rows, rows, 0.005, "encoder").shape == (20,)
    twin = copy.deepcopy(made(RecVAE)).double()
    assert {p.dtype for p in twin._old[0].parameters()} == {torch.float64}
    assert len(list(twin.parameters())) == len(twin.state_dict()) == len(made(RecVAE).state_dict())


def test_macridvae_normalises_every_concept_and_shares_sum_to_one(world):
    model = made(MacridVAE).eval()
    parts = model.encode(world.test.inputs).mu.unflatten(1, (2, 16))
    torch.testing.assert_close(parts.norm(dim=-1), torch.ones(parts.shape[:2]))
    torch.testing.assert_close(model.encoder.table.shares().sum(-1), torch.ones(ITEMS))
    z = torch.randn(3, 32)
    placed = model.place(z).unflatten(1, (2, 16))
    torch.testing.assert_close(placed.norm(dim=-1), torch.ones(3, 2))
    torch.testing.assert_close(model.decode(z), model.decode(model.place(5 * z)))


def test_macridvae_decodes_the_mixture_over_concepts():
    model = made(MacridVAE).eval()
    z = torch.randn(3, 32)
    table, by_concept = model.decoder.table, model.place(z).unflatten(1, (2, 16))
    items = table.items / table.items.norm(dim=-1, keepdim=True)
    shares = table.shares()
    mixture = sum(shares[:, k] * torch.exp(by_concept[:, k] @ items.t() / model.config.temperature) for k in range(2))
    torch.testing.assert_close(model.decode(z), torch.log(mixture), rtol=1e-4, atol=1e-4)


def test_macridvae_untied_trains_its_decoder_without_moving_its_encoder(world):
    model = made(MacridVAE).eval()
    assert model.encoder.table is model.decoder.table
    before, logits = model.encode(world.test.inputs).mu, model.decode(torch.ones(1, 32))
    model.untie()
    torch.testing.assert_close(model.decode(torch.ones(1, 32)), logits)
    with torch.no_grad():
        model.decoder.table.items.add_(torch.randn_like(model.decoder.table.items))
    torch.testing.assert_close(model.encode(world.test.inputs).mu, before)
    assert not torch.equal(model.decode(torch.ones(1, 32)), logits)


@pytest.mark.parametrize("values", ["liked", "ratings"])
def test_ease_is_the_closed_form(world, values):
    model = EASE.fit(world.train, penalty=7.0, values=values)
    x = world.train.toarray().astype(np.float64)
    x = (x >= 4).astype(float) if values == "liked" else x / 5
    inverse = np.linalg.inv(x.T @ x + 7.0 * np.eye(ITEMS))
    expected = -inverse / np.diag(inverse)
    np.fill_diagonal(expected, 0)
    np.testing.assert_allclose(model.weights, expected, atol=1e-5)
    rows = world.test.inputs.toarray()
    rows = (rows >= 4) if values == "liked" else rows / 5
    scores = model.scores(world.test.inputs)
    unseen = np.isfinite(scores)
    np.testing.assert_allclose(scores[unseen], (rows @ expected)[unseen], atol=1e-4)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("mkl", [True, False])
def test_the_gram_matrix_is_exact_however_popular_items_are(monkeypatch, dtype, mkl):
    def lacking(*_, **__):
        raise RuntimeError("torch comes without sparse products")

    if not mkl:
        monkeypatch.setattr(torch, "addmm", lacking)
    rng = np.random.default_rng(0)
    for popularity in (rng.random(70) ** 6, np.full(70, 0.2), np.eye(70)[3]):
        x = sparse.csr_matrix((rng.random((900, 70)) < popularity) * rng.integers(1, 6, (900, 70)).astype(np.float32))
        found = gram_matrix(x, dtype)
        assert found.dtype == dtype
        np.testing.assert_array_equal(found, (x.T @ x).toarray())  # whole numbers have no rounding


def test_ease_keeps_to_the_memory_of_its_gram_matrix():
    import tracemalloc

    rng = np.random.default_rng(0)
    n = 1200
    ratings = sparse.random(900, n, 0.02, "csr", np.float32, rng)
    ratings.data = rng.integers(1, 6, ratings.nnz).astype(np.float32)
    tracemalloc.start()
    EASE.fit(ratings)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2.5 * n * n * 4


def test_ease_takes_double_precision_where_the_penalty_is_small(world):
    model = EASE.fit(sparse.csr_matrix(world.train), penalty=1e-4)
    x = (world.train.toarray() >= 4).astype(float)
    inverse = np.linalg.inv(x.T @ x + 1e-4 * np.eye(ITEMS))
    expected = -inverse / np.diag(inverse)
    np.fill_diagonal(expected, 0)
    np.testing.assert_allclose(model.weights, expected, rtol=1e-4, atol=1e-6)


def test_wals_ranks_the_own_group_first_and_unknown_items_last(world):
    wider = sparse.hstack([world.train, sparse.csr_matrix((world.train.shape[0], 1))], format="csr")
    model = WalsRanker.fit(wider, factors=4)
    inputs = sparse.hstack([world.test.inputs, sparse.csr_matrix((24, 1))], format="csr")
    scores = model.scores(inputs)
    assert (np.argsort(-scores, axis=1)[:, :6] // 20 == world.test_groups[:, None]).all()
    assert (scores[:, -1] == 0).all()
    assert (model.scores(sparse.csr_matrix((1, ITEMS + 1))) == 0).all()


def test_training_leaves_out_users_without_a_liked_item_and_stays_reproducible(world):
    low = sparse.csr_matrix(np.where(np.arange(ITEMS) < 3, 2.0, 0.0)[None].astype(np.float32))
    options = BackboneTraining(epochs=2, batch=20)
    runs = [
        train_backbone(MultiVAE(SMALL[MultiVAE]), ratings, world.validation, options, seed=1)[1]
        for ratings in (world.train, sparse.vstack([world.train, low], format="csr"))
    ]
    assert runs[0] == runs[1]


def test_targets_can_be_given_and_fractional_ratings_count(world):
    targets = (world.train >= 4).astype(np.float32)
    options = BackboneTraining(epochs=1)
    fractions = world.train / 10  # a scale from 0.1 to 0.5, on which nothing reaches 4
    _, log = train_backbone(MultiDAE(SMALL[MultiDAE]), fractions, world.validation, options, targets=targets)
    assert np.isfinite(log[0]["loss"])


def test_the_papers_grids_are_arguments_of_configs_and_options():
    assert len(tuning_grid("recvae")) == 54
    assert len(tuning_grid("macridvae")) == 72
    assert len(tuning_grid("tears")) == 3 * len(tuning_grid("tears-base")) == 18
    assert [g["penalty"] for g in tuning_grid("ease")][::49] == [1, 10_000]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda w: EASE.fit(w.train, penalty=0), "penalty and scale must be above 0"),
        (lambda w: EASE.fit(w.train, values="binary"), "'liked' or 'ratings'"),
        (lambda w: EASE.fit(w.train * 0), "at least one rating"),
        (lambda w: EASE.fit(-w.train), "must not be negative"),
        (lambda w: EASE.fit(w.train).scores(w.train[:, :9]), "must have 40 columns"),
        (lambda w: Popularity.fit(w.train).scores(w.train[:, :9]), "must have 40 columns"),
        (lambda w: WalsRanker.fit(w.train * 0), "at least one rating"),
        (lambda w: made(RecVAE).scores(w.train[:, :9]), "must have 40 columns"),
        (lambda w: made(RecVAE).scores(-w.train), "must not be negative"),
        (lambda w: train_backbone(made(RecVAE), w.train / 10, w.validation), "one is liked .* pass targets"),
        (lambda w: train_backbone(made(RecVAE), w.train, w.validation, targets=w.train[:5]), "shape of the ratings"),
        (lambda w: train_backbone(made(RecVAE), w.train[:, :9], w.validation), "ranks 40 items"),
        (lambda w: BackboneTraining(epochs=0), "at least 1"),
        (lambda w: BackboneTraining(learning_rate=0), "above 0"),
        (lambda w: MacridVAEConfig(5, temperature=0), "temperature and spread"),
        (lambda w: MacridVAEConfig(5, concepts=0), "at least 1"),
        (lambda w: tuning_grid("ease "), "did you mean 'ease'"),
    ],
)
def test_bad_input_says_what_is_wrong(world, call, message):
    with pytest.raises(ElmError, match=message):
        call(world)
