"""Multi-VAE and popularity on two taste groups; the fold-in split; seeded runs."""

import numpy as np
import pytest
import torch
from scipy import sparse

from elm._errors import ElmError
from elm.recommend import (
    HeldOut,
    MultiVAE,
    MultiVAEConfig,
    MultiVAETraining,
    Popularity,
    fold_in,
    ndcg_at,
    train_multivae,
)
from elm.recommend._held_out import Best

SMALL = MultiVAEConfig(40, hidden=16, latent=4)


def test_multivae_ranks_the_own_group_first_and_beats_popularity(world, vae):
    scores = vae.scores(world.test.inputs)
    best = np.argsort(-scores, axis=1)[:, :8]
    assert (best // 20 == world.test_groups[:, None]).all()
    popular = Popularity.fit(world.train).scores(world.test.inputs)
    assert np.nanmean(ndcg_at(scores, world.test.targets)) > np.nanmean(ndcg_at(popular, world.test.targets)) + 0.1


def test_training_reports_every_epoch_and_keeps_the_best(world):
    options = MultiVAETraining(epochs=4, batch=20)
    model, log = train_multivae(world.train, world.validation, SMALL, options)
    assert [record["epoch"] for record in log] == [0, 1, 2, 3]
    best = np.nanmean(ndcg_at(model.scores(world.validation.inputs), world.validation.targets))
    assert best == pytest.approx(max(record["ndcg"] for record in log))
    assert not model.training


def test_the_weights_of_the_best_score_come_back():
    module = torch.nn.Linear(1, 1)
    best = Best(module, patience=3)
    for epoch, (weight, score) in enumerate([(1.0, 0.5), (2.0, 0.1), (3.0, 0.4)]):
        torch.nn.init.constant_(module.weight, weight)
        best.update(score, epoch)
    best.restore()
    assert (module.weight.item(), best.epoch) == (1.0, 0)


def test_patience_stops_early(world):
    _, log = train_multivae(world.train, world.validation, SMALL, MultiVAETraining(epochs=200, batch=60, patience=2))
    assert len(log) < 200
    scores = [record["ndcg"] for record in log]
    assert max(scores[-2:]) <= max(scores[:-2])


def test_a_seed_fixes_the_run_and_leaves_the_callers_random_state_alone(world):
    options = MultiVAETraining(epochs=2, batch=20)
    torch.manual_seed(7)
    expected = torch.rand(1)
    torch.manual_seed(7)
    first, log = train_multivae(world.train, world.validation, SMALL, options, seed=3)
    assert torch.equal(torch.rand(1), expected)
    again, log_again = train_multivae(world.train, world.validation, SMALL, options, seed=3)
    other, _ = train_multivae(world.train, world.validation, SMALL, options, seed=4)
    assert log == log_again
    assert all(torch.equal(a, b) for a, b in zip(first.parameters(), again.parameters(), strict=True))
    assert not torch.equal(first.encoder.out.weight, other.encoder.out.weight)


def test_the_input_is_normalised_and_dropout_only_trains():
    model = MultiVAE(SMALL).eval()
    row = torch.rand(2, 40)
    torch.testing.assert_close(model.encode(row).mu, model.encode(3 * row).mu)
    assert torch.isfinite(model.encode(torch.zeros(1, 40)).mu).all()
    model.train()
    assert not torch.equal(model.encode(row).mu, model.encode(row).mu)


def test_many_rows_equal_one_at_a_time(world, vae):
    together = vae.scores(world.test.inputs)
    alone = np.concatenate([vae.scores(world.test.inputs[i]) for i in range(together.shape[0])])
    np.testing.assert_allclose(together, alone, atol=1e-5)


def test_popularity_counts_likes_and_masks_the_seen():
    ranker = Popularity.fit(sparse.csr_matrix([[5.0, 3.0, 4.0], [5.0, 5.0, 0.0]]))
    np.testing.assert_array_equal(ranker.counts, [2, 1, 1])
    scores = ranker.scores(sparse.csr_matrix([[1.0, 0.0, 0.0]]))
    np.testing.assert_array_equal(scores, [[-np.inf, 1, 1]])


def test_fold_in_divides_every_users_ratings():
    rng = np.random.default_rng(0)
    ratings = sparse.csr_matrix(rng.integers(1, 6, (30, 50)) * (rng.random((30, 50)) < 0.3))
    inputs, targets = fold_in(ratings, share=0.8, seed=1)
    assert inputs.multiply(targets).nnz == 0
    rest = ratings.astype(np.float32) - inputs
    rest.eliminate_zeros()
    assert (targets != (rest >= 4)).nnz == 0
    counts = np.diff(ratings.tocsr().indptr)
    np.testing.assert_array_equal(np.diff(inputs.indptr), np.round(0.8 * counts))
    again, _ = fold_in(ratings, share=0.8, seed=1)
    assert (again != inputs).nnz == 0


def test_ndcg_is_one_for_a_perfect_list_and_nan_without_targets():
    scores = np.array([[3.0, 2.0, 1.0], [1.0, 2.0, 3.0], [1.0, 2.0, 3.0]])
    targets = sparse.csr_matrix([[1.0, 1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 0.0]])
    np.testing.assert_allclose(ndcg_at(scores, targets, k=3), [1.0, 0.5, np.nan])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda w: train_multivae(w.train[:0], w.validation), "at least one user"),
        (lambda w: train_multivae(w.train[:, :30], w.validation), "validation has 40 items, training 30"),
        (lambda w: HeldOut(w.train, w.train[:3]), "of one shape"),
        (lambda w: train_multivae(w.train, HeldOut(w.train, 0 * w.train)), "a liked item to rank"),
        (lambda w: train_multivae(w.train.toarray(), w.validation), "scipy sparse matrix"),
        (lambda w: train_multivae(w.train * np.nan, w.validation), "must be finite"),
        (lambda w: train_multivae(-w.train, w.validation), "must not be negative"),
        (lambda w: fold_in(w.train, share=1.0), "share must lie between 0 and 1"),
        (lambda w: MultiVAEConfig(0), "at least 1"),
        (lambda w: MultiVAEConfig(5, dropout=1.0), "dropout"),
    ],
)
def test_bad_input_says_what_is_wrong(world, call, message):
    with pytest.raises(ElmError, match=message):
        call(world)
