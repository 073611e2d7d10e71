"""A deterministic encoder, small describers and small worlds with answers that can be proved."""

from types import SimpleNamespace

import numpy as np
import pytest
from word_hash_encoder import WordHashEncoder

from elm.data import demo, make_films, split_entities, split_ratings
from elm.embeddings import EmbeddingSpace, VectorTable, fold_in, wals
from elm.evaluation import Collaborative, HeldOutItems, HeldOutUsers, TrainedRanker
from elm.tasks import TemplateTeacher, TraitReader, generated_facts


class LookUp:
    """Writes the teacher's text of the entity whose vector is nearest in its table: a model that knows the answer."""

    def __init__(self, table, teacher):
        self.table, self.teacher = table, teacher

    def describe(self, vectors, task, *, seed=0):
        if isinstance(vectors, tuple):
            return [self.teacher.write(pair, task) for pair in zip(*map(self.found, vectors), strict=True)]
        return [self.teacher.write(item, task) for item in self.found(vectors)]

    def found(self, vectors):
        if self.table.space.metric == "cosine":
            nearest = (vectors @ self.table.vectors.T).argmax(1)
        else:
            nearest = ((vectors[:, None] - self.table.vectors[None]) ** 2).sum(-1).argmin(1)
        return [self.table.ids[row] for row in nearest]


class Blind:
    """Ignores its vectors and writes one of the teacher's texts after another."""

    def __init__(self, ids, teacher):
        self.ids, self.teacher = ids, teacher

    def describe(self, vectors, task, *, seed=0):
        return [self.teacher.write(self.ids[row % len(self.ids)], task) for row in range(len(vectors))]


@pytest.fixture(scope="session")
def word_hash():
    return WordHashEncoder


@pytest.fixture
def encoder():
    return WordHashEncoder()


@pytest.fixture(scope="session")
def film_world():
    """200 demo films with vectors of their facts by the hashing encoder, and a teacher for all of them."""
    films = make_films(200, seed=3)
    facts = {str(item): generated_facts(film) for item, film in films.iterrows()}
    vectors = WordHashEncoder().encode([film.line() for film in facts.values()])
    table = VectorTable(list(facts), vectors, EmbeddingSpace.fit("hash", vectors, "cosine", {}, "hash"))
    ids, teacher = list(films.index), TemplateTeacher(facts, seed=0)
    return SimpleNamespace(
        films=films,
        facts=facts,
        table=table,
        train=ids[:150],
        test=ids[150:],
        teacher=teacher,
        held_out=HeldOutItems(table, ids[:150], ids[150:], facts, teacher),
    )


@pytest.fixture(scope="session")
def user_world():
    """A small demo world: WALS on training users, held-out users in two parts, facts read from ratings alone."""
    data = demo(n_films=500, n_users=400, seed=1)
    split = split_entities(data.users.index, validation=0.0, test=0.25, seed=0)
    ratings = data.interactions[data.interactions["user"].isin(split.train)]
    users, items = wals(ratings, factors=16, iterations=8)
    others = data.interactions[data.interactions["user"].isin(split.test)]
    inputs, held = split_ratings(others, 0.8, seed=0)
    reader = TraitReader(data)
    facts = reader.read_all(ratings) | reader.read_all(inputs)
    folded = fold_in(items, inputs[inputs["item"].isin(items.ids)], users=users)
    return SimpleNamespace(
        data=data,
        users=users,
        items=items,
        ratings=ratings,
        inputs=inputs,
        held=held,
        facts=facts,
        folded=folded,
        teacher=TemplateTeacher(facts, seed=0),
        held_out=HeldOutUsers(Collaborative(users, items, ratings), inputs, held, facts),
    )


@pytest.fixture(scope="session")
def trained(user_world):
    """Task -> the ranker that `user_consistency` would fit, made once."""
    return {
        task: TrainedRanker.fit(
            WordHashEncoder(),
            [user_world.teacher.write(user, task) for user in user_world.users.ids],
            user_world.users.vectors,
            user_world.items,
        )
        for task in ("user_profile", "user_summary")
    }


@pytest.fixture
def look_up():
    return LookUp


@pytest.fixture
def blind():
    return Blind


class AxisEncoder:
    """Reads texts "joke joke plain ...": the share of jokes on axis 0, the other words on axes of their own."""

    def encode(self, texts):
        rows = np.array([[t.split().count(w) for w in ("joke", "plain", "tree", "stone")] for t in texts], float)
        return (rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)).astype(np.float32)


class Reader:
    """Writes each axis of the vector as often as it weighs."""

    def describe(self, vectors, task, *, seed=0):
        words = ("joke", "plain", "tree", "stone")
        return [
            " ".join(w for w, v in zip(words, row, strict=True) for _ in range(round(20 * max(v, 0)) + 1))
            for row in vectors
        ]


@pytest.fixture
def axes():
    """80 unit vectors on four axes, each a word; a model that writes the words and an encoder that counts them."""
    vectors = np.random.default_rng(0).random((80, 4)) + 0.2
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    space = EmbeddingSpace.fit("axes", vectors, "cosine", {}, "a")
    table = VectorTable([f"i{n}" for n in range(80)], vectors, space)
    return SimpleNamespace(table=table, model=Reader(), encoder=AxisEncoder())
