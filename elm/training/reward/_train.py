"""One trainer for all objectives: shared sampling, rewards as callables, KL, logging and checkpoints."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from elm._errors import CallError
from elm.training.loop._distributed import Team
from elm.training.loop._metrics_log import MetricsFile, read_metrics
from elm.training.loop._optimise import LoopConfig, LoopContext, LoopResult, optimise
from elm.training.loop._sealed import read_sealed, write_sealed
from elm.training.reward._collect import Collected, Reward, collect
from elm.training.reward._guard import Guard
from elm.training.reward._objectives import Loss, Objective
from elm.training.reward._policy import FirstWeights, Policy

FIRST = "first.safetensors"


@dataclass(frozen=True)
class RewardTraining:
    """How a policy is trained by reward.

    loop: steps, learning rate and how often is saved; seed: of what is drawn. prompts: of a step; texts: about each (2
    for RLSO). reuse: steps that learn from the same texts (LangPTune's epochs: 4). buffer: prompts of a replay buffer
    that the first policy fills before training; 0: each collection is written by the policy as it is, but for the
    objectives by values, which take a buffer of 8 steps' prompts. unfinished: the reward of a text that was cut off;
    None: its own. critic_rate: factor of the learning rate of learned values.
    """

    loop: LoopConfig
    objective: Objective = field(default_factory=Objective)
    prompts: int = 32
    texts: int = 2
    reuse: int = 1
    buffer: int = 0
    unfinished: float | None = 0.0
    critic_rate: float = 10.0
    seed: int = 0

    def __post_init__(self) -> None:
        if min(self.prompts, self.texts, self.reuse) < 1 or self.buffer < 0 or self.loop.accumulate != 1:
            raise CallError(
                "training by reward takes prompts, texts and reuse of at least 1, a buffer of 0 or more, and one batch "
                f"a step, got {self.prompts}, {self.texts}, {self.reuse}, {self.buffer} and {self.loop.accumulate}"
            )
        if self.objective.name == "rlso" and self.texts != 2:
            raise CallError(f"RLSO compares two texts of a prompt, got texts={self.texts}")

    @property
    def pool(self) -> int:
        """Prompts of the replay buffer, 0 where there is none."""
        return self.buffer or (8 * self.prompts if self.objective.by_values else 0)

    def loop_config(self) -> LoopConfig:
        """The loop, saved where a collection ends, so that what was collected need not be kept on the disk; its
        checkpoints name all settings that decide the weights.
        """
        every = self.loop.save_every if self.pool else -(-self.loop.save_every // self.reuse) * self.reuse
        own = {f.name: getattr(self, f.name) for f in fields(self) if f.name not in ("loop", "objective")}
        told = {**own, "objective": self.objective.name, "settings": dict(self.objective.settings)}
        return _RewardLoop(**{**vars(self.loop), "save_every": every}, training=told)


@dataclass(frozen=True)
class _RewardLoop(LoopConfig):
    training: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class RewardResult:
    """What a training by reward did. history: a row a collection: step, reward, spread, kl, length, unfinished."""

    loop: LoopResult
    history: list[dict[str, Any]]
    guard: Guard | None = None


def train_by_reward(
    policy: Policy,
    reward: Reward,
    config: RewardTraining,
    *,
    rows: Sequence[int] | None = None,
    guard: Guard | None = None,
    checkpoints: Path | None = None,
    label: str = "reward",
    progress: bool = True,
) -> RewardResult:
    """Train a policy in place so that its texts get more reward.

    rows: the prompts that are trained on, by default all. guard: what watches texts that are not trained on, and stops
    where reward and guard part. With `checkpoints` (a folder) an interrupted call goes on where it was, with the bits
    of an uninterrupted one: also where a reward has raised, which ends the run with its message.

    Raises `CallError` for no prompt, or one that is not there; what `optimise` and `collect` raise; and `LeakageError`
    for a guard over prompts that are trained on.
    """
    known = list(range(len(policy))) if rows is None else list(rows)
    if not known or min(known) < 0 or max(known) >= len(policy):
        raise CallError(f"training takes prompts by number, 0 to {len(policy) - 1}, at least one; got {known[:3]}")
    if guard is not None:
        guard.check(known)
    if Team().size > 1:
        raise CallError("training by reward runs in one process, or all would write the same texts: launch one alone")
    if checkpoints:
        _same_first(policy.first, checkpoints / FIRST)
    loss, critic = config.objective.made(policy.widths)
    critic = critic.to(next(policy.module.parameters()).device) if critic else None
    source = _Texts(policy, reward, config, known)
    log = _Log(checkpoints / "metrics.jsonl" if checkpoints else None, f"{label} texts")
    result = optimise(
        [*policy.groups(), *_critic_groups(critic, config.critic_rate)],
        _Steps(policy, source, loss, config, log),
        config.loop_config(),
        label=label,
        progress=progress,
        checkpoint=checkpoints / f"{label}.safetensors" if checkpoints else None,
        modules={"policy": policy.module, **({"critic": critic} if critic else {})},
        context=LoopContext(guard, checkpoints / "metrics.jsonl" if checkpoints else None),
    )
    if guard is not None and guard.keep_best and result.validations and result.best is None:
        policy.first.restore()
    return RewardResult(result, log.rows(), guard)


class _Texts:
    """Which texts a step learns from."""

    def __init__(self, policy: Policy, reward: Reward, config: RewardTraining, rows: Sequence[int]) -> None:
        self._policy, self._reward, self._config, self._rows = policy, reward, config, np.asarray(rows)
        self._pool: Collected | None = None
        self._number = -1

    def at(self, step: int) -> tuple[Collected, bool]:
        """The texts of a step, and whether they come for the first time."""
        config, number = self._config, step // self._config.reuse
        if config.pool:
            fresh = self._pool is None
            if self._pool is None:
                with self._policy.first.in_place():
                    self._pool = self._collect(config.pool, 0)
            groups = len(self._pool.rows) // config.texts
            rng = np.random.default_rng([config.seed, step, 1])
            return self._pool.some(rng.permutation(groups)[: config.prompts].tolist()), fresh
        fresh = number != self._number
        if fresh:
            self._pool, self._number = self._collect(config.prompts, number), number
        assert self._pool is not None
        return self._pool, fresh

    def _collect(self, prompts: int, number: int) -> Collected:
        config = self._config
        rng = np.random.default_rng([config.seed, number])
        drawn = rng.choice(self._rows, size=min(prompts, len(self._rows)), replace=False).tolist()
        seed = int(rng.integers(2**31))
        return collect(self._policy, self._reward, drawn, config.texts, seed, config.unfinished)


class _Steps:
    """Number of a step -> (loss, tokens, texts)."""

    def __init__(self, policy: Policy, source: _Texts, loss: Loss, config: RewardTraining, log: _Log) -> None:
        self._policy, self._source, self._loss, self._log = policy, source, loss, log
        self._whole, self._pooled = config.objective.by_values, config.pool > 0

    def __call__(self, step: int) -> tuple[torch.Tensor, int, int]:
        collected, fresh = self._source.at(step)
        if fresh:
            self._log.add(0 if self._pooled else step, collected.numbers)
        texts = collected.scored(self._policy, self._whole)
        return self._loss(texts), int(texts.mask.sum()), len(texts.mask)


class _Log:
    """A row a collection, in memory and in the metrics file, which outlives interruptions."""

    def __init__(self, path: Path | None, stage: str) -> None:
        self._path, self._stage, self._file = path, stage, MetricsFile(path, stage)
        self._rows: list[dict[str, Any]] = []
        self._begun = False

    def add(self, step: int, numbers: dict[str, float]) -> None:
        if not self._begun:
            self._file.rewind(step - 1)  # of what a killed process wrote beyond its last checkpoint
            self._begun = True
        self._file.add(step, numbers)
        self._rows.append({"step": step, **numbers})

    def rows(self) -> list[dict[str, Any]]:
        if self._path is None or not self._path.exists():
            return self._rows
        kept = [row for row in read_metrics(self._path) if row["stage"] == self._stage]
        return [{key: value for key, value in row.items() if key != "stage"} for row in kept]


def _critic_groups(critic: nn.Module | None, factor: float) -> list[tuple[nn.Parameter, float]]:
    return [(parameter, factor) for parameter in critic.parameters()] if critic else []


def _same_first(first: FirstWeights, path: Path) -> None:
    """The first weights of a run that goes on are those that it began with, whatever the policy is now."""
    if path.exists():
        first.take(read_sealed(path, "the first policy")[0])
    else:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_sealed(path, first.state(), {}, "the first policy")
