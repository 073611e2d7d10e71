"""From prompts to token ids with places for soft tokens."""

from __future__ import annotations

import copy
import re

import pytest
import tiny_elm
from hypothesis import given
from hypothesis import strategies as st

from elm._errors import CallError
from elm.model import plain_ids, prompt_ids, without_placeholder
from elm.tasks import SECOND, VECTOR, all_tasks


@pytest.mark.parametrize("soft_tokens", [1, 3, 16])
def test_slots_stand_where_the_placeholder_was(soft_tokens: int) -> None:
    tokenizer = tiny_elm.tokenizer()
    made = prompt_ids(tokenizer, f"A film {VECTOR}, please.", soft_tokens)
    head = [tokenizer.bos_token_id, *plain_ids(tokenizer, "A film ")]
    assert made.ids[: len(head)] == head
    assert made.slots == list(range(len(head), len(head) + soft_tokens))
    assert made.ids[made.slots[-1] + 1 :] == plain_ids(tokenizer, ", please.\n")
    assert len(made.ids) == len(head) + soft_tokens + len(plain_ids(tokenizer, ", please.\n"))


def test_a_placeholder_at_either_end() -> None:
    tokenizer = tiny_elm.tokenizer()
    assert prompt_ids(tokenizer, f"{VECTOR} x", 2).slots == [1, 2]
    assert prompt_ids(tokenizer, f"x{VECTOR}", 1).ids[-1:] == plain_ids(tokenizer, "\n")


def test_a_tokenizer_without_a_start_token_gets_none() -> None:
    class NoStart:
        bos_token_id = None
        eos_token_id = None

        def __call__(self, text: str, add_special_tokens: bool) -> dict[str, list[int]]:
            assert not add_special_tokens
            return {"input_ids": [ord(c) for c in text]}

    made = prompt_ids(NoStart(), f"a{VECTOR}b", 2)
    assert made.ids == [ord("a"), 0, 0, ord("b"), ord("\n")]
    assert made.slots == [1, 2]


@pytest.mark.parametrize(("prompt", "times"), [("no vector", "none"), (f"{VECTOR}{VECTOR}", f"{VECTOR}, {VECTOR}")])
def test_a_prompt_holds_the_placeholder_once(prompt: str, times: str) -> None:
    message = f"a prompt over 1 vector holds {VECTOR} once, this one holds {times}: "
    with pytest.raises(CallError, match=re.escape(message)):
        prompt_ids(tiny_elm.tokenizer(), prompt, 1)


@given(
    st.lists(
        st.one_of(st.text(max_size=5), st.sampled_from([VECTOR, "<|", "|>", "vector", "<|vec", "tor|>"])), max_size=8
    )
)
def test_what_a_person_types_cannot_claim_a_place(parts: list[str]) -> None:
    text = without_placeholder("".join(parts))
    assert VECTOR not in text
    assert len(prompt_ids(tiny_elm.tokenizer(), f"{VECTOR} {text}", 2).slots) == 2


def test_other_text_is_left_as_it_is() -> None:
    assert without_placeholder("a <vector> | b") == "a <vector> | b"


@pytest.mark.parametrize("task", all_tasks(), ids=lambda t: t.id)
def test_every_task_can_be_asked(task) -> None:  # type: ignore[no-untyped-def]
    assert len(prompt_ids(tiny_elm.tokenizer(), task.prompt, [8] * len(task.marks)).slots) == 8 * len(task.marks)


def test_slots_come_in_the_order_of_the_vectors() -> None:
    tokenizer = tiny_elm.tokenizer()
    first, second = (
        prompt_ids(tokenizer, f"{VECTOR} or {SECOND}", [1, 2]),
        prompt_ids(tokenizer, f"{SECOND} or {VECTOR}", [1, 2]),
    )
    assert first.slots[0] < first.slots[1] < first.slots[2]
    assert second.slots[1] < second.slots[2] < second.slots[0]
    with pytest.raises(CallError, match=r"a prompt over 2 vectors holds <\|vector\|> and <\|second\|> once"):
        prompt_ids(tokenizer, f"{VECTOR} alone", [1, 2])


def test_a_base_with_a_chat_template_is_asked_by_it() -> None:
    tokenizer = copy.deepcopy(tiny_elm.tokenizer())
    tokenizer.chat_template = "{% for m in messages %}[{{ m.role }}]{{ m.content }}{% endfor %}[answer]"
    prompt = prompt_ids(tokenizer, f"Say it: {VECTOR}.", 2)
    text = tokenizer.decode([i for n, i in enumerate(prompt.ids) if n not in prompt.slots])
    assert text == "[user]Say it: .[answer]"
