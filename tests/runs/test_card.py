"""The card: made from what the folder holds, in the Hub's form, with a snippet that runs."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import tiny_elm
from huggingface_hub import ModelCard
from small_world import Finished

from elm._errors import CallError, CheckpointError
from elm.adapters import SIGNATURE, FolderConfig, read_config
from elm.model import BASE_ID, SHIPPED, EmbeddingLanguageModel, load_model, save_model, verify
from elm.runs import card_problems, model_card, write_card
from elm.runs.share._card import losses_picture
from elm.runs.share._card_data import is_repository_id, slug

FILM = {
    "sc": 0.5,
    "sc_teacher": 0.6,
    "sc_nn": 0.4,
    "sc_shuffled": 0.3,
    "sc_random": 0.31,
    "rsc": 0.5,
    "n": 7,
    "fact_precision": {"overall": 0.9},
    "fact_recall": {"overall": None},
}
USER = {"bc": 0.2, "bc_teacher": 0.25, "bc_nn": 0.21, "bc_shuffled": 0.22, "bc_random": 0.1, "rbc": -0.7, "n": 9}
SCORES: dict[str, Any] = {"consistency": {"summary": FILM}, "profile": {"user_profile": USER}}


def model(**about: Any) -> EmbeddingLanguageModel:
    made = tiny_elm.model()
    made.about = {"base": {"id": BASE_ID, "revision": None, "sha256": None}, **about}
    return made


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return save_model(model(made={"dataset": "Toy films", "steps": "3 and 4"}), tmp_path / "model")


def metadata(text: str) -> dict[str, Any]:
    return ModelCard(text).data.to_dict()


def test_front_matter_is_what_the_hub_reads(folder: Path) -> None:
    text = write_card(folder, SCORES, license="mit")
    data = metadata(text)
    assert {key: data[key] for key in ("library_name", "license", "language", "base_model", "datasets")} == {
        "library_name": "elm",
        "license": "mit",
        "language": "en",
        "base_model": BASE_ID,
        "datasets": ["Toy-films"],
    }
    assert {"elm", "embeddings", "space:toy"} <= set(data["tags"])
    assert card_problems(text, folder) == []
    results = {
        (r["task"]["name"], m["name"]): (r["dataset"], m["type"], m["value"])
        for r in data["model-index"][0]["results"]
        for m in r["metrics"]
    }
    assert data["model-index"][0]["name"] == "elm-Toy-films"
    assert results["summary", "SC of the nearest film"][1:] == ("semantic_consistency", 0.4)
    assert results["user_profile", "rBC"][1:] == ("behavioural_consistency", -0.7)
    assert {dataset["type"] for dataset, *_ in results.values()} == {"Toy-films"}
    assert {dataset["split"] for dataset, *_ in results.values()} == {"test"}


def test_scores_stand_beside_their_controls_and_are_kept(folder: Path) -> None:
    text = write_card(folder, SCORES)
    assert "| summary | 0.500 | 0.600 | 0.400 | 0.300 | 0.310 | 0.500 | 0.900 | - |" in text
    assert "| user_profile | 0.200 | 0.250 | 0.210 | 0.220 | 0.100 | -0.700 |" in text
    assert "On 7 held-out films" in text
    assert "On 9 held-out users" in text
    assert "`user_profile`: another user's text ranks as well; do not trust this task." in text
    assert "`summary`: the nearest film" not in text
    assert (folder / "scores.png").read_bytes().startswith(b"\x89PNG")
    assert "![Scores beside their controls](scores.png)" in text
    assert verify(folder) == []
    assert write_card(folder) == text  # from the scores that the folder has kept
    assert json.loads((folder / "manifest.json").read_text()).keys() >= {"scores.png", "scores.json", "README.md"}


def test_without_scores_it_says_that_nothing_was_measured(folder: Path) -> None:
    text = write_card(folder)
    assert "elm bench consistency RUN" in text
    assert "Its texts have not been measured" in text
    assert "model-index" not in metadata(text)
    assert card_problems(text, folder) == []
    assert metadata(text)["license"] == "unknown"


def test_rewriting_leaves_the_weights_and_takes_the_signature_away(folder: Path) -> None:
    before = {p.name: p.read_bytes() for p in folder.rglob("*.safetensors")}
    (folder / SIGNATURE).write_text("{}")
    (folder / "notes.txt").write_text("mine")
    write_card(folder, SCORES, license="mit")
    assert {p.name: p.read_bytes() for p in folder.rglob("*.safetensors")} == before
    assert not (folder / SIGNATURE).exists()
    assert (folder / "notes.txt").read_text() == "mine"
    assert read_config(folder).notes["license"] == "mit"
    assert load_model(folder).about["license"] == "mit"


def test_a_damaged_folder_gets_no_new_manifest(folder: Path) -> None:
    with open(folder / "llm" / "model.safetensors", "r+b") as file:
        file.seek(-3, 2)
        file.write(b"\x00\x01\x02")
    with pytest.raises(CheckpointError, match=r"llm/model.safetensors is cut off or changed"):
        write_card(folder, SCORES)
    assert not (folder / "scores.json").exists()


@pytest.mark.parametrize("license", ["", "MIT licence", "a\nb: c", "../x", "x" * 60])
def test_a_licence_that_is_none(folder: Path, license: str) -> None:
    with pytest.raises(CallError, match=r"a licence is named as on the Hub, such as apache-2\.0 or mit, got"):
        write_card(folder, license=license)


HOSTILE = 'x: [}\n---\n# "y" | <script>alert(1)</script> [click](http://evil) ![](a) \'\\ é 映画 {{ }} %s'


def test_names_from_outside_stay_text() -> None:
    adapters = {"toy": replace(tiny_elm.adapter(tiny_elm.table()).config, space=HOSTILE, tasks=(HOSTILE,))}
    config = FolderConfig(
        ("toy",),
        {"id": HOSTILE, "revision": None, "sha256": None, "files": None},
        version=HOSTILE,
        notes={"made": {"dataset": HOSTILE, HOSTILE: HOSTILE}},
    )
    text = model_card(config, adapters, {"consistency": {HOSTILE: FILM}, "profile": {}})
    data = metadata(text)
    assert card_problems(text) == []
    assert data["datasets"] == [slug(HOSTILE)]
    assert "base_model" not in data
    result = data["model-index"][0]["results"][0]
    assert (result["task"]["name"], result["dataset"]["name"]) == (HOSTILE, HOSTILE)
    body = text.split("\n---\n", 1)[1] if text.count("\n---\n") == 1 else text[text.index("\n# ") :]
    outside_code = re.sub(r"```.*?```", "", body, flags=re.DOTALL)
    assert not re.search(r"(?<!\\)<script|(?<!\\)\[click", outside_code)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda t: t.replace("license: unknown", "license: [}"), "its front matter cannot be read"),
        (lambda t: t.replace("library_name: elm\n", ""), "it names no library_name"),
        (lambda t: t.replace("license: unknown", "license: My Licence"), "'My Licence' is no licence of the Hub"),
        (lambda t: t.replace("language: en", "language: English"), "'English' is no language code"),
        (lambda t: t.replace("tags:\n- elm", "tags:\n- 3"), "its tags are not a list of words"),
        (lambda t: t.replace(f"base_model: {BASE_ID}", "base_model: /home/me/base"), "its base_model '/home/me/base'"),
        (lambda t: t.replace("- Toy-films", "- /data/films"), "its data set '/data/films' cannot be one"),
        (lambda t: t + "![x](gone.png)", "it shows gone.png, which is not there"),
        (lambda t: t.replace("metrics:", "metric:"), "its front matter cannot be read"),
    ],
)
def test_what_the_hub_would_not_take_is_found(folder: Path, change: Any, problem: str) -> None:
    text = write_card(folder, SCORES if problem.endswith("read") else None)
    assert change(text) != text
    found = card_problems(change(text), folder)
    assert len(found) == 1
    assert found[0].startswith(problem)


def test_ids_of_the_hub() -> None:
    assert is_repository_id("elm-toolkit/demo-base")
    for name in ("runs", "a/b/c", "/tmp/x", "../up/down", "own--er/x", None, 3, "tests/runs"):
        assert not is_repository_id(name), name
    assert slug("../") == "unknown"


def test_losses_of_no_steps_and_of_many() -> None:
    for stages in ({"one": [], "two": []}, {"one": [1.0], "two": [0.5] * 700}):
        assert losses_picture(stages).startswith(b"\x89PNG")


@pytest.mark.slow
@pytest.mark.parametrize("place", ["shipped", "run"])
def test_the_snippet_of_the_card_runs_in_its_folder(place: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    folder = SHIPPED / "demo"
    if place == "run":
        folder = request.getfixturevalue("finished").folder / "model"
    card = (folder / "README.md").read_text(encoding="utf-8")
    (snippet,) = re.findall(r"```python\n(.*?)```", card, re.DOTALL)
    done = subprocess.run(
        [sys.executable, "-W", "error::UserWarning", "-c", snippet], cwd=folder, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert re.fullmatch(r"\[(['\"]).*\1\]\n", done.stdout)
    assert card_problems(card, folder) == []
    assert verify(folder) == []


def test_the_card_of_a_run_tells_what_the_run_did(finished: Finished, tmp_path: Path) -> None:
    folder = finished.folder / "model"
    card = (folder / "README.md").read_text(encoding="utf-8")
    data = metadata(card)
    assert data["base_model"] == BASE_ID
    assert data["datasets"] == ["small"]
    assert data["license"] == "unknown"
    assert "- steps: 3 and 3 of 600 tokens, seed 0" in card
    assert "losses.png" in card
    shown = finished.result["consistency"]["summary"]
    assert f"| summary | {shown['sc']:.3f} | {shown['sc_teacher']:.3f} | {shown['sc_nn']:.3f} |" in card
    assert f"On {shown['n']} held-out films" in card
    copy = Path(shutil.copytree(folder, tmp_path / "copy"))
    assert write_card(copy) == card


def test_a_model_on_gemma_tells_its_terms(tmp_path: Path) -> None:
    made = model(license="gemma")
    made.about["base"] = {"id": "gemma-3-270m", "revision": None, "sha256": "0" * 64, "files": None}
    text = write_card(save_model(made, tmp_path / "model"))
    assert metadata(text)["base_model"] == "google/gemma-3-270m"
    assert metadata(text)["license"] == "gemma"
    assert "terms of use of its owner apply to it and to what is made of it: https://ai.google.dev/gemma/terms" in text
    assert card_problems(text) == []
