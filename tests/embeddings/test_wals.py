"""Behavioural vectors: what ratings say, parity with implicit's user step, folding in, the rating-order check."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import spearmanr
from sklearn.metrics import roc_auc_score

from elm._errors import CallError, UnknownNameError
from elm.embeddings import confidence, fold_in, rating_order, wals
from elm.embeddings.als._objective import user_step
from elm.embeddings.als._ratings import coded


def two_tastes(n_users: int = 60, n_items: int = 40, seed: int = 0) -> pd.DataFrame:
    """Half the users like the even items and dislike the odd ones, the other half the reverse; half is rated."""
    rng = np.random.default_rng(seed)
    user, item = np.nonzero(rng.random((n_users, n_items)) < 0.5)
    rating = np.where((user + item) % 2 == 0, rng.integers(4, 6, len(user)), rng.integers(1, 4, len(user)))
    return pd.DataFrame({"user": [f"u{u}" for u in user], "item": [f"i{i}" for i in item], "rating": rating})


@given(st.lists(st.floats(0, 5), min_size=2, max_size=20), st.floats(0.1, 100))
@settings(max_examples=60, deadline=None)
def test_a_higher_rating_never_says_less(ratings: list[float], alpha: float) -> None:
    signed = confidence(sorted(ratings), alpha)
    assert (np.diff(signed) >= 0).all()
    assert (np.abs(signed) >= 1).all()


def test_likes_and_dislikes() -> None:
    signed = confidence([5, 4, 3, 2, 1], alpha=20)
    assert (signed[:2] > 0).all()
    assert (signed[2:] < 0).all()
    assert abs(signed[2]) < abs(signed[3]) < abs(signed[4])
    with pytest.raises(CallError, match="numbers from 0 to 5"):
        confidence([10.0], 1.0)
    with pytest.raises(CallError, match="numbers from 0 to 5"):
        confidence([np.nan], 1.0)


def test_two_tastes_are_told_apart() -> None:
    data = two_tastes()
    held_out = np.random.default_rng(1).random(len(data)) < 0.2
    users, items = wals(data[~held_out], factors=4)
    check = rating_order(users, items, data[held_out])
    assert check["auc"] > 0.95
    assert check["spearman"] > 0.6
    even, odd = users["u0"] @ items.vectors.T, users["u1"] @ items.vectors.T
    even_items = np.array([int(i[1:]) % 2 == 0 for i in items.ids])
    assert even[even_items].min() > even[~even_items].max()
    assert odd[~even_items].min() > odd[even_items].max()


def test_users_and_items_share_a_space_and_keep_their_own_statistics() -> None:
    users, items = wals(two_tastes(), factors=3)
    assert users.space.matches(items.space)
    assert users.space.metric == "dot"
    assert users.space.mean == pytest.approx(users.vectors.mean(0), abs=1e-6)
    assert items.space.mean == pytest.approx(items.vectors.mean(0), abs=1e-6)
    assert len(users.space.fingerprint) == 16


def test_a_seed_gives_one_space_and_another_seed_another() -> None:
    first, second, other = (wals(two_tastes(), factors=3, seed=s)[1] for s in (0, 0, 1))
    assert (first.vectors == second.vectors).all()
    assert first.space == second.space
    assert not first.space.matches(other.space)


@pytest.fixture(scope="module")
def implicit_model():
    from implicit.cpu.als import AlternatingLeastSquares
    from threadpoolctl import threadpool_limits

    matrix = coded(two_tastes()).matrix(alpha=20)
    with threadpool_limits(1, "blas"):
        model = AlternatingLeastSquares(factors=5, regularization=7.0, iterations=3, random_state=0)
        model.fit(matrix, show_progress=False)
    return model, matrix


def test_the_user_step_equals_the_one_of_implicit(implicit_model) -> None:
    model, matrix = implicit_model
    want = model.recalculate_user(np.arange(matrix.shape[0]), matrix)
    assert user_step(model.item_factors, matrix, 7.0, block=17) == pytest.approx(want, abs=1e-4)


def test_the_user_step_minimises_the_objective_of_hu_et_al(implicit_model) -> None:
    model, matrix = implicit_model
    y, row = model.item_factors.astype(np.float64), matrix[0].toarray()[0].astype(np.float64)
    c, p = np.where(row == 0, 1, np.abs(row)), (row > 0).astype(float)

    def objective(x: np.ndarray) -> float:
        return float((c * (p - y @ x) ** 2).sum() + 7.0 * x @ x)

    x = user_step(y, matrix[0], 7.0)[0].astype(np.float64)
    for step in 1e-2 * np.eye(5):
        assert objective(x) < min(objective(x + step), objective(x - step))


def test_folding_in_a_training_user_gives_the_training_vector() -> None:
    data = two_tastes()
    users, items = wals(data, factors=4)
    again = fold_in(items, data, users)
    assert again.rows(users.ids) == pytest.approx(users.vectors, abs=1e-6)
    assert again.space == users.space


def test_unseen_users_get_the_vectors_of_their_taste() -> None:
    data = two_tastes()
    users, items = wals(data, factors=4, users=[f"u{i}" for i in range(50)])
    assert "u55" not in users
    unseen = fold_in(items, data[data["user"].isin(["u54", "u55"])])
    assert unseen.space.matches(users.space)
    for name, same, other in (("u54", "u0", "u1"), ("u55", "u1", "u0")):
        towards = [unseen[name] @ v / np.linalg.norm(v) for v in (users[same], users[other])]
        assert towards[0] > towards[1]


def test_rare_items_get_no_vector() -> None:
    data = two_tastes()
    rare = pd.DataFrame({"user": ["u1", "u2"], "item": ["rare", "rare"], "rating": [5, 5]})
    _, items = wals(pd.concat([data, rare]), factors=3)
    assert "rare" not in items
    assert "i0" in items


def test_bad_calls() -> None:
    data = two_tastes()
    users, items = wals(data, factors=3)
    with pytest.raises(UnknownNameError, match="unknown user 'u0x'; did you mean 'u0'"):
        wals(data, users=["u0x"])
    with pytest.raises(CallError, match="no item has 500 ratings or more"):
        wals(data, min_item_ratings=500)
    with pytest.raises(CallError, match="factors and iterations must be at least 1, got 0"):
        wals(data, factors=0)
    with pytest.raises(CallError, match="regularization and alpha must be positive"):
        wals(data, regularization=-1)
    with pytest.raises(CallError, match="columns user, item and rating"):
        wals(data.drop(columns="rating"))
    with pytest.raises(CallError, match="come more than once"):
        wals(pd.concat([data, data.iloc[:2]]))
    with pytest.raises(CallError, match="needs the item table"):
        fold_in(users, data)
    with pytest.raises(CallError, match=r"1 have none \(first: 'new'\)"):
        fold_in(items, pd.DataFrame({"user": ["new"], "item": ["unheard of"], "rating": [5]}))
    with pytest.raises(CallError, match="at least one user"):
        fold_in(items, data.iloc[:0])
    with pytest.raises(CallError, match="one run of wals"):
        rating_order(users, wals(data, factors=3, seed=1)[1], data)
    with pytest.raises(CallError, match="crushes every vector to zero"):
        wals(data, regularization=1e6)


def test_rating_order_equals_a_loop_over_scipy_and_scikit_learn() -> None:
    data = two_tastes(seed=3)
    held_out = np.random.default_rng(1).random(len(data)) < 0.3
    users, items = wals(data[~held_out], factors=2, iterations=1)
    check = rating_order(users, items, data[held_out])
    rho, area = [], []
    for user, part in data[held_out].groupby("user"):
        score, rating = items.rows(part["item"]) @ users[user], part["rating"].to_numpy()
        if np.ptp(rating) and len(rating) > 1:
            rho.append(spearmanr(score, rating)[0])
        if len(set(rating >= 4)) == 2:
            area.append(roc_auc_score(rating >= 4, score))
    assert check["spearman"] == pytest.approx(np.mean(rho), abs=1e-9)
    assert check["auc"] == pytest.approx(np.mean(area), abs=1e-9)
    assert (check["n_users"], check["n_users_auc"]) == (len(rho), len(area))
