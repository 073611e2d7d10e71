"""The experiments that repeat the paper's, each made short: they run, go on where they were, and their texts add up."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny_elm
from faulty_endpoint import endpoint, said
from small_world import Small

from elm.embeddings import SentenceEncoder
from elm.model import save_llm
from elm.runs import build_world, teach
from elm.tasks import ItemFacts, UserFacts

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"
FIRST = ItemFacts(("War", "Drama"), {"setting": "a port", "conflict": "a bet"}, (("dark", 0), ("funny", 1)))
SECOND = ItemFacts(("Comedy",), {"setting": "a barn", "conflict": "a theft"}, (("romantic", 1),))
Run = Callable[..., list[dict[str, Any]]]


@pytest.fixture
def part(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Any]:
    """A file of benchmarks/ as a module."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return importlib.import_module


@pytest.fixture
def experiment(part: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Call one as from a shell; returns the rows that it prints with --json."""

    def call(name: str, *options: object) -> list[dict[str, Any]]:
        monkeypatch.setattr(sys, "argv", [f"{name}.py", *map(str, options), "--json"])
        capsys.readouterr()
        part(name).main()
        rows: list[dict[str, Any]] = json.loads(capsys.readouterr().out)
        return rows

    return call


@pytest.fixture(scope="module")
def run(small: Small, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run as far as its model, which has learned next to nothing."""
    config = small.config(base=str(small.base))
    folder = config.begin(tmp_path_factory.mktemp("run"))
    encoder = SentenceEncoder(config.encoder)
    teach(folder, build_world(folder, config, encoder, progress=False), config, encoder, progress=False)
    return folder.path


@pytest.mark.slow
def test_the_toy_in_both_regimes(experiment: Run, part: Callable[[str], Any], tmp_path: Path) -> None:
    save_llm(tiny_elm.base(), tiny_elm.tokenizer(), tmp_path / "base")
    options = ("--base", tmp_path / "base", "--seeds", 1)
    long = (*options, "--steps", 500, "--lr", 1e-2, "--out", tmp_path / "toy")
    rows = experiment("toy", *long)
    assert [row["regime"] for row in rows] == ["two stages", "one stage"]
    for row in rows:
        assert (row["accuracy"], row["texts"], row["collapsed"]) == (1.0, ["one", "two"], False)
        assert 0 < row["learned_at"] < row["steps"] <= 500  # it went on until both had been right for a while
    assert (tmp_path / "toy" / "toy.png").read_bytes().startswith(b"\x89PNG")
    assert experiment("toy", *long) == rows  # read back
    idle = experiment("toy", *options, "--steps", 40, "--lr", 1e-6)
    assert [(row["learned_at"], row["steps"]) for row in idle] == [(None, 40)] * 2
    table = part("toy").summary(rows + idle).set_index(["regime", "lr"])
    assert table["learned"].to_dict() == {
        (regime, lr): float(lr == 1e-2) for regime in ("two stages", "one stage") for lr in (1e-2, 1e-6)
    }


@pytest.mark.slow
def test_stages_and_soft_tokens(experiment: Run, small: Small, tmp_path: Path) -> None:
    options = ("--data", small.data, "--encoder", small.encoder, "--base", small.base, "--films", 2)
    options += ("--batch-tokens", 300)
    rows = experiment("stages", *options, "--steps", 2, "--out", tmp_path / "stages")
    two, one = rows
    assert two["regime"] == "two stages, 1 + 1"
    assert [point["step"] for point in two["course"]] == [point["step"] for point in one["course"]] == [1, 2]
    assert one["test"].keys() >= {"sc", "sc_teacher", "sc_nn", "sc_shuffled", "rsc", "facts", "facts_nn"}
    assert all(scores["n"] == 2 for scores in one["by_task"].values())
    assert two["test"]["sc_teacher"] == one["test"]["sc_teacher"]  # the same films, the same ceiling
    assert experiment("stages", *options, "--steps", 2, "--out", tmp_path / "stages") == rows
    rows = experiment("soft_tokens", *options, "--steps", 2, "--numbers", 3, "--out", tmp_path / "soft")
    assert [row["soft_tokens"] for row in rows] == [3]
    assert (tmp_path / "soft" / "soft_tokens.png").stat().st_size > 1000


@pytest.mark.slow
def test_interpolations(experiment: Run, run: Path, tmp_path: Path) -> None:
    words = ("--run", run, "--steps", 1, "--batch-tokens", 700, "--films", 3, "--users", 2)
    with endpoint(lambda number, body: said("A comedy film in a barn.")) as served:
        chat = ("--endpoint", served.url, "--model", "m", "--answers", tmp_path / "kept")
        options = (*words, "--tasks", "summary", *chat, "--out", tmp_path / "out")
        rows = experiment("interpolations", *options)
        asked = [call["messages"][0]["content"] for call in served.calls]
        assert len(asked) == 3 + 2
        assert experiment("interpolations", *options) == rows
        assert len(served.calls) == 5  # answers are kept
    assert [(row["task"], row["measure"]) for row in rows] == [
        ("summary", "SC"),
        ("user_profile", "NDCG"),
        ("user_profile", "rank"),
    ]
    for row in rows:
        assert row.keys() >= {"model", "words", "chat", "teacher", "shuffled", "first", "second", "p_value"}
        assert row["texts"]["chat"] == "A comedy film in a barn."
    films = [question for question in asked if "Second:" in question]
    assert len(films) == 3
    assert len({question.rsplit("Second:", 1)[1] for question in films}) == 1  # one film is fixed
    assert (tmp_path / "out" / "interpolations.png").exists()


@pytest.mark.slow
def test_along(experiment: Run, run: Path, tmp_path: Path) -> None:
    rows = experiment(
        "along", "--run", run, "--films", 3, "--tasks", "summary", "--concepts", "funny", "--out", tmp_path / "out"
    )
    assert [(row["way"], row["n"]) for row in rows] == [("mixture", 3), ("funny", 3)]
    assert rows[0]["model"][0] == pytest.approx(rows[0]["still"][0])  # nothing is moved yet
    assert len(rows[1]["concept"]) == len(rows[1]["amounts"]) == 7
    assert (tmp_path / "out" / "along.png").exists()


def test_what_lies_halfway_is_of_both(part: Callable[[str], Any]) -> None:
    mixed = [part("_in_words").mixed_items(FIRST, SECOND, np.random.default_rng(seed)) for seed in range(40)]
    for facts in mixed:
        assert "Comedy" in facts.kinds
        assert len(facts.kinds) == 2
        assert dict(facts.qualities) == {"dark": 0, "romantic": 1}
    assert {facts.aspects["setting"] for facts in mixed} == {"a port", "a barn"}
    assert {(facts.aspects["setting"], facts.aspects["conflict"]) for facts in mixed} > {("a port", "a theft")}


def test_tastes_halfway_are_the_mean_of_both(part: Callable[[str], Any]) -> None:
    first = UserFacts((("War", 0), ("dark", 0), ("Comedy", 1)), (("Drama", 0),))
    second = UserFacts((("War", 0), ("funny", 1)), (("Comedy", 1), ("Drama", 1)))
    mixed = part("_in_words").mixed_users(first, second)
    assert mixed.likes == (("War", 0), ("dark", 1), ("funny", 1))  # what one likes and the other dislikes cancels out
    assert mixed.dislikes == (("Drama", 0),)
