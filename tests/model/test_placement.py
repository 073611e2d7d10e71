"""Where a model lies and in which numbers it computes: the same options at every door that loads."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny_elm
import torch
from tiny_elm import SAY

import elm as package
from elm._errors import CallError, UnknownNameError
from elm.model import EmbeddingLanguageModel, Placement, load_llm, load_model, opened, save_llm, save_model, with_lora
from elm.runs import open_model

Elm = Callable[..., tuple[int, str, str]]
CUDA = torch.cuda.is_available()


@pytest.fixture(scope="module", params=["llm", "lora"])
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A saved model with all its weights, or with updates of a base."""
    place = tmp_path_factory.mktemp("placed")
    model = tiny_elm.model()
    if request.param == "lora":
        save_llm(model.llm, model.tokenizer, place / "base")
        model.llm = with_lora(model.llm, 2)
        model.about["base"] = package.model.base_reference(place / "base")
    return save_model(model, place / "model")


@pytest.mark.parametrize(("dtype", "numbers"), [("bfloat16", torch.bfloat16), (torch.float16, torch.float16)])
def test_half_precision_is_of_the_language_model_alone(folder: Path, dtype: Any, numbers: torch.dtype) -> None:
    model = package.load(folder, dtype=dtype)
    assert model.llm.get_input_embeddings().weight.dtype == numbers
    assert {parameter.dtype for parameter in model.adapters.parameters()} == {torch.float32}
    texts = model.describe(tiny_elm.vectors(4), SAY)
    assert len(texts) == 4
    assert model.sample(tiny_elm.vectors(2), SAY)[0].log_probs.dtype == np.float32
    assert all(np.isfinite(one.log_probs).all() for one in model.sample(tiny_elm.vectors(2), SAY))
    assert load_model(folder).llm.get_input_embeddings().weight.dtype == torch.float32


@pytest.mark.parametrize("device_map", ["cpu", "auto", {"": "cpu"}])
def test_a_map_of_devices_changes_no_text(folder: Path, device_map: Any) -> None:
    if CUDA and device_map == "auto":
        pytest.skip("an automatic map would take the GPU, which rounds otherwise")
    plain, mapped = load_model(folder), load_model(folder, device_map=device_map)
    vectors = tiny_elm.vectors(3)
    assert mapped.describe(vectors, SAY) == plain.describe(vectors, SAY)
    assert mapped.describe(vectors, SAY, temperature=0.8) == plain.describe(vectors, SAY, temperature=0.8)


def test_a_base_takes_numbers_and_a_map(tmp_path: Path) -> None:
    save_llm(tiny_elm.base(), tiny_elm.tokenizer(), tmp_path / "base")
    llm, _ = load_llm(tmp_path / "base", dtype="bfloat16", device_map="cpu")
    assert next(llm.parameters()).dtype == torch.bfloat16
    with pytest.raises(UnknownNameError, match="unknown dtype 'float8'"):
        load_llm(tmp_path / "base", dtype="float8")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"device": "warp"}, "cpu, cuda, cuda:1 or auto, and warp is none"),
        ({"device": "meta"}, "and meta is none: it holds no numbers"),
        ({"device": "cuda:99"}, "and cuda:99 is none"),
        ({"dtype": "int8"}, "unknown dtype 'int8'; known: float32, bfloat16, float16"),
        ({"dtype": "bfloat"}, "did you mean 'bfloat16'"),
        ({"dtype": torch.int8}, "unknown dtype 'torch.int8'"),
        ({"device": "cuda", "device_map": "auto"}, "device goes without it, got cuda"),
    ],
)
def test_places_and_numbers_that_are_none(folder: Path, options: dict[str, Any], message: str) -> None:
    doors: list[Callable[[], Any]] = [
        lambda: Placement(**options),
        lambda: package.load(folder, **options),
        lambda: open_model(folder, **options),
        lambda: package.describe(tiny_elm.vectors(1), "summary", model=folder, **options),
    ]
    for door in doors:
        with pytest.raises(CallError, match=message):
            door()


def test_the_device_by_itself_is_a_gpu_where_there_is_one() -> None:
    assert Placement("auto").place.type in ("cuda", "mps", "cpu")
    assert (Placement("auto").place.type == "cuda") == CUDA


def test_the_doors_take_a_model_a_folder_or_none(folder: Path) -> None:
    model, vectors = load_model(folder), tiny_elm.vectors(2)
    model.tasks |= {"say": SAY}
    texts = package.describe(vectors, "say", model=model)
    assert texts == model.describe(vectors, "say")
    again = save_model(model, folder.parent / "again")
    assert package.describe(vectors, "say", model=str(again), dtype="float32") == texts
    assert package.ask(vectors[0], "Is it sad?", model=model) == model.ask(vectors[0], "Is it sad?")
    assert opened(model) is model
    with pytest.raises(CallError, match=r"device is of a model that is loaded|device are of a model"):
        opened(model, device="cpu")
    with pytest.raises(CallError, match="name the run folder as the model"):
        package.describe(vectors, "say", model=model, certify=True)
    with pytest.raises(CallError, match="calibrated on one text per vector"):
        package.describe(vectors, "say", model=model, certify=True, n=3)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--device", "warp"), "warp is none"),
        (("--dtype", "int8"), "unknown dtype 'int8'"),
        (("--device", "cuda", "--device-map", "auto"), "device goes without it"),
    ],
)
@pytest.mark.parametrize("command", [("describe", "--item", "f7"), ("ask", "Where is it set?", "--item", "f7")])
def test_commands_say_so_in_one_line(elm: Elm, command: tuple[str, ...], words: tuple[str, ...], message: str) -> None:
    code, out, err = elm(*command, *words)
    assert (code, out) == (2, "")
    assert message in err
    assert err.count("\n") == 1


def test_training_and_reading_share_the_scores_of_half_precision(folder: Path) -> None:
    """What is taken apart in half precision is still known as the same model, or few words would be all words."""
    model = EmbeddingLanguageModel.from_pretrained(folder, dtype="bfloat16")
    assert package.model.head_of(model.llm) is not None
