"""The JAX example writes what torch writes, on a machine without torch."""

from __future__ import annotations

import runpy
import subprocess
import sys
from pathlib import Path

import pytest

import elm

pytest.importorskip("flax", reason='needs pip install "elm-toolkit[jax]"')
EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "jax_soft_tokens.py"

WITHOUT_TORCH = f"""
import runpy, sys
sys.modules["torch"] = sys.modules["transformers"] = None
sys.argv = ["jax_soft_tokens.py"]
runpy.run_path({str(EXAMPLE)!r}, run_name="__main__")
"""


@pytest.mark.slow
def test_it_prints_torchs_texts_where_there_is_no_torch(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", WITHOUT_TORCH], capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    film, user = elm.model.shipped_vectors("films")["f692"], elm.model.shipped_vectors("users")["u225"]
    summary = elm.describe(film, "summary", temperature=0)
    profile = elm.describe(user, "user_profile", temperature=0)
    assert done.stdout == f"\nf692, summary:\n{summary}\n\nu225, user_profile:\n{profile}\n"


@pytest.mark.slow
def test_other_films_are_written_as_torch_writes_them() -> None:
    example = runpy.run_path(str(EXAMPLE))
    films = elm.model.shipped_vectors("films").rows(["f1814", "f863"])
    texts = example["describe"](example["SHIPPED"] / "demo", "minilm", films, "five_positive")
    assert texts == elm.describe(films, "five_positive", temperature=0)


def test_it_is_short() -> None:
    assert len(EXAMPLE.read_text(encoding="utf-8").splitlines()) <= 120
