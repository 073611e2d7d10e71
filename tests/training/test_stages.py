"""Two-stage training: what it learns, what each stage may change, and how it goes on after an interruption."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tiny_elm
import torch
from tiny_elm import SAY, Said

from elm._errors import CallError, LeakageError, UnknownNameError
from elm.adapters import MLPAdapter
from elm.embeddings import EmbeddingSpace, VectorTable
from elm.model import EmbeddingLanguageModel, load_model, save_model
from elm.tasks import TemplateTeacher
from elm.training import (
    Lessons,
    LoopConfig,
    Stage,
    Team,
    TwoStage,
    adapters_alone,
    train_stages,
    train_two_stage,
    trainable,
)

WORDS = {"v0": Said("one"), "v1": Said("two")}
SHORT = TwoStage(
    LoopConfig(5, 1e-2, warmup=1, save_every=2), LoopConfig(6, 3e-3, warmup=1, save_every=4), batch_tokens=60
)


class Interrupted(BaseException):
    """As Ctrl-C is."""


class Teacher(TemplateTeacher):
    """Says the facts as they are; `patience` is how many more texts it writes before someone presses Ctrl-C."""

    patience = 10**9

    def write(self, entity: str, task: object, variant: int = 0) -> str:
        self.patience -= 1
        if self.patience < 0:
            raise Interrupted
        return super().write(entity, task, variant)  # type: ignore[arg-type]


def toy_table() -> VectorTable:
    """[1, 0] and [0, 1] (ELM, Appendix D)."""
    data = np.eye(2, dtype=np.float32)
    return VectorTable(list(WORDS), data, EmbeddingSpace.fit("toy", data, "dot", {}, "toy"))


def toy() -> tuple[EmbeddingLanguageModel, list[Lessons], Teacher]:
    table = toy_table()
    torch.manual_seed(0)
    adapter = MLPAdapter.for_space(table.space, 32, ("say",), 0.02, soft_tokens=1, hidden=8)
    model = EmbeddingLanguageModel(tiny_elm.base(), tiny_elm.tokenizer(), {"toy": adapter})
    teacher = Teacher(WORDS)  # type: ignore[arg-type]
    return model, [Lessons("toy", table, teacher, (SAY,), table.ids)], teacher


def weights(model: EmbeddingLanguageModel) -> dict[str, torch.Tensor]:
    return {name: value.detach().clone() for name, value in model.state_dict().items()}


def same(a: dict[str, torch.Tensor], b: dict[str, torch.Tensor]) -> bool:
    return a.keys() == b.keys() and all(torch.equal(a[k], b[k]) for k in a)


def changed(a: dict[str, torch.Tensor], b: dict[str, torch.Tensor]) -> set[str]:
    return {k for k in a if not torch.equal(a[k], b[k])}


@pytest.mark.slow
def test_the_toy_of_the_paper_is_learned() -> None:
    """Appendix D: [1, 0] is to be called "one", [0, 1] "two"; a random language model learns it in two stages."""
    model, lessons, _ = toy()
    config = TwoStage(LoopConfig(60, 1e-2, warmup=5), LoopConfig(140, 5e-3, warmup=5), batch_tokens=120)
    result = train_two_stage(model, lessons, config, progress=False)
    assert model.describe(np.eye(2), SAY) == ["one", "two"]
    assert model.describe(np.eye(2)[::-1], SAY, temperature=1.0, seed=4) == ["two", "one"]
    assert result.one.losses[-1] < result.one.losses[0]
    assert result.two.loss < 0.2 < result.one.loss  # a frozen model that knows nothing cannot be spoken through


def test_stage_one_changes_adapters_and_stage_two_everything() -> None:
    model, lessons, _ = toy()
    states = [weights(model)]
    train_two_stage(
        model, lessons, SHORT, progress=False, after_stage=lambda name, result: states.append(weights(model))
    )
    learned = {name for name, _ in model.named_parameters()}
    learned |= {"llm.lm_head.weight"}  # tied to the token embeddings
    in_adapters = {name for name in learned if name.startswith("adapters.")}
    assert changed(states[0], states[1]) == in_adapters
    assert changed(states[1], states[2]) == learned
    assert not changed(states[0], states[2]) & {"adapters.toy.mean", "adapters.toy.scale"}
    assert same(states[2], weights(model))
    assert not model.training
    assert all(p.requires_grad for p in model.parameters())


@pytest.mark.parametrize(("stage", "free"), [("one", {"adapters"}), ("two", {"adapters", "llm"})])
def test_what_is_free_in_a_stage(stage: str, free: set[str]) -> None:
    model, _, _ = toy()
    groups = trainable(model, stage, llm_lr=0.1)  # type: ignore[arg-type]
    names = {id(p): name for name, p in model.named_parameters()}
    assert {names[id(p)].split(".")[0] for p, _ in groups} == free
    assert {names[id(p)] for p, _ in groups} == {n for n, p in model.named_parameters() if p.requires_grad}
    assert {(names[id(p)].split(".")[0], factor) for p, factor in groups} <= {("adapters", 1.0), ("llm", 0.1)}
    with pytest.raises(CallError, match="the stages of training are 'one' and 'two', got 'three'"):
        trainable(model, "three")  # type: ignore[arg-type]


def test_the_language_model_may_learn_more_slowly() -> None:
    model, lessons, _ = toy()
    before = weights(model)
    train_two_stage(model, lessons, replace(SHORT, llm_lr=0.0), progress=False)
    assert {name.split(".")[0] for name in changed(before, weights(model))} == {"adapters"}


def test_the_seed_decides_all() -> None:
    runs = []
    for seed in (0, 0, 1):
        model, lessons, _ = toy()
        train_two_stage(model, lessons, replace(SHORT, seed=seed), progress=False)
        runs.append(weights(model))
    assert same(runs[0], runs[1])
    assert not same(runs[0], runs[2])


def test_two_adapters_take_turns_by_weight() -> None:
    from elm.training.data._sampler import LessonBatches

    a, b = tiny_elm.table(name="a"), tiny_elm.table(dim=4, name="b")
    model = tiny_elm.model(a, b)
    texts = {i: Said(f"text {i}") for i in a.ids}
    lessons = [
        Lessons("a", a, TemplateTeacher(texts), (SAY,), a.ids, weight=3.0),  # type: ignore[arg-type]
        Lessons("b", b, TemplateTeacher(texts), (SAY,), b.ids[:3], weight=1.0),
    ]  # type: ignore[arg-type]
    batches = LessonBatches(model, lessons, 200, seed=0)
    turns = [batches.at(step) for step in range(400)]
    assert np.mean([lesson.adapter == "a" for lesson, _ in turns]) == pytest.approx(0.75, abs=0.06)
    for lesson, batch in turns[:50]:
        assert batch.ids.numel() <= 200
        assert set(batch.rows.flatten().tolist()) <= set(lesson.table.row_numbers(lesson.ids).tolist())
        for row, labels in zip(batch.rows.flatten().tolist(), batch.labels, strict=True):
            said = model.tokenizer.decode(labels[labels >= 0], skip_special_tokens=True)
            assert said == f"text v{row}"  # the text belongs to the vector
    again = batches.at(17)[1]
    assert torch.equal(again.ids, turns[17][1].ids)
    assert torch.equal(again.rows, turns[17][1].rows)


def interrupted_at(tmp_path: Path, after: str | None, texts: int) -> tuple[dict[str, torch.Tensor], list[float], Path]:
    """Begin, be interrupted so many texts into a stage (None: stage one), then go on as another process would."""
    model, lessons, teacher = toy()
    if after is None:
        teacher.patience = texts

    def arm(name: str, result: object) -> None:
        if name == after:
            teacher.patience = texts

    with pytest.raises(Interrupted):
        train_two_stage(model, lessons, SHORT, progress=False, checkpoints=tmp_path, after_stage=arm)
    shutil.copytree(tmp_path, tmp_path.parent / "then")
    model, lessons, _ = toy()
    result = train_two_stage(model, lessons, SHORT, progress=False, checkpoints=tmp_path)
    return weights(model), [*result.one.losses, *result.two.losses], tmp_path.parent / "then"


@pytest.fixture(scope="module")
def whole() -> tuple[dict[str, torch.Tensor], list[float]]:
    model, lessons, _ = toy()
    result = train_two_stage(model, lessons, SHORT, progress=False)
    return weights(model), [*result.one.losses, *result.two.losses]


@pytest.mark.parametrize("after", [None, "one"], ids=["in stage one", "in stage two"])
@pytest.mark.parametrize("texts", [0, *np.random.default_rng(1).integers(4, 24, size=3).tolist()])
def test_an_interrupted_training_ends_with_the_same_bits(tmp_path: Path, whole, after: str | None, texts: int) -> None:  # type: ignore[no-untyped-def]
    end, losses, _ = interrupted_at(tmp_path / "now", after, texts)
    assert losses == whole[1]
    assert same(end, whole[0])


def test_a_finished_stage_one_is_not_done_again(tmp_path: Path, whole) -> None:  # type: ignore[no-untyped-def]
    end, _, then = interrupted_at(tmp_path / "now", "one", 20)
    now = tmp_path / "now"
    assert (now / "stage-one.safetensors").read_bytes() == (then / "stage-one.safetensors").read_bytes()
    model, lessons, teacher = toy()
    teacher.patience = 0  # no text is needed when both stages are done
    called = []
    train_two_stage(
        model, lessons, SHORT, progress=False, checkpoints=now, after_stage=lambda name, _: called.append(name)
    )
    assert called == ["one", "two"]
    assert same(weights(model), whole[0])
    assert same(end, whole[0])


def test_going_on_with_the_model_that_was_interrupted(tmp_path: Path, whole) -> None:  # type: ignore[no-untyped-def]
    """As in a notebook: the weights in memory have moved on since the last commit."""
    model, lessons, teacher = toy()
    interruptions = 0
    for texts in (7, 14, 11, 12, 9):
        teacher.patience = texts
        try:
            train_two_stage(model, lessons, SHORT, progress=False, checkpoints=tmp_path)
        except Interrupted:
            interruptions += 1
    assert interruptions >= 4
    assert (tmp_path / "stage-two.safetensors").exists()
    teacher.patience = 10**9
    train_two_stage(model, lessons, SHORT, progress=False, checkpoints=tmp_path)
    assert same(weights(model), whole[0])


def test_a_checkpoint_holds_what_its_stage_trains(tmp_path: Path) -> None:
    from elm.adapters import read_tensors

    model, lessons, _ = toy()
    train_two_stage(model, lessons, SHORT, progress=False, checkpoints=tmp_path)
    parts = {
        s: {
            k.split("/")[1].split(".")[0]
            for k in read_tensors(tmp_path / f"stage-{s}.safetensors")[0]
            if k.startswith("elm/")
        }
        for s in ("one", "two")
    }
    assert parts == {"one": {"adapters"}, "two": {"adapters", "llm"}}


def test_what_was_trained_reads_back(tmp_path: Path) -> None:
    model, lessons, _ = toy()
    train_two_stage(model, lessons, SHORT, progress=False)
    save_model(model, tmp_path / "model")
    assert same(weights(load_model(tmp_path / "model")), weights(model))


def test_held_out_entities_are_not_learned_from() -> None:
    table, teacher = tiny_elm.table(), TemplateTeacher({f"v{i}": Said("x") for i in range(12)})  # type: ignore[arg-type]
    Lessons("toy", table, teacher, (SAY,), table.ids[:8], held_out=table.ids[8:])
    message = r"training of adapter 'toy': 2 held out are also trained on \('v6', 'v7'\); split by entity"
    with pytest.raises(LeakageError, match=message):
        Lessons("toy", table, teacher, (SAY,), table.ids[:8], held_out=table.ids[6:])


def test_lessons_that_do_not_fit_together() -> None:
    table, teacher = tiny_elm.table(), TemplateTeacher({f"v{i}": Said("x") for i in range(10)})  # type: ignore[arg-type]
    with pytest.raises(CallError, match="adapter 'toy' needs at least one entity to learn from, got none"):
        Lessons("toy", table, teacher, (SAY,), [])
    with pytest.raises(CallError, match="adapter 'toy' needs at least one task to learn, got none"):
        Lessons("toy", table, teacher, (), ["v1"])
    with pytest.raises(CallError, match="must have facts of each entity, but has none of 2, such as 'v10'"):
        Lessons("toy", table, teacher, (SAY,), table.ids)
    with pytest.raises(UnknownNameError, match="unknown task 'sumary'; did you mean 'summary'"):
        Lessons("toy", table, teacher, ("sumary",), ["v1"])
    with pytest.raises(UnknownNameError, match=r"unknown id 'v9'.*in space 'toy'"):
        Lessons("toy", table.subset(["v1"]), teacher, (SAY,), ["v9"])
    model, lessons, _ = toy()
    with pytest.raises(UnknownNameError, match=r"unknown space 'toys'; did you mean 'toy'\?"):
        train_two_stage(model, [replace(lessons[0], adapter="toys")], SHORT, progress=False)
    with pytest.raises(CallError, match="training needs at least one lesson, got none"):
        train_two_stage(model, [], SHORT, progress=False)


def test_a_training_is_a_list_of_stages_of_any_name_and_loss() -> None:
    """A stage of one's own: a loss that pulls the adapters' weights to zero, the language model untouched."""
    model, _, _ = toy()
    llm = {name: value.clone() for name, value in model.llm.state_dict().items()}

    def shrink(model: EmbeddingLanguageModel) -> tuple[Team, Callable[[int], tuple[torch.Tensor, int, int]]]:
        weights = list(model.adapters.parameters())
        return Team(), lambda number: (sum((w.square().sum() for w in weights), torch.zeros(())), 1, 1)

    size = sum(float(w.detach().square().sum()) for w in model.adapters.parameters())
    stages = [Stage(name, adapters_alone, shrink, LoopConfig(5, 0.01, warmup=1)) for name in ("first", "second")]
    results = train_stages(model, stages, progress=False)
    assert list(results) == ["first", "second"]
    assert results["second"].loss < results["first"].loss < size
    assert all(torch.equal(value, llm[name]) for name, value in model.llm.state_dict().items())
    with pytest.raises(CallError, match="names of their own, got first, first"):
        train_stages(model, [stages[0], stages[0]])
