"""`elm describe --vectors TABLE --out FILE`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import tiny_elm
from faulty_endpoint import endpoint, failed

from elm.model import load_model, save_model

pytestmark = pytest.mark.filterwarnings("ignore::elm._errors.OutsideDataWarning")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_model(tiny_elm.model(tasks=["summary"]), tmp_path_factory.mktemp("cli") / "model")


def test_a_table_into_a_file(folder: Path, tmp_path: Path, elm: Any) -> None:
    table, out = tiny_elm.table(20), tmp_path / "texts.parquet"
    table.save(tmp_path / "table")
    words = ("describe", "--run", folder, "--vectors", tmp_path / "table", "--out", out, "--shard-rows", 8, "--quiet")
    code, said, err = elm(*words, "--json")
    assert code == 0, err
    assert json.loads(said) == {"path": str(out), "rows": 20, "bad": 0, "before": 0}
    assert pd.read_parquet(out).text.tolist() == load_model(folder).describe(table, "summary")
    code, said, _ = elm(*words)
    assert code == 0
    assert said == f"20 texts in {out}; 20 of 20 rows were done before\n"
    code, _, err = elm(*words, "--seed", 1)
    assert code == 2
    assert "holds something else (another model, task, seed or table)" in err


def test_bad_rows(folder: Path, tmp_path: Path, elm: Any) -> None:
    vectors = tiny_elm.vectors(5)
    vectors[3, 0] = np.nan
    np.save(tmp_path / "vectors.npy", vectors)
    words = ("describe", "--run", folder, "--vectors", tmp_path / "vectors.npy", "--out", tmp_path / "texts", "--quiet")
    code, _, err = elm(*words)
    assert code == 2
    assert "row 3 ('3') does not: its vector holds NaN" in err
    code, said, _ = elm(*words, "--skip-bad")
    assert code == 0
    assert said == f"4 texts in {tmp_path / 'texts'}, 1 rows without one (column problem)\n"
    assert pd.read_parquet(tmp_path / "texts").problem.notna().tolist() == [False, False, False, True, False]


def test_an_endpoint_with_other_weights(folder: Path, tmp_path: Path, elm: Any) -> None:
    np.save(tmp_path / "vectors.npy", tiny_elm.vectors(5))
    words = ("describe", "--run", folder, "--vectors", tmp_path / "vectors.npy", "--out", tmp_path / "t.parquet")
    with endpoint(lambda number, body: failed(400, "this model takes no embeddings")) as served:
        served.models = [{"id": "tiny", "object": "model", "created": 1, "owned_by": "vllm", "sha256": "0" * 64}]
        code, _, err = elm(*words, "--engine", "vllm", "--endpoint", served.url)
        assert code == 1
        assert "'tiny' at the endpoint has others than" in err
        del served.models[0]["sha256"]
        code, _, err = elm(*words, "--engine", "vllm", "--endpoint", served.url)
        assert code == 1
        assert "nothing was checked" in err
        assert "this model takes no embeddings" in err
    assert [path.name for path in tmp_path.iterdir()] == ["vectors.npy"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--out", "x.parquet"), "--vectors TABLE"),
        (("--vectors", "a.npy", "--out", "x.parquet", "--n", 2), "without --item"),
        (("--vectors", "a.npy", "--skip-bad"), "go with --out"),
        (("--vectors", "a.npy", "--engine", "ray"), "go with --out"),
        (("--vectors", "a.npy", "--out", "x.parquet", "--engine", "vllm"), "writes by an --endpoint"),
        (("--vectors", "a.npy", "--out", "x.parquet", "--endpoint", "http://localhost:1"), "no other does"),
        (("--vectors", "a.npy", "--out", "x.parquet"), "there are no vectors at a.npy"),
    ],
)
def test_options_that_do_not_go_together(
    words: tuple[object, ...], message: str, tmp_path: Path, elm: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    code, _, err = elm("describe", *words)
    assert code in (1, 2)
    assert message in err
    assert not list(tmp_path.iterdir())
