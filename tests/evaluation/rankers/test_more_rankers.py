"""Rankers as objects: BM25 against its definition, the recommender's text encoder, and what no ranker may give."""

import re
from collections import Counter
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from elm._errors import CallError
from elm.embeddings import EmbeddingSpace, VectorTable
from elm.evaluation import (
    BM25Ranker,
    ControlOptions,
    RankOptions,
    TextEncoderRanker,
    TrainedRanker,
    liked_vectors,
    user_consistency,
)
from elm.evaluation.rankers._candidates import draw_candidates, picked_in_blocks
from elm.evaluation.rankers._rankers import scored

TEXTS = [
    "gangsters fight gangsters in chicago",
    "lovers meet again in chicago",
    "robots",
    "robots fight lovers again",
    "",
]


def by_definition(query, texts, k1, b):
    """Okapi BM25, a term at a time."""
    documents = [[word for word in re.findall(r"\w\w+", text) if word not in ("in", "again")] for text in texts]
    mean = np.mean([len(words) for words in documents])
    scores = np.zeros(len(texts))
    for word in query:
        holding = sum(word in words for words in documents)
        if holding:
            rarity = np.log(1 + (len(texts) - holding + 0.5) / (holding + 0.5))
            for row, words in enumerate(documents):
                times = Counter(words)[word]
                scores[row] += rarity * times * (k1 + 1) / (times + k1 * (1 - b + b * len(words) / mean))
    return scores


@pytest.mark.parametrize(("k1", "b"), [(1.5, 0.75), (0.9, 0.4), (1.2, 0.0)])
def test_bm25_equals_its_definition(k1, b):
    ranker = BM25Ranker(TEXTS, k1, b)
    found = ranker.scores(["Gangsters fight; gangsters, lovers.", "They love robots. They hate lovers."])
    likes = by_definition(["gangsters", "fight", "gangsters", "lovers"], TEXTS, k1, b)
    mixed = by_definition(["love", "robots"], TEXTS, k1, b) - 0.5 * by_definition(["hate", "lovers"], TEXTS, k1, b)
    assert found == pytest.approx(np.stack([likes, mixed]), abs=1e-6)
    assert ranker.scores(["unheard of", ""]).tolist() == [[0.0] * 5] * 2


def test_bm25_needs_words_and_sane_settings():
    with pytest.raises(CallError, match="all 2 are without"):
        BM25Ranker(["", "..."])
    with pytest.raises(CallError, match=r"b from 0 to 1, got 1\.5 and 2"):
        BM25Ranker(TEXTS, b=2)


class Fake:
    """A recommender that likes an item as often as its name stands in the text."""

    items = ("apple", "pear", "fig")

    def scores(self, histories, profiles, alpha):
        assert histories is None
        assert alpha == 1.0
        assert all(profiles)
        return np.array([[float(text.count(item)) for item in self.items] for text in profiles], np.float32)


def of_items(*ids):
    vectors = np.eye(len(ids))
    return VectorTable(list(ids), vectors, EmbeddingSpace.fit("cf", vectors, "dot", {}, "cf"))


def test_the_recommenders_text_encoder_orders_the_tables_items_and_nothing_for_no_word():
    ranker = TextEncoderRanker(Fake(), of_items("fig", "apple"))
    assert ranker.scores(["apple apple fig", "", "pear"]).tolist() == [[1.0, 2.0], [0.0, 0.0], [0.0, 0.0]]
    with pytest.raises(CallError, match="1 of 2 it does not, such as 'kiwi'"):
        TextEncoderRanker(Fake(), of_items("fig", "kiwi"))


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (np.full((2, 3), np.nan), "Odd gave NaN or infinity for 'first'"),
        (np.array([[0.0, 1, 2], [np.inf, 0, 0]]), "Odd gave NaN or infinity for 'second'"),
        (np.zeros((2, 4)), r"Odd gave \(2, 4\), not \(2, 3\)"),
    ],
)
def test_a_ranker_gives_finite_scores_of_every_item(value, message):
    class Odd:
        def scores(self, texts):
            return value

    with pytest.raises(CallError, match=message):
        scored(Odd(), ["first", "second"], 3)


class Nan:
    def __init__(self, entries):
        self.entries = entries

    def scores(self, texts):
        return np.full((len(texts), self.entries), np.nan)


