"""One trainer for every objective: it learns, resumes bit for bit, and ends well where a reward does not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import inf
from pathlib import Path
from typing import Any

import pytest
import torch
from toy_policy import CUT_OFF, TEXTS, ToyPolicy, by_id, drama, readable

from elm._errors import CallError, CheckpointError, ConsistencyWarning, ElmError, LeakageError, UnknownNameError
from elm.training import (
    OBJECTIVES,
    Limits,
    LoopConfig,
    Objective,
    RewardTraining,
    guarded,
    read_metrics,
    train_by_reward,
)

LOOP = LoopConfig(40, 0.1, warmup=1, save_every=7, weight_decay=0.0, schedule="constant")


def no_war(rows: Sequence[int], texts: Sequence[str]) -> list[float]:
    return [float("avoid war" in text) for text in texts]


def training(name: str = "rlso", **changes: Any) -> RewardTraining:
    return RewardTraining(LOOP, Objective(name), **changes)


@pytest.mark.parametrize("name", OBJECTIVES)
def test_each_objective_raises_the_reward(name: str) -> None:
    policy = ToyPolicy()
    before = policy.probabilities()[0].item()
    result = train_by_reward(policy, drama, training(name), progress=False)
    assert policy.probabilities()[0] > before + 0.2
    assert policy.probabilities()[CUT_OFF] < 0.15
    assert len(result.loop.losses) == LOOP.steps


@pytest.mark.parametrize("name", OBJECTIVES)
@pytest.mark.parametrize("reuse", [1, 4])
def test_a_run_that_was_stopped_ends_with_the_bits_of_one_that_was_not(name: str, reuse: int, tmp_path: Path) -> None:
    config = training(name, reuse=reuse, prompts=4)
    whole = ToyPolicy()
    told = train_by_reward(whole, drama, config, checkpoints=tmp_path / "whole", progress=False)

    def failing(rows: Sequence[int], texts: Sequence[str]) -> list[float]:
        failing.calls -= 1  # type: ignore[attr-defined]
        if failing.calls < 0:  # type: ignore[attr-defined]
            raise RuntimeError("the judge is away")
        return drama(rows, texts)

    failing.calls = 0 if config.pool else 5  # type: ignore[attr-defined]
    with pytest.raises(ElmError, match=r"RuntimeError: the judge is away.*call again to go on"):
        train_by_reward(ToyPolicy(), failing, config, checkpoints=tmp_path / "parts", progress=False)
    again = ToyPolicy()
    result = train_by_reward(again, drama, config, checkpoints=tmp_path / "parts", progress=False)
    assert torch.equal(again.module.logits, whole.module.logits)
    assert torch.equal(again.shared, whole.shared)
    assert result.history == told.history
    rows = [list(read_metrics(tmp_path / name / "metrics.jsonl")) for name in ("parts", "whole")]
    assert sorted(map(str, rows[0])) == sorted(map(str, rows[1]))


def test_a_finished_run_is_read_back_and_goes_on_from_its_own_first_policy(tmp_path: Path) -> None:
    policy = ToyPolicy()
    told = train_by_reward(policy, drama, training(), checkpoints=tmp_path, progress=False)
    other = ToyPolicy(start=(0.0, 3.0, 0.0, 0.0))
    result = train_by_reward(other, drama, training(), checkpoints=tmp_path, progress=False)
    assert torch.equal(other.module.logits, policy.module.logits)
    assert result.history == told.history
    with other.first.in_place():
        assert other.module.logits[0].tolist() == [0.5, 0.5, -1.0, -1.0]


def test_checkpoints_of_other_settings_or_another_policy_are_refused(tmp_path: Path) -> None:
    train_by_reward(ToyPolicy(), drama, training(), checkpoints=tmp_path, progress=False)
    for other in (training("grpo"), training(prompts=3), RewardTraining(LOOP, Objective("rlso", {"eta": 2.0}))):
        with pytest.raises(CheckpointError, match="begun with"):
            train_by_reward(ToyPolicy(), drama, other, checkpoints=tmp_path, progress=False)
    with pytest.raises(CheckpointError, match="of another model"):
        train_by_reward(ToyPolicy(3), drama, training(), checkpoints=tmp_path, progress=False)
    path = tmp_path / "first.safetensors"
    path.write_bytes(path.read_bytes()[:-1] + b"\1")
    with pytest.raises(CheckpointError, match="damaged"):
        train_by_reward(ToyPolicy(), drama, training(), checkpoints=tmp_path, progress=False)


def test_a_text_that_never_ends_earns_the_constant_whatever_its_reward() -> None:
    policy = ToyPolicy(start=(0.0, 0.0, 0.0, 2.0))
    config = training("reinforce", unfinished=-1.0)
    result = train_by_reward(policy, lambda rows, texts: [1.0] * len(texts), config, progress=False)
    assert policy.probabilities()[CUT_OFF] < 0.3
    first, last = result.history[0], result.history[-1]
    assert first["unfinished"] > last["unfinished"]
    assert first["kl"] == 0.0 < last["kl"]


def test_equal_rewards_move_nothing() -> None:
    policy = ToyPolicy(start=(0.5, 0.5, -1.0, -100.0))
    train_by_reward(policy, lambda rows, texts: [0.3] * len(texts), training(), progress=False)
    assert torch.allclose(policy.probabilities(), policy.first._others[0][0].softmax(0), atol=1e-6)


@pytest.mark.parametrize(
    ("values", "told"),
    [
        (lambda n: [float("nan")] * n, "finite number"),
        (lambda n: [1.0] * (n - 1), "one number a text"),
        (lambda n: ["good"] * n, "could not convert"),
    ],
)
def test_a_reward_that_is_no_number_a_text_is_an_error(values: Any, told: str) -> None:
    with pytest.raises(ElmError, match=told):
        train_by_reward(ToyPolicy(), lambda rows, texts: values(len(texts)), training(), progress=False)


def test_only_the_prompts_that_are_named_are_written_about() -> None:
    seen: set[int] = set()

    def reward(rows: Sequence[int], texts: Sequence[str]) -> list[float]:
        seen.update(rows)
        return drama(rows, texts)

    policy = ToyPolicy()
    train_by_reward(policy, reward, training(), rows=[1, 2, 5], progress=False)
    assert seen == {1, 2, 5}
    with pytest.raises(CallError, match="0 to 7"):
        train_by_reward(policy, reward, training(), rows=[8], progress=False)


def test_wrong_settings_are_refused() -> None:
    with pytest.raises(CallError, match="texts=4"):
        training(texts=4)
    with pytest.raises(CallError, match="at least 1"):
        training("grpo", prompts=0)
    with pytest.raises(UnknownNameError, match="did you mean 'rlso'"):
        Objective("rlsoo")
    with pytest.raises(CallError, match="no setting 'beta'; it has eta, gamma, protocol, standardise"):
        Objective("rlso", {"beta": 1.0})


@pytest.mark.parametrize(
    ("limits", "told"),
    [(Limits(held_out=inf), "perplexity"), (Limits(perplexity=inf, repetition=1.0, words=inf), "held_out")],
    ids=["unreadable", "held out"],
)
def test_a_planted_reward_hacker_is_caught_and_leaves_nothing_behind(limits: Limits, told: str, tmp_path: Path) -> None:
    """The policy may spell the item's id, which the ranker that rewards it finds by."""
    policy = ToyPolicy(40, start=(2.0, -0.5, 0.0, -3.0))
    watched = list(range(20, 40))
    guard = guarded(policy, by_id, drama, watched, readable, every=4, limits=limits)
    with pytest.warns(ConsistencyWarning, match=f"reward went from .*{told}"):
        result = train_by_reward(
            policy, by_id, training(prompts=16), rows=range(20), guard=guard, checkpoints=tmp_path, progress=False
        )
    assert result.loop.stopped
    assert result.loop.alarm is not None
    assert len(result.loop.losses) < LOOP.steps
    rows = guard.report(result.loop.validations)
    assert rows[0]["broken"] == []
    assert told in rows[-1]["broken"]
    assert rows[-1]["reward"] > rows[0]["reward"]
    assert rows[-1]["held_out"] < rows[0]["held_out"]
    spelled = [policy.probabilities(row)[TEXTS.index(TEXTS[2])].item() for row in watched]
    assert max(spelled) < 0.5, "the weights of the last validation within the limits, or the first ones, are kept"


