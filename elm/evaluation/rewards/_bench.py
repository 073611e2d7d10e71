"""`elm bench rewards`: the variants of LangPTune, and NoProfile, on the sessions of one data set (Tables 2 and 4)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from elm._errors import CallError, UnknownNameError
from elm.evaluation.rankers._bm25 import BM25Ranker
from elm.evaluation.rewards._encoders import HistoryEncoder, PolicyEncoder
from elm.metrics import entity_p_value
from elm.recommend import (
    VARIANTS,
    Cards,
    ContrastiveTraining,
    LangPTune,
    ProfileRecommender,
    Sessions,
    conventions,
    evaluate_profiler,
    list_measures,
    target_ranks,
    train_langptune,
)
from elm.training import Guard, Limits, LoopConfig, Objective, Policy, RewardTraining, guarded

Measures = Callable[[Sequence[str]], Mapping[str, float]]
NO_PROFILE = {"no-profile-0": "zero-shot", "no-profile-cl": "cl"}
METHODS = (*VARIANTS, *NO_PROFILE)
"""What can be compared, by name."""

AGAINST = (("rlso", "zero-shot"), ("cl", "zero-shot"), ("both", "zero-shot"), ("both", "cl"), ("both", "rlso"))


@dataclass(frozen=True)
class RewardBench:
    """How the variants are trained. rounds: K; contrastive: J steps a round; steps: T of RLSO a round, of `prompts`
    sessions and two profiles each; reuse, eta, gamma, lr: of RLSO. watched: validation sessions that the guard reads,
    every `every` steps. test: at most so many test sessions. seeds: of everything that is drawn, training included.

    Raises `UnknownNameError` for another method.
    """

    methods: tuple[str, ...] = METHODS
    protocol: str = "paper"
    rounds: int = 2
    contrastive: int = 200
    contrastive_rate: float = 1e-3
    steps: int = 30
    prompts: int = 32
    reuse: int = 1
    eta: float = 1.0
    gamma: float = 0.05
    lr: float = 1e-3
    watched: int = 64
    every: int = 15
    test: int | None = None
    limits: Limits = field(default_factory=Limits)
    seeds: tuple[int, ...] = (0,)

    def __post_init__(self) -> None:
        conventions(self.protocol)
        for name in self.methods:
            if name not in METHODS:
                raise UnknownNameError("method", name, METHODS)
        if not self.methods or not self.seeds or self.watched < 2:
            raise CallError("a comparison takes a method, a seed, and at least 2 sessions to watch")

    def training(self, seed: int) -> RewardTraining:
        """RLSO of one round."""
        loop = LoopConfig(self.steps, self.lr, warmup=3, weight_decay=1e-6, save_every=10, schedule="linear", seed=seed)
        settings = {"eta": self.eta, "gamma": self.gamma, "protocol": self.protocol}
        return RewardTraining(loop, Objective("rlso", settings), self.prompts, reuse=self.reuse, seed=seed)


def bench_rewards(
    sessions: Sessions,
    cards: Cards,
    encoder: Any,
    policy: Callable[[int], Policy],
    measures: Measures,
    options: RewardBench | None = None,
    *,
    folder: Path | None = None,
    progress: bool = False,
) -> dict[str, Any]:
    """Each method on the test sessions, trained anew for every seed; means, paired tests and guards.

    Args:
        cards: the catalogue that is ranked, with a text each. encoder: the sentence encoder of the decoder.
        policy: seed -> a fresh policy whose prompts are the sessions. measures: of readability, by an untuned base.
        folder: keeps checkpoints, so that an interrupted call goes on.

    The guard's held-out reward is the ranking quality of the same profiles under BM25, which nothing learns from.
    Tests pair users, whose NDCG@20 (and NDCG of the whole list) is the mean over their sessions and seeds. Raises
    `CallError` where sessions and cards are of two catalogues, and what training raises.
    """
    options = options or RewardBench()
    rows = sessions.rows("test")[: options.test]
    watched = sessions.rows("validation")[: options.watched]
    other = _Held(sessions, cards)
    written = dict(zip(cards.items, cards.texts(), strict=True))
    plain = HistoryEncoder([" ".join(written[item] for item in history) for history in sessions.histories])
    found: dict[str, list[Any]] = {name: [] for name in options.methods}
    for seed in options.seeds:
        for name in options.methods:
            variant = NO_PROFILE.get(name, name)
            decoder = ProfileRecommender(encoder, cards, protocol=options.protocol, seed=seed)
            place = folder / f"{name}-{seed}" if folder else None

            def watch(writer: Policy, reward: Any) -> Guard:
                return guarded(
                    writer, reward, other, watched, measures, every=options.every, limits=options.limits, seed=7
                )

            writer: Any = plain
            if name not in NO_PROFILE:
                writer = PolicyEncoder(policy(seed), options.training(seed), watch, place)
            learning = ContrastiveTraining(options.contrastive, rate=options.contrastive_rate, seed=seed)
            how = LangPTune(variant, options.rounds, learning, seed=seed)
            done = train_langptune(writer, decoder, sessions, how, folder=place, progress=progress)
            values, profiles = evaluate_profiler(writer, decoder, sessions, rows, seed=seed)
            values["bm25"] = np.asarray(other(rows, profiles))
            found[name].append(
                {
                    "values": values,
                    "readability": dict(measures(profiles)) if name not in NO_PROFILE else {},
                    "rounds": [told["rlso"] for told in done if told.get("rlso")],
                    "profiles": profiles[:5],
                }
            )
    return _told(sessions, rows, found, options)


class _Held:
    """The ranking quality of profiles by words alone: a reward that nothing is trained on."""

    def __init__(self, sessions: Sessions, cards: Cards) -> None:
        self._sessions, self._ranker = sessions, BM25Ranker(cards.texts())
        self._targets = sessions.columns()[1]

    def __call__(self, rows: Sequence[int], texts: Sequence[str]) -> Any:
        return list_measures(target_ranks(self._ranker.scores(texts), self._targets[list(rows)]))["ndcg"]


def _told(
    sessions: Sessions, rows: Sequence[int], found: Mapping[str, list[Any]], options: RewardBench
) -> dict[str, Any]:
    """Means over sessions and seeds, the spread over seeds, tests and guards."""
    by_session = {
        name: {key: np.mean([run["values"][key] for run in runs], axis=0) for key in runs[0]["values"]}
        for name, runs in found.items()
    }
    scores = {
        name: {
            "mean": {key: float(value.mean()) for key, value in values.items()},
            "by_seed": [float(run["values"]["ndcg"].mean()) for run in found[name]],
            "readability": {
                key: float(np.mean([run["readability"][key] for run in found[name]]))
                for key in found[name][0]["readability"]
            },
        }
        for name, values in by_session.items()
    }
    return {
        "protocol": options.protocol,
        "items": len(sessions.items),
        "sessions": {part: sessions.parts.count(part) for part in ("train", "validation", "test")},
        "tested": len(rows),
        "seeds": list(options.seeds),
        "scores": scores,
        "tests": _tests([sessions.users[row] for row in rows], by_session),
        "rounds": {name: [run["rounds"] for run in runs] for name, runs in found.items()},
        "profiles": {name: runs[0]["profiles"] for name, runs in found.items()},
    }


def _tests(users: Sequence[str], by_session: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Paired t tests over users, since the sessions of one user are not independent; NaN where there are too few."""
    _, of = np.unique(users, return_inverse=True)
    counts = np.bincount(of)
    tests = []
    for one, base in AGAINST:
        for key in ("ndcg", "ndcg@20") if one in by_session and base in by_session else ():
            first, second = (np.bincount(of, by_session[name][key]) / counts for name in (one, base))
            gain = by_session[one][key].mean() / max(by_session[base][key].mean(), 1e-12) - 1
            told = {"measure": key, "gain": float(gain), "p": entity_p_value(first, second)}
            tests.append({"of": one, "against": base, **told})
    return tests
