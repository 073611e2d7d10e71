"""Decoder, contrastive learning and Algorithm 1 on a small world whose answers can be proved."""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from elm._errors import CallError, CheckpointError, UnknownNameError
from elm.recommend import (
    VARIANTS,
    Card,
    Cards,
    ContrastiveTraining,
    LangPTune,
    ProfileRecommender,
    Sessions,
    evaluate_profiler,
    list_measures,
    target_ranks,
    train_decoder,
    train_langptune,
)
from elm.recommend.langptune._contrastive import info_nce, true_negatives

KINDS = ("drama", "western", "musical", "horror", "comedy", "mystery")
ITEMS = [f"{kind}{number}" for kind in KINDS for number in range(3)]


class WordVectors:
    """A sentence encoder without weights: the sum of its words' random vectors, of length 1."""

    name, fingerprint, dim = "word-vectors", "word-vectors-1", 256

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        rows = [
            sum(np.random.default_rng(zlib.crc32(w.encode())).normal(size=self.dim) for w in re.findall(r"\w+", text))
            for text in texts
        ]
        return np.stack([row / np.linalg.norm(row) for row in rows]).astype(np.float32)


def cards() -> Cards:
    return Cards(ITEMS, [Card(f"Film {item[-1]}", (item[:-1],)) for item in ITEMS])


def sessions() -> Sessions:
    """Someone who chose two films of a kind chooses its third."""
    parts = ["train"] * 12 + ["validation"] * 3 + ["test"] * 3
    histories = [tuple(f"{kind}{n}" for n in range(3) if n != out) for kind in KINDS for out in range(3)]
    targets = [(f"{kind}{out}",) for kind in KINDS for out in range(3)]
    return Sessions([f"u{n}" for n in range(18)], histories, [(5.0, 5.0)] * 18, targets, parts, ITEMS)


class Encoder:
    """Writes a code word for each kind, until it is tuned; remembers what it was asked for."""

    def __init__(self, known: Sessions) -> None:
        self.known, self.tuned, self.asked = known, 0, set[int]()

    def profiles(self, rows: Sequence[int], seed: int) -> list[str]:
        self.asked.update(rows)
        kinds = [self.known.histories[row][0][:-1] for row in rows]
        return [kind if self.tuned else f"code {kind[::-1]}" for kind in kinds]

    def tune(self, quality: Any, rows: Sequence[int], number: int, progress: bool) -> float:
        self.tuned += 1
        return float(np.mean(quality(rows, self.profiles(rows, number))))


def decoder(protocol: str = "paper", **changes: Any) -> ProfileRecommender:
    return ProfileRecommender(WordVectors(), cards(), protocol=protocol, **changes)


def test_info_nce_has_the_gradient_of_equation_10() -> None:
    rng = np.random.default_rng(0)
    profiles, items = rng.normal(size=(3, 2)), rng.normal(size=(3, 2))
    logits = profiles @ items.T / 0.5
    logits[0, 2] = -np.inf
    softmax = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    wanted = (softmax - np.eye(3)) @ items / 0.5 / 3
    given = torch.tensor(profiles, requires_grad=True)
    usable = torch.tensor([[False, True, False], [True, False, True], [True, True, False]])
    (found,) = torch.autograd.grad(info_nce(given, torch.tensor(items), usable, 0.5), given)
    np.testing.assert_allclose(found, wanted, atol=1e-9)


def test_what_the_user_chose_is_no_negative() -> None:
    chosen, targets = np.array([[1, 2, 0], [3, 0, 4], [5, 6, 0]]), np.array([0, 4, 0])
    assert true_negatives(chosen, targets).tolist() == [
        [False, True, False],
        [False, False, False],
        [False, True, False],
    ]


def test_several_right_items_are_worth_what_their_places_are() -> None:
    measures = list_measures([[1, 3, 30]])
    assert measures["ndcg@5"][0] == pytest.approx(1.5 / (1 + 1 / np.log2(3) + 0.5))
    assert measures["recall@20"].tolist() == [2 / 3]
    assert measures["mrr@5"].tolist() == [1.0]
    perfect = list_measures([[3, 1, 2]])
    assert {float(value[0]) for value in perfect.values()} == {1.0}


@pytest.mark.parametrize("protocol", ["paper", "repo-compat"])
def test_a_profile_in_the_items_own_words_finds_them(protocol: str) -> None:
    known, found = sessions(), decoder(protocol)
    right = [f"Genres: {item[:-1]}" for (item,) in known.targets]
    places = found.ranks(known, right)
    assert places.max() <= (3 if protocol == "paper" else 1), "without the history's items the target is the first"
    quality = found.quality(known, right)
    assert ((quality > 0) & (quality <= 1)).all()
    wrong = [f"Genres: {KINDS[KINDS.index(item[:-1]) - 1]}" for (item,) in known.targets]
    assert found.quality(known, wrong).mean() < quality.mean() / 2