@pytest.mark.parametrize("which", ["ranker", "rankers"])
def test_nan_of_a_users_ranker_is_an_error_of_the_benchmark(user_world, encoder, look_up, which):
    odd = Nan(len(user_world.items))
    ranking = RankOptions(**{which: odd if which == "ranker" else {"odd": odd}})
    model = look_up(user_world.folded, user_world.teacher)
    with pytest.raises(CallError, match="Nan gave NaN or infinity"):
        user_consistency(model, "user_profile", user_world.held_out, encoder, ranking, ControlOptions(probe=False))


def test_an_empty_text_orders_nothing(user_world, encoder, trained):
    silent = {"user_profile": dict.fromkeys(user_world.folded.ids, "")}
    bm25 = BM25Ranker([f"{' '.join(g)} films" for g in user_world.data.items.loc[user_world.items.ids, "genres"]])
    ranking, quick = RankOptions(trained["user_profile"], {"bm25": bm25}), ControlOptions(probe=False)
    found = user_consistency(silent, "user_profile", user_world.held_out, encoder, ranking, quick)
    for values in (found.bc, found.other_bc, found.cf_bc, found.rankers["bm25"], found.sc):
        assert values["model"].tolist() == [0.0] * len(found.users)
        assert values["teacher"].mean() > 0.0
    plain = found.to_dict()
    assert plain["rankers"]["bm25"]["ranker_p"] < 1e-3
    assert plain["ranker_p"] < 1e-6
    assert {"blind", "copy"} <= {finding["sign"] for finding in plain["findings"]}


def test_both_draws_stand_in_every_report(user_world, encoder, look_up, trained):
    model, quick = look_up(user_world.folded, user_world.teacher), ControlOptions(probe=False)
    popular, uniform = (
        user_consistency(
            model,
            "user_profile",
            user_world.held_out,
            encoder,
            RankOptions(trained["user_profile"], unrated=40, draw=draw),
            quick,
        )
        for draw in ("popular", "uniform")
    )
    assert popular.bc["cf"] == pytest.approx(uniform.other_bc["cf"])
    assert popular.other_ndcg["nn"] == pytest.approx(uniform.ndcg["nn"])
    assert {"BC_uniform", "NDCG_uniform"} <= set(popular.frame()["measure"])
    assert {"BC_popular", "NDCG_popular"} <= set(uniform.frame()["measure"])
    assert popular.to_dict()["uniform"]["bc_popular"] == pytest.approx(uniform.to_dict()["bc_popular"])


def test_scores_in_blocks_are_those_of_the_whole_table(monkeypatch):
    import elm.evaluation.rankers._candidates as module

    monkeypatch.setattr(module, "_BLOCK", 3)
    items, held = of_items(*map(str, range(30))), []
    for user in range(10):
        held += [(f"u{user}", str(item), 4.0) for item in range(user, user + 5)]
    held = pd.DataFrame(held, columns=["user", "item", "rating"])
    candidates = draw_candidates(held.iloc[:0], held, items, np.ones(30), unrated=8)
    whole = np.random.default_rng(0).normal(size=(10, 30))
    blocks = []

    def block(some):
        blocks.append(some)
        return whole[some]

    for count in (10, 7):
        found = picked_in_blocks(block, [candidates, candidates], count)
        want = [row.tolist() for row in candidates.picked(whole)[:count]]
        assert [[row.tolist() for row in one] for one in found] == [want, want]
    assert max(some.stop - some.start for some in blocks) == 3
    back = candidates.in_order_of(candidates.users[::-1])
    assert back.users == candidates.users[::-1]
    assert back.rows[0].tolist() == candidates.rows[-1].tolist()


def test_users_as_the_mean_vector_of_training_films_they_liked():
    films = of_items("a", "b", "c", "held")
    users = VectorTable(["u", "v", "w"], np.eye(4)[:3], films.space)
    ratings = pd.DataFrame(
        [("u", "a", 5), ("u", "b", 4), ("u", "c", 3), ("u", "held", 5), ("v", "c", 4), ("x", "a", 5)],
        columns=["user", "item", "rating"],
    )
    found = liked_vectors(users, films, ratings, ["a", "b", "c", "unknown"])
    assert found.tolist() == [[0.5, 0.5, 0, 0], [0, 0, 1, 0], [0, 0, 0, 0]]


def test_a_trained_ranker_is_its_projection_and_the_items():
    items = of_items("a", "b")
    projection = SimpleNamespace(encode=lambda texts: np.array([[1.0, 2.0]] * len(texts), np.float32))
    assert TrainedRanker(projection, items).scores(["x"]).tolist() == [[1.0, 2.0]]
