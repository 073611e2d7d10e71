"""Training examples: what is drawn, what stands in a row, what lies on disk, and what would leak."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from datasets import Dataset, DatasetDict, load_from_disk
from hypothesis import given, settings
from hypothesis import strategies as st

from elm._errors import CallError, DataFileError, LeakageError, TeacherError, UnknownNameError
from elm.data import PARTS, EntitySplit, demo, split_entities
from elm.embeddings import EmbeddingSpace, VectorTable, nearest
from elm.tasks import (
    PAPER,
    SMALL,
    ExamplePlan,
    ExampleSource,
    ItemBrief,
    TemplateTeacher,
    TraitReader,
    all_tasks,
    build_examples,
    get,
    item_facts,
    leakage_report,
    load_examples,
    save_examples,
)
from elm.tasks.examples._build import COLUMNS, draw_entities

FILM_TASKS = tuple(task.id for task in all_tasks("item", "pair", "neighbours"))


def table(ids: list[str], name: str = "minilm", seed: int = 0) -> VectorTable:
    vectors = np.random.default_rng(seed).normal(size=(len(ids), 8)).astype(np.float32)
    return VectorTable(ids, vectors, EmbeddingSpace.fit(name, vectors, "cosine", {}, "f"))


@pytest.fixture(scope="module")
def films() -> ExampleSource:
    world = demo(n_films=60, n_users=30)
    ids = [str(i) for i in world.items.index]
    teacher = TemplateTeacher({i: item_facts(world, i) for i in ids})
    return ExampleSource(table(ids), teacher, FILM_TASKS, split_entities(ids, 0.2, 0.2))


@pytest.fixture(scope="module")
def users() -> ExampleSource:
    world = demo(n_films=60, n_users=30)
    facts = TraitReader(world).read_all(world.interactions)
    return ExampleSource(
        table(list(facts), "wals", 1), TemplateTeacher(facts), ("user_profile",), split_entities(facts, 0, 0.2)
    )


@pytest.fixture(scope="module")
def examples(films: ExampleSource, users: ExampleSource) -> DatasetDict:
    return build_examples([films, users], ExamplePlan(train=600, validation=None, test=100, variants=2))


def test_rows_are_what_a_trainer_needs(examples: DatasetDict, films: ExampleSource, users: ExampleSource) -> None:
    sources = {"minilm": films, "wals": users}
    assert list(examples) == list(PARTS)
    for part, rows in examples.items():
        assert rows.column_names == list(COLUMNS)
        for row in rows:
            source, task = sources[row["space"]], get(row["task"])
            assert set(row["entities"]) <= set(getattr(source.split, part))
            assert len(row["entities"]) == len(task.marks) == len(set(row["entities"]))
            assert row["prompt"] == task.prompt
            entity = row["entities"][0] if len(row["entities"]) == 1 else tuple(row["entities"])
            assert row["text"] == source.teacher.write(entity, task, row["variant"])
            assert row["domain"] == "films"
        keys = [(r["task"], *r["entities"], r["variant"]) for r in rows]
        assert len(set(keys)) == len(keys)


def test_counts_are_those_of_the_plan(examples: DatasetDict, users: ExampleSource) -> None:
    spaces = {part: Counter(rows["space"]) for part, rows in examples.items()}
    assert spaces["train"] == {"minilm": 600, "wals": 2 * len(users.split.train)}  # fewer users than were asked for
    assert spaces["validation"] == {"minilm": 12 * 2 * len(FILM_TASKS)}  # there are no users in this part
    assert spaces["test"] == {"minilm": 100, "wals": 2 * len(users.split.test)}
    tasks = Counter(task for task in examples["train"]["task"] if task != "user_profile")
    assert set(tasks) == set(FILM_TASKS)
    assert max(tasks.values()) - min(tasks.values()) <= 1


def test_the_same_arguments_give_the_same_rows(films: ExampleSource) -> None:
    one, same, other = (build_examples([films], SMALL, seed=seed) for seed in (0, 0, 1))
    assert one["test"].to_list() == same["test"].to_list()
    assert one["test"]["entities"] != other["test"]["entities"]
    assert one["train"]["task"][:40] != sorted(one["train"]["task"][:40])  # in a random order


IDS = st.lists(st.integers(0, 99).map(lambda n: f"f{n}"), min_size=2, max_size=12, unique=True)


@settings(max_examples=60, deadline=None)
@given(
    IDS,
    st.sampled_from(["summary", "similarities", "why_like_nn"]),
    st.integers(1, 4),
    st.integers(1, 4),
    st.one_of(st.none(), st.integers(0, 60)),
    st.integers(0, 3),
)
def test_what_is_drawn(ids: list[str], id: str, variants: int, near: int, count: int | None, seed: int) -> None:
    world, task, plan = table(sorted(ids)), get(id), ExamplePlan(variants=variants, near=near)
    drawn = draw_entities(world, ids, task, count, plan, seed)
    assert drawn == draw_entities(world, ids[::-1], task, count, plan, seed)
    assert len(set(drawn)) == len(drawn) <= (len(drawn) if count is None else count)
    firsts = Counter(entity if isinstance(entity, str) else entity[0] for entity, _ in drawn)
    assert max(firsts.values(), default=0) - min((firsts[i] for i in ids), default=0) <= 1  # all have their turn
    for entity, variant in drawn:
        assert variant < variants
        if id == "summary":
            assert entity in ids
            continue
        first, second = entity
        assert first != second
        assert {first, second} <= set(ids)
        if id == "why_like_nn":
            among = world.subset(ids)
            assert second in nearest(among, among[first], min(near, len(ids) - 1), [first])[0][0]


@settings(max_examples=40, deadline=None)
@given(st.integers(6, 40), st.floats(0.1, 0.4), st.floats(0.1, 0.4), st.integers(0, 5))
def test_parts_share_no_entity(n: int, validation: float, test: float, seed: int) -> None:
    ids = [f"f{k}" for k in range(n)]
    split = split_entities(ids, validation, test, seed)
    world, plan = table(ids), ExamplePlan(variants=2, near=2)
    seen: list[set[str]] = []
    for part in PARTS:
        own = getattr(split, part)
        if len(own) > 1:
            drawn = [draw_entities(world, own, get(id), None, plan, seed) for id in ("interpolation", "diff_than_nn")]
            seen.append({id for rows in drawn for entity, _ in rows for id in entity})
    assert all(not one & other for k, one in enumerate(seen) for other in seen[:k])


def test_the_papers_numbers() -> None:
    assert (PAPER.test, PAPER.steps, PAPER.batch) == (1000, (20_000, 300_000), 32)
    users = PAPER.split([f"u{n}" for n in range(1000)], users=True)
    assert (len(users.train), len(users.validation), len(users.test)) == (800, 0, 200)
    films = PAPER.split([f"f{n}" for n in range(62_423)])  # MovieLens 25M
    assert len(films.test) * 24 > 1000
    epochs = sum(PAPER.steps) * PAPER.batch / (len(films.train) * 24)
    assert 6.5 < epochs < 7.5


def test_pairs_need_two_items_in_a_part(films: ExampleSource) -> None:
    lonely = replace(films, split=EntitySplit(films.split.train, films.split.validation, films.split.test[:1]))
    with pytest.raises(CallError, match="'similarities' is about two items, and a part of the split holds 1"):
        build_examples([lonely], SMALL)
    assert len(build_examples([replace(lonely, tasks=("summary",))], SMALL)["test"]) == 1


class Silent:
    """A teacher that gives up what has an odd number, or everything."""

    def __init__(self, everything: bool = False) -> None:
        self.everything, self.asked = everything, []

    def write(self, entity: Any, task: Any, variant: int = 0) -> str:
        return f"{entity} {task.id} {variant}"

    def write_all(
        self, entities: Any, task: Any, variant: int = 0, progress: bool = False, on_failure: str = "raise"
    ) -> list[str]:
        assert on_failure == "skip"
        self.asked.append((len(entities), task.id, variant))
        return ["" if self.everything or int(str(e)[1:]) % 2 else self.write(e, task, variant) for e in entities]


def test_texts_that_a_teacher_gives_up_are_left_out(films: ExampleSource) -> None:
    teacher = Silent()
    made = build_examples([replace(films, teacher=teacher, tasks=("summary",))], ExamplePlan(variants=2))
    assert all(int(row["entities"][0][1:]) % 2 == 0 for row in made["train"])
    assert teacher.asked[:2] == [(36, "summary", 0), (36, "summary", 1)]  # many at once
    with pytest.raises(TeacherError, match="'summary' should have texts in part train, but the teacher gave up all"):
        build_examples([replace(films, teacher=Silent(True), tasks=("summary",))])


def test_wrong_sources_are_refused(films: ExampleSource) -> None:
    with pytest.raises(CallError, match="examples are made of at least one source"):
        build_examples([])
    with pytest.raises(CallError, match="space 'minilm' needs at least one task"):
        replace(films, tasks=())
    with pytest.raises(UnknownNameError, match="did you mean 'summary'"):
        replace(films, tasks=("sumary",))
    with pytest.raises(UnknownNameError, match="unknown id 'f999'"):
        replace(films, split=EntitySplit(["f999"], [], []))
    with pytest.raises(CallError, match="one variant and one neighbour or more, got 0 and 1"):
        ExamplePlan(variants=0)
    with pytest.raises(CallError, match="got test=-1"):
        ExamplePlan(test=-1)


# On disk


def test_examples_are_saved_whole_and_read_back(examples: DatasetDict, tmp_path: Path) -> None:
    folder = save_examples(examples, tmp_path / "examples")
    again = load_examples(folder)
    assert {part: rows.to_list() for part, rows in again.items()} == {p: rows.to_list() for p, rows in examples.items()}
    smaller = DatasetDict({"train": examples["train"].select(range(5))})
    save_examples(smaller, folder)  # a part that the new examples do not have goes
    assert {part: rows.num_rows for part, rows in load_examples(folder).items()} == {"train": 5}
    assert load_from_disk(str(folder))["train"].num_rows == 5  # as anyone reads them


def test_examples_stream(examples: DatasetDict, tmp_path: Path) -> None:
    stream = load_examples(save_examples(examples, tmp_path / "e"))["train"].to_iterable_dataset(num_shards=4)
    shuffled = stream.shuffle(seed=1, buffer_size=50)
    texts = [row["text"] for row in shuffled]
    assert Counter(texts) == Counter(examples["train"]["text"])
    assert texts != [row["text"] for row in stream]
    assert next(iter(stream.batch(8)))["prompt"][0].count("<|vector|>") == 1


def test_damaged_examples_are_refused(examples: DatasetDict, tmp_path: Path) -> None:
    folder = save_examples(examples, tmp_path / "e")
    arrow = next((folder / "test").glob("*.arrow"))
    arrow.write_bytes(arrow.read_bytes()[:200])
    with pytest.raises(DataFileError, match="cannot be read"):
        load_examples(folder)
    (folder / "examples.json").write_text('{"format": 1, "examples": {"train": 7}}')
    with pytest.raises(DataFileError, match=r"cannot be read|does not hold the examples"):
        load_examples(folder)
    (folder / "examples.json").write_text("{}")
    with pytest.raises(DataFileError, match="does not describe examples of this version"):
        load_examples(folder)
    with pytest.raises(DataFileError, match=r"examples.json is missing"):
        load_examples(tmp_path)
    with pytest.raises(CallError, match="part 'train' lacks task, space"):
        save_examples(DatasetDict({"train": Dataset.from_dict({"text": ["a"]})}), tmp_path / "x")


# Leakage


def part(rows: list[tuple[list[str], str]], **same: str) -> Dataset:
    fixed = {"task": "summary", "space": "minilm", "domain": "films", "prompt": "p", "variant": 0, **same}
    return Dataset.from_list([{**fixed, "entities": ids, "text": text} for ids, text in rows])


def test_what_leaks_is_counted(examples: DatasetDict) -> None:
    ids = ["a", "b", "c", "d"]
    vectors = np.array([[1, 0], [0, 1], [2, 0.01], [0, 0]], dtype=np.float32)
    tables = {"minilm": VectorTable(ids, vectors, EmbeddingSpace.fit("minilm", vectors, "dot", {}, "f"))}
    briefs = {"films": {"b": ItemBrief("Zanzibar"), "c": ItemBrief("Heat"), "d": ItemBrief("Quux")}}
    made = DatasetDict(
        {
            "train": part([(["a"], "one"), (["b"], "In ZANZIBAR."), (["b"], "one")]),
            "test": part([(["c"], "one"), (["c"], "two"), (["d"], "one"), (["c", "d"], "of Quux")]),
        }
    )
    report = leakage_report(made, tables, briefs)
    assert report.examples == {"train": 3, "test": 4}
    assert report.entities == {"train/test": 0}
    assert report.texts == {"train/test": 2}
    assert report.copied == 0.5
    assert report.vectors == {"train/test": 1}  # c points where a does
    assert report.names == {"train": 1, "test": 1}
    assert "50.0% of the test texts stand in the training part word for word" in report.lines()
    assert leakage_report(made, tables, near=0.99999).vectors == {"train/test": 0}
    bare = leakage_report(examples)
    assert bare.names == bare.vectors == {}
    assert bare.entities == {"train/validation": 0, "train/test": 0, "validation/test": 0}


def test_a_shared_entity_is_an_error() -> None:
    train = part([(["a"], "one"), (["b", "c"], "two")])
    with pytest.raises(LeakageError, match=r"train and test share 1 \(item 'c' of films\): split by entity"):
        leakage_report(DatasetDict({"train": train, "test": part([(["c"], "three")])}))
    # an item in another space is still that item; a user of that id is not
    with pytest.raises(LeakageError, match="train and validation share 1"):
        leakage_report(DatasetDict({"train": train, "validation": part([(["c"], "three")], space="wals")}))
    leakage_report(DatasetDict({"train": train, "test": part([(["c"], "three")], task="user_profile", space="wals")}))
    leakage_report(DatasetDict({"train": train, "test": part([(["c"], "three")], domain="products")}))
