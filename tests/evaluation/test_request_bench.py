"""The benchmark of requests: halves, sweeps, fronts, quality, cost, and that scored genres never teach."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from elm.data import Dataset, Facts, load
from elm.evaluation import RequestBench, bench_requests, cost_curve
from elm.evaluation.requests._protocol import chronological_halves, genre_wishes, open_wishes, user_texts
from elm.evaluation.requests._quality import distillation_quality, unwanted_share
from elm.evaluation.requests._sweep import above, best_row, front, has_genre, price, sweep
from elm.recommend import Distillation, RequestWriter, Wish, cards_of


class HashedWords:
    """A vector per text from its words, in place of a sentence encoder."""

    dim, name, fingerprint, max_tokens, prompt = 32, "hashed-words", "hashed", 256, ""

    def encode(self, texts: list[str], *_: object) -> np.ndarray:
        rows = np.zeros((len(texts), self.dim), np.float32)
        for row, text in zip(rows, texts, strict=True):
            for word in text.lower().replace(".", " ").split():
                row[sum(map(ord, word)) % self.dim] += 1
        return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)


@pytest.fixture(scope="module")
def world() -> Dataset:
    data = load("demo")
    return data.restrict(users=list(data.users.index[:30]), items=list(data.items.index[:240]))


SMALL = RequestBench(
    requests=24,
    held_out=16,
    cutoffs=(5,),
    grid=(0.0, 0.5, 0.9, 1.0),
    distillation=Distillation(requests="frozen", hidden=4, steps=3, batch=4),
)


def timed(world: Dataset) -> Dataset:
    rows = world.interactions.assign(time=np.arange(len(world.interactions))[::-1])
    return dataclasses.replace(world, interactions=rows)


def test_each_users_earlier_ratings_are_trained_on_and_the_later_ones_scored(world: Dataset) -> None:
    halves = chronological_halves(timed(world))
    assert (halves.train.multiply(halves.test)).nnz == 0
    when = timed(world).interactions.set_index(["user", "item"])["time"]
    for row, user in enumerate(halves.users):
        early = [when[user, halves.items[i]] for i in halves.train[row].indices]
        late = [when[user, halves.items[i]] for i in halves.test[row].indices]
        assert max(early) < min(late)
        assert 0 <= len(early) - len(late) <= 1


def test_requests_fit_the_user_and_know_the_earlier_half_alone(world: Dataset) -> None:
    halves = chronological_halves(world)
    other = dataclasses.replace(halves, test=halves.test * 0)
    writer, cards = RequestWriter("test"), cards_of(world).cards
    degrees = np.random.default_rng(0).random((len(writer.moods), len(halves.items)))
    for made in (lambda some: genre_wishes(some, writer), lambda some: open_wishes(some, writer, degrees)):
        assert made(halves) == made(other)
    assert user_texts(halves, cards) == user_texts(other, cards)
    wished = [wish.wanted[0] for wish in genre_wishes(halves, writer)]
    liked = [
        sum(wished[row] in halves.genres[i] for i, r in zip(line.indices, line.data, strict=True) if r >= 4)
        for row, line in enumerate(halves.train)
    ]
    assert np.mean([count > 0 for count in liked]) > 0.9


def test_a_sweep_gives_what_lists_written_by_hand_give() -> None:
    engagement = np.array([[-np.inf, 4.0, 3.0, 2.0, 1.0]])
    values = np.array([[0.9, 0.1, 0.2, 0.8, 0.9]])
    later = sparse.csr_matrix([[0, 5.0, 0, 1.0, 0]])
    satisfied = has_genre(np.array([[True, False, False, True, True]]))
    rows = sweep(np.repeat(engagement, 2, 0), np.repeat(values, 2, 0), sparse.vstack([later] * 2).tocsr(),
                 lambda best: np.repeat(satisfied(best[:1]), 2), 2, (0.0, 1.0))  # fmt: skip
    first, last = rows
    assert (first["satisfaction"], first["precision"], first["recall"]) == (0.0, 0.5, 0.5)
    assert (last["satisfaction"], last["precision"]) == (1.0, 0.5)
    assert first["ndcg"] == pytest.approx(1 / (1 + 1 / np.log2(3)))


def test_fronts_prices_and_best_rows() -> None:
    def rows(*points: tuple[float, float]) -> list[dict[str, float]]:
        return [{"w_control": w, "satisfaction": s, "ndcg": n, "precision": n}
                for w, (s, n) in zip((0.0, 0.5, 1.0), points, strict=True)]  # fmt: skip

    high, low = rows((0.2, 0.9), (0.9, 0.8), (0.9, 0.1)), rows((0.2, 0.9), (0.5, 0.8), (0.6, 0.2))
    assert best_row(high)["w_control"] == 0.5
    assert front(high) == [(0.9, 0.2), (0.8, 0.9)]
    assert above(high, low) == {"share": 1.0, "smallest": pytest.approx(0.0)}
    assert above(low, high)["share"] < 1
    assert price(high) == {"w_control": 0.5, "from": 0.2, "lost": pytest.approx(0.1)}
    assert price(low) is None


def test_quality_is_one_for_the_judge_itself_and_unknown_pairs_are_left_out() -> None:
    judged = np.random.default_rng(0).random((4, 20))
    judged[:, 3] = np.nan
    wishes = [Wish(str(n), "genre") for n in range(4)]
    found = distillation_quality(judged, judged, wishes)
    assert (found["pairs"], found["spearman"], found["per_request"]) == (76, pytest.approx(1), pytest.approx(1))
    assert distillation_quality(-judged, judged, wishes)["pearson"] == pytest.approx(-1)


def test_the_share_of_what_was_to_be_left_out_is_counted() -> None:
    masks = {"War": np.array([True, True, False, False])}
    wishes = [Wish("a", "negated", ("Comedy",), ("War",)), Wish("b", "open", ("Drama",))]
    assert unwanted_share(np.array([[0, 2], [0, 1]]), wishes, masks) == 0.5


def test_the_benchmark_runs_whole_and_a_judge_that_knows_all_is_satisfied_best(world: Dataset) -> None:
    value = bench_requests(world, HashedWords(), SMALL)
    table = value["table1"]["genre"]
    assert table["judge"]["5"]["best"]["satisfaction"] > 0.9
    assert set(table) == {"judge", "distilled", "untrained"}
    assert value["quality"]["distilled"]["pairs"] > 0
    assert {name: sorted(by_k) for name, by_k in value["history"].items()} == {"with": ["5"], "without": ["5"]}
    assert value == bench_requests(world, HashedWords(), SMALL), "one seed, one result"


def poisoned(world: Dataset, items: list[str]) -> Dataset:
    """Other genres for some items, everything else the same."""
    table = world.items.copy()
    for item in items:
        table.at[item, "genres"] = ["Western"]
    facts = world.facts
    assert facts is not None
    told = facts.items.copy()
    told["genres"] = pd.Series(table["genres"])
    return dataclasses.replace(world, items=table, facts=Facts(told, facts.users))


@pytest.mark.slow
@pytest.mark.parametrize("with_other", [False, True])
def test_genres_of_scored_items_never_go_into_the_values_that_are_scored(world: Dataset, with_other: bool) -> None:
    """Each half's values come from the other half's labels: other genres in one half leave its own values alone."""
    from elm.evaluation.requests import _bench

    items = list(world.items.index)
    order = np.random.default_rng(SMALL.seed).permutation(len(items))
    half = [items[place] for place in np.sort(order[0::2])]
    texts = [wish.text for wish in RequestWriter("train").draw(24, np.random.default_rng(0))]
    other = load("demo").restrict(users=[], items=list(load("demo").items.index[300:420])) if with_other else None

    def values(data: Dataset) -> np.ndarray:
        read, told = cards_of(data, items, kinds=False), cards_of(data, items)
        base = _bench.EncoderValues.of(HashedWords(), read).table
        learning = _bench._Learning(HashedWords(), texts, SMALL, lambda name, make: make(), False)
        taught = None if other is None else _bench._others(data, other, SMALL)
        judge, *others = _bench.one_judge(told, *(taught or ())[1:])
        pair = None if taught is None else (taught[0], others[0])
        found = learning.distilled(_bench._Known(read, judge, base), pair)[0]
        return np.asarray(found.values(["Got any comedy movies?"])[0])

    plain, changed = values(world), values(poisoned(world, half))
    own = np.isin(items, half)
    assert np.array_equal(plain[own], changed[own])
    assert with_other == np.array_equal(plain[~own], changed[~own]), "the other half's labels do teach, where asked to"


def test_the_cost_curve_measures_every_pair() -> None:
    rows = cost_curve(HashedWords().encode, ["comedies", "war films"], [50, 200], [1, 4], judge_seconds=0.5)
    assert [(row["items"], row["requests"]) for row in rows] == [(50, 1), (50, 4), (200, 1), (200, 4)]
    assert all(row["seconds"] > 0 and row["measured"] == 1 for row in rows)
    assert rows[-1]["direct"] == 0.5 * 200 * 4
    assert "bare" in rows[0]
