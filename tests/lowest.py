"""The main calls, once each: what `make test-lowest` runs with the lowest versions that pyproject.toml allows.

pytest does not collect this file by itself, for with the versions of every day the other tests say more.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import tiny_elm
from tiny_elm import SAY, Said

import elm
from elm.embeddings import SentenceEncoder
from elm.model import load_model, save_model, shipped_vectors, with_lora
from elm.tasks import TemplateTeacher
from elm.training import Lessons, LoopConfig, TwoStage, train_two_stage


def test_the_first_call_of_the_readme() -> None:
    text = elm.describe(shipped_vectors("films")["f692"], "summary")
    assert len(text.split()) > 10


def test_a_question() -> None:
    model = elm.model.shipped_model()
    assert isinstance(model.ask(shipped_vectors("films")["f1"], "Is it sad?", max_new_tokens=8), str)


def test_the_sentence_encoder() -> None:
    vectors = SentenceEncoder().encode(["a storm at sea", "a quiet village"])
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)
    assert SentenceEncoder().fingerprint == shipped_vectors("films").space.fingerprint


def test_a_small_training_is_saved_and_read_back(tmp_path: Path) -> None:
    for lora in (False, True):
        model, table = tiny_elm.model(), tiny_elm.table()
        model.about = {}
        teacher = TemplateTeacher({id: Said("a storm at sea") for id in table.ids})
        plan = TwoStage(LoopConfig(2, 1e-3, warmup=1), LoopConfig(2, 1e-3, warmup=1), batch_tokens=200)
        train_two_stage(model, [Lessons("toy", table, teacher, (SAY,), list(table.ids))], plan, progress=False)
        if lora:
            model.llm = elm.model.merged(with_lora(model.llm, 2))
        again = load_model(save_model(model.eval(), tmp_path / str(lora)))
        assert again.describe(table.vectors[:3], SAY) == model.describe(table.vectors[:3], SAY)


def test_vectors_of_ratings() -> None:
    users, items = elm.embeddings.wals(elm.data.load("demo"), factors=8)
    assert users.space.fingerprint == items.space.fingerprint


def test_the_command() -> None:
    done = subprocess.run([sys.executable, "-m", "elm", "doctor"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
