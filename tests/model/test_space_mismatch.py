"""Vectors of another space: refused by name, or read on request, and never without a trace."""

from __future__ import annotations

import json
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tiny_elm
from tiny_elm import SAY

from elm._errors import CallError, OutsideDataWarning, UnknownNameError, VectorError
from elm.adapters import read_config
from elm.cli import main
from elm.embeddings import EmbeddingSpace, VectorTable, wals
from elm.model import EmbeddingLanguageModel, load_model, save_model, shipped_vectors
from elm.tasks import ItemFacts, TemplateTeacher
from elm.training import Lessons, LoopConfig, TwoStage, train_two_stage

LOOP = LoopConfig(steps=1, lr=1e-3, warmup=1)
SHORT = TwoStage(one=LOOP, two=LOOP, batch_tokens=200)


def of_space(table: VectorTable, **changes: str) -> VectorTable:
    return VectorTable(table.ids, table.vectors, replace(table.space, **changes))  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def model() -> EmbeddingLanguageModel:
    return tiny_elm.model(tiny_elm.table(name="toy"), tiny_elm.table(dim=4, name="wee"))


@pytest.fixture(scope="module")
def other() -> VectorTable:
    return of_space(tiny_elm.table(), fingerprint="b" * 16)


def test_a_second_fit_is_another_space_and_the_message_names_the_first(model: EmbeddingLanguageModel) -> None:
    import pandas as pd

    rng = np.random.default_rng(0)
    rows = [(f"u{u}", f"f{i}", float(rng.integers(1, 6))) for u in range(20) for i in range(8) if rng.random() < 0.8]
    ratings = pd.DataFrame(rows, columns=["user", "item", "rating"])
    first, second = (wals(ratings, factors=4, seed=seed)[0] for seed in (0, 1))
    trained = tiny_elm.model(first)
    assert len(trained.describe(first, SAY)) == len(first)
    with pytest.raises(VectorError) as caught:
        trained.describe(second, SAY)
    assert f"the table's is wals {second.space.fingerprint}; nearest: wals {first.space.fingerprint}, " in str(
        caught.value
    )
    assert "same size and metric and name, other fingerprint" in str(caught.value)


def test_a_space_with_nothing_in_common_is_told_what_the_model_reads(model: EmbeddingLanguageModel) -> None:
    far = EmbeddingSpace.fit("far", np.eye(9), "cosine", {}, "c" * 16)
    with pytest.raises(
        VectorError, match=r"is far c{16}; this model reads other ones alone, toy \(6\), wee \(4\): make"
    ):
        model.describe(VectorTable([str(i) for i in range(9)], np.eye(9), far), SAY)


def test_the_name_is_a_label(model: EmbeddingLanguageModel) -> None:
    table = tiny_elm.table()
    assert model.describe(of_space(table, name="mine"), SAY) == model.describe(table, SAY)


def test_on_request_it_is_read_with_a_warning(model: EmbeddingLanguageModel, other: VectorTable) -> None:
    with pytest.warns(OutsideDataWarning, match=r"vectors of space toy b{16} are read as if they were of toy toy-6-0"):
        texts = model.describe(other, SAY, allow_space_mismatch=True)
    assert texts == model.describe(other.vectors, SAY)
    assert model.space_mismatch(other, SAY) == {"vectors": "toy " + "b" * 16, "read_as": "toy toy-6-0"}


def test_a_table_of_the_right_space_needs_no_leave(model: EmbeddingLanguageModel) -> None:
    table = tiny_elm.table()
    with warnings.catch_warnings(action="error"):
        assert model.describe(table, SAY, allow_space_mismatch=True) == model.describe(table, SAY)
    assert model.space_mismatch(table, SAY) is None
    assert model.space_mismatch(table.vectors, SAY) is None


