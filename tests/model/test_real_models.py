"""Any causal language model in transformers form can be the base: both stages, full and LoRA, in six families."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tiny_elm
import torch
from real_bases import FAMILIES, checkpoint
from tiny_elm import SAY, Said

from elm._errors import CallError, CheckpointError
from elm.adapters import MLPAdapter
from elm.model import (
    EmbeddingLanguageModel,
    chat_text,
    context_length,
    load_llm,
    load_model,
    plain_ids,
    prompt_ids,
    save_model,
    token_spread,
)
from elm.model._splice import spliced
from elm.tasks import VECTOR, TemplateTeacher
from elm.training import Lessons, LoopConfig, TwoStage, train_two_stage

CHATTY = {"llama", "qwen3", "gemma3", "smollm"}
SHORT = TwoStage(LoopConfig(2, 1e-3, warmup=1), LoopConfig(6, 3e-3, warmup=1), batch_tokens=200)


@pytest.fixture(scope="module", params=FAMILIES)
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return checkpoint(request.param, tmp_path_factory.mktemp("base") / request.param)


def with_adapter(folder: Path, width: int = 32) -> EmbeddingLanguageModel:
    llm, tokenizer = load_llm(folder)
    torch.manual_seed(0)
    space = tiny_elm.table().space
    adapter = MLPAdapter.for_space(space, width, ("say",), token_spread(llm), soft_tokens=2, hidden=16)
    about = {"base": {"id": str(folder), "revision": None, "sha256": None}}
    return EmbeddingLanguageModel(llm, tokenizer, {"toy": adapter.start_from(tiny_elm.vectors())}, about)


@pytest.fixture
def model(folder: Path) -> EmbeddingLanguageModel:
    return with_adapter(folder)


def lessons(text: str = "one two") -> list[Lessons]:
    table = tiny_elm.table()
    teacher = TemplateTeacher(dict.fromkeys(table.ids, Said(text)))  # type: ignore[arg-type]
    return [Lessons("toy", table, teacher, (SAY,), table.ids)]


def test_it_loads_in_full_precision_and_ready_to_read(model: EmbeddingLanguageModel) -> None:
    assert {p.dtype for p in model.llm.parameters()} == {torch.float32}
    assert not model.llm.training
    assert context_length(model.llm) == 128


def test_it_loads_in_half_precision_for_those_who_ask(folder: Path) -> None:
    llm, tokenizer = load_llm(folder, dtype=torch.bfloat16)
    assert {p.dtype for p in llm.parameters()} == {torch.bfloat16}
    half = EmbeddingLanguageModel(llm, tokenizer, dict(with_adapter(folder).adapters.items()))  # type: ignore[arg-type]
    result = train_two_stage(half, lessons(), replace(SHORT, lora_rank=2), progress=False)
    assert result.two.losses[-1] < result.two.losses[0]
    updates = {p.dtype for p in half.llm.parameters() if p.requires_grad}
    assert updates == {torch.float32}  # what is learned is kept in full precision
    assert isinstance(half.describe(tiny_elm.vectors(1)[0], SAY), str)


def test_it_describes_alone_as_in_a_batch(model: EmbeddingLanguageModel) -> None:
    x = tiny_elm.vectors(4)
    texts = model.describe(x, SAY)
    assert len(texts) == 4
    assert [model.describe(v, SAY) for v in x] == texts
    assert model.describe(x, SAY, temperature=1.0, seed=1) == model.describe(x, SAY, temperature=1.0, seed=1)


def test_prompts_of_two_lengths_pad_on_the_left(model: EmbeddingLanguageModel) -> None:
    """With the mask a shorter prompt is continued as if it stood alone: positions and windows count from its start."""
    prompts = [
        prompt_ids(model.tokenizer, text, 2) for text in (SAY.prompt, f"Describe the viewer {VECTOR} in two words.")
    ]
    x = torch.as_tensor(tiny_elm.vectors(2))
    options = {"max_new_tokens": 8, "pad_token_id": model.tokenizer.eos_token_id, "eos_token_id": 10**6 - 1}
    alone, rows = [], []
    with torch.inference_mode():
        for prompt, vector in zip(prompts, x, strict=True):
            soft = model.adapter("toy")(vector[None])
            rows.append(spliced(model.llm, torch.tensor([prompt.ids]), torch.tensor([prompt.slots]), soft))
            mask = torch.ones(rows[-1].shape[:2], dtype=torch.long)
            alone.append(model.llm.generate(inputs_embeds=rows[-1], attention_mask=mask, **options)[0].tolist())
        longest = max(row.shape[1] for row in rows)
        gaps = [longest - row.shape[1] for row in rows]
        assert max(gaps) > 0
        together = torch.cat([torch.nn.functional.pad(r, (0, 0, g, 0)) for r, g in zip(rows, gaps, strict=True)])
        mask = torch.stack([torch.arange(longest) >= gap for gap in gaps]).long()
        assert model.llm.generate(inputs_embeds=together, attention_mask=mask, **options).tolist() == alone


def test_padding_on_the_right_changes_no_loss(model: EmbeddingLanguageModel) -> None:
    """The family's own attention (sliding windows, norms, learned positions) looks back only."""
    prompt = prompt_ids(model.tokenizer, SAY.prompt, 2)
    x = torch.as_tensor(tiny_elm.vectors(1))
    slots = torch.tensor([prompt.slots])
    ids = torch.tensor([[*prompt.ids, 40, 41, 2]])
    labels = torch.tensor([[-100] * len(prompt.ids) + [40, 41, 2]])
    padded = torch.nn.functional.pad(ids, (0, 9), value=0), torch.nn.functional.pad(labels, (0, 9), value=-100)
    loss = model("toy", x, ids, slots, labels)
    assert torch.isfinite(loss)
    torch.testing.assert_close(model("toy", x, padded[0], slots, padded[1]), loss)


