"""Profile encoders of LangPTune: a policy that is tuned by RLSO, and none at all (NoProfile)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from elm.training import Guard, Policy, RewardTraining, train_by_reward

Watch = Callable[[Policy, Any], Guard]
"""(policy, the reward that it learns from) -> a guard of its training."""


@dataclass
class PolicyEncoder:
    """A policy as the profile encoder: its prompts are the sessions. watch: makes the guard of each round.

    folder: where its checkpoints lie, a folder a round. rounds: what each did.
    """

    policy: Policy
    training: RewardTraining
    watch: Watch | None = None
    folder: Path | None = None
    rounds: list[dict[str, Any]] = field(default_factory=list)

    def profiles(self, rows: Sequence[int], seed: int) -> list[str]:
        return [one.text for one in self.policy.write(rows, 1, seed)]

    def tune(self, quality: Any, rows: Sequence[int], number: int, progress: bool) -> dict[str, Any]:
        guard = self.watch(self.policy, quality) if self.watch else None
        result = train_by_reward(
            self.policy,
            quality,
            self.training,
            rows=rows,
            guard=guard,
            checkpoints=self.folder / f"rlso-{number}" if self.folder else None,
            label="rlso",
            progress=progress,
        )
        told = {
            "history": result.history,
            "guard": guard.report(result.loop.validations) if guard else [],
            "best": result.loop.best["step"] if result.loop.best else None,
            "alarm": result.loop.alarm,
            "seconds": result.loop.seconds,
        }
        self.rounds.append(told)
        return told


@dataclass(frozen=True)
class HistoryEncoder:
    """NoProfile: the texts of the history's items stand for a profile, and nothing is written or learned."""

    texts: Sequence[str]

    def profiles(self, rows: Sequence[int], seed: int) -> list[str]:
        return [self.texts[row] for row in rows]

    def tune(self, quality: Any, rows: Sequence[int], number: int, progress: bool) -> None:
        return None