def test_leave_does_not_help_where_the_size_is_wrong_or_the_choice_open(other: VectorTable) -> None:
    far = tiny_elm.table(dim=5, name="far")
    with pytest.raises(VectorError, match=r"the table's is far far-5-0; .*make the vectors again or load their model$"):
        tiny_elm.model().describe(far, SAY, allow_space_mismatch=True)
    two = tiny_elm.model(tiny_elm.table(name="a"), of_space(tiny_elm.table(), name="b", fingerprint="b-6-1"))
    with pytest.raises(CallError, match="fit several spaces: name one, space='a' or 'b'"):
        two.describe(other, SAY, allow_space_mismatch=True)
    with pytest.warns(OutsideDataWarning, match="of b b-6-1"):
        two.describe(other, SAY, space="b", allow_space_mismatch=True)
    with pytest.raises(UnknownNameError, match="unknown space 'c'"):
        two.describe(other, SAY, space="c", allow_space_mismatch=True)


def lessons(table: VectorTable) -> list[Lessons]:
    facts = {i: ItemFacts(("drama",), text="A storm.") for i in table.ids}
    return [Lessons("toy", table, TemplateTeacher(facts), ("summary",), table.ids)]


def test_training_on_another_space_is_refused(other: VectorTable) -> None:
    model = tiny_elm.model()
    with pytest.raises(VectorError, match=r"adapter 'toy' reads vectors of space toy toy-6-0 \(6\), but those of its "):
        train_two_stage(model, lessons(other), SHORT, progress=False)
    assert "allow_space_mismatch" not in model.about


def test_training_on_another_space_on_request_is_recorded_in_the_folder(other: VectorTable, tmp_path: Path) -> None:
    model = tiny_elm.model()
    with pytest.warns(OutsideDataWarning, match="the model will say so in its folder"):
        train_two_stage(model, lessons(other), SHORT, progress=False, allow_space_mismatch=True)
    save_model(model, tmp_path / "model")
    assert read_config(tmp_path / "model").allow_space_mismatch
    assert load_model(tmp_path / "model").about["allow_space_mismatch"] is True
    with pytest.raises(VectorError, match="make the adapter for the space of the table"):
        train_two_stage(model, lessons(tiny_elm.table(dim=5)), SHORT, progress=False, allow_space_mismatch=True)


@pytest.mark.filterwarnings("default::elm._errors.OutsideDataWarning")
def test_the_command_refuses_or_reads_and_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    films = shipped_vectors("films").subset(["f1"])
    of_space(films, fingerprint="d" * 16).save(tmp_path / "films")
    call = ["describe", "--vectors", str(tmp_path / "films"), "--json", "--temperature", "0"]
    assert main(call) == 2
    assert "nearest: minilm " in capsys.readouterr().err
    assert main([*call, "--allow-space-mismatch"]) == 0
    out, err = capsys.readouterr()
    assert err.startswith("elm: warning: vectors of space minilm dddddddddddddddd are read as if they were of minilm ")
    found = json.loads(out)
    assert found["space_mismatch"] == {"vectors": "minilm " + "d" * 16, "read_as": f"minilm {films.space.fingerprint}"}
    assert main(["describe", "--item", "f1", "--json", "--temperature", "0"]) == 0
    plain = json.loads(capsys.readouterr().out)
    assert "space_mismatch" not in plain
    assert plain["texts"][0]["text"] == found["texts"][0]["text"]


@pytest.mark.filterwarnings("default::elm._errors.OutsideDataWarning")
def test_a_run_whose_vectors_were_made_again_is_noticed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    save_model(tiny_elm.model(tasks=("summary", "user_profile")), tmp_path / "model")
    for kind in ("films", "users"):
        of_space(tiny_elm.table(), fingerprint="b" * 16).save(tmp_path / "vectors" / kind)
    run = ["--run", str(tmp_path)]
    for call in (["describe", "--item", "v1", *run], ["profile", "--user", "v1", *run]):
        assert main(call) == 2
        assert "the table's is toy bbbbbbbbbbbbbbbb; nearest: toy toy-6-0" in capsys.readouterr().err
    assert main(["describe", "--item", "v1", *run, "--allow-space-mismatch", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["space_mismatch"]["read_as"] == "toy toy-6-0"
