"""Histories, grades, profiles and vectors: what a container says is what is read, or it is refused."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from scipy import sparse

from elm._errors import CallError, VectorError
from elm._text.sentences import sentence_ends, sentences
from elm.cav import fit
from elm.embeddings import EmbeddingSpace, VectorTable, centroid, interpolate, real_array
from elm.recommend import EASE, clauses, genre_shares
from elm.recommend._catalogue import rated
from elm.recommend.tears._text_encoder import distinct_pieces

WANTED = [("10", 5.0), ("12", 4.0)]


@pytest.mark.parametrize(
    "history",
    [
        {10: 5, 12: 4},
        {"10": 5.0, "12": 4},
        pd.Series({10: 5, 12: 4}),
        pd.Series([5, 4], index=["10", "12"]),
        pd.Series([5, 4], index=[10.0, 12.0]),
    ],
)
def test_a_history_is_read_by_its_keys(history: Any) -> None:
    assert list(rated(history)) == WANTED


@pytest.mark.parametrize("liked", [[10, 12], ("10", "12"), np.array([10, 12]), pd.Index([10, 12]), [10.0, 12, "12"]])
def test_ids_alone_are_likes(liked: Any) -> None:
    assert list(rated(liked)) == [("10", 5.0), ("12", 5.0)]


@pytest.mark.parametrize(
    "history",
    [
        pd.Series([10, 12]),
        pd.Series([5.0, 4.0]),
        pd.DataFrame({"item": [1]}),
        "10",
        b"10",
        [True, False],
        [None],
        sparse.csr_matrix([[1.0]]),
        {10: 8},
        {10: "5"},
        {10: True},
        {10: None},
        {10: 0},
        {None: 5},
    ],
)
def test_what_could_be_read_two_ways_is_refused(history: Any) -> None:
    with pytest.raises(CallError):
        list(rated(history))


def test_grades_of_a_concept_are_read_by_id_and_ids_are_no_grades() -> None:
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(60, 4)).astype(np.float32)
    ids = [str(n) for n in range(100, 160)]
    table = VectorTable(ids, vectors, EmbeddingSpace.fit("w", vectors, "dot", {}, "f"))
    grades = dict(zip(range(100, 160), vectors[:, 0].tolist(), strict=True))
    by_dict, by_series = (
        fit(table, {"c": one})["c"].direction for one in (grades, pd.Series(grades).rename_axis("id"))
    )
    np.testing.assert_array_equal(by_dict, by_series)
    with pytest.raises(CallError, match="only counts its rows"):
        fit(table, {"c": pd.Series(range(100, 130)).astype(float)})
    with pytest.raises(CallError):
        fit(table, {"c": vectors[:, 0] > 0})


def test_ratings_above_the_scale_are_refused_where_likes_are_counted() -> None:
    ten = sparse.csr_matrix(np.random.default_rng(0).integers(1, 11, (30, 12)).astype(np.float32))
    for call in (
        lambda: EASE.fit(ten),
        lambda: EASE.fit(ten, values="ratings"),
        lambda: genre_shares(ten, [["Drama"]] * 12, ["Drama"]),
    ):
        with pytest.raises(CallError, match="scale up to 5, but 10 came; rescale"):
            call()
    EASE.fit(ten, values="ratings", scale=10.0)


def test_a_profile_with_a_gap_is_named() -> None:
    with pytest.raises(CallError, match="profile 1 is nan"):
        distinct_pieces(["Loves comedy.", float("nan")])  # type: ignore[list-item]


V = np.random.default_rng(0).normal(size=(6, 4)).astype(np.float32)
TAKEN = {
    "grad": torch.tensor(V, requires_grad=True),
    "column": pd.Series(list(V)),
    "rows": [torch.tensor(row) for row in V],
    "rows of grad": [torch.tensor(row, requires_grad=True) for row in V],
    "frame": pd.DataFrame(V),
    "cells": [[torch.tensor(cell) for cell in row] for row in V],
    "unmasked": np.ma.masked_array(V),
    "double": torch.tensor(V).double(),
    "column of tensors": pd.Series([torch.tensor(row) for row in V]),
}
REFUSED = {
    "sparse": sparse.csr_matrix(V),
    "sparse tensor": torch.tensor(V).to_sparse(),
    "ragged": [[1.0], *V[1:].tolist()],
    "complex": V + 1j * V,
    "bool": V > 0,
    "text": V.astype(str),
    "masked": np.ma.masked_array(V, V > 1),
    "none": None,
    "complex tensor": torch.tensor(V) + 1j,
    "bool tensor": torch.tensor(V) > 0,
    "objects": [[None] * 4] * 6,
    "rows masked": [np.ma.masked_array(row, [1, 0, 0, 0]) for row in V],
    "dates": np.zeros((6, 4), "M8[s]"),
    "truths": [[True, 0.5, 1, 1]] * 6 + [[object()] * 4],
}


@pytest.mark.parametrize("name", TAKEN)
def test_vectors_are_taken_from_what_holds_them(name: str) -> None:
    space = EmbeddingSpace.fit("toy", V, "dot", {}, "f")
    np.testing.assert_array_equal(VectorTable(list("abcdef"), TAKEN[name], space).vectors, V)
    np.testing.assert_array_equal(space.check(TAKEN[name], warn_far=False), V)
    np.testing.assert_allclose(centroid(TAKEN[name]), V.mean(0), rtol=1e-5)


def test_half_precision_is_read_as_it_is() -> None:
    half = torch.tensor(V).bfloat16()
    np.testing.assert_array_equal(real_array(half), half.float().numpy())
    np.testing.assert_array_equal(interpolate(half[0], half[1], 0.0), half[0].float().numpy())


@pytest.mark.parametrize("name", REFUSED)
def test_vectors_that_hide_a_number_are_refused(name: str) -> None:
    space = EmbeddingSpace.fit("toy", V, "dot", {}, "f")
    for call in (lambda v: VectorTable(list("abcdef"), v, space), space.check, centroid):
        with pytest.raises(VectorError):
            call(REFUSED[name])


@pytest.mark.parametrize(
    "text",
    [
        "Loves comedy. Avoids horror.",
        "Loves comedy. Élite dramas bore them.",
        "Loves comedy! “Alien” is too much.",
        "Loves comedy. 😱 horror is not for them.",
        "Mag Komödien. Äußerst ungern Horror.",
        "Любит комедии. Не любит ужасы.",
        "喜欢喜剧片。不喜欢恐怖片。",
        "コメディが好き！「エイリアン」は苦手。",
        "उन्हें कॉमेडी पसंद है। उन्हें डर पसंद नहीं।",
        "يحب الكوميديا. لا يحب الرعب.",
        "هل يحب الكوميديا؟ لا يحب الرعب.",
        "Loves wit (“quips.”) ¿Horror? never.",
        "Loves comedy… 3 horror films bored them.",
        "Սիրում է կատակերգություն։ Չի սիրում սարսափ։",
    ],
)
def test_two_sentences_are_two_pieces_in_every_script(text: str) -> None:
    assert len(clauses(text)) == 2
    assert len(sentences(text)) == 2


def test_a_sentence_goes_on_after_an_abbreviation_and_in_a_number() -> None:
    assert len(sentences("Likes films, e.g. comedies, rated 3.5 or more (incl. short ones).")) == 1


@pytest.mark.parametrize("text", ["." * 200_000 + "a", "a " * 100_000, "\n " * 100_000, '!"' * 100_000, ". (" * 70_000])
def test_cutting_takes_no_square_time(text: str) -> None:
    begun = time.process_time()  # of this process alone: others may keep the machine busy
    sentence_ends(text)
    assert time.process_time() - begun < 2
