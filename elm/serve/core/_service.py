"""The functions behind page and API: each checks its request, queues the work, and gives a plain answer."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Coroutine
from functools import partial
from typing import Any, TypeVar

from elm._errors import CallError, ElmError
from elm._text.sentences import sentences
from elm._version import __version__
from elm.embeddings import VectorTable
from elm.model import GroupOptions, TextRequest, describe_groups, scored_texts, text_request, write_together
from elm.recommend import Asked, SteeredRecommender
from elm.serve._answers import (
    Edit,
    Health,
    Moved,
    Part,
    Path,
    Place,
    Profile,
    Ranked,
    Space,
    TaskInfo,
    Text,
    Texts,
)
from elm.serve.core import _entities, _paths
from elm.serve.core._lane import Lane, Stop, called, time_limit
from elm.serve.core._limits import SENTENCES, Limits
from elm.serve.core._lists import LISTS, OverTexts, list_key, made_together
from elm.serve.core._requests import Ask, Describe, Entity, ExplainEdit, Groups, Move, Recommend, WriteProfile
from elm.serve.core._served import History, Served
from elm.serve.core._usual import usual_task

T = TypeVar("T")


class Service:
    """What is served, and its three lanes: texts (the language model, in batches), lists (the recommender and the
    sentence encoder), and slow work that is done once (concepts, certificates)."""

    def __init__(self, served: Served, limits: Limits | None = None) -> None:
        self.served, self.limits = served, limits or Limits()
        waiting = self.limits.waiting
        self.texts = Lane(
            "texts",
            self._write,
            waiting=waiting,
            key=_batch_key,
            size=_batch_size,
            most=self.limits.batch,
        )
        self.lists = Lane("lists", partial(made_together, served), waiting=waiting, key=list_key, most=LISTS)
        self.slow = Lane("slow", called, waiting=waiting)
        self.lanes = (self.texts, self.lists, self.slow)
        self.stopping = False

    def warm(self) -> None:
        """Do in the background what the first caller would wait for."""
        with contextlib.suppress(ElmError):
            self.lists.submit(self._warm_lists)
            for kind in self.served.tables:
                self.slow.submit(lambda stop, kind=kind: self._known(kind))

    def _warm_lists(self, stop: Stop) -> None:
        with contextlib.suppress(ElmError):
            self.served.reader.recommend(None, "They like films.", 1.0, 1)

    def _known(self, kind: str) -> None:
        with contextlib.suppress(ElmError):
            self.served.concepts(kind)

    def close(self) -> None:
        """Take no new work and let what runs come to its end, for a few seconds."""
        self.stopping = True
        for lane in self.lanes:
            lane.close()

    def health(self) -> Health:
        waiting = {lane.name: len(lane) for lane in self.lanes}
        return Health("stopping" if self.stopping else "ready", __version__, self.served.name, waiting)

    def spaces(self) -> list[Space]:
        """The spaces that the model reads."""
        found = []
        for name in self.served.model.adapters:
            config, space = self.served.model.adapter(name).config, self.served.model.adapter(name).space()
            kinds = {kind: len(table) for kind, table in self.served.tables.items() if config.reads(table.space)}
            found.append(Space(name, space.dim, space.metric, space.fingerprint, list(config.tasks), kinds))
        return found

    def tasks(self) -> list[TaskInfo]:
        """The tasks that the model learned."""
        spaces: dict[str, list[str]] = {}
        for name in self.served.model.adapters:
            for task in self.served.model.adapter(name).config.tasks:
                spaces.setdefault(task, []).append(name)
        known = [(self.served.model.task(task), names) for task, names in spaces.items()]
        return [TaskInfo(task.id, task.reads, names, task.temperature) for task, names in known]

    async def describe(self, asked: Describe) -> Texts:
        """Texts about vectors or pairs; errors of `EmbeddingLanguageModel.describe`."""
        return await self._in_time(self._described(asked))

    async def _described(self, asked: Describe) -> Texts:
        given = _entities.together(self.served, asked.entities)
        vectors: Any = given.vectors
        space: Any = given.space
        if asked.others is not None:
            other = _entities.together(self.served, asked.others)
            vectors, space = (given.vectors, other.vectors), (given.space, other.space)
        task = asked.task or usual_task(self.served.model, given.vectors, asked.others is not None)
        request = text_request(
            self.served.model, vectors, task, space=space, seed=asked.seed, temperature=asked.temperature, n=asked.n
        )
        texts = await self._run(self.texts, request)
        outside = _entities.outside(request)
        scores: list[Any] = [None] * len(outside)
        if asked.scores or asked.n > 1:
            scores = await self._run(self.lists, lambda stop: scored_texts(request, texts))
        near: list[Any] = [[]] * len(outside)
        if asked.neighbours or asked.controls:
            k = max(asked.neighbours, 1)
            near = await self._run(self.lists, lambda stop: _entities.near(self.served, given, k))
        controls: list[Any] = [None] * len(outside)
        if asked.controls and asked.scores and asked.n == 1 and asked.others is None and all(near):
            controls = await self._controls(request, [own[0].id for own in near], task, asked)
        rows = [texts[n * asked.n : (n + 1) * asked.n] for n in range(len(outside))]
        return Texts(
            task,
            [
                Text(
                    own[0] if best is None else best.text,
                    far,
                    None if best is None else best.score,
                    control,
                    own if asked.n > 1 else [],
                    [] if best is None or asked.n == 1 else list(best.scores),
                    beside[: asked.neighbours],
                )
                for own, far, best, control, beside in zip(rows, outside, scores, controls, near, strict=True)
            ],
        )

    async def _controls(self, request: TextRequest, near: list[str], task: str, asked: Describe) -> list[float]:
        """How well the texts about the nearest neighbours fit the vectors that were asked about."""
        table = next(table for table in self.served.tables.values() if near[0] in table and _same(table, request))
        other = text_request(
            self.served.model, table.subset(near), task, seed=asked.seed, temperature=asked.temperature
        )
        texts = await self._run(self.texts, other)
        found = await self._run(self.lists, lambda stop: scored_texts(request, texts))
        return [best.score for best in found]

    def ask(self, asked: Ask) -> AsyncIterator[str]:
        """The answer to a question in pieces; errors of `EmbeddingLanguageModel.ask` come with the first."""
        first = _entities.together(self.served, [asked.entity])
        vectors: Any = first.one
        space: Any = first.space
        if asked.other is not None:
            second = _entities.together(self.served, [asked.other])
            vectors, space = (first.one, second.one), (first.space, second.space)

        def work(send: Callable[[Any], None], stop: Stop) -> None:
            pieces = self.served.model.ask(
                vectors,
                asked.question,
                space=space,
                seed=asked.seed,
                temperature=asked.temperature,
                max_new_tokens=asked.max_new_tokens,
                stream=True,
            )
            with contextlib.closing(iter_pieces(pieces)) as each:
                for piece in each:
                    if stop.is_set():
                        return
                    send(piece)

        return self.texts.stream(work, self.limits.seconds)

    async def profile(self, asked: WriteProfile) -> Profile:
        """A user in words, and where asked how far that may be trusted."""
        return await self._in_time(self._profiled(asked))

    async def _profiled(self, asked: WriteProfile) -> Profile:
        ratings = self.history(asked.user, asked.history)
        given = Entity(user=asked.user, history=asked.history)
        table = _entities.vector_of(self.served, given)
        task = asked.task or usual_task(self.served.model, table)
        request = text_request(self.served.model, table, task, seed=asked.seed)
        (text,) = await self._run(self.texts, request)
        certificate = None
        if asked.certify:
            rule = await self._run(self.slow, lambda stop: self.served.certifier(task))
            found = await self._run(self.lists, lambda stop: rule.certificates([text], table.vectors, task))
            certificate = found[0].to_dict()
        return Profile(task, text, len(ratings or {}), certificate)

    async def recommend(self, asked: Recommend) -> Ranked:
        """A list; errors of `SteeredRecommender.recommend`."""
        _check_profile(asked.profile)
        ratings = self.history(asked.user, asked.history)
        bends = Asked(asked.request, asked.standing or None, asked.concepts or None, asked.w_control)
        bent = asked.request is not None or asked.standing or asked.concepts
        ranker = self.served.ranker

        def work(stop: Stop) -> Ranked:
            if not bent:
                places = ranker.recommend(ratings, asked.profile, asked.alpha, self._k(asked.k))
                remarks = self.served.reader.remarks(asked.profile) if asked.profile and asked.why else []
                return Ranked(_places(places), remarks)
            if not isinstance(ranker, SteeredRecommender):
                raise CallError(f"{self.served.name} names no data set whose items could be judged by a request")
            told = ranker.explain(ratings, asked.profile, asked.alpha, self._k(asked.k), asked=bends)
            if not asked.why:
                return Ranked(_places(told.best), told.remarks)
            return Ranked(_places(told.best), told.remarks, told.brought, told.left_out)

        found: Ranked = await self._in_time(self._run(self.lists, OverTexts(work, [asked.profile or ""])))
        return found

    async def explain_edit(self, asked: ExplainEdit) -> Edit:
        """What an edit did; errors of `Recommender.explain_edit`, and `CallError` for an edit of too many sentences."""
        _check_profile(asked.before)
        _check_profile(asked.after)
        ratings, reader = self.history(asked.user, asked.history), self.served.reader

        def work(stop: Stop) -> Edit:
            told = reader.explain_edit(asked.before, asked.after, ratings, asked.alpha, self._k(asked.k), asked.seed)
            title = dict(zip(reader.items, reader.titles, strict=True))
            old, new = (
                _places(reader.recommend(ratings, text, asked.alpha, self._k(asked.k)))
                for text in (asked.before, asked.after)
            )
            entered, left = ({place.item for place in some} for some in (told.diff.entered, told.diff.left))
            return Edit(
                [Part(part.before, part.after, part.share, part.alone, part.undone) for part in told.parts],
                [place for place in new if place.item in entered],
                [place for place in old if place.item in left],
                [Moved(item, title[item], before, after) for item, before, after in told.diff.moved],
                list(told.remarks),
            )

        found: Edit = await self._in_time(self._run(self.lists, OverTexts(work, [asked.before, asked.after])))
        return found

    async def move(self, asked: Move) -> Path:
        """The way along concepts; errors of `CAVs.move`."""
        return await self._in_time(self._moved(asked))

    async def _moved(self, asked: Move) -> Path:
        given = _entities.together(self.served, [asked.entity])
        kind = _paths.kind_of(self.served, given)
        cavs = await self._run(self.slow, lambda stop: self.served.concepts(kind))
        way = await self._run(self.lists, lambda stop: _paths.walked(self.served, given, kind, cavs, asked))
        texts: list[Any] = [None] * asked.steps
        if asked.task is not None:
            texts = await self._run(self.texts, text_request(self.served.model, way.table, asked.task, seed=asked.seed))
        return Path(asked.task, way.points(texts))

    async def concepts(self, kind: str) -> list[str]:
        """The names of the concepts of a kind, fitted when first asked for."""
        return sorted(await self._run(self.slow, lambda stop: self.served.concepts(kind)))

    async def groups(self, asked: Groups) -> dict[str, Any]:
        """A group in words: `text` for its centroid, `apart` for what sets it apart, `nearest` members."""
        table = self.served.table(asked.kind)
        chosen = set(table.row_numbers(asked.ids).tolist())
        labels = ["these" if row in chosen else "others" for row in range(len(table))]
        task = asked.task or usual_task(self.served.model, table)
        how = GroupOptions(reading={"seed": asked.seed})
        frame = await self._run(self.texts, lambda stop: describe_groups(self.served.model, table, labels, task, how))
        row = frame[frame["label"] == "these"].iloc[0]
        near = [self.served.title(item) for item in row["nearest"]]
        return {"task": task, "size": int(row["size"]), "text": row["text"], "apart": row["apart"], "nearest": near}

    def history(self, user: str | None, history: History | None) -> History | None:
        """The ratings that a list is made from; None where nothing is known of the user."""
        if user is not None:
            return self.served.history(user) or None
        return history

    def _k(self, k: int) -> int:
        return min(k, len(self.served.ranker.items))

    def usual_task(self, entity: Entity) -> str:
        """The task of an entity where none is named."""
        return usual_task(self.served.model, _entities.together(self.served, [entity]).vectors)

    def map_points(self, kind: str, method: str) -> Callable[[Stop], dict[str, Any]]:
        """What draws the map of a kind of vectors; see `Served.map_points`."""
        self.served.table(kind)
        return lambda stop: self.served.map_points(kind, method)

    async def drawn(self, kind: str, method: str) -> dict[str, Any]:
        """The points of a map: ids, x, y, titles, texts."""
        found: dict[str, Any] = await self._run(self.slow, self.map_points(kind, method))
        return found

    def _write(self, payloads: list[Any], stop: Stop) -> list[Any]:
        """The work of the lane of texts: requests of one key in a batch, or one call."""
        if isinstance(payloads[0], TextRequest):
            return list(write_together(self.served.model, payloads, stop))
        return called(payloads, stop)

    async def _run(self, lane: Lane, payload: Any) -> Any:
        return await lane.run(payload, self.limits.seconds)

    async def _in_time(self, work: Coroutine[Any, Any, T]) -> T:
        """All the steps of a request within its seconds."""
        try:
            async with asyncio.timeout(self.limits.seconds):
                return await work
        except TimeoutError:
            raise time_limit(self.limits.seconds) from None


def _same(table: VectorTable, request: TextRequest) -> bool:
    return table.space.matches(request.read.parts[0].space)


def iter_pieces(pieces: Any) -> Any:
    """Pieces of an answer as a generator, which can be closed whatever gave them."""
    yield from pieces


def _batch_key(payload: Any) -> Any:
    return payload.key if isinstance(payload, TextRequest) else None


def _batch_size(payload: Any) -> int:
    return len(payload) if isinstance(payload, TextRequest) else 1


def _places(found: Any) -> list[Place]:
    return [Place(number, one.item, one.title, float(one.score)) for number, one in enumerate(found, start=1)]


def _check_profile(text: str | None) -> None:
    if text is not None and (count := len(sentences(text))) > SENTENCES:
        raise CallError(f"a profile has at most {SENTENCES} sentences here, got {count}; shorten it")
