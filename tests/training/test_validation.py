"""Validation that generates: scores beside the loss, the alarm, patience, and the best weights, all resumable."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from test_stages import toy
from tiny_elm import SAY
from torch import nn

from elm._errors import CallError, CheckpointError, ConsistencyWarning
from elm.training import (
    LoopConfig,
    LoopContext,
    LoopResult,
    TwoStage,
    Validation,
    optimise,
    read_metrics,
    train_two_stage,
)

LOOP = LoopConfig(steps=20, lr=0.1, warmup=1, save_every=3, log_every=4, schedule="constant")
SILENT = {"keep_best": False, "window": 50}


class Interrupted(BaseException):
    """As Ctrl-C is."""


def run(
    validation: Validation | None,
    folder: Path | None = None,
    loop: LoopConfig = LOOP,
    rising: bool = False,
    stop_at: int | None = None,
) -> tuple[LoopResult, float]:
    """Minimise (w - 3)^2 from 0, or a loss that rises whatever is done; the result and the weight at the end."""
    module = nn.ParameterList([torch.zeros(1)])
    weight = module[0]

    def loss_at(step: int) -> tuple[torch.Tensor, int]:
        if step == stop_at:
            raise Interrupted
        return (weight * 0 + step if rising else (weight - 3).square()).sum(), 1

    context = LoopContext(validation, folder / "metrics.jsonl" if folder else None)
    result = optimise(
        [(weight, 1.0)],
        loss_at,
        loop,
        progress=False,
        modules={"m": module},
        context=context,
        checkpoint=folder / "ck.safetensors" if folder else None,
    )
    return result, weight.item()


def scripted(numbers: Sequence[float]) -> Callable[[nn.Module, int], dict[str, float]]:
    """The score of step 2, 4, 6, ..."""
    return lambda model, step: {"SC": 0.1, "rSC": numbers[step // 2 - 1]}


def validation(numbers: Sequence[float], **options: object) -> Validation:
    return Validation(scripted([*numbers, *[numbers[-1]] * 10]), every=2, **options)  # type: ignore[arg-type]


def weight_after(steps: int) -> float:
    return run(None, loop=replace(LOOP, steps=steps))[1]


@pytest.mark.parametrize("on_disk", [True, False])
def test_the_model_ends_with_the_first_of_the_best(tmp_path: Path, on_disk: bool) -> None:
    folder = tmp_path if on_disk else None
    result, weight = run(validation([0.1, 0.4, 0.9, 0.3, 0.9, float("nan"), 0.2], window=50), folder)
    assert result.best is not None
    assert (result.best["step"], result.best["rSC"]) == (6, 0.9)
    assert weight == weight_after(6) != weight_after(20)
    assert len(result.losses) == 20
    if on_disk:  # a finished run is read back, and ends with the same
        again, same = run(validation([0.0], window=50), folder)
        assert (repr(again), same) == (repr(result), weight)  # by their text, since NaN is not itself


def test_without_it_the_model_ends_with_the_last() -> None:
    result, weight = run(validation([0.9, 0.1], **SILENT))
    assert result.best is None
    assert weight == weight_after(20)


def test_validating_changes_nothing_in_the_training() -> None:
    def noisy(model: nn.Module, step: int) -> dict[str, float]:
        assert not model.training
        return {"rSC": float(torch.rand(1))}

    assert run(Validation(noisy, every=3, **SILENT))[0].losses == run(None)[0].losses  # type: ignore[arg-type]


@pytest.mark.parametrize(("patience", "last"), [(1, 8), (3, 12), (0, 20)])
def test_patience_ends_the_training(tmp_path: Path, patience: int, last: int) -> None:
    scores = validation([0.1, 0.2, 0.5, 0.4, 0.3, 0.2, 0.1], patience=patience, window=50)
    result, weight = run(scores, tmp_path)
    assert (len(result.losses), result.stopped) == (last, patience > 0)
    assert weight == weight_after(6)
    assert run(scores, tmp_path) == (result, weight)  # and it stays ended


@pytest.mark.filterwarnings("ignore::elm._errors.ConsistencyWarning")
@pytest.mark.parametrize("stop_at", [1, 2, 5, 8, 13, 19])
def test_all_of_it_survives_an_interruption(tmp_path: Path, stop_at: int) -> None:
    scores = validation([0.1, 0.2, 0.2, 0.2, 0.21, 0.7, 0.6], patience=4, window=2)
    whole, again = tmp_path / "whole", tmp_path / "again"
    expected, weight = run(scores, whole)
    assert expected.alarm == 8
    with pytest.raises(Interrupted):
        run(scores, again, stop_at=stop_at)
    resumed, same = run(scores, again)
    assert same == weight
    assert replace(resumed, seconds=0, tokens_per_second=0) == replace(expected, seconds=0, tokens_per_second=0)
    assert (whole / "metrics.jsonl").read_bytes() == (again / "metrics.jsonl").read_bytes()
    assert (whole / "ck.best.safetensors").read_bytes() == (again / "ck.best.safetensors").read_bytes()


def alarms(numbers: Sequence[float], rising: bool = False, **options: object) -> tuple[list[str], int | None]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        result, _ = run(validation(numbers, window=3, **options), rising=rising)
    return [str(w.message) for w in caught if w.category is ConsistencyWarning], result.alarm


def test_the_alarm_is_told_once() -> None:
    told, step = alarms([0.1, 0.3, 0.305, 0.29, 0.3, 0.3, 0.3])
    assert step == 10  # 3 validations after the one at step 4
    assert len(told) == 1
    assert "in training the loss fell from" in told[0]
    assert "between steps 4 and 10, but rSC did not rise (0.300 to 0.300)" in told[0]


@pytest.mark.parametrize(
    ("numbers", "rising", "options"),
    [
        ([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95], False, {}),
        ([0.1, 0.1, 0.1, 0.2, 0.2, 0.2, 0.3, 0.3, 0.3, 0.4], False, {}),  # a rise within each window
        ([0.2], True, {}),  # the loss does not fall
        ([0.96], False, {}),  # there is nowhere to rise to
        ([0.5], False, {"enough": 0.4}),
    ],
    ids=["rises", "rises now and then", "loss rises", "at the top", "enough"],
)
def test_there_is_no_alarm(numbers: list[float], rising: bool, options: dict[str, float]) -> None:
    assert alarms(numbers, rising, **options) == ([], None)


def test_metrics_stand_beside_the_loss(tmp_path: Path) -> None:
    result, _ = run(validation([0.2, 0.3], **SILENT), tmp_path)
    rows = list(read_metrics(tmp_path / "metrics.jsonl"))
    assert [row["step"] for row in rows if "lr" in row] == [4, 8, 12, 16, 20]
    scored = [row for row in rows if "rSC" in row]
    assert [row["step"] for row in scored] == list(range(2, 21, 2))
    assert scored[0] == {
        "stage": "training",
        "step": 2,
        "loss": np.mean(result.losses[:2]),
        "SC": 0.1,
        "rSC": 0.2,
        "alarm": False,
    }
    assert rows[1]["loss"] == pytest.approx(np.mean(result.losses[:4]))
    assert result.validations[3] == {"step": 8, "loss": np.mean(result.losses[6:8]), "SC": 0.1, "rSC": 0.3}


def test_a_line_that_was_cut_off_is_taken_out(tmp_path: Path) -> None:
    run(validation([0.2], **SILENT), tmp_path)
    path = tmp_path / "metrics.jsonl"
    before = path.read_text()
    path.write_text(before + '{"stage": "training", "step": 2')
    assert len(list(read_metrics(path))) == len(before.splitlines())
    run(validation([0.2], **SILENT), tmp_path)
    assert path.read_text() == before


@pytest.mark.slow
def test_both_stages_are_watched_by_what_the_model_says(tmp_path: Path) -> None:
    """The score is the share of the two vectors that the model names rightly: provably 0 before, 1 after."""

    def right(model: object, step: int) -> dict[str, float]:
        texts = model.describe(np.eye(2), SAY)  # type: ignore[attr-defined]
        return {"rSC": float(np.mean([text == word for text, word in zip(texts, ("one", "two"), strict=True)]))}

    model, lessons, _ = toy()
    config = TwoStage(LoopConfig(20, 1e-2, warmup=5), LoopConfig(140, 5e-3, warmup=5), batch_tokens=120)
    watch = Validation(right, every=20, patience=2, window=50)
    result = train_two_stage(model, lessons, config, progress=False, checkpoints=tmp_path, validation=watch)
    assert [row["rSC"] for row in result.one.validations] == [0.0]
    assert result.two.best is not None
    assert result.two.best["rSC"] == 1.0
    assert result.two.stopped
    assert len(result.two.losses) == result.two.best["step"] + 40
    assert model.describe(np.eye(2), SAY) == ["one", "two"]
    assert {row["stage"] for row in read_metrics(tmp_path / "metrics.jsonl")} == {"stage one", "stage two"}
    model, lessons, _ = toy()
    only_two = replace(watch, stages=("two",))
    assert not train_two_stage(model, lessons, config, progress=False, validation=only_two).one.validations


def test_what_cannot_be(tmp_path: Path) -> None:
    with pytest.raises(CallError, match="every and window of at least 1 and patience of 0 or more, got 0, 3 and 0"):
        Validation(scripted([1]), every=0)
    model, lessons, _ = toy()
    watch = Validation(scripted([1]), stages=("two", "three"))
    with pytest.raises(CallError, match="the stages of training are 'one' and 'two', got 'three'"):
        train_two_stage(model, lessons, TwoStage(), progress=False, validation=watch)
    with pytest.raises(CallError, match="validation watches 'BC', but its scorer returned SC, rSC"):
        run(validation([0.1], watch="BC"))
    with pytest.raises(CallError, match="scores the first of the modules, and there are none"):
        optimise(
            [(nn.Parameter(torch.zeros(1)), 1.0)],
            lambda step: (torch.zeros(1), 1),
            LOOP,
            progress=False,
            context=LoopContext(validation([0.1])),
        )
    run(validation([0.2], patience=3, window=50), tmp_path)
    with pytest.raises(CheckpointError, match=r"was begun with patience 3: delete it to begin again"):
        run(validation([0.2], patience=2, window=50), tmp_path)
    with pytest.raises(
        CheckpointError, match=r"was begun with keep_best True, patience 3, validate_every 2, watch rSC"
    ):
        run(None, tmp_path)
