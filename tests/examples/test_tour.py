"""The tour runs as a person runs it, and its films and user are ones that the shipped model never saw."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import elm

ROOT = Path(__file__).resolve().parents[2]
TOUR = ROOT / "examples" / "tour.py"


@pytest.mark.slow
def test_the_tour_runs_offline_and_prints_each_stop(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, TOUR],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "HF_HUB_OFFLINE": "1"},
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    stops = dict(re.findall(r"^(\S.*)\n((?:    .+\n)+)", done.stdout, re.MULTILINE))
    assert list(stops) == [
        "The facts of f1814",
        "What its vector says (f1814)",
        "The profile of user u244",
        "The facts of f863",
        "Halfway from f1814 to f863",
        "f863, funny -2",
        "f863, funny +0",
        "f863, funny +2",
    ]
    assert len(stops["The profile of user u244"].splitlines()) >= 8
    assert len({stops[f"f863, funny {amount}"] for amount in ("-2", "+0", "+2")}) == 3
    auc = re.search(r"'funny': AUC (0\.\d+)", done.stdout)
    assert auc is not None
    assert float(auc[1]) > 0.7


def test_films_and_user_of_the_tour_are_held_out() -> None:
    shares = elm.runs.RunConfig()
    films = elm.data.split_entities(elm.model.shipped_vectors("films").ids, *shares.film_shares, seed=shares.seed)
    assert {"f1814", "f863"} <= set(films.test)
    rated_by = elm.data.load("demo").interactions["user"].value_counts()
    often = [str(user) for user in rated_by.index[rated_by >= 10]]
    assert "u244" in elm.data.split_entities(often, *shares.user_shares, seed=shares.seed).test


def test_it_is_short() -> None:
    assert len(TOUR.read_text(encoding="utf-8").splitlines()) <= 60
