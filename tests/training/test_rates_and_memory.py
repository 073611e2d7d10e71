"""Learning rates by the size of the base, layers computed again, and checkpoints without what is frozen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import tiny_elm
import torch
from tiny_elm import Said

import elm.runs
from elm._errors import CallError, UnknownNameError
from elm.adapters import read_tensors
from elm.cli import _output, main
from elm.model import EmbeddingLanguageModel, is_lora
from elm.runs import RunConfig
from elm.tasks import TemplateTeacher
from elm.training import Lessons, LoopConfig, TwoStage, adapters_and_llm, llm_rate, train_two_stage
from elm.training._rates import relative_rate
from elm.training.loop._recompute import recomputing

LOOP = LoopConfig(2, 1e-3, warmup=1)


def trained(config: TwoStage, checkpoints: Path | None = None) -> EmbeddingLanguageModel:
    table = tiny_elm.table()
    model = tiny_elm.model(table)
    facts = {id: Said("A storm at sea.") for id in table.ids}
    lessons = [Lessons("toy", table, TemplateTeacher(facts), (tiny_elm.SAY,), table.ids)]  # type: ignore[arg-type]
    train_two_stage(model, lessons, config, progress=False, checkpoints=checkpoints)
    return model


def test_larger_bases_learn_slower_and_updates_faster_than_whole_ones() -> None:
    sizes = (3_000_000, 268_000_000, 596_000_000, 8_000_000_000)
    for lora in (False, True):
        rates = [llm_rate(size, lora) for size in sizes]
        assert rates == sorted(rates, reverse=True)
        assert rates[0] == 1e-3 > rates[1]
    assert all(llm_rate(size, True) >= llm_rate(size, False) for size in sizes)
    assert llm_rate(596_000_000, False) <= 5e-5  # Qwen3-0.6B, with all weights


def test_the_rate_is_taken_beside_that_of_the_adapters(monkeypatch: pytest.MonkeyPatch) -> None:
    assert relative_rate(tiny_elm.base(), False, 5e-4) == pytest.approx(2.0)
    found: list[float] = []
    import elm.training._two_stage as stages

    def seen(model: EmbeddingLanguageModel, llm_lr: float = 1.0, **options: Any) -> Any:
        found.append(llm_lr)
        return adapters_and_llm(model, llm_lr, **options)

    monkeypatch.setattr(stages, "adapters_and_llm", seen)
    trained(TwoStage(LOOP, LoopConfig(2, 5e-4, warmup=1), llm_lr=None, batch_tokens=200))
    trained(TwoStage(LOOP, LOOP, llm_lr=0.3, batch_tokens=200))
    assert found[::2] == [pytest.approx(2.0), 0.3]  # between them the free weights alone are asked for


@pytest.mark.parametrize("lora", [0, 2])
def test_computing_layers_again_changes_no_weight(lora: int) -> None:
    states = [
        trained(TwoStage(LOOP, LOOP, batch_tokens=200, lora_rank=lora, recompute=again)).state_dict()
        for again in (False, True)
    ]
    assert states[0].keys() == states[1].keys()
    for name, value in states[0].items():
        torch.testing.assert_close(value, states[1][name], rtol=1e-5, atol=1e-6)


def test_layers_are_computed_again_in_the_block_alone() -> None:
    llm, calls = tiny_elm.base().eval(), [0]
    llm.model.layers[0].self_attn.register_forward_pre_hook(lambda *_: calls.__setitem__(0, calls[0] + 1))
    embeds = torch.randn(1, 4, tiny_elm.SHAPE.width, requires_grad=True)
    for asked, wanted in ((True, 2), (False, 1)):
        calls[0] = 0
        with recomputing(llm, asked):
            llm(inputs_embeds=embeds, use_cache=False).logits.sum().backward()
        assert calls[0] == wanted
    assert not any(module.training for module in llm.modules())
    with pytest.raises(CallError, match="cannot compute its layers again"), recomputing(torch.nn.Linear(1, 1), True):
        pass


def test_a_checkpoint_with_lora_holds_updates_and_adapters_alone(tmp_path: Path) -> None:
    model = trained(TwoStage(LOOP, LOOP, batch_tokens=200, lora_rank=2), tmp_path)
    assert is_lora(model.llm)
    names = {
        name.removeprefix("elm/") for name in read_tensors(tmp_path / "stage-two.safetensors")[0] if "elm/" in name
    }
    assert names
    assert all("lora_" in name or name.startswith("adapters.") for name in names)
    frozen = sum(p.numel() * 4 for p in model.llm.parameters() if not p.requires_grad)
    learned = sum(p.numel() * 4 for p in model.parameters() if p.requires_grad)
    assert (tmp_path / "stage-two.safetensors").stat().st_size < 3 * learned + frozen / 2 + 40_000


def test_the_base_in_half_precision_needs_updates() -> None:
    with pytest.raises(CallError, match="the base is to be in bfloat16: train it with LoRA"):
        RunConfig(base_dtype="bfloat16")
    with pytest.raises(UnknownNameError, match="dtype 'int8'"):
        RunConfig(base_dtype="int8")
    config = RunConfig(base_dtype="bfloat16", training=TwoStage(lora_rank=4, llm_lr=None, recompute=True))
    assert RunConfig.from_dict(config.to_dict()) == config
    old = {k: v for k, v in RunConfig().to_dict().items() if k != "base_dtype"}
    old["training"] = {k: v for k, v in old["training"].items() if k != "recompute"}
    assert RunConfig.from_dict(old) == RunConfig()


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[RunConfig]:
    """The settings that `elm train run` begins with."""
    found: list[RunConfig] = []

    def train_run(out: Path, config: RunConfig, **_: Any) -> dict[str, Any]:
        found.append(config)
        return {"train": {"stage_one": {"loss": 1.0}, "stage_two": {"loss": 1.0}}}

    monkeypatch.setattr(elm.runs, "train_run", train_run)
    monkeypatch.chdir(tmp_path)
    return found


@pytest.mark.slow
def test_the_command_gives_rates_numbers_and_memory(settings: list[RunConfig]) -> None:
    run = ("train", "run", "demo", "--quiet", "--json")
    assert main([*run]) == 0
    assert main([*run, "--base", "some/base"]) == 0
    more = ("--lr", "5e-4", "--llm-lr", "1e-4", "--lora", "8", "--dtype", "bfloat16", "--gradient-checkpointing")
    assert main([*run, "--base", "some/base", *more]) == 0
    _output.set_quiet(False)
    plain, sized, told = settings
    assert (plain.training.one.lr, plain.training.two.lr, plain.training.llm_lr) == (2e-3, 1e-3, 1.0)
    assert sized.training.llm_lr is None
    assert (told.training.one.lr, told.training.two.lr) == (1e-3, 5e-4)
    assert told.training.llm_lr == pytest.approx(0.2)
    assert (told.training.recompute, told.base_dtype) == (True, "bfloat16")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--lr", "0"), "learning rates are numbers above 0, got --lr 0.0"),
        (("--llm-lr", "-1"), "got --lr 0.001 and --llm-lr -1.0"),
        (("--lr", "nan"), "got --lr nan"),
        (("--dtype", "bfloat16"), "train it with LoRA"),
        (("--dtype", "int4", "--lora", "4"), "unknown dtype 'int4'"),
    ],
)
def test_wrong_rates_and_numbers(
    settings: list[RunConfig], capsys: pytest.CaptureFixture[str], words: tuple[str, ...], message: str
) -> None:
    assert main(["train", "run", "demo", *words]) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert message in err
    assert not settings
