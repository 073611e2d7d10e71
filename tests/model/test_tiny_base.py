"""The embedded base: its byte-level tokenizer, its initialisation, and the growing of its vocabulary."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tiny_elm
import torch
from hypothesis import given
from hypothesis import strategies as st

from elm.model import grow_vocabulary, load_llm, save_llm, train_tokenizer

REAL = ["The captain’s ship — “naïve” café — sails to 東京 🎬 again and again"] * 4


@given(st.text())
def test_any_text_can_be_written_and_read_back(text: str) -> None:
    tokenizer = tiny_elm.tokenizer()
    assert tokenizer.decode(tokenizer(text, add_special_tokens=False, split_special_tokens=True)["input_ids"]) == text


def test_the_tokenizer_is_the_same_each_time_and_knows_its_texts_best() -> None:
    one, same = (train_tokenizer(tiny_elm.TEXTS * 3, 320) for _ in range(2))
    assert one.get_vocab() == same.get_vocab()
    assert 300 < len(one) <= 320
    assert (one.pad_token_id, one.bos_token_id, one.eos_token_id) == (0, 1, 2)
    assert len(one("A storm at sea.")["input_ids"]) < len(one("O tsmra et aas.")["input_ids"])


def test_a_saved_tokenizer_reads_as_before(tmp_path: Path) -> None:
    save_llm(tiny_elm.base(), tiny_elm.tokenizer(), tmp_path / "base")
    _, again = load_llm(tmp_path / "base")
    for text in ("A storm at sea.", "naïve 東京 🎬\n\ttab", "  spaces  "):
        ids = tiny_elm.tokenizer()(text)["input_ids"]
        assert again(text)["input_ids"] == ids
        assert again.decode(ids) == text
    assert again.eos_token_id == tiny_elm.tokenizer().eos_token_id


def test_the_seed_alone_decides_the_first_weights() -> None:
    torch.manual_seed(5)
    one = tiny_elm.base(seed=1)
    drawn = torch.rand(1)
    torch.manual_seed(5)
    assert torch.equal(torch.rand(1), drawn)  # the global generator was left alone
    same, other = tiny_elm.base(seed=1), tiny_elm.base(seed=2)
    assert all(torch.equal(a, b) for a, b in zip(one.parameters(), same.parameters(), strict=True))
    assert not torch.equal(one.get_input_embeddings().weight, other.get_input_embeddings().weight)


def test_a_grown_vocabulary_keeps_what_the_model_knew() -> None:
    model, old = tiny_elm.base(), tiny_elm.tokenizer()
    before = model.get_input_embeddings().weight.detach().clone()
    model, grown = grow_vocabulary(model, old, [*REAL, *tiny_elm.TEXTS], 400)
    after, ids = model.get_input_embeddings().weight, old.get_vocab()
    kept = [token for token in grown.get_vocab() if token in ids]
    assert len(kept) > 256
    for token in kept:
        assert torch.equal(after[grown.get_vocab()[token]], before[ids[token]])
    assert len(grown) == after.shape[0] == model.config.vocab_size > len(old)
    assert model.get_output_embeddings().weight is after
    assert (model.config.pad_token_id, model.config.eos_token_id) == (grown.pad_token_id, grown.eos_token_id)


def test_a_new_token_starts_as_the_mean_of_its_pieces() -> None:
    model, old = tiny_elm.base(), tiny_elm.tokenizer()
    before = model.get_input_embeddings().weight.detach().clone()
    model, grown = grow_vocabulary(model, old, REAL, 420)
    table, names = model.get_input_embeddings().weight.detach(), grown.get_vocab()
    new = [token for token in names if token not in old.get_vocab()]
    assert torch.isfinite(table).all()
    assert new
    for token in new:
        text = grown.convert_tokens_to_string([token])
        if "�" not in text:
            pieces = old(text, add_special_tokens=False)["input_ids"]
            torch.testing.assert_close(table[names[token]], before[pieces].mean(0))
    halves = [table[names[token]] for token in new if set(grown.convert_tokens_to_string([token])) == {"�"}]
    assert len(halves) >= 2  # bytes that are no character of their own still differ from each other
    assert not torch.equal(halves[0], halves[1])


def test_a_grown_model_says_what_it_said_of_text_without_new_words() -> None:
    """Same pieces, same embeddings: the same distribution over the old tokens."""
    model, old = tiny_elm.base(), tiny_elm.tokenizer()
    names = sorted(old.get_vocab())
    prompt = [1, *old("Zq", add_special_tokens=False)["input_ids"]]
    with torch.no_grad():
        before = model(torch.tensor([prompt])).logits[0, -1]
    model, grown = grow_vocabulary(model, old, REAL, 420)
    same = [grown.get_vocab()[old.convert_ids_to_tokens(i)] for i in prompt]
    with torch.no_grad():
        after = model(torch.tensor([same])).logits[0, -1]
    shared = [n for n in names if n in grown.get_vocab()]
    torch.testing.assert_close(
        after[[grown.get_vocab()[n] for n in shared]], before[[old.get_vocab()[n] for n in shared]]
    )


@given(st.text(max_size=40))
def test_a_grown_tokenizer_writes_any_text(text: str) -> None:
    grown = _grown()
    assert grown.decode(grown(text, split_special_tokens=True)["input_ids"]) == text


_CACHE: list = []


def _grown():  # type: ignore[no-untyped-def]
    if not _CACHE:
        _CACHE.append(grow_vocabulary(tiny_elm.base(), tiny_elm.tokenizer(), REAL, 400)[1])
    return _CACHE[0]


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_saving_in_half_precision_leaves_the_model_in_memory_alone(tmp_path: Path, dtype: torch.dtype) -> None:
    model = tiny_elm.base()
    before = {k: v.clone() for k, v in model.state_dict().items()}
    save_llm(model, tiny_elm.tokenizer(), tmp_path, dtype)
    assert all(torch.equal(v, before[k]) for k, v in model.state_dict().items())
    again, _ = load_llm(tmp_path)
    for name, value in again.state_dict().items():
        assert value.dtype == torch.float32
        np.testing.assert_array_equal(value.numpy(), before[name].to(dtype).float().numpy())