def test_soft_tokens_stand_beside_embeddings_as_the_first_layer_meets_them(model: EmbeddingLanguageModel) -> None:
    """Gemma multiplies its embeddings by the square root of the width before the first layer, and embeddings that are
    handed in not at all: so what stands beside them must be of that size.
    """
    prompt = prompt_ids(model.tokenizer, SAY.prompt, 2)
    ids, slots = torch.tensor([prompt.ids]), torch.tensor([prompt.slots])
    soft = model.adapter("toy")(torch.as_tensor(tiny_elm.vectors(1)))
    with torch.inference_mode():
        embeds = spliced(model.llm, ids, slots, soft)
        torch.testing.assert_close(embeds[0, prompt.slots], soft[0])
        plain = model.llm.get_input_embeddings()(ids)
        torch.testing.assert_close(model.llm(inputs_embeds=plain).logits, model.llm(input_ids=ids).logits)
        met = model.llm.get_input_embeddings()(torch.arange(len(model.tokenizer))).std()
    scaled = 32**0.5 if model.llm.config.model_type == "gemma3_text" else 1
    table = float(model.llm.get_input_embeddings().weight.detach().std())
    assert token_spread(model.llm) == pytest.approx(scaled * table)
    assert float(soft.detach().std()) == pytest.approx(float(met), rel=0.05)


@pytest.mark.parametrize("rank", [0, 2], ids=["full", "lora"])
def test_it_learns_in_both_stages_and_reads_back(model: EmbeddingLanguageModel, tmp_path: Path, rank: int) -> None:
    result = train_two_stage(model, lessons(), replace(SHORT, lora_rank=rank), progress=False)
    assert result.two.losses[-1] < result.two.losses[0]
    assert np.isfinite(result.one.loss)
    save_model(model, tmp_path / "model")
    assert (tmp_path / "model" / ("lora" if rank else "llm")).is_dir()
    again = load_model(tmp_path / "model")
    for name, value in model.state_dict().items():
        torch.testing.assert_close(again.state_dict()[name], value, rtol=0, atol=0)
    assert again.describe(tiny_elm.table(), SAY) == model.describe(tiny_elm.table(), SAY)


def test_a_chat_template_is_respected(model: EmbeddingLanguageModel, folder: Path) -> None:
    tokenizer = model.tokenizer
    prompt = prompt_ids(tokenizer, SAY.prompt, 2)
    around = [i for place, i in enumerate(prompt.ids) if place not in prompt.slots]
    if folder.name not in CHATTY:
        assert chat_text(tokenizer, SAY.prompt) is None
        start = [] if tokenizer.bos_token_id is None else [tokenizer.bos_token_id]
        assert around == [*start, *plain_ids(tokenizer, "Say it: "), *plain_ids(tokenizer, ".\n")]
        return
    text = chat_text(tokenizer, SAY.prompt)
    assert text is not None
    assert text.count(VECTOR) == 1
    before, after = text.split(VECTOR)
    assert around == [
        token for part in (before, after) for token in tokenizer(part, add_special_tokens=False)["input_ids"]
    ]
    assert around.count(tokenizer.bos_token_id) <= (2 if folder.name == "smollm" else 1)  # where it opens each turn
    stock = tokenizer.apply_chat_template(
        [{"role": "user", "content": "Say it: ."}], add_generation_prompt=True, enable_thinking=False, tokenize=False
    )
    if folder.name != "llama":  # which tells the date
        assert text.replace(VECTOR, "") == stock
    assert text.rstrip("\n").endswith(("assistant", "model", "</think>"))  # it is the model's turn


