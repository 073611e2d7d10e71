"""Exports: another engine writes from the exported prompts what the model writes, and a merged model is a plain one."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny_elm
import torch
from safetensors import safe_open
from safetensors.torch import load_file
from tiny_elm import SAY
from transformers import AutoModelForCausalLM, AutoTokenizer

from elm._errors import CallError, VectorError
from elm.model import (
    SHIPPED,
    EmbeddingLanguageModel,
    is_lora,
    load_model,
    merge,
    prompt_embeddings,
    prompt_ids,
    save_model,
    save_prompt_embeddings,
    shipped_model,
    shipped_vectors,
    with_lora,
)
from elm.tasks import get


@pytest.fixture(scope="module")
def model() -> EmbeddingLanguageModel:
    return tiny_elm.model()


def test_soft_tokens_stand_in_their_place_and_words_around_them(model: EmbeddingLanguageModel) -> None:
    table = tiny_elm.table()
    found = prompt_embeddings(model, table, SAY)
    prompt = prompt_ids(model.tokenizer, SAY.prompt, 3)
    assert found.shape == (12, len(prompt.ids), 32)
    with torch.inference_mode():
        soft = model.adapter("toy")(torch.from_numpy(table.vectors))
        words = model.llm.get_input_embeddings()(torch.tensor(prompt.ids))
    assert torch.equal(found[:, prompt.slots], soft)
    rest = [at for at in range(len(prompt.ids)) if at not in prompt.slots]
    assert torch.equal(found[:, rest], words[rest].expand(12, -1, -1))


def test_one_vector_and_batches_of_any_size(model: EmbeddingLanguageModel, monkeypatch: pytest.MonkeyPatch) -> None:
    vectors = tiny_elm.vectors()
    whole = prompt_embeddings(model, vectors, SAY)
    torch.testing.assert_close(prompt_embeddings(model, vectors[3], SAY), whole[3:4], rtol=0, atol=1e-5)
    monkeypatch.setattr("elm.model._export._BATCH", 5)
    torch.testing.assert_close(prompt_embeddings(model, vectors, SAY), whole, rtol=0, atol=1e-5)


def test_errors_are_those_of_describe(model: EmbeddingLanguageModel) -> None:
    for vectors, message in ((np.zeros(5), "no adapter reads vectors of 5"), (np.full(6, np.nan), "must be finite")):
        with pytest.raises(VectorError, match=message):
            prompt_embeddings(model, vectors, SAY)
    with pytest.raises(CallError, match="was not trained for toy"):
        prompt_embeddings(model, np.zeros(6), "summary")


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """Prompts of four shipped films in a file, and what `describe` writes about them at temperature 0."""
    films = shipped_vectors("films").subset(["f1", "f7", "f692", "f863"])
    path = tmp_path_factory.mktemp("export") / "prompts.safetensors"
    save_prompt_embeddings(path, prompt_embeddings(shipped_model(), films, "summary"), films.ids, get("summary"))
    return path, shipped_model().describe(films, "summary", temperature=0)


def test_the_file_says_what_is_in_it(exported: tuple[Path, list[str]]) -> None:
    with safe_open(exported[0], framework="np") as file:
        assert set(file.keys()) == {"f1", "f7", "f692", "f863"}
        shapes = {tuple(file.get_slice(name).get_shape()) for name in file.keys()}  # noqa: SIM118
        about = file.metadata()
    width = json.loads((SHIPPED / "demo" / "llm" / "config.json").read_text())["hidden_size"]
    assert about == {"task": "summary", "max_new_tokens": "128", "hidden_size": str(width)}
    assert len(shapes) == 1
    assert shapes.pop()[1] == width


def test_plain_transformers_writes_the_same_from_the_file(exported: tuple[Path, list[str]]) -> None:
    path, texts = exported
    llm: Any = AutoModelForCausalLM.from_pretrained(SHIPPED / "demo" / "llm", dtype=torch.float32)
    tokenizer = AutoTokenizer.from_pretrained(SHIPPED / "demo" / "llm")
    prompts = load_file(path)
    with safe_open(path, framework="pt") as file:
        most = int(file.metadata()["max_new_tokens"])
    for name, text in zip(("f1", "f7", "f692", "f863"), texts, strict=True):
        prompt = prompts[name][None]
        mask = torch.ones(prompt.shape[:2], dtype=torch.long)
        out = llm.generate(inputs_embeds=prompt, attention_mask=mask, max_new_tokens=most, do_sample=False)
        assert tokenizer.decode(out[0], skip_special_tokens=True).strip() == text


@pytest.mark.skipif(
    importlib.util.find_spec("vllm") is None,
    reason="vLLM pins other versions of torch and transformers: run this in an environment of its own",
)
def test_vllm_writes_the_same_from_the_file(exported: tuple[Path, list[str]]) -> None:
    from vllm import LLM, SamplingParams  # type: ignore[import-not-found]

    path, texts = exported
    prompts = load_file(path)
    llm = LLM(str(SHIPPED / "demo" / "llm"), enable_prompt_embeds=True, dtype="float32")
    out = llm.generate(
        [{"prompt_embeds": prompts[name]} for name in ("f1", "f7", "f692", "f863")],
        SamplingParams(temperature=0, max_tokens=128),
    )
    assert [one.outputs[0].text.strip() for one in out] == texts


@pytest.mark.parametrize(("shape", "ids"), [((2, 3, 4), ["a"]), ((2, 3, 4), ["a", "a"]), ((2, 3), ["a", "b"])])
def test_prompts_and_ids_pair_up(tmp_path: Path, shape: tuple[int, ...], ids: list[str]) -> None:
    with pytest.raises(CallError, match=r"each prompt of \(n, T, Z\) has an id of its own, got an array"):
        save_prompt_embeddings(tmp_path / "p.safetensors", torch.zeros(shape), ids, SAY)
    assert not list(tmp_path.iterdir())


def test_a_merged_model_is_a_plain_one_that_writes_the_same(tmp_path: Path) -> None:
    tiny_elm.base().save_pretrained(tmp_path / "base")
    tiny_elm.tokenizer().save_pretrained(tmp_path / "base")
    model = tiny_elm.model()
    model.about["base"] = {"id": str(tmp_path / "base"), "revision": None, "sha256": None}
    plain = load_model(save_model(model, tmp_path / "plain"))
    model.llm = with_lora(model.llm, rank=2)
    with torch.no_grad():
        for name, parameter in model.llm.named_parameters():
            if "lora_B" in name:
                parameter.copy_(torch.randn(parameter.shape, generator=torch.Generator().manual_seed(1)) * 0.5)
    vectors = tiny_elm.vectors()
    texts, before = model.eval().describe(vectors, SAY), plain.describe(vectors, SAY)
    assert texts != before

    assert merge(plain) is plain
    assert plain.describe(vectors, SAY) == before
    assert not is_lora(merge(model).llm)
    folder = save_model(model, tmp_path / "merged")
    assert load_model(folder).describe(vectors, SAY) == texts
    assert not (folder / "lora").exists()
    llm, report = AutoModelForCausalLM.from_pretrained(folder / "llm", dtype=torch.float32, output_loading_info=True)
    assert not report["missing_keys"]
    assert not report["unexpected_keys"]
    assert type(llm).__name__ == "LlamaForCausalLM"
    assert torch.equal(llm.get_input_embeddings().weight, model.llm.get_input_embeddings().weight)
