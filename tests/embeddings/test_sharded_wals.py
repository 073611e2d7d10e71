"""WALS in JAX: the same minimum as NumPy and implicit, the same factors on any mesh, checkpoints, and bad calls."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from elm._errors import CallError, DataFileError, ElmError
from elm.embeddings import Sharded, fold_in, objective, wals
from elm.embeddings.als._batches import NOTHING, batches_of, deal
from elm.embeddings.als._fit import sharded_factors
from elm.embeddings.als._objective import row_penalties, user_step

pytest.importorskip("jax", reason="the extra jax is not installed")


def signed(users: int = 50, items: int = 30, share: float = 0.3, seed: int = 0) -> sp.csr_matrix:
    """Signed confidences with histories of very different lengths, one empty row and one empty column."""
    rng = np.random.default_rng(seed)
    rated = rng.random((users, items)) < share * 2 * np.linspace(0.05, 1, items)
    rated[3], rated[:, 5] = False, False
    values = np.where(rng.random(rated.shape) < 0.6, 1, -1) * rng.uniform(1, 21, rated.shape)
    return sp.csr_matrix(np.where(rated, values, 0).astype(np.float32))


def ratings(seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    user, item = np.nonzero(rng.random((40, 25)) < 0.4)
    return pd.DataFrame(
        {"user": [f"u{u}" for u in user], "item": [f"i{i}" for i in item], "rating": rng.integers(1, 6, len(user))}
    )


def by_numpy(matrix: sp.csr_matrix, factors: int, penalty: float, iterations: int, frequency: float = 0.0) -> tuple:
    """Alternating exact steps from the start that `sharded_factors` draws."""
    items = 0.01 * np.random.default_rng(0).standard_normal((matrix.shape[1], factors), dtype=np.float32)
    across = matrix.T.tocsr()
    held = [
        row_penalties(c, penalty, frequency, float(c.mean())) for c in (np.diff(matrix.indptr), np.diff(across.indptr))
    ]
    for _ in range(iterations):
        users = user_step(items * (np.diff(across.indptr) > 0)[:, None], matrix, held[0])
        items = user_step(users, across, held[1])
    return users, items


@pytest.mark.slow
@pytest.mark.parametrize(
    "how",
    [
        Sharded(solver="cholesky"),
        Sharded(solver="cholesky", batch=8, gather="batch"),
        Sharded(solver="cholesky", frequency=0.7),
        Sharded(solver="cg", steps=40, batch=16),
    ],
    ids=str,
)
def test_exact_steps_are_those_of_numpy(how: Sharded) -> None:
    matrix = signed()
    users, items = by_numpy(matrix, 4, 2.0, 5, how.frequency)
    found = sharded_factors(matrix, 4, 2.0, 5, 0, how)
    np.testing.assert_allclose(found[0], users, atol=2e-4)
    np.testing.assert_allclose(found[1], items, atol=2e-4)


def test_the_objective_is_the_sum_over_all_pairs() -> None:
    matrix, rng = signed(), np.random.default_rng(1)
    x, y = rng.standard_normal((50, 3)), rng.standard_normal((30, 3))
    dense = matrix.toarray()
    sure, liked = np.where(dense == 0, 1, np.abs(dense)), dense > 0
    counts = [np.diff(matrix.indptr), np.diff(matrix.T.tocsr().indptr)]
    held = [3.0 * (np.maximum(c, 1) / c.mean()) ** 0.5 for c in counts]
    wanted = (sure * (liked - x @ y.T) ** 2).sum() + (held[0] * (x**2).sum(1)).sum() + (held[1] * (y**2).sum(1)).sum()
    assert objective(x, y, matrix, 3.0, frequency=0.5) == pytest.approx(wanted, rel=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_conjugate_gradients_reach_the_objective_of_implicit(dtype: str) -> None:
    from implicit.cpu.als import AlternatingLeastSquares

    matrix, penalty = signed(200, 80), 5.0
    model = AlternatingLeastSquares(factors=8, regularization=penalty, iterations=25, random_state=0, num_threads=1)
    model.user_factors = np.zeros((200, 8), dtype=np.float32)
    model.item_factors = 0.01 * np.random.default_rng(0).standard_normal((80, 8), dtype=np.float32)  # our start
    model.fit(matrix, show_progress=False)
    theirs = objective(model.user_factors, model.item_factors, matrix, penalty)
    ours = objective(*sharded_factors(matrix, 8, penalty, 25, 0, Sharded(dtype=dtype)), matrix, penalty)
    assert ours == pytest.approx(theirs, rel=1e-3 if dtype == "float32" else 1e-2)


FOUR = """
import jax, numpy as np, sys
sys.path.insert(0, sys.argv[1])
from test_sharded_wals import signed
from elm.embeddings import Sharded
from elm.embeddings.als._fit import sharded_factors
assert len(jax.devices()) == 4
few = signed()[:2, 6:9]  # more devices than rows
for matrix, ways in ((signed(), [("cg", "table", 2**14), ("cg", "batch", 16)]), (few, [("cholesky", "batch", 16)])):
    one = sharded_factors(matrix, 4, 2.0, 6, 0, Sharded(ways[0][0], devices=1))
    for solver, gather, batch in ways:
        four = sharded_factors(matrix, 4, 2.0, 6, 0, Sharded(solver, gather=gather, batch=batch))
        for a, b in zip(one, four):
            np.testing.assert_allclose(a, b, atol=1e-4)
