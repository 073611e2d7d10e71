"""Moves along several concepts, with others kept, on and off the sphere; the data's edge; sets on disk."""

from __future__ import annotations

import json
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from elm._errors import CallError, DataFileError, OutsideDataWarning, UnknownNameError, VectorError
from elm.cav import CAVs, fit
from elm.embeddings import EmbeddingSpace, VectorTable


def make(metric: str = "dot", n: int = 300, dim: int = 10, seed: int = 0) -> tuple[VectorTable, CAVs]:
    """Three concepts that lean on one another: each is a coordinate plus half of the next."""
    rng = np.random.default_rng(seed)
    vectors = rng.normal(size=(n, dim)) * np.linspace(0.5, 2, dim) + 1
    if metric == "cosine":
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    table = VectorTable([str(i) for i in range(n)], vectors, EmbeddingSpace.fit("toy", vectors, metric, {}, "f"))  # type: ignore[arg-type]
    scores = {name: vectors[:, i] + 0.5 * vectors[:, i + 1] for i, name in enumerate(("funny", "light", "dark"))}
    ids = {name: [str(i) for i in np.argsort(-score)[: n // 3]] for name, score in scores.items()}
    return table, fit(table, ids, method="ridge")


@pytest.fixture(scope="module")
def flat() -> tuple[VectorTable, CAVs]:
    return make()


@pytest.fixture(scope="module")
def round_() -> tuple[VectorTable, CAVs]:
    return make("cosine")


def change(cavs: CAVs, before: np.ndarray, after: np.ndarray) -> dict[str, np.ndarray]:
    return {name: cav.score(after) - cav.score(before) for name, cav in cavs.items()}


@settings(max_examples=30, deadline=None)
@given(funny=st.floats(-3, 3), dark=st.floats(-3, 3), row=st.integers(0, 299))
def test_each_score_changes_by_its_amount_and_kept_ones_not_at_all(flat, funny: float, dark: float, row: int) -> None:
    table, cavs = flat
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", OutsideDataWarning)
        moved = cavs.move(table.vectors[row], {"funny": funny, "dark": dark}, keep=["light"])
    got = change(cavs, table.vectors[row], moved)
    assert (got["funny"], got["dark"]) == pytest.approx((funny, dark), abs=1e-5)
    assert got["light"] == pytest.approx(0, abs=1e-5)


def test_no_shorter_step_does_it(flat) -> None:
    """The step lies in the span of the directions, so adding anything else only lengthens it."""
    table, cavs = flat
    step = cavs.move(table["0"], {"funny": 1}, keep=["light"]) - table["0"]
    span = np.linalg.qr(np.stack([cavs["funny"].direction, cavs["light"].direction]).T)[0]
    assert step @ span @ span.T == pytest.approx(step, abs=1e-5)
    plain = cavs["funny"].move(table["0"], 1.0) - table["0"]
    assert np.linalg.norm(plain) < np.linalg.norm(step)
    assert plain == pytest.approx(cavs["funny"].unit * cavs["funny"].direction, abs=1e-5)


def test_keeping_works_one_concept_at_a_time_too(flat) -> None:
    table, cavs = flat
    alone = cavs["funny"].move(table.vectors[:4], [0.5, 1, -1, 0], keep=[cavs["light"], cavs["dark"]])
    got = change(cavs, table.vectors[:4], alone)
    assert got["funny"] == pytest.approx([0.5, 1, -1, 0], abs=1e-5)
    assert np.abs([got["light"], got["dark"]]).max() < 1e-5


def test_on_the_sphere_kept_scores_stay_and_lengths_too(round_) -> None:
    table, cavs = round_
    start = table.vectors[:100] * 3
    moved = cavs.move(start, {"funny": 1.0}, keep=["light", "dark"])
    got = change(cavs, start, moved)
    assert np.linalg.norm(moved, axis=1) == pytest.approx(np.full(100, 3), abs=1e-4)
    assert np.abs([got["light"], got["dark"]]).max() < 1e-4
    assert (got["funny"] > 0).mean() > 0.95
    off = cavs.move(start, {"funny": 1.0}, on_sphere=False)
    assert change(cavs, start, off)["funny"] == pytest.approx(np.ones(100), abs=1e-4)


def test_a_step_of_zero_gives_the_very_vector(flat, round_) -> None:
    for table, cavs in (flat, round_):
        name = next(iter(cavs))
        np.testing.assert_array_equal(cavs[name].move(table.vectors[:20], 0.0), table.vectors[:20])
        moved = cavs[name].move(table.vectors[:2], [0.0, 1.0])
        np.testing.assert_array_equal(moved[0], table.vectors[0])
        assert (moved[1] != table.vectors[1]).any()


def test_off_a_sphere_lengths_may_be_kept_on_request(flat) -> None:
    table, cavs = flat
    moved = cavs["funny"].move(table.vectors[:5], 0.5, on_sphere=True)
    lengths = np.linalg.norm(table.vectors[:5], axis=1)
    assert np.linalg.norm(moved, axis=1) == pytest.approx(lengths, rel=1e-5)


def test_the_part_of_a_concept_that_others_do_not_share(flat) -> None:
    table, cavs = flat
    pure = cavs["funny"].without(cavs["light"])
    assert abs(pure.direction @ cavs["light"].direction) < 1e-5
    assert pure.name == "funny without light"
    moved = pure.move(table.vectors, 1.0)
    assert change(cavs, table.vectors, moved)["funny"] == pytest.approx(np.ones(300), abs=1e-4)
    assert np.abs(change(cavs, table.vectors, moved)["light"]).max() < 1e-5
    assert moved == pytest.approx(cavs["funny"].move(table.vectors, 1.0, keep=[cavs["light"]]), abs=1e-5)
    assert pure.measured_on(table).score(table.vectors).std() == pytest.approx(1, abs=1e-5)
    assert cavs["funny"].without().direction == pytest.approx(cavs["funny"].direction, abs=1e-6)
    with pytest.raises(CallError, match="point too much the same way"):
        cavs["funny"].without(cavs["funny"])


def test_what_else_moves(flat) -> None:
    _, cavs = flat
    cosines = cavs.cosines()
    assert np.diag(cosines) == pytest.approx(np.ones(3), abs=1e-6)
    assert cosines.loc["funny", "light"] == pytest.approx(cavs["funny"].direction @ cavs["light"].direction, abs=1e-6)
    assert cosines.loc["funny", "light"] > 0.1 > abs(cosines.loc["funny", "dark"])


def test_a_move_out_of_the_data_warns(flat) -> None:
    table, cavs = flat
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        cavs["funny"].move(table.vectors, 0.5)
        cavs["funny"].move(table.vectors[:50], 0.2, near=table)
        cavs["funny"].move(table.vectors + 1000, 1.0)  # it was outside before
    with pytest.warns(OutsideDataWarning, match="300 of 300 moved vectors leave the data of space 'toy'") as seen:
        cavs["funny"].move(table.vectors, 40.0)
    assert seen[0].filename == __file__
    with pytest.warns(OutsideDataWarning, match="leave the table's vectors"):
        cavs.move(table["0"], {"funny": 6.0}, near=table)
    other = VectorTable(["a", "b"], np.eye(2, 10), EmbeddingSpace.fit("x", np.eye(2, 10), "dot", {}, "x"))
    with pytest.raises(CallError, match="near must be a table of space 'toy', got one of 'x'"):
        cavs["funny"].move(table["0"], 1.0, near=other)
    with pytest.raises(CallError, match="at least two vectors"):
        cavs["funny"].move(table["0"], 1.0, near=table.subset(["0"]))


def test_bad_moves(flat) -> None:
    table, cavs = flat
    cases = [
        (({},), {}, CallError, "at least one concept with an amount"),
        (({"funny": np.inf},), {}, CallError, "finite number"),
        (({"funny": np.nan},), {}, CallError, "finite number"),
        (({"funny": [1.0, 2.0]},), {}, CallError, "one number per concept"),
        (({"funny": 1.0},), {"keep": ["funny"]}, CallError, "'funny' to move and to keep"),
        (({"funny": 1.0},), {"keep": "light"}, CallError, "the one string 'light'"),
        (({"funy": 1.0},), {}, UnknownNameError, "did you mean 'funny'"),
        (({"funny": 1.0},), {"keep": ["lihgt"]}, UnknownNameError, "did you mean 'light'"),
    ]
    for arguments, options, error, message in cases:
        with pytest.raises(error, match=message):
            cavs.move(table["0"], *arguments, **options)
    twins = CAVs({"funny": cavs["funny"], "witty": replace(cavs["funny"], name="witty")})
    with pytest.raises(CallError, match="'funny', 'witty' point too much the same way"):
        twins.move(table["0"], {"funny": 1.0, "witty": -1.0})
    with pytest.raises(VectorError, match="have 10 numbers"):
        cavs.move(np.zeros(3), {"funny": 1.0})
    with pytest.raises(CallError, match=r"got 'light'; the move of a set, CAVs\.move, takes names"):
        cavs["funny"].move(table["0"], 1.0, keep=["light"])
    elsewhere = replace(cavs["light"], space=replace(cavs["light"].space, fingerprint="g"))
    with pytest.raises(CallError, match="lives in space 'toy'"):
        cavs["funny"].move(table["0"], 1.0, keep=[elsewhere])


def test_a_set_is_saved_and_read_back(flat, tmp_path: Path) -> None:
    table, cavs = flat
    users = VectorTable(table.ids, table.vectors * 2, EmbeddingSpace.fit("toy", table.vectors * 2, "dot", {}, "f"))
    mixed = CAVs({**cavs, "of users": cavs["funny"].measured_on(users)})
    assert mixed.save(tmp_path / "set") == tmp_path / "set"
    back = CAVs.load(tmp_path / "set")
    assert list(back) == list(mixed)
    for name, cav in mixed.items():
        assert (back[name].direction == cav.direction).all()
        assert replace(back[name], direction=cav.direction).__dict__ == cav.__dict__
    assert back["of users"].space == users.space
    cavs.save(tmp_path / "set")
    assert list(CAVs.load(tmp_path / "set")) == list(cavs)
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["concepts.json", "directions.safetensors", "set"]


def test_a_damaged_set_is_refused(flat, tmp_path: Path) -> None:
    _, cavs = flat
    folder = cavs.save(tmp_path / "set")
    about, vectors = folder / "concepts.json", folder / "directions.safetensors"
    good, bytes_ = about.read_text(), vectors.read_bytes()
    for change_, message in (
        ({"schema": 9}, "concepts of schema 1"),
        ({"concepts": []}, "each by a key of its own"),
        ({"spaces": []}, "its field 'space' cannot be 0"),
        ({"sha256": "0"}, "its field 'sha256' cannot be '0'"),
        ({"sha256": "0" * 64}, "not the file that is described"),
    ):
        about.write_text(json.dumps({**json.loads(good), **change_}))
        with pytest.raises(DataFileError, match=message):
            CAVs.load(folder)
    about.write_text(good)
    vectors.write_bytes(bytes_[:-1] + bytes([bytes_[-1] ^ 1]))
    with pytest.raises(DataFileError, match="damaged"):
        CAVs.load(folder)
    vectors.unlink()
    with pytest.raises(DataFileError, match="is missing"):
        CAVs.load(folder)
    with pytest.raises(DataFileError, match="is not a folder"):
        CAVs.load(tmp_path / "nowhere")
    with pytest.raises(CallError, match="no concepts to save"):
        CAVs({}).save(tmp_path / "none")