def test_a_profile_without_a_word_earns_the_least_and_ties_earn_nothing() -> None:
    known, found = sessions(), decoder()
    assert found.ranks(known, ["", " - ", "..."] * 6).tolist() == [[len(ITEMS)]] * 18
    assert target_ranks(np.zeros((1, 5)), [[0]]).tolist() == [[5]]
    measures = list_measures([[1], [6], [21]])
    assert measures["ndcg@5"].tolist() == [1.0, 0.0, 0.0]
    assert measures["mrr@10"].tolist() == [1.0, 1 / 6, 0.0]
    assert measures["recall@20"].tolist() == [1.0, 1.0, 0.0]
    assert measures["ndcg"][2] == pytest.approx(1 / np.log2(22))


@pytest.mark.parametrize("protocol", ["paper", "repo-compat"])
@pytest.mark.parametrize("tuned", ["frozen"])
def test_contrastive_learning_teaches_the_decoder_a_code(protocol: str, tuned: Any) -> None:
    known, found = sessions(), decoder(protocol, tuned=tuned)
    coded = Encoder(known).profiles(range(18), 0)
    before = found.quality(known, coded).mean()
    options = ContrastiveTraining(steps=150, batch=12, rate=3e-3)
    losses = train_decoder(found, known, lambda rows: [coded[row] for row in rows], options)
    assert losses[-1] < losses[0] / 2
    assert found.quality(known, coded).mean() > before + 0.2


def test_items_of_ones_own_are_negatives_in_the_published_code_alone() -> None:
    """All want one item: without false negatives there is nothing to tell apart."""
    known = sessions()
    alike = replace(known, targets=[("mystery2",)] * 18, histories=[("drama0", "drama1")] * 18)
    options = ContrastiveTraining(steps=1, batch=8)
    losses = {
        name: train_decoder(decoder(name), alike, lambda rows: ["x"] * len(rows), options)[0]
        for name in ("paper", "repo-compat")
    }
    assert losses["paper"] == 0.0
    assert losses["repo-compat"] > 1.0


@pytest.mark.parametrize("variant", VARIANTS)
def test_each_variant_trains_what_it_says_and_the_training_users_alone(variant: str) -> None:
    known = sessions()
    encoder, found = Encoder(known), decoder()
    weights = {name: value.clone() for name, value in found.tower.state_dict().items()}
    done = train_langptune(encoder, found, known, LangPTune(variant, 2, ContrastiveTraining(5, batch=8)))
    learns, tunes = VARIANTS[variant]
    moved = any(not torch.equal(value, weights[name]) for name, value in found.tower.state_dict().items())
    assert moved == learns
    assert encoder.tuned == (2 if tunes else 0)
    assert encoder.asked <= set(known.rows("train"))
    assert [set(told) for told in done] == [{"round", *(["contrastive"] * learns), *(["rlso"] * tunes)}] * 2
    values, profiles = evaluate_profiler(encoder, found, known, known.rows("test"))
    assert {len(value) for value in values.values()} == {3} == {len(profiles)}


def test_an_interrupted_run_goes_on_with_its_decoder(tmp_path: Path) -> None:
    known, options = sessions(), LangPTune("cl", 2, ContrastiveTraining(10, batch=8))
    whole = decoder()
    train_langptune(Encoder(known), whole, known, options)
    train_langptune(Encoder(known), decoder(), known, replace(options, rounds=1), folder=tmp_path)
    again = decoder()
    done = train_langptune(Encoder(known), again, known, options, folder=tmp_path)
    assert done[0]["contrastive"] == []
    for name, value in whole.tower.state_dict().items():
        assert torch.equal(again.tower.state_dict()[name], value), name
    with pytest.raises(CheckpointError, match="other settings"):
        train_langptune(Encoder(known), decoder(), known, replace(options, drawn=2), folder=tmp_path)
    path = tmp_path / "decoder-0" / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-1] + b"\1")
    with pytest.raises(CheckpointError, match="damaged"):
        train_langptune(Encoder(known), decoder(), known, options, folder=tmp_path)


def test_what_cannot_be_is_refused() -> None:
    known = sessions()
    with pytest.raises(UnknownNameError, match="did you mean 'paper'"):
        decoder("papers")
    with pytest.raises(CallError, match="'nameless' has none"):
        ProfileRecommender(WordVectors(), Cards(["nameless"], [Card("X")]))
    with pytest.raises(UnknownNameError, match="unknown variant"):
        LangPTune("all of them")
    with pytest.raises(CallError, match="at least 2"):
        ContrastiveTraining(batch=1)
    with pytest.raises(CallError, match="two sessions"):
        train_decoder(decoder(), known.some([0]), lambda rows: ["x"], ContrastiveTraining(1))
    with pytest.raises(CallError, match="one catalogue"):
        decoder().ranks(replace(known, items=ITEMS[::-1]), [""] * 18)
    with pytest.raises(CallError, match="scores that are numbers"):
        target_ranks([[np.nan]], [[0]])
