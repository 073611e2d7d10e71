"""How a judge is distilled is chosen by the training side alone; one judge values every catalogue."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from tiny_encoder import save_tiny_encoder

from elm._errors import CallError
from elm.embeddings import SentenceEncoder
from elm.evaluation.requests._choosing import choose, way
from elm.evaluation.requests._one_judge import one_judge
from elm.recommend import Card, Cards, Distillation, EncoderValues, RequestWriter, guard_wording

GENRES = ("Comedy", "War", "Horror", "Romance")
CARDS = Cards(
    [f"f{i}" for i in range(40)],
    [Card(f"Film {i}", (GENRES[i % 4],), texts=(f"{GENRES[i % 4].lower()} films at night",)) for i in range(40)],
)
START = Distillation(rank=2, hidden=4, steps=3, batch=4)


@pytest.fixture(scope="module")
def bert(tmp_path_factory: pytest.TempPathFactory) -> SentenceEncoder:
    words = "comedy war horror romance films at night no but not i want show me stories".split()
    return SentenceEncoder(save_tiny_encoder(tmp_path_factory.mktemp("tiny"), words))


def test_shares_of_the_training_wording_use_other_frames_and_phrases() -> None:
    learn, check = (
        [wish.text for wish in RequestWriter("train", share=share).draw(1500, np.random.default_rng(0))]
        for share in ("learn", "check")
    )
    assert not {text.lower() for text in learn} & {text.lower() for text in check if len(text.split()) > 3}
    test = [wish.text for wish in RequestWriter("test").draw(1500, np.random.default_rng(0))]
    guard_wording([*learn, *check], test)
    with pytest.raises(CallError, match="'learn' or 'check'"):
        RequestWriter("train", share="all")  # type: ignore[arg-type]


@pytest.mark.slow
def test_ways_are_tried_and_the_best_stands_first(bert: SentenceEncoder) -> None:
    (judge,) = one_judge(CARDS)
    read = CARDS.without_kinds()
    base = EncoderValues.of(bert, read).table
    rows = choose(bert, read, judge, base, ["frozen", "lora+words", "frozen+within+longer"], START, 24)
    assert {row["way"] for row in rows} == {"frozen", "lora+words", "frozen+within+longer"}
    assert [row["spearman"] for row in rows] == sorted((row["spearman"] for row in rows), reverse=True)
    assert all(-1 <= row[name] <= 1 for row in rows for name in ("spearman", "seen_words", "seen_items", "per_request"))
    assert rows == choose(bert, read, judge, base, ["lora+words", "frozen", "frozen+within+longer"], START, 24), (
        "one seed, one choice"
    )


def test_a_way_is_named_by_its_parts() -> None:
    assert way("lora+words+within", START) == dataclasses.replace(START, requests="lora", items="words", within=0.5)
    assert way("frozen+longer", START).steps == 6
    with pytest.raises(CallError, match="got 'more'"):
        way("lora+more", START)


def test_one_judge_says_the_same_of_an_item_whatever_it_is_asked_about_and_reads_no_other_genres() -> None:
    first, second = CARDS.subset(CARDS.items[:20]), CARDS.subset(CARDS.items[20:])
    (whole,) = one_judge(CARDS)
    one, two = one_judge(first, second)
    asked = ["comedies", "war films but nothing scary"]
    assert np.array_equal(np.hstack([one.values(asked), two.values(asked)]), whole.values(asked))
    assert np.array_equal(whole.subset(second.items).values(asked), two.values(asked))
    other = one_judge(first, Cards(second.items, [dataclasses.replace(card, kinds=("Western",)) for card in second]))
    assert np.array_equal(other[0].values(asked), one.values(asked))
    assert not np.array_equal(other[1].values(asked), two.values(asked))
