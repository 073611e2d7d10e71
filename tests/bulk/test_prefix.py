"""What all prompts begin with is worked out once, and nothing else changes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import tiny_elm
import torch

from elm.model import EmbeddingLanguageModel, Words, text_prompts, vector_prompts, with_lora
from elm.model._prefix import LEAST, common_states
from elm.tasks import VECTOR

LONG = replace(tiny_elm.SAY, prompt=f"Summarise the film in a few sentences. A storm at sea: {VECTOR}. Say it:")


@pytest.fixture(scope="module")
def model() -> EmbeddingLanguageModel:
    return tiny_elm.model()


def positions(model: Any, monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """(rows, positions) of each pass through the language model's body."""
    seen: list[tuple[int, int]] = []
    body = model.parts.llm.model
    passes = body.forward

    def counted(*inputs: Any, **named: Any) -> Any:
        given = named.get("inputs_embeds")
        given = named.get("input_ids") if given is None else given
        seen.append(tuple(given.shape[:2]))
        return passes(*inputs, **named)

    monkeypatch.setattr(body, "forward", counted)
    return seen


@pytest.mark.parametrize("temperature", [0.0, 0.7])
def test_texts_are_those_of_whole_prompts(
    model: EmbeddingLanguageModel, monkeypatch: pytest.MonkeyPatch, temperature: float
) -> None:
    vectors = tiny_elm.vectors()
    texts = model.describe(vectors, LONG, seed=3, temperature=temperature)
    shared = vector_prompts(model.parts, vectors, LONG).common
    assert shared >= LEAST
    monkeypatch.setattr("elm.model._prefix.LEAST", 1000)
    assert model.describe(vectors, LONG, seed=3, temperature=temperature) == texts


def test_the_common_part_goes_through_the_model_once(
    model: EmbeddingLanguageModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    prompts = vector_prompts(model.parts, tiny_elm.vectors(), LONG)
    common_states(model.parts, prompts)  # which tries once how the model comes apart
    seen = positions(model, monkeypatch)
    model.describe(tiny_elm.vectors(), LONG, temperature=0)
    assert seen[0] == (1, prompts.common)
    assert seen[1] == (12, prompts.embeds.shape[1] - prompts.common)
    assert set(seen[2:]) == {(12, 1)}


def test_with_few_words_and_low_rank_updates(monkeypatch: pytest.MonkeyPatch) -> None:
    model = tiny_elm.model()
    model.llm = with_lora(model.llm, rank=2)
    with torch.no_grad():
        for name, parameter in model.llm.named_parameters():
            if "lora_B" in name:
                parameter.copy_(torch.randn(parameter.shape, generator=torch.Generator().manual_seed(1)) * 0.5)
    model.words = Words(range(200), 320)
    texts = model.eval().describe(tiny_elm.vectors(), LONG)
    monkeypatch.setattr("elm.model._prefix.LEAST", 1000)
    assert model.describe(tiny_elm.vectors(), LONG) == texts


def test_what_has_nothing_in_common_is_left_alone(model: EmbeddingLanguageModel) -> None:
    parts, vectors = model.parts, tiny_elm.vectors()
    assert common_states(parts, vector_prompts(parts, vectors[:1], LONG)) is None  # one row
    assert common_states(parts, vector_prompts(parts, vectors, tiny_elm.SAY)) is None  # a short prompt
    assert common_states(parts, text_prompts(parts.llm, parts.tokenizer, ["one " * 30, "two " * 30])) is None
