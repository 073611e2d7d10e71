"""The pipeline teacher with the shipped base model and with tiny random ones."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from elm._errors import CallError, CheckpointError, UnknownNameError, UnusableTextError
from elm.chat import Asking
from elm.model import SHIPPED
from elm.tasks import ItemBrief, PipelineTeacher

NOUNS = ("harbour", "desert", "circus", "train", "castle", "island")
FILMS = {f"f{n}": ItemBrief(f"Zanzibar {'x' * (3 * n)}quux", 1990 + n, (noun,)) for n, noun in enumerate(NOUNS)}
TEMPLATE = "{{ bos_token }}{% for message in messages %}{{ message['content'] }}{{ '\\n' }}{% endfor %}"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("models") / "chat"
    shutil.copytree(SHIPPED / "base", made)
    (made / "chat_template.jinja").write_text(TEMPLATE)
    return made


@pytest.fixture(scope="module")
def loaded(folder: Path) -> tuple[Any, Any]:
    teacher = PipelineTeacher.from_folder(FILMS, folder)
    return teacher.llm, teacher.tokenizer


ASKING = Asking(temperature=1.0, max_tokens=48, attempts=2)


@pytest.mark.slow
def test_a_text_depends_on_the_entity_and_the_seed_and_not_on_the_batch(loaded: tuple[Any, Any]) -> None:
    def write(ids: list[str], **options: Any) -> dict[str, str]:
        teacher = PipelineTeacher(FILMS, *loaded, asking=ASKING, **options)
        return dict(zip(ids, teacher.write_all(ids, "summary", 1, on_failure="skip"), strict=True))

    ids = list(FILMS)
    together = write(ids, batch_size=6)
    assert sum(map(bool, together.values())) >= 4
    assert len({text for text in together.values() if text}) >= 4
    assert write(ids[::-1], batch_size=3) == dict(reversed(together.items()))
    assert write(ids[2:3]) == {"f2": together["f2"]}
    assert write(ids, seed=1) != together


@pytest.mark.slow
def test_variants_tasks_and_temperature_are_other_texts(loaded: tuple[Any, Any]) -> None:
    teacher = PipelineTeacher(FILMS, *loaded, asking=ASKING)
    texts = [
        teacher.write_all(["f1"], task, variant, on_failure="skip")[0]
        for task, variant in (("summary", 0), ("summary", 1), ("positive_review", 0))
    ]
    assert len(set(texts)) == 3
    greedy = PipelineTeacher(FILMS, *loaded, asking=Asking(temperature=0, max_tokens=48))
    other = PipelineTeacher(FILMS, *loaded, asking=Asking(temperature=0, max_tokens=48), seed=9)
    assert greedy.write("f1", "summary") == other.write("f1", "summary")


def test_a_narrow_nucleus_is_greedy(loaded: tuple[Any, Any]) -> None:
    greedy = PipelineTeacher(FILMS, *loaded, asking=Asking(temperature=0, max_tokens=48))
    narrow = PipelineTeacher(FILMS, *loaded, asking=Asking(temperature=1, top_p=1e-6, max_tokens=48))
    assert narrow.write("f3", "summary") == greedy.write("f3", "summary")


@pytest.mark.slow
def test_what_was_written_is_kept_and_another_model_has_its_own(folder: Path, loaded: Any, tmp_path: Path) -> None:
    ids = list(FILMS)[:4]
    first = PipelineTeacher(FILMS, *loaded, asking=ASKING, cache=tmp_path / "a")
    texts = first.write_all(ids, "summary", on_failure="skip")
    moved = tmp_path / "moved"
    shutil.copytree(folder, moved)
    again = PipelineTeacher.from_folder(FILMS, moved, asking=ASKING, cache=tmp_path / "a")
    assert again.write_all(ids, "summary", on_failure="skip") == texts
    assert again.spending.calls == 0
    assert again.spending.kept == first.spending.calls
    no_cache = PipelineTeacher(FILMS, *loaded, asking=ASKING)
    assert no_cache.write_all(ids, "summary", on_failure="skip") == texts
    with torch.no_grad():
        again.llm.get_input_embeddings().weight.mul_(1.01)
    changed = PipelineTeacher(FILMS, again.llm, again.tokenizer, asking=ASKING, cache=tmp_path / "a")
    changed.write_all(ids, "summary", on_failure="skip")
    assert changed.spending.kept == 0


def endless(tokenizer: Any, positions: int = 4096) -> LlamaForCausalLM:
    """A random model that never says the end."""
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=16,
        intermediate_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        max_position_embeddings=positions,
        tie_word_embeddings=False,
        bos_token_id=1,
        eos_token_id=2,
        pad_token_id=0,
    )
    model = LlamaForCausalLM(config)
    with torch.no_grad():
        model.lm_head.weight[2] = 0
    return model


def test_a_text_that_never_ends_gets_more_room_and_is_then_given_up(loaded: tuple[Any, Any]) -> None:
    model, asking = endless(loaded[1]), Asking(temperature=0, max_tokens=4, attempts=3)
    with pytest.raises(UnusableTextError, match=r"3 answers about .* did not: the last broke off after 16 tokens"):
        PipelineTeacher(FILMS, model, loaded[1], asking=asking).write("f0", "summary")
    teacher = PipelineTeacher(FILMS, model, loaded[1], asking=asking)
    assert teacher.write_all(["f0", "f1"], "summary", on_failure="skip") == ["", ""]
    assert [failure.entity for failure in teacher.failures] == ["f0", "f1"]
    assert teacher.spending.calls == 6
    assert teacher.spending.tokens_out == 2 * (4 + 8 + 16)


def test_a_model_without_a_chat_template_reads_the_question_as_it_is(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder, tmp_path / "plain")
    (tmp_path / "plain" / "chat_template.jinja").unlink()
    teacher = PipelineTeacher.from_folder(FILMS, tmp_path / "plain", asking=ASKING)
    assert teacher.tokenizer.chat_template is None
    assert any(teacher.write_all(list(FILMS)[:4], "summary", on_failure="skip"))


def test_what_cannot_work_is_said(loaded: tuple[Any, Any], tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="must hold a causal language model and its tokenizer"):
        PipelineTeacher.from_folder(FILMS, tmp_path)
    with pytest.raises(CallError, match="got batch_size=0"):
        PipelineTeacher(FILMS, *loaded, batch_size=0)
    with pytest.raises(CallError, match="give Asking a max_tokens"):
        PipelineTeacher(FILMS, *loaded, asking=Asking(max_tokens=None))
    with pytest.raises(CallError, match=r"must fit into the 32 tokens that the model reads, not \d+ and 400"):
        PipelineTeacher(FILMS, endless(loaded[1], 32), loaded[1]).write("f1", "summary")
    with pytest.raises(UnknownNameError, match="unknown entity 'f99'"):
        PipelineTeacher(FILMS, *loaded).write("f99", "summary")
    with pytest.raises(CallError, match="on_failure is 'raise' or 'skip'"):
        PipelineTeacher(FILMS, *loaded).write_all(["f1"], "summary", on_failure="")  # type: ignore[arg-type]
