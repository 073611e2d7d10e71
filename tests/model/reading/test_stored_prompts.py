"""A folder says how its tasks were asked, and where its base is: another version, another machine reads it alike."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import tiny_elm
import torch
from tiny_elm import SAY

import elm
from elm._errors import CallError, CheckpointError, UnknownNameError
from elm.adapters import read_config, write_manifest
from elm.model import (
    SHIPPED,
    EmbeddingLanguageModel,
    base_reference,
    load_llm,
    load_model,
    save_llm,
    save_model,
    verify,
    with_lora,
)
from elm.tasks import VECTOR, TemplateTeacher, get
from elm.training import Lessons, LoopConfig, TwoStage, train_two_stage

SUMMARY = get("summary")


def with_tasks(*tasks: object) -> EmbeddingLanguageModel:
    model = tiny_elm.model(tasks=[task.id for task in tasks])  # type: ignore[attr-defined]
    model.tasks = {task.id: task for task in tasks}  # type: ignore[attr-defined]
    return model


def test_a_task_that_no_registry_knows_works_by_its_name(tmp_path: Path) -> None:
    model = with_tasks(SAY)
    again = load_model(save_model(model, tmp_path / "m"))
    x = tiny_elm.vectors()
    assert again.describe(x, "say") == model.describe(x, SAY)
    with pytest.raises(CallError, match="has no template text here"):
        again.task("say").write(None, None)  # type: ignore[arg-type]
    with pytest.raises(UnknownNameError, match="unknown task 'sag'; did you mean 'say'"):
        again.describe(x, "sag")


def test_the_stored_prompt_is_asked_not_this_version_s(tmp_path: Path) -> None:
    old = replace(SUMMARY, prompt=f"As it was asked before: {VECTOR}!", max_new_tokens=7, temperature=0.0)
    model = with_tasks(old)
    again = load_model(save_model(model, tmp_path / "m"))
    assert again.task("summary").prompt == old.prompt
    assert again.task("summary").write is SUMMARY.write
    x = tiny_elm.vectors()
    assert again.describe(x, "summary") == model.describe(x, old)
    assert again.describe(x, "summary") != again.describe(x, SUMMARY, temperature=0.0), (
        "a task given whole is asked as it is"
    )


def test_prompts_of_the_registry_are_stored_too(tmp_path: Path) -> None:
    save_model(tiny_elm.model(tasks=["summary", "say"]), tmp_path / "m")
    config = read_config(tmp_path / "m")
    assert config.tasks["summary"].prompt == SUMMARY.prompt
    assert set(config.tasks) == {"summary"}, "nobody said how the other is asked"
    assert config.version == elm.__version__


def test_training_remembers_its_tasks(tmp_path: Path) -> None:
    table = tiny_elm.table()
    model = tiny_elm.model(table)
    lessons = [Lessons("toy", table, TemplateTeacher(dict.fromkeys(table.ids, "one")), (SAY,), table.ids)]  # type: ignore[arg-type]
    once = LoopConfig(1, 1e-3)
    train_two_stage(model, lessons, TwoStage(once, once, batch_tokens=100), progress=False)
    save_model(model, tmp_path / "m")
    assert load_model(tmp_path / "m").task("say").prompt == SAY.prompt


def test_what_was_allowed_in_training_is_kept(tmp_path: Path) -> None:
    model = tiny_elm.model()
    model.about |= {"allow_space_mismatch": True, "colour": "blue"}
    again = load_model(save_model(model, tmp_path / "m"))
    assert again.about["allow_space_mismatch"] is True
    assert again.about["colour"] == "blue"
    assert load_model(save_model(again, tmp_path / "n")).about == again.about


def test_a_folder_of_the_first_schema_loads_as_before(tmp_path: Path) -> None:
    model = tiny_elm.model()
    folder = save_model(model, tmp_path / "m")
    first = {"schema": 1, "tasks": ["say"], "adapters": ["toy"], "base": {"id": "tiny", "revision": None}}
    (folder / "config.json").write_text(json.dumps(first))
    write_manifest(folder)
    again = load_model(folder)
    assert again.describe(tiny_elm.vectors(), SAY) == model.describe(tiny_elm.vectors(), SAY)
    assert verify(folder) == []


@pytest.fixture
def base(tmp_path: Path) -> Path:
    save_llm(tiny_elm.base(), tiny_elm.tokenizer(), tmp_path / "base")
    return tmp_path / "base"


@pytest.fixture
def tuned(base: Path, tmp_path: Path) -> Path:
    """A folder with LoRA updates to the local base."""
    llm, tokenizer = load_llm(base)
    model = EmbeddingLanguageModel(
        with_lora(llm, 2), tokenizer, {"toy": tiny_elm.adapter(tiny_elm.table())}, {"base": base_reference(str(base))}
    )
    with torch.no_grad():
        for name, value in model.llm.named_parameters():
            if "lora_B" in name:
                value.normal_()
    return save_model(model, tmp_path / "tuned")


def test_a_base_that_has_moved_is_named(base: Path, tuned: Path, tmp_path: Path) -> None:
    texts = load_model(tuned).describe(tiny_elm.vectors(), SAY)
    shutil.move(base, tmp_path / "moved")
    assert elm.load(tuned, base=tmp_path / "moved").describe(tiny_elm.vectors(), SAY) == texts
    assert verify(tuned, base=tmp_path / "moved") == []


def test_another_base_is_refused(base: Path, tuned: Path) -> None:
    save_llm(tiny_elm.base(seed=9), tiny_elm.tokenizer(), base)
    with pytest.raises(
        CheckpointError, match=r"was trained on the base .*base \(\w{12}\), and the weights in .* are others"
    ):
        load_model(tuned)
    with pytest.raises(CheckpointError, match="was trained on the base"):
        load_model(tuned, base=SHIPPED / "base")
    for other in (base, SHIPPED / "base"):
        (problem,) = verify(tuned, base=other)
        assert problem.what.startswith("names a base that does not fit: ")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"r": 10**9}, r"gives no r that LoRA can have"),
        ({"r": 3}, r"are not of rank 3 in pairs, such as"),
        ({"r": True}, r"gives no r that LoRA can have"),
        ({"target_modules": ".*"}, r"must list its target_modules by name"),
        ({"target_modules": ["q_proj"]}, r"do not fit this base"),
        ({"megatron_config": {"a": 1}, "megatron_core": "antigravity"}, r"sets megatron_config"),
        ({"modules_to_save": ["lm_head"]}, r"sets modules_to_save"),
        ({"peft_type": "IA3"}, r"sets peft_type"),
        ({"auto_mapping": {"parent_library": "evil"}}, r"sets auto_mapping"),
        ({"evil": 1}, r"sets evil, which a plain LoRA folder leaves alone"),
    ],
)
def test_a_lora_folder_that_asks_for_more(tuned: Path, changes: dict[str, object], message: str) -> None:
    path = tuned / "lora" / "adapter_config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))
    write_manifest(tuned)
    with pytest.raises(CheckpointError, match=message):
        load_model(tuned)


def test_stock_peft_reads_the_updates(base: Path, tuned: Path) -> None:
    from peft import AutoPeftModelForCausalLM

    stock = AutoPeftModelForCausalLM.from_pretrained(tuned / "lora")
    ids = torch.tensor([[1, 5, 9]])
    with torch.no_grad():
        assert torch.equal(stock(ids).logits, load_model(tuned).llm(ids).logits)


def test_references_to_bases(base: Path) -> None:
    from elm._storage.files import sha256

    found = base_reference(str(base))
    assert len(found.pop("files") or "") == 64
    assert found == {"id": str(base), "revision": None, "sha256": sha256(base / "model.safetensors")}
    assert base_reference("shipped")["sha256"] == sha256(SHIPPED / "base" / "model.safetensors")
