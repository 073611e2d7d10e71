"""The commands that read a run: what they print, and one clear line for each wrong call."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small_world import Finished, Small, trusted_copy

from elm.embeddings import VectorTable
from elm.runs import open_table

Elm = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def films(finished: Finished) -> VectorTable:
    return open_table(finished.folder, "films")


@pytest.fixture
def saved(tmp_path: Path) -> Callable[[Any], Path]:
    def save(array: Any) -> Path:
        np.save(tmp_path / "vectors.npy", array, allow_pickle=True)
        return tmp_path / "vectors.npy"

    return save


def test_describe_an_item(elm: Elm, finished: Finished) -> None:
    first = finished.result["describe"][0]
    words = ("describe", "--run", finished.folder, "--item", first["item"], "--task", first["task"])
    code, out, err = elm(*words, "--json")
    assert (code, err) == (0, "")
    assert json.loads(out) == {"task": first["task"], "texts": [{"id": first["item"], "text": first["text"]}]}
    assert elm(*words) == (0, first["text"] + "\n", "")


def test_describe_a_user_held_out_or_not(elm: Elm, finished: Finished) -> None:
    example = finished.result["profile"]["example"]
    code, out, err = elm("profile", "--run", finished.folder, "--user", example["user"], "--json")
    assert (code, err) == (0, "")
    assert json.loads(out)["profile"] == example["profile"]
    trained = open_table(finished.folder, "users").ids[0]
    code, out, _ = elm("describe", "--run", finished.folder, "--user", trained, "--json")
    assert code == 0
    assert json.loads(out)["task"] == "user_summary"


def test_describe_vectors_of_a_file_one_or_several(
    elm: Elm, finished: Finished, films: VectorTable, saved: Callable[[Any], Path]
) -> None:
    code, out, _ = elm("describe", "--run", finished.folder, "--vectors", saved(films.vectors[:3]), "--json")
    assert code == 0
    several = [entry["text"] for entry in json.loads(out)["texts"]]
    assert len(several) == 3
    code, out, _ = elm("describe", "--run", finished.folder, "--vectors", saved(films.vectors[0]), "--json")
    assert code == 0
    assert [entry["text"] for entry in json.loads(out)["texts"]] == several[:1]


@pytest.mark.filterwarnings("always::elm._errors.OutsideDataWarning")
def test_a_vector_far_outside_draws_one_warning(
    elm: Elm, finished: Finished, films: VectorTable, saved: Callable[[Any], Path]
) -> None:
    far = films.space.mean + 40 * films.space.scale
    code, out, err = elm("describe", "--run", finished.folder, "--vectors", saved(far))
    assert code == 0
    assert out.strip()
    assert re.fullmatch(r"elm: warning: .*far.*\n", err)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda v: v[0][:-1], r"no adapter reads vectors of 31 numbers; known: minilm \(32\), wals \(8\)"),
        (lambda v: np.where(np.arange(32) == 3, np.nan, v[0]), "finite, but 1 of 1 rows hold NaN or infinity"),
        (lambda v: np.where(np.arange(32) == 3, np.inf, v[:2]), "finite, but 2 of 2 rows hold NaN or infinity"),
        (lambda v: v[:0], "not be empty"),
        (lambda v: v[None], r"shape \(dim,\) or \(n, dim\)"),
        (lambda v: v[0].astype(complex), "real numbers"),
    ],
)
def test_bad_vectors(
    elm: Elm, finished: Finished, films: VectorTable, saved: Callable[[Any], Path], make: Any, message: str
) -> None:
    one_line(elm("describe", "--run", finished.folder, "--vectors", saved(make(films.vectors))), 2, message)


@pytest.mark.slow
def test_bad_vector_files(elm: Elm, finished: Finished, tmp_path: Path, saved: Callable[[Any], Path]) -> None:
    words = ("describe", "--run", finished.folder, "--vectors")
    text = tmp_path / "vectors.txt"
    text.write_text("0.1 0.2\n")
    one_line(
        elm(*words, text),
        1,
        r"vectors\.txt is not a whole file in word2vec's form .*neither two counts nor a word and its numbers",
    )
    one_line(elm(*words, tmp_path / "no.npy"), 1, r"no\.npy does not exist; save vectors with numpy\.save")
    one_line(elm(*words, tmp_path), 1, "is not a whole .npy file")
    one_line(
        elm(*words, saved(np.array([{"a": 1}], dtype=object))),
        1,
        r"vectors\.npy must be a whole .* it holds Python objects",
    )
    one_line(elm(*words, saved(np.array(["0.1", "0.2"]))), 1, r"vectors\.npy must be a whole .* it holds <U3")
    whole = saved(np.zeros((4, 32), np.float32))
    whole.write_bytes(whole.read_bytes()[:-100])
    one_line(elm(*words, whole), 1, r"vectors\.npy must be a whole \.npy file .* cut off")
    np.savez(tmp_path / "many.npz", a=np.zeros(32))
    one_line(elm(*words, tmp_path / "many.npz"), 1, r"vectors are a table|many\.npz must hold one table of numbers")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "say what to read: one of --item, --user or --vectors"),
        (("--item", "f1", "--user", "u1"), "say what to read: one of"),
        (("--item", "f1", "--task", "sumary"), r"unknown task 'sumary'; did you mean 'summary'\?"),
        (("--item", "ff1"), r"unknown film 'ff1'; did you mean 'f\d+'\?"),
        (("--user", "u9999"), r"unknown user 'u9999'; did you mean 'u\d+'\?"),
        (("--item", "f1", "--task", "user_profile"), "task 'user_profile' was not trained for minilm; learned: "),
        (("--item", "f1", "--space", "walls"), r"unknown space 'walls'; did you mean 'wals'\?"),
        (("--item", "f1", "--temperature", "-1"), "Invalid value for '--temperature'"),
    ],
)
def test_wrong_calls_of_describe(elm: Elm, finished: Finished, words: tuple[str, ...], message: str) -> None:
    one_line(elm("describe", "--run", finished.folder, *words), 2, message)


def test_profile_of_a_new_user(elm: Elm, finished: Finished) -> None:
    items = open_table(finished.folder, "items").ids
    history = f"{items[0]}:5,{items[1]}:4,{items[2]}:1"
    code, out, err = elm("profile", "--run", finished.folder, "--history", history, "--json")
    assert (code, err) == (0, "")
    assert len(json.loads(out)["profile"]) > 40


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "say whose profile: one of --user or --history"),
        (("--user", "u1", "--history", "f1:5"), "say whose profile: one of"),
        (("--history", "nothing:5"), "unknown item 'nothing'"),
        (("--history", "f1:five"), "numbers as ratings, got 'f1:five'"),
        (("--user", "u1111"), r"unknown user 'u1111'; did you mean"),
        (("--history", "f1:5", "--task", "user_profil"), r"unknown task 'user_profil'; did you mean 'user_profile'\?"),
    ],
)
def test_wrong_calls_of_profile(elm: Elm, finished: Finished, words: tuple[str, ...], message: str) -> None:
    one_line(elm("profile", "--run", finished.folder, *words), 2, message)


def test_recommend_from_a_run(elm: Elm, finished: Finished) -> None:
    example = finished.result["edit"]["example"]
    code, out, err = elm("recommend", finished.folder, "--user", example["user"], "--k", 5, "--json")
    assert (code, err) == (0, "")
    value = json.loads(out)
    assert len(value["items"]) == 5
    assert value["rated"] > 0
    words = ("recommend", finished.folder, "--profile", example["edited"], "--alpha", 1, "--k", 10)
    code, out, _ = elm(*words, "--json")
    assert code == 0
    profile_alone = [place["item"] for place in json.loads(out)["items"]]
    after = [place["item"] for place in example["after"]]
    assert set(profile_alone) & set(after)  # `after` leaves out what the user has rated
    one_line(elm("recommend", finished.folder, "--user", "u1234"), 2, r"unknown user 'u1234'; did you mean")


@pytest.mark.slow
def test_bench_prints_tables_and_the_names_of_the_quickstart(elm: Elm, finished: Finished, tmp_path: Path) -> None:
    run = trusted_copy(finished.folder, tmp_path / "run")  # its card is written anew
    code, out, err = elm("bench", "consistency", run, "--films", 3, "--users", 4, "--json", "--quiet")
    assert (code, err) == (0, "")
    value = json.loads(out)
    assert set(value) == {"run", "consistency", "behaviour", "versions", "profile"}
    for task, row in value["consistency"].items():
        assert set(row) == set(finished.result["consistency"][task])
        assert row["n"] == 3
    assert set(finished.result["profile"]) - {"example"} <= set(value["profile"])
    assert value["profile"]["n"] == 4


@pytest.mark.parametrize("command", [("bench", "consistency"), ("recommend", "--history", "f1")])
def test_a_folder_that_is_no_run(elm: Elm, tmp_path: Path, command: tuple[str, ...]) -> None:
    message = r"(is not a run folder \(it has no run\.json\); make one with|no recommender in)"
    one_line(elm(*command, tmp_path), 1, message)
    one_line(elm(*command, tmp_path / "nowhere"), 1, message)


def test_describe_with_a_folder_that_is_no_run(elm: Elm, tmp_path: Path, saved: Callable[[Any], Path]) -> None:
    one_line(elm("describe", "--run", tmp_path / "no", "--item", "f1"), 1, "a model is a folder; there is none at")
    one_line(elm("describe", "--run", tmp_path, "--item", "f1"), 1, r"config\.json is missing")


def test_a_damaged_model_is_refused(elm: Elm, finished: Finished, tmp_path: Path) -> None:
    for part in ("model", "vectors"):
        shutil.copytree(finished.folder / part, tmp_path / part)
    weights = tmp_path / "model" / "adapters" / "minilm" / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-7])
    words = ("describe", "--run", tmp_path, "--item", "f1")
    one_line(elm(*words), 1, r"model\.safetensors is cut off or changed since it was saved")
    shutil.copy(finished.folder / "model" / "adapters" / "minilm" / "model.safetensors", weights)
    table = tmp_path / "vectors" / "films" / "vectors.safetensors"
    table.write_bytes(table.read_bytes()[:-7])
    one_line(elm(*words), 1, r"vectors\.safetensors is not the file that is described beside it")


def test_train_run_and_its_missing_encoder(elm: Elm, small: Small, tmp_path: Path) -> None:
    words = ("train", "run", small.data, "--out", tmp_path / "run", "--steps", 1, 1, "--quiet", "--json")
    one_line(elm(*words, "--encoder", "no-such-encoder"), 1, "sentence encoder 'no-such-encoder' was not found")
    code, out, err = elm(*words, "--encoder", small.encoder)
    assert (code, err) == (0, "")
    value = json.loads(out)
    assert set(value) == {"run", "seconds", "train", "recommend"}
    assert set(value["train"]) == {"stage_one", "stage_two"}
    one_line(elm(*words, "--encoder", small.encoder, "--seed", 1), 2, "begun with other values of seed, training")
    one_line(elm(*words, "--encoder", small.encoder, "--steps", 1, -1), 2, "two numbers of 0 or more, got 1 and -1")
    one_line(elm("train", "run", "dem"), 2, r"unknown data set 'dem'; did you mean 'demo'\?")


def one_line(came: tuple[int, str, str], code: int, message: str) -> None:
    """An exit code, no result, and one line that says `elm: ` and the message (with --json an object, too)."""
    found, out, err = came
    assert re.search(message, err), err
    assert found == code
    assert not out or json.loads(out).keys() == {"error"}
    assert err.startswith("elm: ")
    assert err.count("\n") == 1
