"""`elm cav` from fit to narrate, on the shipped vectors and model."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import elm
from elm.cli import main
from elm.runs import ConceptSettings, open_concepts, sentence_concepts

Run = Callable[..., tuple[int, Any, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def call(*words: object) -> tuple[int, Any, str]:
        code = main(["cav", *map(str, words), "--json"])
        out, err = capsys.readouterr()
        return code, json.loads(out) if out.strip() else None, err

    return call


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("concepts")
    assert main(["cav", "fit", "--facts", "--method", "difference", "--out", str(root / "films"), "--json"]) == 0
    assert main(["cav", "fit", "--facts", "--kind", "items", "--out", str(root / "items"), "--json"]) == 0
    return root


@pytest.mark.slow
def test_fitted_concepts_are_listed_with_their_held_out_scores(folders: Path, run: Run) -> None:
    code, value, _ = run("list", folders / "films")
    assert code == 0
    scores = {row["concept"]: row for row in value["concepts"]}
    assert set(scores) == set(elm.data.ATTRIBUTES)
    assert all(row["auc"] > 0.8 and row["p_fdr"] < 1e-6 for row in scores.values())


def test_held_out_films_are_left_out_unless_asked_for(folders: Path, run: Run, tmp_path: Path) -> None:
    _, value, _ = run("list", folders / "films")
    assert value["concepts"][0]["n_positive"] < 2000 / 3 - 50  # an upper third of 1,700 training films
    code, value, _ = run("fit", "--facts", "--method", "difference", "--everything", "--out", tmp_path / "all")
    assert code == 0
    assert value["concepts"][0]["n_positive"] == pytest.approx(2000 / 3, abs=2)


def test_a_test_sets_concepts_beside_chance_and_popularity(folders: Path, run: Run) -> None:
    code, value, _ = run("test", folders / "films", "--random", 2, "--resamples", 1)
    assert code == 0
    for row in value["concepts"]:
        assert row["above_random"] == 1.0
        assert row["auc"] > max(row["auc_popularity"], row["random_auc"]) + 0.2
        assert row["stability"] > 0.5


def test_a_film_moves_and_both_texts_are_shown(folders: Path, run: Run, tmp_path: Path) -> None:
    target = tmp_path / "moved.npy"
    code, value, _ = run("move", folders / "films", "funny=2", "dark=-1", "--item", "f863", "--save", target)
    assert code == 0
    assert value["scores"]["funny"]["after"] - value["scores"]["funny"]["before"] == pytest.approx(2, abs=0.3)
    assert value["scores"]["dark"]["after"] - value["scores"]["dark"]["before"] == pytest.approx(-1, abs=0.3)
    assert value["before"] != value["after"]
    films = elm.model.shipped_vectors("films")
    moved = np.load(target)
    assert np.linalg.norm(moved) == pytest.approx(np.linalg.norm(films["f863"]), rel=1e-5)
    assert elm.describe(moved, "positive_review") == value["after"]


def test_a_user_moves_along_directions_of_items(folders: Path, run: Run) -> None:
    code, value, _ = run("move", folders / "items", "funny=2", "--user", "u244", "--keep", "dark")
    assert code == 0
    scores = value["scores"]
    assert scores["funny"]["after"] - scores["funny"]["before"] == pytest.approx(2, abs=1e-3)
    assert scores["dark"]["after"] == pytest.approx(scores["dark"]["before"], abs=1e-3)


def test_a_concept_is_narrated_on_one_film_and_over_many(folders: Path, run: Run) -> None:
    code, value, _ = run("narrate", folders / "films", "funny", "--item", "f863")
    assert code == 0
    assert value["amounts"] == [-2, -1, 0, 1, 2]
    assert "funny" in value["gained"]
    code, value, _ = run("narrate", folders / "films", "funny", "--among", 12)
    assert code == 0
    shifts = {row["word"]: row["shift"] for row in value["words"]}
    assert shifts["funny"] > 0.2


@pytest.mark.slow
def test_concepts_by_example_and_in_words(run: Run, tmp_path: Path) -> None:
    horror = [i for i, genres in elm.data.load("demo").items["genres"].items() if "Horror" in genres][:30]
    code, value, _ = run("fit", "--items", f"creepy={','.join(horror)}", "--method", "ridge", "--out", tmp_path / "a")
    assert code == 0
    assert value["concepts"][0]["concept"] == "creepy"
    assert value["concepts"][0]["auc"] > 0.6
    words = ("--sentence", "a frightening film", "--against", "a comforting film")
    code, value, _ = run("fit", *words, "--out", tmp_path / "b")
    assert code == 0
    assert value["concepts"][0]["method"] == "sentence"
    code, value, _ = run("move", tmp_path / "b", "a frightening film=1", "--item", "f863")
    assert code == 0
    code, _, err = run("test", tmp_path / "b")
    assert code == 2
    assert "no labels can speak for it" in err


def test_labels_and_settings_come_and_go_with_their_concepts(folders: Path, run: Run, tmp_path: Path) -> None:
    folder = shutil.copytree(folders / "films", tmp_path / "set")
    (folder / "notes.txt").write_text("a person's own")
    assert run("fit", "--sentence", "a funny film", "--against", "a sad film", "--out", folder)[0] == 0
    names = [".made-here", "concepts.json", "directions.safetensors", "fitted.json", "notes.txt"]
    assert sorted(path.name for path in folder.iterdir()) == names


def test_the_run_of_concepts_is_found_from_any_folder(
    folders: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cav = open_concepts(folders / "films")[0]["funny"]
    (tmp_path / "there").mkdir()
    monkeypatch.chdir(tmp_path)
    sentence_concepts("made here/concepts", ConceptSettings("runs/one"), cav)
    monkeypatch.chdir(tmp_path / "there")
    found = open_concepts("../made here/concepts")[1].run
    assert found == str((tmp_path / "runs" / "one").resolve())


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["fit"], 2, "say where the concepts come from"),
        (["fit", "--sentence", "a funny film"], 2, "its opposite in --against"),
        (["fit", "--items", "creepy"], 2, "takes \"name=id,id,...\", got 'creepy'"),
        (["fit", "--items", "x=f1,nonsense film"], 2, "unknown item 'nonsense film'"),
        (["fit", "--items", "x=f1,f2"], 2, "at least 5"),
        (["fit", "--items", "x=f1,f2", "--items", "x=f3"], 2, "'x' comes twice"),
        (["fit", "--facts", "--sentence", "a", "--against", "b"], 2, "a folder of its own"),
        (["fit", "--facts", "--kind", "users"], 2, "vectors of 'films' or 'items', got 'users'"),
        (["fit", "--facts", "--method", "magic"], 2, "method must be one of"),
        (["fit", "--tags", "/nowhere/tags.csv"], 1, "is missing"),
        (["list", "/nowhere"], 1, "is not a folder"),
        (["move", "FILMS", "funny=inf", "--item", "f1"], 2, "finite amount, got 'funny=inf'"),
        (["move", "FILMS", "funny", "--item", "f1"], 2, "finite amount, got 'funny'"),
        (["move", "FILMS", "fany=1", "--item", "f1"], 2, "did you mean 'funny'"),
        (["move", "FILMS", "funny=1", "funny=2", "--item", "f1"], 2, "'funny' has two"),
        (["move", "FILMS", "funny=1"], 2, "one of --item or --user"),
        (["move", "FILMS", "funny=1", "--user", "u1"], 2, "fit them with --kind items"),
        (["move", "FILMS", "funny=1", "--item", "f99999"], 2, "unknown item 'f99999'"),
        (["narrate", "FILMS", "fanny"], 2, "did you mean 'funny'"),
    ],
)
def test_wrong_calls_are_one_line(
    folders: Path, run: Run, tmp_path: Path, words: list[str], code: int, message: str
) -> None:
    filled = [str(folders / "films") if word == "FILMS" else word for word in words]
    out = ["--out", tmp_path / "never"] if words[0] == "fit" else []
    found, _, err = run(*filled, *out)
    assert (found, err.strip().count("\n")) == (code, 0), err
    assert message in err
    assert not (tmp_path / "never").exists()


def test_a_folder_without_its_settings_is_refused(folders: Path, run: Run, tmp_path: Path) -> None:
    shutil.copytree(folders / "films", tmp_path / "copy")
    (tmp_path / "copy" / "fitted.json").unlink()
    code, _, err = run("list", tmp_path / "copy")
    assert (code, "fitted.json is missing" in err) == (1, True)