def test_an_honest_gain_passes_the_guard() -> None:
    policy = ToyPolicy(40)
    guard = guarded(policy, drama, no_war, range(20, 40), readable)
    result = train_by_reward(policy, drama, training(prompts=16), rows=range(20), guard=guard, progress=False)
    assert not result.loop.stopped
    assert result.loop.best is not None
    assert guard.report(result.loop.validations)[-1]["broken"] == []


def test_where_no_validation_is_within_the_limits_the_first_policy_is_what_remains() -> None:
    policy = ToyPolicy(40)
    guard = guarded(policy, drama, by_id, range(20, 40), readable, limits=Limits(kl=0.0))
    with pytest.warns(ConsistencyWarning, match="kl"):
        train_by_reward(policy, drama, training(prompts=16), rows=range(20), guard=guard, progress=False)
    assert policy.module.logits[0].tolist() == [0.5, 0.5, -1.0, -1.0]


def test_a_guard_is_of_other_prompts_and_of_another_reward() -> None:
    policy = ToyPolicy()
    with pytest.raises(CallError, match="both are one"):
        guarded(policy, drama, drama, [0], readable)
    with pytest.raises(CallError, match="at least one prompt"):
        guarded(policy, drama, by_id, [], readable)
    with pytest.raises(LeakageError, match="1 are"):
        train_by_reward(
            policy, drama, training(), guard=replace(guarded(policy, drama, by_id, [7], readable)), progress=False
        )
