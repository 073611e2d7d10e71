"""Random order, NMF and LightGCN: what chance is worth, and tastes that can be worked out."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import sparse

from elm._errors import CallError
from elm.recommend import NMF, HeldOut, LightGCN, RandomRanker, fit_backbone, measure, positives
from elm.recommend.backbones import _lightgcn as lightgcn


def tastes() -> sparse.csr_matrix:
    """Twelve users: half like the first three items, half the last three; each misses one."""
    rows = np.zeros((12, 6))
    for user in range(12):
        own = [item + 3 * (user % 2) for item in range(3)]
        rows[user, own] = 5.0
        rows[user, own[user // 2 % 3]] = 0.0
    return sparse.csr_matrix(rows)


def test_nmf_finds_two_tastes_and_what_is_missing() -> None:
    model = NMF.fit(tastes(), components=2)
    assert model.parts.shape == (2, 6)
    assert (model.parts >= 0).all()
    scores = model.scores(tastes())
    missing = [user % 2 * 3 + user // 2 % 3 for user in range(12)]
    assert scores.argmax(1).tolist() == missing
    assert np.isneginf(scores[tastes().toarray() > 0]).all()


def test_a_user_is_folded_in_alike_alone_and_with_others() -> None:
    model = NMF.fit(tastes(), components=2)
    together = model.scores(tastes())
    for user in range(3):
        assert np.array_equal(model.scores(tastes()[user])[0], together[user])
    assert model.scores(tastes()[:0]).shape == (0, 6)
    assert not model.scores(sparse.csr_matrix((1, 6))).any(), "who likes nothing is told nothing"


def test_nmf_takes_likes() -> None:
    with pytest.raises(CallError, match="takes likes"):
        NMF.fit(sparse.csr_matrix(np.full((2, 3), 2.0)))
    with pytest.raises(CallError, match="got 24, 0"):
        NMF.fit(tastes(), components=0)
    assert NMF.fit(tastes(), components=500).parts.shape == (6, 6)


def test_lightgcn_finds_two_tastes_and_what_is_missing() -> None:
    model = LightGCN.fit(tastes(), dim=8, epochs=60, rate=0.05)
    scores = model.scores(tastes())
    assert scores.argmax(1).tolist() == [user % 2 * 3 + user // 2 % 3 for user in range(12)]
    assert np.array_equal(model.scores(tastes()[4:5])[0], scores[4])
    assert np.array_equal(LightGCN.fit(tastes(), dim=8, epochs=60, rate=0.05).vectors, model.vectors)
    assert not model.scores(sparse.csr_matrix((1, 6))).any()
    with pytest.raises(CallError, match="takes likes"):
        LightGCN.fit(sparse.csr_matrix(np.full((2, 3), 2.0)))


def test_a_trained_user_without_a_vector_of_his_own_is_read_from_his_items() -> None:
    """G is what the layers above the first say: with all first vectors of users at 0, the propagated ones are it."""
    liked = positives(tastes())
    rng = np.random.default_rng(0)
    own = torch.from_numpy(rng.normal(size=(18, 4)).astype(np.float32))
    graph = lightgcn._graph(liked)
    readers, vectors = lightgcn._of_items(own, graph, 2, liked)
    layers = lightgcn._layers(own, graph, 2)
    wanted = (layers[1] + layers[2])[:12] / 3
    found = np.asarray(liked @ readers) / np.sqrt(np.diff(liked.indptr))[:, None]
    np.testing.assert_allclose(found, wanted, atol=1e-5)
    np.testing.assert_allclose(vectors, torch.stack(layers).mean(0)[12:], atol=1e-6)


def test_a_random_order_follows_from_seed_and_history() -> None:
    one, other = RandomRanker(6, 1), RandomRanker(6, 2)
    scores = one.scores(tastes())
    assert np.array_equal(one.scores(tastes()[3:5]), scores[3:5])
    assert not np.array_equal(other.scores(tastes()), scores)
    assert len({tuple(np.argsort(row)) for row in scores}) > 3
    with pytest.raises(CallError, match="at least one item"):
        RandomRanker(0)


def test_a_random_order_is_worth_what_chance_is() -> None:
    users, items = 2000, 40
    rng = np.random.default_rng(0)
    inputs = sparse.csr_matrix((rng.random((users, items)) < 0.2) * 5.0)
    wanted = sparse.csr_matrix((np.ones(users), (np.arange(users), rng.integers(items, size=users))), (users, items))
    plain = HeldOut(sparse.csr_matrix((users, items)), wanted)
    found = measure(fit_backbone("random", inputs, plain), HeldOut(inputs, wanted), (10,))["recall@10"].mean()
    share = np.mean(inputs.toarray()[np.arange(users), wanted.indices] == 0)
    assert found == pytest.approx(share * 10 / (items * 0.8), abs=0.03)
