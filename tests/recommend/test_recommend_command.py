"""`elm recommend` on a saved recommender, and `elm doctor`."""

import json
from importlib import metadata

import pytest
import typer
from taste_groups import ITEMS, TEXTS, HashedWords
from typer.testing import CliRunner

import elm.embeddings
from elm._errors import CallError, CheckpointError, DataFileError, ElmError, UnknownNameError
from elm._storage.files import write_json
from elm.cli import _doctor
from elm.cli._doctor import Check, doctor
from elm.cli._recommend import parse_history, recommend
from elm.data import demo
from elm.recommend import EASE, BackboneRecommender, KnownTexts, Recommender


def run(command, *words: str):
    app = typer.Typer()
    app.command()(command)
    result = CliRunner().invoke(app, [str(word) for word in words])
    if isinstance(result.exception, ElmError):
        raise result.exception
    return result


@pytest.fixture
def folder(recommender, tmp_path, monkeypatch):
    monkeypatch.setattr(elm.embeddings, "SentenceEncoder", lambda name: HashedWords())
    recommender.save(tmp_path / "run" / "recommender")
    return tmp_path / "run"


def test_json_names_every_place(folder):
    result = run(recommend, folder, "--history", "film00:5,film01:4", "--profile", TEXTS[1], "--alpha", 1, "--json")
    value = json.loads(result.stdout)
    assert value["alpha"] == 1
    assert value["rated"] == 2
    assert [place["place"] for place in value["items"]] == list(range(1, 21))
    assert {int(place["item"][4:]) // 20 for place in value["items"][:8]} == {1}
    assert set(value["items"][0]) == {"place", "item", "score", "title"}


def test_text_output_and_a_profile_from_a_file(folder, tmp_path):
    (tmp_path / "me.txt").write_text(TEXTS[0])
    result = run(recommend, folder / "recommender", "--profile-file", tmp_path / "me.txt", "--k", 3)
    lines = result.stdout.splitlines()
    assert lines[0] == "from the profile alone, alpha 1"
    assert len(lines) == 4
    assert lines[1].startswith("  1  Film ")


def test_what_to_know_of_a_profile_is_told_below_the_list(recommender, folder):
    known = KnownTexts(("War", "Comedy"), None)
    Recommender(recommender.model, recommender.items, recommender.titles, known).save(folder / "recommender")
    text = "They love war films. They avoid war films. They love westerns."
    lines = run(recommend, folder, "--profile", text, "--k", 3).stdout.splitlines()
    assert lines[4].startswith("note: the profile speaks for and against War: 'They love war films.' and ")
    assert lines[5].startswith("note: no item is of the kind 'Western'; the nearest is ")
    value = json.loads(run(recommend, folder, "--profile", text, "--json").stdout)
    assert [f"note: {remark}" for remark in value["remarks"]] == lines[4:6]


def test_a_folder_of_a_backbone_ranks_by_the_history(world, tmp_path):
    ids, titles = [f"film{i:02d}" for i in range(ITEMS)], [f"Film {i}" for i in range(ITEMS)]
    BackboneRecommender(EASE.fit(world.train), ids, titles).save(tmp_path / "ease")
    lines = run(recommend, tmp_path / "ease", "--history", "film00:5,film01:4", "--k", 3).stdout.splitlines()
    assert lines[0] == "from 2 ratings alone, alpha 0"
    assert lines[1].startswith("  1  Film ")
    with pytest.raises(CallError, match="reads histories alone"):
        run(recommend, tmp_path / "ease", "--history", "film00:5", "--profile", TEXTS[0])


def test_a_user_of_the_runs_data_set(tears, tmp_path):
    dataset = demo(n_films=60, n_users=30)
    own = dataset.interactions[dataset.interactions["user"] == "u3"]["item"].tolist()
    rest = [item for item in dataset.items.index if item not in own]
    ids = (own + rest)[:ITEMS]
    Recommender(tears, ids).save(tmp_path / "recommender")
    dataset.save(tmp_path / "data")
    write_json(tmp_path / "run.json", {"dataset": str(tmp_path / "data"), "folder": None, "seed": 0})
    value = json.loads(run(recommend, tmp_path, "--user", "u3", "--k", 5, "--json").stdout)
    assert value["user"] == "u3"
    assert value["alpha"] == 0
    assert value["rated"] == min(len(own), ITEMS)
    assert not {place["item"] for place in value["items"]} & set(own)
    with pytest.raises(UnknownNameError, match="unknown user 'u33333'"):
        run(recommend, tmp_path, "--user", "u33333")


@pytest.mark.parametrize(
    ("words", "error", "message"),
    [
        ([], CallError, "nothing to recommend from; give --user or --history"),
        (["--history", "film00", "--user", "u1"], CallError, "two ways to give one history"),
        (["--history", "film00:five"], CallError, "numbers as ratings, got 'film00:five'"),
        (["--history", " , "], CallError, "--history holds no item"),
        (["--history", "film00:nan"], CallError, "got nan for item 'film00'"),
        (["--history", "film0"], UnknownNameError, "unknown item 'film0'"),
        (["--profile", "a", "--profile-file", "b"], CallError, "use one of them"),
        (["--profile-file", "no-such-file"], CallError, "no-such-file does not exist"),
        (["--profile", "  "], CallError, "profile is empty"),
        (["--history", "film00", "--alpha", "2"], CallError, "between 0 and 1, got 2"),
        (["--history", "film00", "--k", "0"], CallError, "between 1 and 40"),
        (["--user", "u1"], DataFileError, "run.json is missing"),
    ],
)
def test_wrong_calls(folder, words, error, message):
    with pytest.raises(error, match=message):
        run(recommend, folder, *words)


def test_a_folder_without_a_recommender(tmp_path):
    with pytest.raises(CheckpointError, match="no recommender in"):
        run(recommend, tmp_path / "nothing", "--history", "film00")


def test_ids_may_hold_colons():
    assert parse_history("tt:1:4,b") == {"tt:1": 4.0, "b": 5.0}


def test_the_doctor_finds_this_machine_well():
    result = run(doctor, "--json")
    value = json.loads(result.stdout)
    names = {check["name"] for check in value["checks"]}
    assert {"python", "torch", "numpy", "machine", "device", "disk", "sentence encoder"} <= names
    assert "hub" not in names
    assert value["healthy"] == (result.exit_code == 0)


def test_the_doctor_exits_with_one_and_says_what_to_do(monkeypatch):
    monkeypatch.setattr(_doctor, "sentence_encoder", lambda: Check("sentence encoder", "missing", "nowhere", "run: x"))
    result = run(doctor)
    assert result.exit_code == 1
    assert "missing  sentence encoder       nowhere; run: x" in result.stdout
    assert "missing" in result.stdout.splitlines()[-1]


def test_the_doctor_compares_versions(monkeypatch):
    lines = ["numpy>=9999", "no-such-library>=1", "scipy>=1", 'jax>=9999; extra == "jax"', 'nothing; extra == "page"']
    monkeypatch.setattr(metadata, "requires", lambda name: lines)
    found = {check.name: check for check in _doctor.libraries()}
    assert (found["numpy"].state, found["numpy"].todo) == ("missing", 'run: pip install "numpy>=9999"')
    assert (found["no-such-library"].state, found["no-such-library"].found) == ("missing", "not installed")
    assert found["scipy"].state == "ok"
    assert "nothing" not in found