print("the same")
"""


@pytest.mark.slow
def test_four_devices_give_the_factors_of_one() -> None:
    done = subprocess.run(
        [sys.executable, "-c", FOUR, str(Path(__file__).parent)],
        env={**os.environ, "XLA_FLAGS": "--xla_force_host_platform_device_count=4", "JAX_PLATFORMS": "cpu"},
        capture_output=True,
        text=True,
    )
    assert done.stdout == "the same\n", done.stderr[-2000:]


@given(st.integers(1, 5), st.integers(1, 40), st.integers(0, 10_000))
@settings(max_examples=40, deadline=None)
def test_batches_hold_every_rating_once(devices: int, size: int, seed: int) -> None:
    """Each rating stands in one place, beside entries that count for nothing, under the slot of its row."""
    rng = np.random.default_rng(seed)
    matrix = signed(int(rng.integers(4, 30)), int(rng.integers(6, 20)), float(rng.uniform(0.05, 0.6)), seed)
    rows, columns = (deal(np.diff(side.indptr), devices) for side in (matrix, matrix.T.tocsr()))
    found = np.zeros((devices * rows.local, devices * columns.local), dtype=np.float32)
    for batch in batches_of(matrix, rows, columns, size):
        each = len(batch.index) // devices
        for place, group, row, entry in zip(*np.nonzero(batch.value != NOTHING), strict=True):
            slot = batch.slots[place, batch.owner[place, group, row]]
            found[place // each * rows.local + slot, batch.index[place, group, row, entry]] += batch.value[
                place, group, row, entry
            ]
    np.testing.assert_array_equal(found[rows.place][:, columns.place], matrix.toarray())


def test_a_stopped_fit_goes_on_with_the_same_bits(tmp_path: Path) -> None:
    matrix = signed()

    def stop(done: int) -> None:
        if done == 3:
            raise KeyboardInterrupt

    whole = sharded_factors(matrix, 4, 2.0, 6, 0, Sharded())
    kept = Sharded(checkpoint=tmp_path / "fit")
    with pytest.raises(KeyboardInterrupt):
        sharded_factors(matrix, 4, 2.0, 6, 0, kept, stop)
    after: list[int] = []
    resumed = sharded_factors(matrix, 4, 2.0, 6, 0, kept, after.append)
    assert after == [3, 4, 5, 6]
    for one, other in zip(whole, resumed, strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_checkpoint_of_another_fit_or_damaged_is_refused(tmp_path: Path) -> None:
    kept = Sharded(checkpoint=tmp_path / "fit")
    sharded_factors(signed(), 4, 2.0, 1, 0, kept)
    for matrix, penalty, seed in ((signed(seed=1), 2.0, 0), (signed(), 3.0, 0), (signed(), 2.0, 1)):
        with pytest.raises(CallError, match="other ratings or settings"):
            sharded_factors(matrix, 4, penalty, 2, seed, kept)
    file = tmp_path / "fit" / "factors.safetensors"
    file.write_bytes(file.read_bytes()[:-4])
    with pytest.raises(ElmError, match="cut off, changed"):
        sharded_factors(signed(), 4, 2.0, 2, 0, kept)


@pytest.mark.slow
def test_the_engine_is_an_option_of_wals() -> None:
    data = ratings()
    users, items = wals(data, 4, engine="jax")
    by_implicit = wals(data, 4)[1]
    assert items.ids == by_implicit.ids
    assert items.space.made["engine"] == "jax"
    again = fold_in(items, data)
    np.testing.assert_allclose(again.vectors, users.vectors, atol=1e-5)


def test_frequency_holds_rows_by_their_ratings() -> None:
    data = ratings()
    users, items = wals(data, 4, engine="jax", sharded=Sharded(frequency=1.0))
    np.testing.assert_allclose(fold_in(items, data).vectors, users.vectors, atol=1e-5)
    one = data[data["user"] == "u1"]
    np.testing.assert_allclose(fold_in(items, one)["u1"], users["u1"], atol=1e-5)
    assert row_penalties(np.array([10, 20]), 1.0, 1.0, 10.0).tolist() == [1.0, 2.0]


def test_parquet_shards_are_read_as_one_frame_would_be(tmp_path: Path) -> None:
    data = ratings()
    for part, rows in enumerate(np.array_split(np.arange(len(data)), 3)):
        data.iloc[rows].to_parquet(tmp_path / f"part-{part:05}.parquet", index=False)
    (tmp_path / "_SUCCESS").touch()
    for one, other in zip(wals(data, 3), wals(tmp_path, 3), strict=True):
        assert one.ids == other.ids
        np.testing.assert_array_equal(one.vectors, other.vectors)


def test_bad_shards_are_told_in_one_line(tmp_path: Path) -> None:
    data = ratings().astype({"rating": "float32"})
    first, second = tmp_path / "a.parquet", tmp_path / "b.parquet"
    with pytest.raises(DataFileError, match="is neither"):
        wals(tmp_path)
    data[:100].to_parquet(first, index=False)
    data[99:].to_parquet(second, index=False)
    with pytest.raises(CallError, match="come more than once"):
        wals(tmp_path)
    data[100:].to_parquet(second, index=False)
    whole = second.read_bytes()
    second.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DataFileError, match=r"b\.parquet is cut off"):
        wals(tmp_path)
    data[100:].rename(columns={"rating": "stars"}).to_parquet(second, index=False)
    with pytest.raises(DataFileError, match=r"b\.parquet has user, item, stars: 'rating' is missing"):
        wals(tmp_path)
    data[100:].assign(user=range(len(data) - 100)).to_parquet(second, index=False)
    with pytest.raises(DataFileError, match="'user' is int64"):
        wals(tmp_path)
    data[100:].assign(rating=np.float32("inf")).astype({"rating": "float32"}).to_parquet(second, index=False)
    with pytest.raises(DataFileError, match="finite numbers"):
        wals(tmp_path)
    second.unlink()
    (tmp_path / "_temporary").mkdir()
    with pytest.raises(DataFileError, match="not written to its end"):
        wals(tmp_path)


def test_bad_calls() -> None:
    data = ratings()
    with pytest.raises(CallError, match="engine must be"):
        wals(data, engine="spark")  # type: ignore[typeddict-item]
    with pytest.raises(CallError, match="give engine='jax'"):
        wals(data, sharded=Sharded())
    with pytest.raises(CallError, match=r"devices=4096 are asked for, and there are \d+"):
        wals(data, engine="jax", sharded=Sharded(devices=4096))
    for wrong in ({"solver": "qr"}, {"dtype": "int8"}, {"gather": "none"}, {"steps": 0}, {"frequency": -1.0}):
        with pytest.raises(CallError, match="must"):
            Sharded(**wrong)
