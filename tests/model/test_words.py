"""Training and decoding in a part of the vocabulary: the full softmax given that part, tied and untied, in pieces."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny_elm
import torch
from hypothesis import given
from hypothesis import strategies as st
from real_bases import FAMILIES, checkpoint
from tiny_elm import SAY

from elm._errors import CallError, CheckpointError
from elm.adapters import write_manifest
from elm.model import LARGE, Words, head_of, load_llm, load_model, merge, save_model, with_lora
from elm.model.base._cross_entropy import cross_entropy
from elm.model.base._head import narrowed, token_loss

IDS = torch.tensor([[1, 50, 60, 70, 80, 90, 44, 2], [1, 33, 60, 45, 2, 0, 0, 0]])
LABELS = torch.tensor([[-100, -100, -100, 70, 80, 90, 44, 2], [-100, -100, 60, 45, 2, -100, -100, -100]])


def some(llm: Any) -> Words:
    """Every third word, and those of the labels."""
    size = llm.get_input_embeddings().weight.shape[0]
    return Words([*range(0, size, 3), *LABELS[LABELS >= 0].tolist()], size)


@given(st.sets(st.integers(0, 99), min_size=1))
def test_words_are_written_and_read_back(ids: set[int]) -> None:
    words = Words(ids, 100)
    assert words.ids.tolist() == sorted(ids)
    assert Words.read(str(words), 100).ids.tolist() == sorted(ids)
    assert words.widen(words.places(words.ids)).tolist() == sorted(ids)


@pytest.mark.parametrize("text", ["", "1-", "3,2", "2-1", "1,1", "0-100", "100", "a", "-1", "1 2", None, 5, "1" * 12])
def test_words_that_are_none(text: object) -> None:
    with pytest.raises(CheckpointError, match="the words of a model are"):
        Words.read(text, 100)


def test_tokens_that_are_none_of_the_words() -> None:
    with pytest.raises(CallError, match="token 5 is none of them: choose them from all texts"):
        Words([1, 4, 7], 10).places(torch.tensor([4, 5]))
    with pytest.raises(CallError, match="token ids from 0 to 9, at least one"):
        Words([10], 10)


@pytest.mark.parametrize("cap", [None, 5.0])
@pytest.mark.parametrize("scores", [1, 40, 10**6])
@pytest.mark.parametrize("bias", [False, True])
def test_the_loss_in_pieces_and_its_gradients_are_those_of_torch(cap: float | None, scores: int, bias: bool) -> None:
    torch.manual_seed(0)
    parts = [torch.randn(7, 5, dtype=torch.float64), torch.randn(13, 5, dtype=torch.float64)]
    parts += [torch.randn(13, dtype=torch.float64)] if bias else []
    targets = torch.randint(13, (7,))

    def of(pieces: bool) -> tuple[torch.Tensor, ...]:
        values = [part.clone().requires_grad_() for part in parts]
        hidden, weight, shift = (*values, None)[:3]
        if pieces:
            loss = cross_entropy(hidden, weight, shift, targets, 0.7, cap, scores)
        else:
            whole = 0.7 * torch.nn.functional.linear(hidden, weight, shift)
            whole = whole if cap is None else cap * (whole / cap).tanh()
            loss = torch.nn.functional.cross_entropy(whole, targets)
        (3 * loss).backward()
        return loss, *(value.grad for value in values)

    for ours, theirs in zip(of(True), of(False), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-10, atol=1e-12)


def test_no_targets_no_loss() -> None:
    hidden = torch.randn(0, 4, requires_grad=True)
    loss = cross_entropy(hidden, torch.randn(9, 4), None, torch.zeros(0, dtype=torch.long))
    loss.backward()
    assert loss.item() == 0


@pytest.fixture(scope="module", params=FAMILIES)
def llm(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    return load_llm(checkpoint(request.param, tmp_path_factory.mktemp("base") / request.param))[0]


@pytest.mark.parametrize("lora", [False, True])
def test_the_loss_of_some_words_is_the_full_softmax_given_them(llm: Any, lora: bool) -> None:
    if lora:
        llm = with_lora(llm, 2)
    words = some(llm)
    embeds = llm.get_input_embeddings()(IDS).detach().requires_grad_()
    losses, grads = [], []
    for ours in (True, False):
        if ours:
            loss = token_loss(llm, embeds, LABELS, words)
        else:
            logits = llm(inputs_embeds=embeds).logits[:, :-1][..., words.ids]
            following = LABELS[:, 1:]
            loss = torch.nn.functional.cross_entropy(logits[following >= 0], words.places(following[following >= 0]))
        losses.append(loss.item())
        free = [p for p in llm.parameters() if p.requires_grad]
        grads.append(torch.autograd.grad(loss, [embeds, *free], allow_unused=True))
    assert abs(losses[0] - losses[1]) < 1e-5
    for one, other in zip(*grads, strict=True):
        if one is not None or other is not None:
            torch.testing.assert_close(one, other, rtol=1e-3, atol=1e-5)
    if lora:
        llm.unload()


def test_the_loss_of_all_words_is_transformers_own(llm: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    import elm.model.base._head as _head

    embeds = llm.get_input_embeddings()(IDS).detach()
    theirs = token_loss(llm, embeds, LABELS)
    monkeypatch.setattr(_head, "LARGE", 10)
    assert head_of(llm) is not None
    assert abs(token_loss(llm, embeds, LABELS).item() - theirs.item()) < 1e-5


def test_narrowed_scores_are_those_of_the_words_and_all_come_back(llm: Any) -> None:
    words = some(llm)
    with torch.inference_mode():
        whole = llm(inputs_embeds=llm.get_input_embeddings()(IDS)).logits
        with narrowed(llm, words) as narrow:
            assert narrow
            places = words.places(torch.tensor([[60, 45]]))
            few = llm(inputs_embeds=llm.get_input_embeddings()(words.places(torch.tensor([[2]])))).logits
            assert few.shape[-1] == len(words)
            expected = llm(input_ids=places).logits
        again = llm(inputs_embeds=llm.get_input_embeddings()(IDS)).logits
        full = llm(input_ids=torch.tensor([[60, 45]])).logits
    assert torch.equal(whole, again)
    torch.testing.assert_close(full[..., words.ids], expected, rtol=1e-4, atol=1e-4)


def within(model: Any, count: int = 150) -> Words:
    return Words([0, 1, 2, *range(40, 40 + count)], model.llm.get_input_embeddings().weight.shape[0])


@pytest.mark.parametrize("temperature", [0.0, 1.0])
def test_a_model_writes_in_its_words_and_in_all_again(temperature: float) -> None:
    model, x = tiny_elm.model(), tiny_elm.vectors(6)
    before = model.describe(x, SAY, temperature=temperature)
    model.words = within(model)
    found = model.sample(x, SAY, temperature=temperature or 1e-9)
    assert all(int(token) in model.words for one in found for token in one.ids)
    if not temperature:
        assert model.describe(x, SAY, temperature=0.0) == [one.text for one in found]
    model.words = None
    assert model.describe(x, SAY, temperature=temperature) == before


def test_the_likeliest_of_the_words_is_written() -> None:
    """Against a loop over the full model that looks at the words' scores alone."""
    model, x = tiny_elm.model(), tiny_elm.vectors(3)
    words = model.words = within(model, 60)
    from elm.model import prompt_embeddings

    for row, one in zip(prompt_embeddings(model, x, SAY), model.sample(x, SAY, temperature=1e-9), strict=True):
        embeds = row[None].clone()
        ids: list[int] = []
        with torch.inference_mode():
            while len(ids) < SAY.max_new_tokens and 2 not in ids:
                scores = model.llm(inputs_embeds=embeds).logits[0, -1, words.ids]
                ids.append(int(words.ids[scores.argmax()]))
                embeds = torch.cat([embeds, model.llm.get_input_embeddings()(torch.tensor([ids[-1:]]))], 1)
        assert one.ids.tolist() == ids


