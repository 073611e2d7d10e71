"""Texts of many callers in one batch: each is what its caller would have got alone."""

from __future__ import annotations

import pytest
import tiny_elm

from elm._errors import CallError
from elm.model import text_request, write_together
from elm.tasks import VECTOR, Task

WARM = Task("warm", "item", f"Say it: {VECTOR}.", max_new_tokens=12, temperature=0.9)


def test_a_text_depends_on_its_seed_and_not_on_its_batch() -> None:
    table = tiny_elm.table()
    model = tiny_elm.model(table, tasks=("warm",))
    sizes = [(0, 2), (2, 3), (5, 1), (6, 4)]
    given = [(table.vectors[start : start + count], seed) for seed, (start, count) in enumerate(sizes)]
    alone = [list(model.describe(rows, WARM, seed=seed)) for rows, seed in given]
    asked = [text_request(model, rows, WARM, seed=seed) for rows, seed in given]
    assert write_together(model, asked) == alone
    assert write_together(model, asked[::-1]) == alone[::-1]
    other = [text_request(model, rows, WARM, seed=seed + 9) for rows, seed in given]
    assert write_together(model, other) != alone


def test_several_texts_about_each_vector_stay_with_their_caller() -> None:
    table = tiny_elm.table()
    model = tiny_elm.model(table, tasks=("warm",))
    single = text_request(model, table.vectors[:1], WARM, seed=3)
    several = text_request(model, table.vectors[1:3], WARM, seed=4, n=3, temperature=0.9)
    found = write_together(model, [single, several])
    assert [len(texts) for texts in found] == [1, 6]
    assert found[0] == model.describe(table.vectors[:1], WARM, seed=3)
    assert found[1] == write_together(model, [several])[0]


def test_requests_of_other_prompts_or_temperatures_do_not_mix() -> None:
    table = tiny_elm.table()
    model = tiny_elm.model(table, tasks=("warm",))
    cold = text_request(model, table.vectors[:1], WARM, temperature=0.0)
    with pytest.raises(CallError, match="one prompt and one temperature"):
        write_together(model, [cold, text_request(model, table.vectors[:1], WARM)])


def test_a_stopped_batch_ends_early() -> None:
    class Now:
        def is_set(self) -> bool:
            return True

    table = tiny_elm.table()
    model = tiny_elm.model(table, tasks=("warm",))
    asked = text_request(model, table.vectors[:1], WARM)
    whole, cut = write_together(model, [asked])[0][0], write_together(model, [asked], Now())[0][0]
    assert len(cut) < len(whole)
