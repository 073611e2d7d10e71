"""Training in the words of the corpus: which these are, that training keeps to them, and that the folder says so."""

from __future__ import annotations

from pathlib import Path

import pytest
import tiny_elm
import torch
from tiny_elm import SAY, Said

from elm._errors import CallError, UnknownNameError
from elm.model import load_model, plain_ids, save_model
from elm.tasks import TemplateTeacher
from elm.training import Lessons, LoopConfig, TwoStage, train_two_stage
from elm.training.data import _corpus_words

TEXTS = ("A storm at sea.", "one two", "Describe the viewer.")
SHORT = TwoStage(LoopConfig(3, 1e-3, warmup=1), LoopConfig(8, 3e-3, warmup=1), batch_tokens=200, words="corpus")


def lessons() -> list[Lessons]:
    table = tiny_elm.table()
    facts = {id: Said(TEXTS[number % 3]) for number, id in enumerate(table.ids)}
    return [Lessons("toy", table, TemplateTeacher(facts), (SAY,), table.ids)]  # type: ignore[arg-type]


@pytest.fixture(autouse=True)
def _small_stock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_corpus_words, "_FREQUENT", 5)
    monkeypatch.setattr(_corpus_words, "_LATIN", "")


def test_the_words_are_those_of_the_texts_and_are_kept(tmp_path: Path) -> None:
    model = tiny_elm.model()
    before = {name: value.clone() for name, value in model.llm.named_parameters()}
    result = train_two_stage(model, lessons(), SHORT, progress=False)
    needed = {token for text in TEXTS for token in plain_ids(model.tokenizer, text)}
    assert model.words is not None
    assert set(model.words.ids.tolist()) == needed | {*range(5), model.tokenizer.get_vocab()["Ġ"]}
    assert result.two.losses[-1] < result.two.losses[0]
    assert not torch.equal(before["model.norm.weight"], model.llm.model.norm.weight)
    again = load_model(save_model(model, tmp_path / "model"))
    assert str(again.words) == str(model.words)
    assert again.describe(tiny_elm.vectors(3), SAY) == model.describe(tiny_elm.vectors(3), SAY)


def test_a_training_that_goes_on_keeps_the_words_it_had() -> None:
    model = tiny_elm.model()
    train_two_stage(model, lessons(), SHORT, progress=False)
    first = model.words
    assert first is not None
    table = tiny_elm.table()
    new = Lessons("toy", table, TemplateTeacher(dict.fromkeys(table.ids, Said("zq"))), (SAY,), table.ids)  # type: ignore[arg-type]
    train_two_stage(model, [new], SHORT, progress=False)
    assert model.words is not None
    assert set(model.words.ids.tolist()) == {*first.ids.tolist(), *plain_ids(model.tokenizer, "zq")}


@pytest.mark.parametrize("choice", ["auto", "all"])
def test_a_small_vocabulary_is_trained_whole_to_the_same_bits(choice: str) -> None:
    model, same = tiny_elm.model(), tiny_elm.model()
    whole = TwoStage(SHORT.one, SHORT.two, batch_tokens=200, words=choice)
    losses = train_two_stage(model, lessons(), whole, progress=False).two.losses
    assert model.words is None
    assert train_two_stage(same, lessons(), whole, progress=False).two.losses == losses


def test_the_loss_of_the_words_is_below_that_of_all() -> None:
    few, whole = tiny_elm.model(), tiny_elm.model()
    first = train_two_stage(few, lessons(), SHORT, progress=False).one.losses[0]
    other = train_two_stage(whole, lessons(), TwoStage(SHORT.one, SHORT.two, batch_tokens=200), progress=False)
    assert first < other.one.losses[0]


def test_the_stock_holds_bytes_letters_and_marks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_corpus_words, "_LATIN", "\u024f")
    assert [_corpus_words._is_letter(token) for token in ("a", "▁é", "<0x0A>", "Ġ", "ab", "▁the", "日", "<pad>")] == [
        True,
        True,
        True,
        True,
        False,
        False,
        False,
        False,
    ]
    found = _corpus_words.stock(tiny_elm.tokenizer(), 320)
    assert {0, 1, 2, tiny_elm.tokenizer().get_vocab()["z"]} <= set(found.tolist())


def test_choices_that_cannot_be(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UnknownNameError, match="unknown choice of words 'some'"):
        TwoStage(words="some")
    import elm.training._two_stage as _two_stage

    monkeypatch.setattr(_two_stage, "head_of", lambda llm: None)
    with pytest.raises(CallError, match="in a way of its own: train with words="):
        train_two_stage(tiny_elm.model(), lessons(), SHORT, progress=False)
