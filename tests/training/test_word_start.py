"""The start in words: which words are named, what the loss is, and that soft tokens come to point at a text's words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny_elm
import torch
from tiny_elm import SAY, Said

from elm._errors import CallError
from elm.adapters import MLPAdapter
from elm.embeddings import EmbeddingSpace, VectorTable
from elm.model import EmbeddingLanguageModel, plain_ids
from elm.tasks import TemplateTeacher
from elm.training import Lessons, LoopConfig, NamedWords, TwoStage, _word_start, train_two_stage
from elm.training._word_start import ContentWords, WordObjective
from elm.training.data._sampler import LessonBatches

START = LoopConfig(60, 1e-2, warmup=2)
SHORT = TwoStage(LoopConfig(1, 1e-3), LoopConfig(1, 1e-3), batch_tokens=60, start=START)


def own_words(tokenizer: Any, count: int) -> list[str]:
    """Words that are one token each, and that no other text has a part of."""
    single = [chr(letter) for letter in range(ord("a"), ord("z") + 1)] + [str(digit) for digit in range(10)]
    found = {tuple(plain_ids(tokenizer, word)): word for word in single if len(plain_ids(tokenizer, word)) == 1}
    return list(found.values())[:count]


def toy() -> tuple[EmbeddingLanguageModel, list[Lessons], dict[str, int]]:
    """32 random vectors, each with a word of its own behind one that all have; entity -> the token of its word."""
    tokenizer = tiny_elm.tokenizer()
    words = own_words(tokenizer, 32)
    data = np.random.default_rng(0).normal(size=(len(words), 12)).astype(np.float32)
    ids = [f"v{number}" for number in range(len(words))]
    table = VectorTable(ids, data, EmbeddingSpace.fit("toy", data, "cosine", {}, "toy"))
    torch.manual_seed(0)
    adapter = MLPAdapter.for_space(table.space, 32, ("say",), 0.02, soft_tokens=2, hidden=32)
    model = EmbeddingLanguageModel(tiny_elm.base(), tokenizer, {"toy": adapter})
    facts = {id: Said(word) for id, word in zip(ids, words, strict=True)}
    teacher = TemplateTeacher(facts)  # type: ignore[arg-type]
    tokens = {id: plain_ids(tokenizer, word)[0] for id, word in zip(ids, words, strict=True)}
    return model, [Lessons("toy", table, teacher, (SAY,), table.ids)], tokens


def pointed_at(model: EmbeddingLanguageModel, table: VectorTable, among: list[int]) -> list[int]:
    """The word whose embedding is nearest to any soft token of a vector, per vector."""
    with torch.no_grad():
        soft = torch.nn.functional.normalize(model.adapter("toy")(torch.as_tensor(table.vectors)), dim=2)
        rows = torch.nn.functional.normalize(model.llm.get_input_embeddings().weight[among], dim=1)
        best = (soft @ rows.T).amax(1).argmax(1)
    return [among[place] for place in best.tolist()]


def test_soft_tokens_come_to_name_the_words_before_the_language_model_is_trained() -> None:
    model, lessons, tokens = toy()
    before = {name: value.clone() for name, value in model.llm.named_parameters()}
    found: dict[str, list[int]] = {"wanted": list(tokens.values())}

    def at_the_end(stage: str, result: Any) -> None:
        found[stage] = pointed_at(model, lessons[0].table, list(tokens.values()))
        if stage == "words":
            assert all(torch.equal(before[name], value) for name, value in model.llm.named_parameters())

    result = train_two_stage(model, lessons, SHORT, progress=False, after_stage=at_the_end)
    assert list(found)[1:] == ["words", "one", "two"]
    right = np.mean(np.equal(found["words"], found["wanted"]))
    assert right > 0.9
    assert result.words is not None
    assert result.words.losses[-1] < 0.5 * result.words.losses[0]


def test_without_it_there_are_the_two_stages_of_the_paper() -> None:
    model, lessons, _ = toy()
    plain = TwoStage(SHORT.one, SHORT.two, batch_tokens=60)
    assert train_two_stage(model, lessons, plain, progress=False).words is None


def test_words_of_many_texts_are_named_only_where_few_others_are(monkeypatch: pytest.MonkeyPatch) -> None:
    model, lessons, _ = toy()
    table = lessons[0].table
    texts = [chr(ord("a") + number % 26) + "9" * (number % 3 > 0) for number in range(len(table))]
    facts = {id: Said(text) for id, text in zip(table.ids, texts, strict=True)}
    said = [Lessons("toy", table, TemplateTeacher(facts), (SAY,), table.ids)]  # type: ignore[arg-type]
    (token,) = plain_ids(model.tokenizer, "9")
    batches = LessonBatches(model, said, 200, 0)
    assert token in ContentWords.of(batches).ids.tolist()  # 26 other words: fewer than 64
    monkeypatch.setattr(_word_start, "_FEW", 20)
    assert token not in ContentWords.of(batches).ids.tolist()


def test_words_of_nearly_all_texts_and_of_nearly_none_are_not_named() -> None:
    model, lessons, tokens = toy()
    words = ContentWords.of(LessonBatches(model, lessons, 200, 0))
    named = set(words.ids.tolist())
    assert named == set(tokens.values())  # the end token is in every text
    assert bool((words.weights > 0).all())
    assert list(words.ids) == sorted(words.ids)
    labels = torch.tensor([[-100, tokens["v3"], tokens["v3"], 1], [-100, -100, tokens["v5"], tokens["v0"]]])
    places = words.named_in(labels).nonzero().tolist()
    back = [(row, int(words.ids[place])) for row, place in places]
    assert back == [(0, tokens["v3"]), *((1, token) for token in sorted((tokens["v0"], tokens["v5"])))]


def test_the_loss_is_that_of_the_sum_written_out() -> None:
    model, lessons, _ = toy()
    words = ContentWords.of(LessonBatches(model, lessons, 200, 0))
    vectors = torch.as_tensor(lessons[0].table.vectors[:6]).view(3, 2, -1)  # two vectors a text
    named = torch.zeros(3, len(words.ids), dtype=torch.bool)
    named[0, [1, 4]] = named[1, 0] = True  # the third text has none
    loss = WordObjective(model, words)("toy", vectors, named)
    with torch.no_grad():
        soft = model.adapter("toy")(vectors.flatten(0, 1)).double().numpy()
        table = model.llm.get_input_embeddings().weight[words.ids].double().numpy()
    table /= np.linalg.norm(table, axis=1, keepdims=True)
    total = weight = 0.0
    for row, place in named.nonzero().tolist():
        chances = []
        for token in (*soft[2 * row], *soft[2 * row + 1]):
            scores = np.exp(table @ token / np.linalg.norm(token) / 0.05)
            chances.append(scores[place] / scores.sum())
        total -= float(words.weights[place]) * np.log(np.mean(chances))
        weight += float(words.weights[place])
    assert float(loss.detach()) == pytest.approx(total / weight, rel=1e-5)
    none = WordObjective(model, words)("toy", vectors, torch.zeros_like(named))
    assert float(none.detach()) == 0
    assert none.requires_grad


@pytest.mark.slow
def test_a_start_that_was_stopped_goes_on_with_the_same_bits(tmp_path: Path) -> None:
    class Stop(BaseException):
        pass

    saving = TwoStage(SHORT.one, SHORT.two, batch_tokens=60, start=LoopConfig(9, 1e-2, warmup=1, save_every=4))
    whole, lessons, _ = toy()
    train_two_stage(whole, lessons, saving, progress=False)
    broken, lessons, _ = toy()

    def stop(stage: str, result: Any) -> None:
        raise Stop

    with pytest.raises(Stop):
        train_two_stage(broken, lessons, saving, progress=False, checkpoints=tmp_path, after_stage=stop)
    again, lessons, _ = toy()
    train_two_stage(again, lessons, saving, progress=False, checkpoints=tmp_path)
    for name, value in whole.adapters.state_dict().items():
        assert torch.equal(value, again.adapters.state_dict()[name]), name


def test_texts_that_share_no_word_are_refused() -> None:
    model, lessons, _ = toy()
    table = lessons[0].table
    same = TemplateTeacher(dict.fromkeys(table.ids, Said("one")))  # type: ignore[arg-type]
    with pytest.raises(CallError, match="share none"):
        NamedWords([Lessons("toy", table, same, (SAY,), table.ids)], 200, 0)(model)