def test_probabilities_are_those_among_the_words() -> None:
    model, x = tiny_elm.model(), tiny_elm.vectors(2)
    model.words = Words([0, 1, 2, 50], model.llm.get_input_embeddings().weight.shape[0])
    for one in model.sample(x, SAY, temperature=1.0):
        assert np.exp(one.log_probs).max() <= 1
    model.words = Words([2, 50], model.llm.get_input_embeddings().weight.shape[0])
    assert {int(token) for one in model.sample(x, SAY) for token in one.ids} <= {2, 50}


def test_a_stream_is_in_words_too() -> None:
    model, x = tiny_elm.model(), tiny_elm.vectors(1)[0]
    model.words = within(model)
    question = "Say it: {first}."
    assert "".join(model.ask(x, question, stream=True)).strip() == model.ask(x, question)


def test_a_folder_keeps_its_words(tmp_path: Path) -> None:
    model, x = tiny_elm.model(), tiny_elm.vectors(4)
    model.words = within(model)
    again = load_model(save_model(model, tmp_path / "model"))
    assert str(again.words) == "0-2,40-189"
    assert again.describe(x, SAY) == model.describe(x, SAY)
    path = tmp_path / "model" / "config.json"
    for words, told in (("5000", "token ids below"), ("40-50", "hold its end token")):
        config = json.loads(path.read_text())
        config["notes"]["words"] = words
        path.write_text(json.dumps(config))
        write_manifest(tmp_path / "model")
        with pytest.raises(CheckpointError, match=told):
            load_model(tmp_path / "model")


def test_low_rank_updates_write_in_words_what_the_merged_model_writes() -> None:
    model, x = tiny_elm.model(), tiny_elm.vectors(4)
    model.llm = with_lora(model.llm, 2)
    with torch.no_grad():
        for name, parameter in model.llm.named_parameters():
            if "lora_B" in name:
                parameter.normal_()
    model.words = within(model, 90)
    texts = model.eval().describe(x, SAY)
    assert merge(model).describe(x, SAY) == texts


def test_a_base_whose_layer_is_replaced_is_taken_apart_again() -> None:
    llm = tiny_elm.base()
    first = head_of(llm)
    llm.resize_token_embeddings(330, mean_resizing=False)
    again = head_of(llm)
    assert first is not None
    assert again is not None
    assert len(again.rows(None)[0]) == 330


def test_the_demo_model_is_left_whole() -> None:
    from elm.model import shipped_model

    model = shipped_model()
    assert (model.words, model.parts.most_repeats) == (None, 0)
    assert model.llm.get_input_embeddings().weight.shape[0] < LARGE
