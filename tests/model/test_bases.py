"""Bases that cannot be what the toolkit makes of them are found when they are loaded; their settings decide nothing."""

from __future__ import annotations

import copy
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import tiny_elm
import torch
from tiny_elm import SAY

from elm._errors import CheckpointError
from elm.model import base_reference, load_llm, load_model, merge, save_model, with_lora


def saved(folder: Path, llm: Any = None, tokenizer: Any = None) -> Path:
    (llm or tiny_elm.base()).save_pretrained(folder)
    (tokenizer or tiny_elm.tokenizer()).save_pretrained(folder)
    return folder


SETTINGS: tuple[dict[str, Any], ...] = (
    {"repetition_penalty": 1.3},
    {"no_repeat_ngram_size": 2},
    {"num_beams": 3},
    {"forced_eos_token_id": 2},
    {"max_time": 1e-4},
    {"return_dict_in_generate": True},
    {"stop_strings": ["e"]},
    {"guidance_scale": 1.5},
    {"suppress_tokens": list(range(100))},
    {"min_new_tokens": 12},
    {"num_return_sequences": 2},
    {"max_length": 3},
    {"bad_words_ids": [[5]]},
    {"begin_suppress_tokens": [7]},
    {"do_sample": True, "temperature": 0.1, "top_k": 1},
    {"prompt_lookup_num_tokens": 2},
    {"use_cache": False},
    {"temperature": 0.9, "top_p": 0.6},
    {"early_stopping": True},
)


@pytest.mark.parametrize("fields", SETTINGS, ids=lambda fields: next(iter(fields)))
@pytest.mark.parametrize("lora", [False, True])
def test_a_bases_settings_change_no_text_nor_break_saving(fields: dict[str, Any], lora: bool, tmp_path: Path) -> None:
    def made() -> Any:
        model = tiny_elm.model()
        model.llm = with_lora(model.llm, 2) if lora else model.llm
        return model.eval()

    plain, model, x = made(), made(), tiny_elm.vectors(4)
    for name, value in fields.items():
        setattr(model.llm.generation_config, name, value)
    assert model.describe(x, SAY) == plain.describe(x, SAY)
    for name, value in fields.items():
        setattr(model.llm.generation_config, name, value)
    assert model.describe(x, SAY, temperature=1.0) == plain.describe(x, SAY, temperature=1.0)
    if not lora:
        for name, value in fields.items():
            setattr(model.llm.generation_config, name, value)
        assert load_model(save_model(model, tmp_path / "m")).describe(x, SAY) == plain.describe(x, SAY)


@pytest.mark.parametrize("settings", [{"temperature": 0.9}, {"num_beams": 2}, {"max_length": "long"}, "{"])
def test_a_file_of_settings_is_no_matter(settings: Any, tmp_path: Path) -> None:
    folder = saved(tmp_path)
    text = settings if isinstance(settings, str) else json.dumps(settings)
    (folder / "generation_config.json").write_text(text)
    if settings == "{":
        with pytest.raises(CheckpointError, match=r"generation_config.json is not valid JSON"):
            load_llm(folder)
        return
    llm, _ = load_llm(folder)
    assert (llm.generation_config.temperature, llm.generation_config.num_beams) == (None, None)


def test_a_model_that_looks_ahead(tmp_path: Path) -> None:
    from transformers import BertConfig, BertForMaskedLM

    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(tiny_elm.tokenizer()),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=48,
        max_position_embeddings=128,
    )
    with pytest.raises(CheckpointError, match=r"predicts each word from those before it, and .* looks at those after"):
        load_llm(saved(tmp_path, BertForMaskedLM(config)))


def test_a_model_whose_scores_are_not_finite(tmp_path: Path) -> None:
    base = tiny_elm.base()
    base.model.norm.weight.data.fill_(3e38)  # finite itself; what it multiplies is not
    folder = saved(tmp_path, base)
    with pytest.raises(CheckpointError, match=r"a base gives each next word a finite score"):
        load_llm(folder)


def test_a_pad_token_without_an_embedding(tmp_path: Path) -> None:
    tokenizer = copy.deepcopy(tiny_elm.tokenizer())
    tokenizer.add_special_tokens({"pad_token": "[PAD]"})
    with pytest.raises(CheckpointError, match=r"has an embedding for each token .*'\[PAD\]' among them: resize"):
        load_llm(saved(tmp_path, tokenizer=tokenizer))


