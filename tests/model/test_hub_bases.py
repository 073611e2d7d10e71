"""Any causal language model in transformers form can be the base: tiny random ones of other families."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny_elm
import torch
from tiny_elm import SAY

from elm.adapters import MLPAdapter
from elm.model import EmbeddingLanguageModel, load_llm, load_model, prompt_ids, save_model
from elm.training import Lessons, LoopConfig, TwoStage, train_two_stage


def _gpt2(sizes: dict[str, int]) -> Any:
    from transformers import GPT2Config, GPT2LMHeadModel

    ids = {k: sizes[k] for k in ("vocab_size", "bos_token_id", "eos_token_id", "pad_token_id")}
    return GPT2LMHeadModel(GPT2Config(n_embd=32, n_layer=2, n_head=2, n_positions=128, **ids))


def _qwen3(sizes: dict[str, int]) -> Any:
    from transformers import Qwen3Config, Qwen3ForCausalLM

    return Qwen3ForCausalLM(Qwen3Config(head_dim=16, tie_word_embeddings=True, **sizes))


def _gemma3(sizes: dict[str, int]) -> Any:
    from transformers import Gemma3ForCausalLM, Gemma3TextConfig

    return Gemma3ForCausalLM(Gemma3TextConfig(head_dim=16, query_pre_attn_scalar=16, sliding_window=8, **sizes))


def _mistral(sizes: dict[str, int]) -> Any:
    from transformers import MistralConfig, MistralForCausalLM

    return MistralForCausalLM(MistralConfig(head_dim=16, sliding_window=16, **sizes))


FAMILIES = {"gpt2": _gpt2, "qwen3": _qwen3, "gemma3": _gemma3, "mistral": _mistral}


@pytest.fixture(scope="module", params=FAMILIES)
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint as the Hub hands it out: config, safetensors, tokenizer."""
    tokenizer = tiny_elm.tokenizer()
    torch.manual_seed(0)
    llm = FAMILIES[request.param](
        {
            "vocab_size": len(tokenizer),
            "hidden_size": 32,
            "intermediate_size": 48,
            "num_hidden_layers": 2,
            "num_attention_heads": 2,
            "num_key_value_heads": 1,
            "max_position_embeddings": 128,
            "bos_token_id": tokenizer.bos_token_id,
            "eos_token_id": tokenizer.eos_token_id,
            "pad_token_id": tokenizer.pad_token_id,
        }
    )
    with torch.no_grad():  # a fresh model repeats its last token, whatever it reads
        for parameter in llm.parameters():
            parameter.mul_(4 if parameter.ndim == 2 else 1)
    where = tmp_path_factory.mktemp(request.param)
    llm.save_pretrained(where)
    tokenizer.save_pretrained(where)
    return where


@pytest.fixture
def model(folder: Path) -> EmbeddingLanguageModel:
    llm, tokenizer = load_llm(folder)
    torch.manual_seed(0)
    adapter = MLPAdapter.for_space(tiny_elm.table().space, 32, ("say",), 1.0, soft_tokens=2, hidden=16)
    return EmbeddingLanguageModel(llm, tokenizer, {"toy": adapter.start_from(tiny_elm.vectors())})


def test_it_loads_in_full_precision_and_ready_to_read(model: EmbeddingLanguageModel) -> None:
    assert {p.dtype for p in model.llm.parameters()} == {torch.float32}
    assert not model.llm.training


def test_it_describes_alone_as_in_a_batch(model: EmbeddingLanguageModel) -> None:
    x = tiny_elm.vectors(4)
    texts = model.describe(x, SAY)
    assert len(texts) == 4
    assert [model.describe(v, SAY) for v in x] == texts
    assert model.describe(x, SAY, temperature=1.0, seed=1) == model.describe(x, SAY, temperature=1.0, seed=1)


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


def test_it_learns_in_both_stages_and_reads_back(model: EmbeddingLanguageModel, tmp_path: Path) -> None:
    from elm.tasks import TemplateTeacher

    table = tiny_elm.table()
    teacher = TemplateTeacher(dict.fromkeys(table.ids, "one two"))  # type: ignore[arg-type]
    lessons = [Lessons("toy", table, teacher, (SAY,), table.ids)]
    config = TwoStage(LoopConfig(2, 1e-3, warmup=1), LoopConfig(6, 3e-3, warmup=1), batch_tokens=200)
    result = train_two_stage(model, lessons, config, progress=False)
    assert result.two.losses[-1] < result.two.losses[0]
    assert np.isfinite(result.one.loss)
    save_model(model, tmp_path / "model")
    again = load_model(tmp_path / "model")
    assert all(torch.equal(a, b) for a, b in zip(again.state_dict().values(), model.state_dict().values(), strict=True))
    assert again.describe(table, SAY) == model.describe(table, SAY)
