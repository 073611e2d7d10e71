"""docs/rewards.md: its script runs as it stands, and its table names every objective."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from elm.model import load_model
from elm.training import OBJECTIVES

PAGE = (Path(__file__).resolve().parents[3] / "docs/rewards.md").read_text(encoding="utf-8")
(SCRIPT,) = re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
SMALL = [
    ("steps=100", "steps=2, warmup=1"),
    ("prompts=16, texts=4", "prompts=2, texts=2"),
    ("range(1700, 1800)", "range(1700, 1702)"),
    ("range(1500)", "range(4)"),
    ('Path("by-reward")', 'Path("by-reward"), progress=False'),
]


@pytest.mark.slow
def test_the_script_tunes_the_demo_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    script = SCRIPT
    for shown, small in SMALL:
        assert shown in script
        script = script.replace(shown, small)
    scope: dict[str, object] = {}
    exec(compile(script, "docs/rewards.md", "exec"), scope)
    result = scope["result"]
    assert len(result.loop.losses) == 2  # type: ignore[attr-defined]
    assert load_model("tuned-model").describe(scope["films"].vectors[0], "summary")  # type: ignore[attr-defined]


def test_the_table_names_every_objective() -> None:
    assert set(re.findall(r"^\| `([\w-]+)` \|", PAGE, re.MULTILINE)) >= set(OBJECTIVES)