def test_a_word_without_an_embedding(tmp_path: Path) -> None:
    tokenizer = copy.deepcopy(tiny_elm.tokenizer())
    tokenizer.add_tokens(["storms"])
    with pytest.raises(CheckpointError, match=r"'storms' among them"):
        load_llm(saved(tmp_path, tokenizer=tokenizer))


def test_a_control_token_that_nothing_writes_needs_none(tmp_path: Path) -> None:
    tokenizer = copy.deepcopy(tiny_elm.tokenizer())
    tokenizer.add_special_tokens({"additional_special_tokens": ["<picture>"]})
    llm, words = load_llm(saved(tmp_path / "base", tokenizer=tokenizer))
    model = tiny_elm.model()
    model.llm, model.tokenizer = llm, words
    assert load_model(save_model(model, tmp_path / "m")).describe(tiny_elm.vectors(1)[0], SAY) is not None


def test_temperatures_that_underflow_are_as_0() -> None:
    model, x = tiny_elm.model(), tiny_elm.vectors(4)
    for temperature in (1e-45, 5e-324, 1e-30):
        assert model.describe(x, SAY, temperature=temperature) == model.describe(x, SAY, temperature=0.0)


@pytest.fixture
def tuned(tmp_path: Path) -> Path:
    base = saved(tmp_path / "base")
    llm, tokenizer = load_llm(base)
    model = tiny_elm.model()
    model.llm, model.tokenizer, model.about = with_lora(llm, 2), tokenizer, {"base": base_reference(str(base))}
    return save_model(model, tmp_path / "tuned")


@pytest.mark.parametrize(
    "name", ["generation_config.json", "tokenizer.json", "tokenizer_config.json", "config.json", "chat_template.jinja"]
)
def test_every_file_of_a_base_that_decides_a_text_is_hashed(tuned: Path, name: str) -> None:
    load_model(tuned)
    path = tuned.parent / "base" / name
    path.write_text((path.read_text() if path.exists() else "{{ messages[0].content }}") + "\n")
    with pytest.raises(CheckpointError, match=r"and the files in .* are others; name the right folder as `base`"):
        load_model(tuned)


def test_a_base_of_todays_hash_alone_still_loads(tuned: Path) -> None:
    from elm.adapters import write_manifest

    config = json.loads((tuned / "config.json").read_text())
    assert config["base"].pop("files")
    (tuned / "config.json").write_text(json.dumps({**config, "schema": 3}))
    write_manifest(tuned)
    assert merge(load_model(tuned)).about["base"]["files"] is None


def sharded(folder: Path, name: str) -> None:
    from safetensors import safe_open

    with safe_open(folder / "model.safetensors", "pt") as file:
        keys = list(file.keys())
    shutil.move(folder / "model.safetensors", folder / "model-00001-of-00001.safetensors")
    index = {"metadata": {"total_size": 1}, "weight_map": dict.fromkeys(keys, name)}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))


@pytest.mark.parametrize("name", ["../out.safetensors", "/tmp/out.safetensors", "a/../../out.safetensors", "gone"])
def test_an_index_names_files_beside_it(name: str, tmp_path: Path) -> None:
    folder = saved(tmp_path / "base")
    shutil.copy(folder / "model.safetensors", tmp_path / "out.safetensors")
    sharded(folder, name)
    with pytest.raises(CheckpointError, match=r"must name safetensors files that lie beside it"):
        load_llm(folder)


def test_shards_beside_their_index_load(tmp_path: Path) -> None:
    folder = saved(tmp_path)
    sharded(folder, "model-00001-of-00001.safetensors")
    assert load_llm(folder)[0] is not None


@pytest.mark.parametrize("name", ["model.safetensors", "tokenizer.json", "config.json"])
def test_a_link_out_of_the_folder(name: str, tmp_path: Path) -> None:
    folder = saved(tmp_path / "base")
    shutil.move(folder / name, tmp_path / name)
    (folder / name).symlink_to(tmp_path / name)
    with pytest.raises(CheckpointError, match=f"{name} is a link that leads out of the folder"):
        load_llm(folder)


def test_an_adapter_is_no_base(tmp_path: Path) -> None:
    folder = saved(tmp_path)
    (folder / "adapter_config.json").write_text('{"base_model_name_or_path": "../elsewhere"}')
    with pytest.raises(CheckpointError, match=r"adapter_config.json names weights elsewhere"):
        load_llm(folder)
