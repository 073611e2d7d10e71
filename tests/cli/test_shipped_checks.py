"""`elm doctor` about what ships, whole and damaged; describe and profile without a run."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

import elm.model
from elm.cli import _output, main
from elm.cli._doctor import shipped_model
from elm.model import SHIPPED


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of all that ships, which `elm doctor` takes for the real one."""
    shutil.copytree(SHIPPED, tmp_path / "shipped")
    monkeypatch.setattr(elm.model, "SHIPPED", tmp_path / "shipped")
    return tmp_path / "shipped"


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-5])


def states() -> dict[str, str]:
    return {check.name: check.state for check in shipped_model()}


def test_all_that_ships_is_whole() -> None:
    checks = list(shipped_model())
    assert [(check.name, check.state) for check in checks] == [
        ("shipped base", "ok"),
        ("shipped model", "ok"),
        ("shipped vectors", "ok"),
    ]
    assert checks[1].found.startswith("reads minilm, wals; ")
    assert checks[2].found.startswith("2,000 films, 2,000 users, ")
    sizes = {path: path.stat().st_size for path in SHIPPED.rglob("*") if path.is_file()}
    readers = sum(size for path, size in sizes.items() if path.is_relative_to(SHIPPED / "readers"))
    assert sum(sizes.values()) - readers <= 24 * 2**20
    assert readers <= 20 * 2**20


@pytest.mark.parametrize(
    ("damage", "name", "words"),
    [
        (lambda at: cut(at / "base" / "model.safetensors"), "shipped base", "is cut off or changed"),
        (lambda at: (at / "base" / "tokenizer.json").unlink(), "shipped base", "is missing, though"),
        (lambda at: shutil.rmtree(at / "demo"), "shipped model", "config.json is missing"),
        (lambda at: cut(at / "demo" / "llm" / "model.safetensors"), "shipped model", "is cut off or changed"),
        (
            lambda at: cut(at / "vectors" / "users" / "ids.parquet"),
            "shipped vectors",
            "is not the file that is described beside it",
        ),
    ],
)
def test_a_damaged_copy_is_one_line(
    copy: Path, damage: Callable[[Path], None], name: str, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    damage(copy)
    assert states()[name] == "missing"
    assert main(["doctor"]) == 1
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith(f"missing  {name}")]
    assert len(lines) == 1
    assert words in lines[0]
    assert lines[0].endswith("; install elm-toolkit again")


def test_vectors_that_the_model_does_not_read(copy: Path) -> None:
    for config in (copy / "demo" / "adapters").glob("*/config.json"):
        config.write_text(json.dumps({**json.loads(config.read_text()), "fingerprint": "f" * 16}))
    assert states() == {"shipped base": "ok", "shipped model": "missing", "shipped vectors": "missing"}


@pytest.mark.parametrize(
    "words",
    [
        ("describe", "--item", "f7", "--task", "positive_review"),
        ("describe", "--user", "u7"),
        ("profile", "--user", "u7"),
        ("profile", "--history", "f1:5,f9:4,f30:1"),
    ],
)
def test_the_examples_in_the_help_work_right_after_installation(
    words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*words, "--quiet"]) == 0
    _output.set_quiet(False)
    out, err = capsys.readouterr()
    assert len(out) > 60
    assert not err
