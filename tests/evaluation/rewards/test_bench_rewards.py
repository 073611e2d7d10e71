"""The variants side by side, on a world where naming the kind is what finds the next film."""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny_elm
import torch
from torch import nn

from elm._errors import CallError, UnknownNameError
from elm.evaluation import HistoryEncoder, PolicyEncoder, RewardBench, bench_rewards
from elm.evaluation.rewards._bench import _tests
from elm.model import Sample
from elm.recommend import Card, Cards, Sessions, history_prompts
from elm.training import FirstWeights, Limits, LoopConfig, RewardTraining, Scores, TextPolicy, Tuned

KINDS = ("drama", "western", "musical", "horror", "comedy", "mystery")
ITEMS = [f"{kind}{number}" for kind in KINDS for number in range(5)]
SAID = (*(f"They love {kind} films." for kind in KINDS), "They like this and that.", "so so so so so so so so")


class WordVectors:
    name, fingerprint, dim = "word-vectors", "word-vectors-1", 128

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        rows = [
            sum(np.random.default_rng(zlib.crc32(w.encode())).normal(size=self.dim) for w in re.findall(r"\w+", text))
            for text in texts
        ]
        return np.stack([row / np.linalg.norm(row) for row in rows]).astype(np.float32)


def sessions() -> Sessions:
    """Four films of a kind lead to its fifth; every user likes one kind, in each part."""
    users, histories, targets, parts = [], [], [], []
    for part, times in (("train", 4), ("validation", 3), ("test", 3)):
        for time in range(times):
            for kind in KINDS:
                users.append(f"{part}{time}{kind}")
                histories.append(tuple(f"{kind}{n}" for n in range(5) if n != time))
                targets.append((f"{kind}{time}",))
                parts.append(part)
    return Sessions(users, histories, [(5.0,) * 4] * len(users), targets, parts, ITEMS)


def cards() -> Cards:
    return Cards(ITEMS, [Card(f"Film {item[-1]}", (item[:-1],), texts=(f"A {item[:-1]} tale.",)) for item in ITEMS])


class Writer:
    """A policy that knows the kind of each history, and at first says something else about it."""

    def __init__(self, known: Sessions) -> None:
        self._kinds = torch.tensor([KINDS.index(history[0][:-1]) for history in known.histories])
        self.module = nn.Module()
        start = torch.zeros(len(KINDS), len(SAID))
        start[:, len(KINDS)] = 2.0
        self.module.table = nn.Parameter(start)
        self.widths = (1, len(SAID))
        self.first = FirstWeights(self.groups())

    def __len__(self) -> int:
        return len(self._kinds)

    def groups(self) -> list[tuple[nn.Parameter, float]]:
        return [(self.module.table, 1.0)]

    def _log_probs(self, rows: Sequence[int]) -> torch.Tensor:
        return self.module.table[self._kinds[list(rows)]].log_softmax(-1)

    def write(self, rows: Sequence[int], n: int, seed: int) -> list[Sample]:
        chances = self._log_probs(rows).detach().exp().double().numpy()
        written = []
        for row, chance in zip(rows, chances, strict=True):
            rng = np.random.default_rng([seed, row])
            drawn = rng.choice(len(SAID), size=n, p=chance / chance.sum())
            written += [Sample(SAID[one], np.array([one]), np.log(chance[one : one + 1])) for one in drawn]
        return written

    def score(self, rows: Sequence[int], ids: torch.Tensor, mask: torch.Tensor, whole: bool = False) -> Scores:
        return Scores(self._log_probs(rows)[:, None].gather(-1, ids[..., None])[..., 0])

    def ended(self, written: Sample) -> bool:
        return True


def measures(texts: Sequence[str]) -> dict[str, float]:
    return {"perplexity": 5.0, "repetition": 0.0, "words": float(np.mean([len(t.split()) for t in texts]))}


OPTIONS = RewardBench(
    contrastive=40, contrastive_rate=3e-3, steps=40, prompts=16, lr=0.2, rounds=2, watched=18, gamma=0.0, seeds=(0, 1)
)


