"""`elm bench request`: a judge, what was distilled from it, and the untrained encoder, on one engagement model."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from elm._errors import CallError
from elm.data import Dataset
from elm.embeddings import VectorTable
from elm.evaluation.requests._choosing import choose, way
from elm.evaluation.requests._history import with_history
from elm.evaluation.requests._one_judge import PartOfJudge, one_judge
from elm.evaluation.requests._protocol import Halves, chronological_halves, genre_wishes, open_wishes
from elm.evaluation.requests._quality import distillation_quality, unwanted_share
from elm.evaluation.requests._sweep import GRID, above, best_row, has_genre, judged, price, sweep
from elm.recommend import (
    BiVAERanker,
    Cards,
    Distillation,
    Distilled,
    EncoderValues,
    FactJudge,
    HeldOut,
    RequestValues,
    RequestWriter,
    Wish,
    cards_of,
    combine,
    distil,
    fit_backbone,
    guard_wording,
    item_table,
)

Table = Callable[[str, Callable[[], VectorTable]], VectorTable]
"""(name, make) -> the vectors of that name, made or kept from before."""


@dataclass(frozen=True)
class RequestBench:
    """What is measured.

    sources: of the texts that the encoder reads; judge_sources: that the training judge reads, beside genres;
    feed_sources: that the judge of feeds reads (None: the facts of a generated world, or the judge's). requests: how
    many are trained on; held_out: how many the quality is measured on. ways: names of `choose`, of which the best by
    training wordings and items kept for that is taken; without, `distillation` is taken as it is.
    """

    engagement: str = "ease"
    sources: tuple[str, ...] | None = None
    judge_sources: tuple[str, ...] | None = None
    feed_sources: tuple[str, ...] | None = None
    requests: int = 3000
    held_out: int = 200
    cutoffs: tuple[int, ...] = (5, 10)
    grid: tuple[float, ...] = GRID
    users: int | None = None
    seed: int = 0
    distillation: Distillation = field(default_factory=Distillation)
    ways: tuple[str, ...] = ()


def bench_requests(
    dataset: Dataset,
    encoder: Any,
    options: RequestBench | None = None,
    *,
    teach: Dataset | None = None,
    table: Table = lambda name, make: make(),
    progress: bool = False,
) -> dict[str, Any]:
    """Table 1, the fronts of Figures 4 and 7 to 9, the quality of Figure 6, and what negations do.

    One judge values both what is trained on and what is scored (`one_judge`), and what it says of the first never comes
    from the genres that score: with `teach`, another data set, it is trained on the items
    of that one (those with a title of `dataset` are left out); without, the catalogue is cut in two, and the values of
    each half come from a model that was trained on the other. Test requests share no run of three words with those
    that are trained on.

    table: (name, make) -> the encoder's vectors of items, so that they can be kept. Raises `CallError` for a data set
    without texts.
    """
    options = options or RequestBench()
    if not dataset.sources and dataset.facts is None:
        raise CallError(f"{dataset.name} has no texts for requests to be judged by; join some first")
    halves = chronological_halves(dataset, options.seed, options.users)
    rng = np.random.default_rng(options.seed + 1)
    train, test = RequestWriter("train"), RequestWriter("test")
    asked = [wish.text for wish in train.draw(options.requests, rng)]
    held = test.draw(options.held_out, rng)
    told = cards_of(dataset, halves.items, options.judge_sources)
    taught = None if teach is None else _others(dataset, teach, options)
    judge, *judges = one_judge(told, *(() if taught is None else taught[1:]))
    moods = np.stack([judge.degrees(name) for name in test.moods])
    wishes = {"genre": genre_wishes(halves, test, options.seed), "open": open_wishes(halves, test, moods, options.seed)}
    guard_wording(asked, [wish.text for some in (*wishes.values(), held) for wish in some])
    read = cards_of(dataset, halves.items, options.sources, kinds=False)
    base = table("items", lambda: EncoderValues.of(encoder, read, progress).table)
    learning = _Learning(encoder, asked, options, table, progress)
    distilled, losses, choice = learning.distilled(
        _Known(read, judge, base), None if taught is None else (taught[0], judges[0])
    )
    methods: Mapping[str, RequestValues] = {
        "judge": judge,
        "distilled": distilled,
        "untrained": EncoderValues(encoder, base, halves.items),
    }
    engagement = engagement_scores(halves, options)
    feed = FactJudge(cards_of(dataset, halves.items, options.feed_sources, kinds=options.feed_sources is None))
    genre_masks = {name: halves.has(name) for name in {genre for found in halves.genres for genre in found}}
    rows = {}
    for kind, some in wishes.items():
        texts = [wish.text for wish in some]
        if kind == "genre":
            satisfied = has_genre(np.stack([genre_masks[wish.wanted[0]] for wish in some]))
        else:
            satisfied = judged(feed.values(texts))
        values = {name: _values(method, texts) for name, method in methods.items()}
        rows[kind] = {
            name: {str(k): sweep(engagement, found, halves.test, satisfied, k, options.grid) for k in options.cutoffs}
            for name, found in values.items()
        }
    truth = judge.values([wish.text for wish in held])
    predicted = {name: methods[name].values([wish.text for wish in held]) for name in ("distilled", "untrained")}
    quality = {name: distillation_quality(found, truth, held) for name, found in predicted.items()}
    return {
        "dataset": dataset.name,
        "users": len(halves.users),
        "items": len(halves.items),
        "engagement": options.engagement,
        "rows": rows,
        "table1": _table1(rows),
        "fronts": _fronts(rows),
        "quality": quality,
        "negation": _negation(halves, engagement, methods, held, genre_masks),
        "losses": losses,
        "choice": choice,
        "history": with_history(halves, told, engagement, judge, wishes["open"], feed, options.cutoffs, options.grid),
        "pairs": {name: _sample(method_values, truth) for name, method_values in predicted.items()},
    }


def engagement_scores(halves: Halves, options: RequestBench) -> np.ndarray:
    """(users, items) of the engagement model, trained on the earlier halves alone; -inf for what is rated there."""
    if options.engagement == "bivae":
        return np.asarray(BiVAERanker.fit(halves.train, seed=options.seed).scores(halves.train), dtype=np.float64)
    validation = HeldOut.fold_in(halves.train[: max(2, len(halves.users) // 10)], seed=options.seed)
    model = fit_backbone(options.engagement, halves.train, validation, seed=options.seed)
    return np.asarray(model.scores(halves.train), dtype=np.float64)


@dataclass(frozen=True)
class _Learning:
    """How what is measured is learned."""

    encoder: Any
    asked: Sequence[str]
    options: RequestBench
    table: Table
    progress: bool

    def distilled(
        self, own: _Known, taught: tuple[Cards, PartOfJudge] | None
    ) -> tuple[RequestValues, list[Any], list[dict[str, Any]]]:
        """Values of the whole catalogue that no genre of it went into, the losses of training, and how ways did."""
        if taught is None:
            return self._crossed(own)
        vectors = self.table("teach", lambda: EncoderValues.of(self.encoder, taught[0], self.progress).table)
        model, losses, choice = self._distil(_Known(*taught, vectors))
        return _moved(model, own.cards, own.base), [losses], choice

    def _crossed(self, own: _Known) -> tuple[RequestValues, list[Any], list[dict[str, Any]]]:
        order = np.random.default_rng(self.options.seed).permutation(len(own.cards))
        parts = [[own.cards.items[place] for place in np.sort(order[start::2])] for start in (0, 1)]
        made, losses, choice = [], [], []
        for items in parts:
            model, lost, rows = self._distil(own.subset(items))
            made.append(_moved(model, own.cards, own.base))
            losses.append(lost)
            choice += rows
        return _Crossed(own.cards.items, made, parts), losses, choice

    def _distil(self, known: _Known) -> tuple[Distilled, list[Any], list[dict[str, Any]]]:
        how, ways, rows = self.options.distillation, self.options.ways, []
        if ways:
            rows = choose(self.encoder, known.cards, known.judge, known.base, ways, how, len(self.asked), self.progress)
            how = way(rows[0]["way"], how)
        model, losses = distil(
            self.encoder, known.cards, known.judge, self.asked, how, base=known.base, progress=self.progress
        )
        return model, losses, rows


@dataclass(frozen=True)
class _Known:
    """Items to learn from: their texts, what a judge says of them, and the encoder's vectors."""

    cards: Cards
    judge: PartOfJudge
    base: VectorTable

    def subset(self, items: Sequence[str]) -> _Known:
        base = self.base.subset([item for item in items if item in self.base])
        return _Known(self.cards.subset(items), self.judge.subset(items), base)


def _others(dataset: Dataset, teach: Dataset, options: RequestBench) -> tuple[Cards, Cards]:
    """What the encoder and what the judge reads of the items of `teach` that `dataset` has not."""
    titles = {_plain(title) for title in dataset.items["title"]}
    ids = [str(item) for item, title in teach.items["title"].items() if _plain(str(title)) not in titles]

    def among(sources: tuple[str, ...] | None) -> tuple[str, ...] | None:
        return None if sources is None else tuple(name for name in sources if name in teach.sources)

    return cards_of(teach, ids, among(options.sources), kinds=False), cards_of(teach, ids, among(options.judge_sources))


def _moved(model: Distilled, cards: Cards, base: VectorTable) -> Distilled:
    """A distilled model over the items of other cards."""
    return Distilled(model.f, model.g, item_table(model.g, cards, base), model.offset, cards.items)


class _Crossed:
    """Values of each half of a catalogue by the model that was trained on the other half."""

    def __init__(self, items: Sequence[str], models: Sequence[Distilled], parts: Sequence[Sequence[str]]) -> None:
        self.items, self._models = list(items), models
        first = set(parts[0])
        self._by_second = np.array([item in first for item in self.items])

    def values(self, requests: Sequence[str], users: Sequence[str] | None = None) -> np.ndarray:
        first, second = (model.values(requests, users) for model in self._models)
        return np.where(self._by_second, second, first)


def _sample(predicted: np.ndarray, judged_values: np.ndarray, most: int = 1000) -> list[list[float]]:
    """Some pairs of predicted and judged values, for a picture."""
    known = np.flatnonzero(np.isfinite(predicted) & np.isfinite(judged_values))
    drawn = known[:: max(1, len(known) // most)]
    return [np.round(table.ravel()[drawn].astype(float), 3).tolist() for table in (predicted, judged_values)]


def _plain(title: str) -> str:
    return "".join(letter for letter in title.lower() if letter.isalnum())


def _values(method: RequestValues, texts: Sequence[str]) -> np.ndarray:
    """The values of each user's request; those of equal requests are computed once."""
    distinct = list(dict.fromkeys(texts))
    found = method.values(distinct)
    place = {text: row for row, text in enumerate(distinct)}
    return np.asarray(found[[place[text] for text in texts]], dtype=np.float64)


def _table1(rows: Mapping[str, Any]) -> dict[str, Any]:
    """Kind -> method -> k -> the best row, and what 0.9 of satisfaction costs in precision."""
    return {
        kind: {
            name: {k: {"best": best_row(found), "price_of_0.9": price(found)} for k, found in by_k.items()}
            for name, by_k in methods.items()
        }
        for kind, methods in rows.items()
    }


def _fronts(rows: Mapping[str, Any]) -> dict[str, Any]:
    """Kind -> k -> where the distilled front lies against the untrained one."""
    return {
        kind: {k: above(methods["distilled"][k], methods["untrained"][k]) for k in methods["distilled"]}
        for kind, methods in rows.items()
    }


def _negation(
    halves: Halves,
    engagement: np.ndarray,
    methods: Mapping[str, RequestValues],
    held: Sequence[Wish],
    masks: dict[str, np.ndarray],
    k: int = 10,
    w: float = 0.9,
) -> dict[str, float]:
    """Method -> the share of what was to be left out in the first ten, over requests "X but not Y" of genres."""
    some = [wish for wish in held if wish.wanted and wish.unwanted and wish.unwanted[0] in masks]
    if not some:
        return {}
    users = engagement[np.arange(len(some)) % len(engagement)]
    found = {"requests": float(len(some))}
    for name, method in methods.items():
        mixed = combine(users, method.values([wish.text for wish in some]), w)
        found[name] = unwanted_share(np.argsort(-mixed, axis=1, kind="stable")[:, :k], some, masks)
    plain = np.argsort(-users, axis=1, kind="stable")[:, :k]
    return {**found, "engagement alone": unwanted_share(plain, some, masks)}
