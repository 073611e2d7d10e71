"""Where `elm train run` puts its run: never into the folder of its data set."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import elm.runs
from elm.cli import _output, main
from elm.data import demo


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return demo(n_films=30, n_users=12).save(tmp_path / "runs" / "films")


@pytest.mark.parametrize(
    ("words", "folder"),
    [
        (("runs/films",), "runs/films-run"),
        (("runs/films/",), "runs/films-run"),
        (("elsewhere/films",), "runs/films"),
        (("demo",), "runs/demo"),
        (("runs/films", "--out", "runs/a"), "runs/a"),
    ],
)
def test_the_run_folder(data: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], folder: str) -> None:
    demo(n_films=30, n_users=12).save("elsewhere/films")
    begun: list[Path] = []

    def train_run(out: Path, *_: Any, **__: Any) -> dict[str, Any]:
        begun.append(out)
        return {"train": {"stage_one": {"loss": 1.0}, "stage_two": {"loss": 1.0}}}

    monkeypatch.setattr(elm.runs, "train_run", train_run)
    assert main(["train", "run", *words, "--quiet", "--json"]) == 0
    _output.set_quiet(False)
    assert begun == [Path(folder)]


def test_a_run_in_the_folder_of_its_data_is_refused(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = sorted(data.iterdir())
    assert main(["train", "run", "runs/films", "--out", str(data)]) == 2
    message = f"a run begins in a folder of its own, and {data} is the data set's: choose another with --out"
    assert capsys.readouterr() == ("", f"elm: {message}\n")
    assert sorted(data.iterdir()) == before