def bench(**changes: Any) -> dict[str, Any]:
    from dataclasses import replace

    known = sessions()
    return bench_rewards(
        known, cards(), WordVectors(), lambda seed: Writer(known), measures, replace(OPTIONS, **changes)
    )


@pytest.mark.slow
def test_tuned_writers_find_the_next_film_and_the_guard_watches_them() -> None:
    value = bench()
    mean = {name: row["mean"]["ndcg"] for name, row in value["scores"].items()}
    assert mean["rlso"] > mean["zero-shot"] * 1.25
    assert mean["both"] >= mean["cl"]
    assert value["scores"]["rlso"]["mean"]["bm25"] > value["scores"]["zero-shot"]["mean"]["bm25"]
    test = next(t for t in value["tests"] if t["of"] == "rlso" and t["measure"] == "ndcg")
    assert test["p"] < 0.05
    assert test["gain"] == pytest.approx(mean["rlso"] / mean["zero-shot"] - 1)
    rounds = value["rounds"]["rlso"]
    assert [len(by_seed) for by_seed in rounds] == [2, 2]
    assert rounds[0][0]["guard"][0]["step"] == 0
    assert value["rounds"]["zero-shot"] == [[], []]
    assert value["tested"] == 18
    assert set(value["scores"]["no-profile-0"]["readability"]) == set()


def test_the_sessions_of_a_user_count_once() -> None:
    """Twice the sessions of each user say no more than one of each."""
    rng = np.random.default_rng(0)
    values = {name: {"ndcg": rng.random(8), "ndcg@20": rng.random(8)} for name in ("rlso", "zero-shot")}
    users = [f"u{n}" for n in range(8)]
    once = _tests(users, values)
    twice = _tests(users * 2, {name: {k: np.tile(v, 2) for k, v in row.items()} for name, row in values.items()})
    assert [t["p"] for t in once] == pytest.approx([t["p"] for t in twice])
    assert [(t["of"], t["measure"]) for t in once] == [("rlso", "ndcg"), ("rlso", "ndcg@20")]
    assert all(np.isnan(t["p"]) for t in _tests(["u"] * 8, values))


def test_the_same_call_gives_the_same_numbers_and_goes_on_from_its_folder(tmp_path: Path) -> None:
    known, chosen = sessions(), RewardBench(("both",), contrastive=10, steps=6, prompts=8, rounds=1, watched=6, lr=0.1)

    def told(folder: Path | None) -> dict[str, Any]:
        return bench_rewards(
            known, cards(), WordVectors(), lambda seed: Writer(known), measures, chosen, folder=folder
        )["scores"]

    first = told(tmp_path)
    assert told(None) == first
    assert told(tmp_path) == first
    assert (tmp_path / "both-0" / "decoder-0").is_dir()
    assert (tmp_path / "both-0" / "rlso-0" / "metrics.jsonl").is_file()


def test_no_profile_is_the_history_itself() -> None:
    encoder = HistoryEncoder(["a", "b", "c"])
    assert encoder.profiles([2, 0], 1) == ["c", "a"]
    assert encoder.tune(None, [0], 0, False) is None


def test_a_base_that_reads_words_is_an_encoder_too() -> None:
    known, model = sessions(), tiny_elm.model()
    prompts = history_prompts(known, cards(), ask="Say it: {history}", longest=8)
    policy = TextPolicy(model.llm, model.tokenizer, prompts, Tuned("last", layers=1), max_new_tokens=6)
    encoder = PolicyEncoder(policy, RewardTraining(LoopConfig(2, 1e-3, warmup=1), prompts=2))
    assert len(encoder.profiles([0, 1, 2], 0)) == 3
    done = encoder.tune(lambda rows, texts: [float(len(text)) for text in texts], [0, 1, 2], 0, False)
    assert [row["step"] for row in done["history"]] == [0, 1]
    assert encoder.rounds == [done]


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'rlso'"):
        RewardBench(("rlsoo",))
    with pytest.raises(CallError, match="a method, a seed"):
        RewardBench(seeds=())
    with pytest.raises(UnknownNameError, match="did you mean 'paper'"):
        bench(protocol="papers")
    assert Limits().kl == float("inf")
