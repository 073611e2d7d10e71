"""What type checkers are told of the doors: one vector gives a text, several give a list. Never run; mypy reads it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, assert_type

import numpy as np

import elm
from elm._typing import Array
from elm.embeddings import VectorTable
from elm.evaluation import Certificate
from elm.model import BestOf, EmbeddingLanguageModel


def doors(films: VectorTable, unknown: Array) -> None:
    assert_type(elm.describe(films["f7"], "summary"), str)
    assert_type(elm.describe(films, "summary", seed=1), list[str])
    assert_type(elm.describe(films["f7"], "summary", certify=True), Certificate)
    assert_type(elm.describe(films.rows(["f7"]), "summary", certify=True), list[Certificate])
    assert_type(elm.describe(films, "summary", n=8, choose="nearest"), list[str])
    assert_type(elm.describe(films["f7"], "summary", n=8, return_all=True), BestOf)
    assert_type(elm.describe(films, "summary", n=8, return_all=True, model="folder"), list[BestOf])
    assert_type(elm.describe(unknown, "summary"), Any)
    assert_type(elm.load("folder"), EmbeddingLanguageModel)


def texts(model: EmbeddingLanguageModel, films: VectorTable, unknown: Array) -> None:
    doubles = np.zeros((2, 384))
    assert_type(model.describe(films["f7"], "summary"), str)
    assert_type(model.describe([0.0, 1.0], "summary"), str)
    assert_type(model.describe(np.zeros(384), "summary"), str)
    assert_type(model.describe((films["f7"], films["f9"]), "similarities"), str)
    assert_type(model.describe(films, "summary"), list[str])
    assert_type(model.describe(films.rows(["f7"]), "summary"), list[str])
    assert_type(model.describe(doubles, "summary"), list[str])
    assert_type(model.describe([[0.0, 1.0]], "summary"), list[str])
    assert_type(model.describe((films, films), "similarities"), list[str])
    assert_type(model.describe(films["f7"], "summary", n=8, return_all=True), BestOf)
    assert_type(model.describe(films, "summary", return_all=True), list[BestOf])
    assert_type(model.describe(unknown, "summary"), Any)


def answers(model: EmbeddingLanguageModel, films: VectorTable, unknown: Array) -> None:
    assert_type(model.ask(films["f7"], "Is it sad?"), str)
    assert_type(model.ask(films, "Is it sad?", seed=1), list[str])
    assert_type(model.ask(films["f7"], "Is it sad?", stream=True), Iterator[str])
    assert_type(model.ask(unknown, "Is it sad?"), Any)
