"""Policies by language models: what is scored is what was drawn, alone and in a batch, now and at the start."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import tiny_elm
import torch

from elm._errors import CallError, UnknownNameError, VectorError
from elm.model import Words
from elm.training import (
    OBJECTIVES,
    LoopConfig,
    Objective,
    Readability,
    RewardTraining,
    TextPolicy,
    Tuned,
    VectorPolicy,
    train_by_reward,
)
from elm.training.reward._policy import padded

HISTORIES = ["A storm at sea.", "one two", "Describe the viewer. Summarise the film in a few sentences."]


def by_vector(tuned: Tuned | None = None) -> VectorPolicy:
    table = tiny_elm.table(5)
    return VectorPolicy(tiny_elm.model(table), table, tiny_elm.SAY, tuned or Tuned("last", layers=1))


def by_text(tuned: Tuned | None = None) -> TextPolicy:
    model = tiny_elm.model()
    return TextPolicy(model.llm, model.tokenizer, HISTORIES, tuned or Tuned("last", layers=1), max_new_tokens=10)


@pytest.mark.parametrize("made", [by_vector, by_text])
def test_what_is_scored_is_what_was_drawn(made: Callable[[], VectorPolicy | TextPolicy]) -> None:
    policy = made()
    policy.temperature = 0.7
    rows = [2, 0, 1]
    written = policy.write(rows, 2, seed=3)
    ids, mask = padded(written, torch.device("cpu"))
    found = policy.score([row for row in rows for _ in range(2)], ids, mask).log_probs
    assert found.requires_grad
    for row, one in enumerate(written):
        np.testing.assert_allclose(found[row, : len(one.ids)].detach(), one.log_probs, atol=2e-4)
    assert len({one.text for one in written}) > 3, "two draws of a prompt differ"


@pytest.mark.parametrize("made", [by_vector, by_text])
def test_a_text_is_the_same_alone_and_in_a_batch(made: Callable[[], VectorPolicy | TextPolicy]) -> None:
    policy = made()
    together = policy.write([0, 1, 2], 2, seed=5)
    alone = [one for row in range(3) for one in policy.write([row], 2, seed=5)]
    assert [one.text for one in together] == [one.text for one in alone]
    ids, mask = padded(together, torch.device("cpu"))
    every = policy.score([0, 0, 1, 1, 2, 2], ids, mask, whole=True)
    assert every.whole is not None
    assert every.states is not None
    assert every.whole.shape == (*ids.shape, policy.widths[1])
    assert every.states.shape == (*ids.shape, policy.widths[0])
    assert torch.allclose(every.whole.exp().sum(-1), torch.ones(ids.shape), atol=1e-5)
    one = policy.score([1], ids[2:3], mask[2:3]).log_probs
    assert torch.allclose(one[mask[2:3]], every.log_probs[2:3][mask[2:3]], atol=1e-4)


@pytest.mark.parametrize("how", ["lora", "last", "all"])
@pytest.mark.parametrize("made", [by_vector, by_text])
def test_training_moves_what_is_tuned_and_the_first_policy_stays(
    made: Callable[[Tuned], VectorPolicy | TextPolicy], how: str
) -> None:
    policy = made(Tuned(how, rank=2, layers=1))
    before = {name: value.clone() for name, value in policy.module.state_dict().items()}
    rows = list(range(len(policy)))
    first = policy.greedy(rows)
    config = RewardTraining(LoopConfig(6, 0.05, warmup=1), Objective("reinforce"), prompts=3)
    result = train_by_reward(policy, lambda rows, texts: [len(set(t)) / 9 for t in texts], config, progress=False)
    after = policy.module.state_dict()
    moved = {name for name in before if not torch.equal(before[name], after[name])}
    assert moved
    assert all("lora_" in name for name in moved) == (how == "lora")
    assert all(".layers.1." in name for name in moved) == (how == "last")
    with policy.first.in_place():
        assert all(torch.equal(before[name], policy.module.state_dict()[name]) for name in before)
        assert policy.greedy(rows) == first
    assert result.history[-1]["kl"] != 0


@pytest.mark.parametrize("name", OBJECTIVES)
def test_a_model_that_writes_in_few_words_is_tuned_in_these(name: str) -> None:
    table = tiny_elm.table(5)
    model = tiny_elm.model(table)
    model.words = Words(range(1, 300, 2), tiny_elm.SHAPE.vocabulary) | Words([model.tokenizer.eos_token_id], 320)
    policy = VectorPolicy(model, table, tiny_elm.SAY, Tuned("last", layers=1))
    assert policy.widths[1] == len(model.words)
    written = policy.write([0, 3], 1, seed=2)
    ids, mask = padded(written, torch.device("cpu"))
    found = policy.score([0, 3], ids, mask).log_probs.detach()
    for row, one in enumerate(written):
        np.testing.assert_allclose(found[row, : len(one.ids)], one.log_probs, atol=2e-4)
    config = RewardTraining(LoopConfig(3, 0.01, warmup=1), Objective(name), prompts=3)
    result = train_by_reward(policy, lambda rows, texts: [len(set(t)) / 9 for t in texts], config, progress=False)
    assert np.isfinite(result.loop.losses).all()


def test_a_profile_that_never_ends_is_known_by_its_last_token() -> None:
    policy = by_text()
    written = policy.write([0, 1, 2], 4, seed=1)
    end = tiny_elm.tokenizer().eos_token_id
    assert {len(one.ids) <= 10 for one in written} == {True}
    assert [policy.ended(one) for one in written] == [one.ids[-1] == end for one in written]
    assert not all(policy.ended(one) for one in written)


def test_readability_tells_the_texts_of_the_base_from_noise() -> None:
    model = tiny_elm.model()
    measures = Readability(model.llm, model.tokenizer)
    policy = TextPolicy(model.llm, model.tokenizer, ["one"], Tuned("last", layers=1), max_new_tokens=12)
    own = measures(policy.greedy([0]) or ["one"])
    noise = measures(["qz xj vk wq zx", "zz ## %% && @@"])
    assert set(own) == {"perplexity", "repetition", "words"}
    assert noise["perplexity"] > 1
    assert measures(["so good so good so good"])["repetition"] == 0.5
    assert measures([""])["words"] == 0
    alone, other = measures(["A storm at sea."]), measures(["one two"])
    both = measures(["A storm at sea.", "one two"])["perplexity"]
    assert min(alone["perplexity"], other["perplexity"]) <= both <= max(alone["perplexity"], other["perplexity"])


def test_what_cannot_be_tuned_or_read_is_refused() -> None:
    table, model = tiny_elm.table(5), tiny_elm.model(tiny_elm.table(5))
    with pytest.raises(CallError, match="last 9 layers"):
        VectorPolicy(model, table, tiny_elm.SAY, Tuned("last", layers=9))
    with pytest.raises(UnknownNameError, match="did you mean 'lora'"):
        Tuned("lorra")
    with pytest.raises(CallError, match="at least 1"):
        Tuned(rank=0)
    with pytest.raises(VectorError):
        VectorPolicy(model, tiny_elm.table(5, dim=7), tiny_elm.SAY, Tuned("last", layers=1))
    with pytest.raises(CallError, match="temperature above 0"):
        TextPolicy(model.llm, model.tokenizer, ["one"], Tuned("last", layers=1), temperature=0.0)
    with pytest.raises(CallError, match="at least one prompt"):
        TextPolicy(model.llm, model.tokenizer, [], Tuned("last", layers=1))
    long = TextPolicy(model.llm, model.tokenizer, ["storm " * 200], Tuned("last", layers=1))
    with pytest.raises(CallError, match="context of 128 tokens"):
        long.write([0], 1, seed=0)
