"""`elm doctor` about versions, and that the ranges it reads are those that are tried."""

from __future__ import annotations

import re
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from elm.cli import main
from elm.cli._doctor import libraries

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Versions that this machine seems to have, beside those that it has."""
    versions: dict[str, str] = {}
    real = metadata.version
    monkeypatch.setattr(metadata, "version", lambda name: versions.get(name) or real(name))
    chat = [f"{line}; extra == 'chat'" for line in PROJECT["optional-dependencies"]["chat"]]
    asked = [*PROJECT["dependencies"], *chat]
    monkeypatch.setattr(metadata, "requires", lambda name: asked)
    return versions


@pytest.mark.parametrize(
    ("name", "version"),
    [
        ("accelerate", "1.0.1"),
        ("sentence-transformers", "5.3.0"),
        ("scikit-learn", "1.5.2"),
        ("huggingface_hub", "1.2.9"),
        ("typer", "0.23.1"),
        ("tokenizers", "0.22.0"),
        ("transformers", "6.0.0"),
        ("jinja2", "3.1.5"),
    ],
)
def test_a_version_outside_its_range_is_named(
    name: str, version: str, installed: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert all(check.state == "ok" for check in libraries())
    installed[name] = version
    odd = [check for check in libraries() if check.state != "ok"]
    assert [check.name for check in odd] == [name]
    assert odd[0].found.startswith(f"{version}, not ")
    assert main(["doctor"]) == 1
    told = capsys.readouterr().out
    assert told.splitlines()[-1] == f"1 essential thing is missing or outside the range: {name}"


def test_an_extra_outside_its_range_is_told(installed: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    installed["openai"] = "4.0.0"
    assert main(["doctor"]) == 0
    told = capsys.readouterr().out
    assert "all well" not in told
    assert told.splitlines()[-1].startswith("all that is essential is well; to be looked at: ")
    assert "openai" in told.splitlines()[-1]


def test_the_lowest_versions_that_are_tried_are_the_lowest_that_are_allowed() -> None:
    lines = (ROOT / "constraints-lowest.txt").read_text().splitlines()
    tried = dict(line.split("==") for line in lines if not line.startswith("#"))
    lowest = {}
    for line in PROJECT["dependencies"]:
        requirement = Requirement(line)
        lower = [each.version for each in requirement.specifier if each.operator == ">="]
        assert len(lower) == 1, f"{line} needs one lower bound"
        lowest[requirement.name] = lower[0]
    assert {name: padded(version) for name, version in tried.items()} == {n: padded(v) for n, v in lowest.items()}


def padded(version: str) -> tuple[int, ...]:
    numbers = [int(part) for part in re.findall(r"\d+", version)]
    return (*numbers, *[0] * (3 - len(numbers)))