def test_a_date_in_the_template_stands_still(tmp_path: Path) -> None:
    _, tokenizer = load_llm(checkpoint("llama", tmp_path / "llama"))
    assert "Today is 1 January 2025." in str(chat_text(tokenizer, SAY.prompt))


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("{{ messages[0]['content'] | upper }}", r"must keep <\|vector\|>, of which the prompt has 1 and the chat 0"),
        ("{% for m in messages %}{{ m.content + m.content }}{% endfor %}", r"the prompt has 1 and the chat 2"),
        (
            "{{ raise_exception('tools only') }}",
            r"must take one message of a user, and this one does not \(tools only\)",
        ),
        ("{% for %}", r"must take one message of a user, and this one does not"),
    ],
)
def test_a_template_that_cannot_hold_the_placeholder(template: str, message: str) -> None:
    tokenizer = FAMILIES["smollm"][1]()
    tokenizer.chat_template = template
    with pytest.raises(CallError, match=message):
        prompt_ids(tokenizer, SAY.prompt, 2)


def test_a_tokenizer_without_an_end_token(tmp_path: Path) -> None:
    model = with_adapter(checkpoint("mistral", tmp_path / "mistral"))
    model.tokenizer.eos_token = None
    with pytest.raises(
        CallError, match="ends its texts with an end token, and the tokenizer of the base has none: set"
    ):
        train_two_stage(model, lessons(), SHORT, progress=False)


@pytest.mark.parametrize("family", ["gpt2", "llama"])
def test_a_prompt_longer_than_the_context(tmp_path: Path, family: str) -> None:
    model = with_adapter(checkpoint(family, tmp_path / family))
    long = replace(SAY, prompt=f"Say {VECTOR} {'word ' * 200}")
    message = r"must fit the language model's context of 128 tokens; the prompt alone takes \d{3,}: shorten it"
    with pytest.raises(CallError, match=message):
        model.describe(tiny_elm.vectors(1), long)
    with pytest.raises(CallError, match=r"context of 128 tokens; one that adapter 'toy' is to learn takes \d{3,}"):
        train_two_stage(model, lessons("a storm at sea " * 40), SHORT, progress=False)
    endless = replace(SAY, max_new_tokens=10_000)  # the answer ends where the context does
    assert len(model.describe(tiny_elm.vectors(2), endless)) == 2


def test_a_base_of_another_width(tmp_path: Path) -> None:
    base = checkpoint("smollm", tmp_path / "base")
    model = with_adapter(base)
    train_two_stage(model, lessons(), replace(SHORT, lora_rank=2), progress=False)
    save_model(model, tmp_path / "model")
    wide = checkpoint("smollm", tmp_path / "wide", hidden=48)
    with pytest.raises(CheckpointError, match="LoRA"):
        load_model(tmp_path / "model", base=wide)
    with pytest.raises(CallError, match=r"adapter 'toy' writes 32, the model reads 48: use the base it was trained on"):
        with_adapter(wide)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("rank", [0, 2], ids=["full", "lora"])
def test_training_moves_to_the_gpu_and_resumes_there(folder: Path, tmp_path: Path, rank: int) -> None:
    config = replace(SHORT, lora_rank=rank)
    model = with_adapter(folder)
    result = train_two_stage(model, lessons(), config, progress=False, checkpoints=tmp_path / "checkpoints")
    assert model.device.type == "cuda"
    assert result.two.losses[-1] < result.two.losses[0]
    again = with_adapter(folder)
    train_two_stage(again, lessons(), config, progress=False, checkpoints=tmp_path / "checkpoints")
    assert again.describe(tiny_elm.vectors(4), SAY) == model.describe(tiny_elm.vectors(4), SAY)
    save_model(model, tmp_path / "model")
    assert load_model(tmp_path / "model").device.type == "cpu"
