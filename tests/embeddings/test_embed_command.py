"""`elm embed` on a small saved data set: tables on disk, the check, neighbours, errors."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import typer
from typer.testing import CliRunner

from elm._errors import CallError, UnknownNameError
from elm.cli._embed import embed
from elm.data import Dataset, write_generated
from elm.embeddings import VectorTable

app = typer.Typer()
app.command()(embed)


@pytest.fixture(scope="module")
def data_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rng = np.random.default_rng(0)
    user, item = np.nonzero(rng.random((40, 30)) < 0.5)
    rating = np.where((user + item) % 2 == 0, 5, 2)
    texts = {"plot": "a dog runs home. the end.", "note": "storm"}
    made = Dataset(
        name="small",
        items=pd.DataFrame(
            {
                "title": [f"Film {i}" for i in range(30)],
                "year": pd.array([2000] * 30, "Int64"),
                "genres": [["War"]] * 30,
            },
            index=pd.Index([str(i) for i in range(30)], name="item"),
        ),
        users=pd.DataFrame(index=pd.Index([f"u{u}" for u in range(40)], name="user")),
        interactions=pd.DataFrame(
            {"user": [f"u{u}" for u in user], "item": [str(i) for i in item], "rating": rating.astype("float32")}
        ),
        texts=pd.DataFrame(
            [(str(i), source, text + " ship" * i) for i in range(30) for source, text in texts.items()],
            columns=["item", "source", "text"],
        ),
        facts=None,
    )
    return Path(made.save(tmp_path_factory.mktemp("data") / "small"))


def test_both_kinds_are_made_checked_and_saved(data_folder: Path, tiny_encoder_folder: Path, tmp_path: Path) -> None:
    options = ["--out", str(tmp_path), "--factors", "4", "--encoder", str(tiny_encoder_folder), "--source", "plot"]
    result = CliRunner().invoke(app, [str(data_folder), *options, "--json"])
    assert result.exit_code == 0, result.output
    value = json.loads(result.stdout)
    assert value["check"]["auc"] > 0.9
    assert value["texts"] == ["plot"]
    assert len(value["neighbours_wals"]["nearest"]) == 5
    assert value["neighbours_wals"]["item"] not in [entry["item"] for entry in value["neighbours_wals"]["nearest"]]
    semantic, users, items = (VectorTable.load(tmp_path / name) for name in ("semantic", "wals-users", "wals-items"))
    assert (len(semantic), semantic.space.dim, users.space.dim) == (30, 16, 4)
    assert users.space.matches(items.space)
    assert value["tables"]["wals-items"]["fingerprint"] == items.space.fingerprint


def test_the_readable_form(data_folder: Path, tmp_path: Path) -> None:
    result = CliRunner().invoke(app, [str(data_folder), "--kind", "wals", "--factors", "4", "--out", str(tmp_path)])
    assert result.exit_code == 0, result.output
    assert "order of held-out ratings: Spearman" in result.stdout
    assert "nearest to Film" in result.stdout


def test_errors_are_the_toolkits_own(data_folder: Path, tmp_path: Path) -> None:
    run = CliRunner().invoke
    unknown = run(app, [str(data_folder), "--kind", "semantic", "--source", "plots", "--out", str(tmp_path)])
    assert isinstance(unknown.exception, UnknownNameError)
    assert "did you mean 'plot'" in str(unknown.exception)
    no_texts = Dataset.load(data_folder)
    bare = Dataset(no_texts.name, no_texts.items, no_texts.users, no_texts.interactions)
    bare.save(tmp_path / "bare")
    result = run(app, [str(tmp_path / "bare"), "--kind", "semantic", "--out", str(tmp_path)])
    assert isinstance(result.exception, CallError)
    assert "has no texts for semantic vectors" in str(result.exception)


@pytest.mark.slow
def test_ratings_in_shards_and_the_engine_in_jax(data_folder: Path, tmp_path: Path) -> None:
    pytest.importorskip("jax", reason="the extra jax is not installed")
    shards = write_generated(tmp_path / "shards", 3000, shards=2)
    options = ["--factors", "4", "--out", str(tmp_path / "v"), "--engine", "jax"]
    run = CliRunner().invoke
    result = run(app, ["--ratings", str(shards), *options, "--checkpoint", str(tmp_path / "fit"), "--json"])
    assert result.exit_code == 0, result.output
    assert VectorTable.load(tmp_path / "v" / "wals-items").space.made["engine"] == "jax"
    assert (tmp_path / "fit" / "wals.json").is_file()
    wrong = run(app, ["--ratings", str(shards), "--checkpoint", str(tmp_path / "fit")])
    assert "goes with --engine jax" in str(wrong.exception)
