"""Where concepts come from: tags with their kinds, the genome, genres, facts, named items, sentences."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest

from elm._errors import CallError, UnknownNameError
from elm.cav import (
    fact_concepts,
    fit,
    from_sentences,
    genome_concepts,
    genre_concepts,
    named_items,
    tag_concepts,
    tag_disagreement,
    tag_table,
)
from elm.data import ATTRIBUTES, Dataset, demo
from elm.embeddings import EmbeddingSpace, VectorTable


@pytest.fixture(scope="module")
def world() -> Dataset:
    return demo(n_films=120, n_users=30)


@pytest.fixture(scope="module")
def table(world: Dataset) -> VectorTable:
    """Vectors of the first 100 films: their attributes and noise."""
    facts = world.facts.items.iloc[:100]  # type: ignore[union-attr]
    vectors = np.hstack([facts[list(ATTRIBUTES)].to_numpy(dtype=float), np.random.default_rng(0).normal(size=(100, 4))])
    return VectorTable(list(facts.index), vectors, EmbeddingSpace.fit("toy", vectors, "dot", {}, "enc"))


def uses(tag: str, users: Sequence[str], items: Sequence[str]) -> list[tuple[str, str, str]]:
    return [(user, item, tag) for user, item in zip(users, items, strict=True)]


@pytest.fixture(scope="module")
def tags() -> pd.DataFrame:
    films, people = [f"f{i}" for i in range(1, 61)], [f"u{i}" for i in range(10)]
    rows = [
        *uses("Dark", people * 3, films[:30]),
        *uses("dark ", people, films[:10]),
        *uses("Johnny Depp", people * 2, films[10:30]),
        *uses("johnny depp", people[:2], films[30:32]),
        *uses("on DVR", people * 2, films[20:40]),
        *uses("Seen more than once", people * 2, films[30:50]),
        *uses("my mood", people * 2, films[30:50]),
        *uses("owls", ["u0"] * 19 + ["u1", "u2", "u3", "u4", "u5"][:1], films[40:60]),
        *uses("oddity", ["u0", "u1", "u2", "u3"] * 5, films[40:60]),
        *uses("one lover", ["u9"] * 40 + people[:5], films[:45]),
        *uses("funny", people * 2, films[40:60]),
    ]
    return pd.DataFrame(rows, columns=["user", "item", "tag"])


def test_tags_are_parted_by_what_they_speak_of(tags: pd.DataFrame) -> None:
    about = tag_table(tags)
    assert about["kind"].to_dict() == {
        "dark": "concept",
        "funny": "concept",
        "johnny depp": "name",
        "on dvr": "availability",
        "seen more than once": "personal",
        "my mood": "personal",
        "owls": "personal",
        "oddity": "personal",
        "one lover": "personal",
    }
    assert about.loc["dark", ["items", "users", "uses"]].tolist() == [30, 10, 40]
    assert about.loc["johnny depp", "why"] == "written in capitals in 91% of its uses"
    assert about.loc["one lover", "why"] == "one user made 89% of its uses"
    assert (about.loc["oddity", "why"], about.loc["owls", "why"]) == ("4 users", "2 users")
    assert about.loc["on dvr", "why"] == "says 'dvr'"
    assert about["items"].is_monotonic_decreasing
    assert tag_table(tags, min_users=4).loc["oddity", "kind"] == "concept"


def test_words_of_the_film_are_not_taken_for_the_taggers() -> None:
    """Widely used tags that hold a telling word, or nearly one."""
    words = ["World War I", "schindler's list", "coal mine", "a place of one's own", "rent control", "seen my dvd"]
    rows = [(f"u{user}", f"f{film}", word) for word in words for user in range(6) for film in range(user, user + 4)]
    kinds = tag_table(pd.DataFrame(rows, columns=["user", "item", "tag"]))["kind"].to_dict()
    assert kinds.pop("seen my dvd") == "availability"
    assert kinds.pop("world war i") == "name"
    assert set(kinds.values()) == {"concept"}


def test_concepts_from_tags_take_untagged_films_for_unknown(tags: pd.DataFrame, table: VectorTable) -> None:
    concepts = tag_concepts(tags, table)
    assert list(concepts) == ["dark", "funny"]
    assert set(concepts["dark"].index) == {f"f{i}" for i in range(1, 61)}
    assert concepts["dark"].sum() == 30
    assert list(tag_concepts(tags, table, kind="personal")) == [
        "one lover",
        *sorted(["my mood", "oddity", "owls", "seen more than once"]),
    ]
    smaller = table.subset([f"f{i}" for i in range(20, 61)])
    assert list(tag_concepts(tags, smaller, min_items=11)) == ["funny", "dark"]
    assert fit(table, concepts)["dark"].n_negative == 30
    with pytest.raises(CallError, match="no tag of kind 'concept' is on 50 items"):
        tag_concepts(tags, table, min_items=50)
    with pytest.raises(CallError, match="kind must be one of 'concept', 'name'"):
        tag_concepts(tags, table, kind="film")
    with pytest.raises(CallError, match="columns user, item and tag, but item is missing"):
        tag_concepts(tags.drop(columns="item"), table)


def test_disagreement_is_the_share_of_pairs_who_differ() -> None:
    """Both users of "odd" judged items a and b: they agree on a, differ on b. A single user knows "sure"."""
    rows = [("u", "a", "odd"), ("v", "a", "odd"), ("u", "b", "odd"), ("v", "b", "other"), ("w", "b", "sure")]
    found = tag_disagreement(pd.DataFrame(rows, columns=["user", "item", "tag"]))
    assert found["odd"] == 0.5
    assert np.isnan(found["sure"])
    rng, rows = np.random.default_rng(0), []
    for item in range(40):
        for user in range(5):
            rows.append((user, item, "seen it all"))
            rows += [(user, item, "objective")] * (item < 20) + [(user, item, "subjective")] * bool(rng.random() < 0.5)
    found = tag_disagreement(pd.DataFrame(rows, columns=["user", "item", "tag"]))
    assert found["objective"] == 0
    assert found["subjective"] == pytest.approx(0.5, abs=0.1)


def test_concepts_from_the_genome(table: VectorTable) -> None:
    genome = pd.DataFrame(
        {"funny": [0.1, 0.9, 0.5], "dark": [0.3, np.nan, 0.2]}, index=["f1", "f2", "f999"], dtype=np.float32
    )
    concepts = genome_concepts(genome, table)
    assert concepts["funny"].to_dict() == pytest.approx({"f1": 0.1, "f2": 0.9})
    assert list(concepts["dark"].index) == ["f1"]
    assert list(genome_concepts(genome, table, ["dark"])) == ["dark"]
    with pytest.raises(UnknownNameError, match="did you mean 'funny'"):
        genome_concepts(genome, table, ["funy"])
    with pytest.raises(CallError, match="no item of the genome is in the table"):
        genome_concepts(genome.loc[["f999"]], table)


def test_concepts_from_genres_and_facts(world: Dataset, table: VectorTable) -> None:
    genres = genre_concepts(world, table, min_items=10)
    drama = {item for item, found in world.items["genres"].items() if "Drama" in found} & set(table.ids)
    assert {item for item, value in genres["Drama"].items() if value} == drama
    assert all(flag.sum() >= 10 and len(flag) == 100 for flag in genres.values())
    facts = fact_concepts(world, table)
    assert list(facts) == list(ATTRIBUTES)
    assert fit(table, facts, "ridge").report()["auc"].min() > 0.95
    real = Dataset("real", world.items, world.users, world.interactions)
    with pytest.raises(CallError, match="'real' has no known facts"):
        fact_concepts(real, table)


def test_items_are_named_by_id_or_title(world: Dataset) -> None:
    title = str(world.items.loc["f7", "title"])
    assert named_items(world, [title.upper(), "f3", "f7"]) == ["f7", "f3"]
    with pytest.raises(UnknownNameError, match=f"did you mean '{re.escape(title)}'"):
        named_items(world, [title[:-1] + "q"])
    with pytest.raises(CallError, match="the one string"):
        named_items(world, title)


class WordEncoder:
    """Counts words: each dimension is an attribute's name, so a sentence's vector is known."""

    fingerprint = "enc"

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        return np.array([[*(float(a in text) for a in ATTRIBUTES), 0, 0, 0, 0] for text in texts])


def test_a_concept_from_a_sentence_and_its_opposite(world: Dataset, table: VectorTable) -> None:
    funny = fact_concepts(world, table)["funny"]
    cav = from_sentences(WordEncoder(), table, "a funny film", "a dark film", known=funny)
    expected = np.zeros(12)
    expected[[ATTRIBUTES.index("funny"), ATTRIBUTES.index("dark")]] = 2**-0.5, -(2**-0.5)
    assert cav.direction == pytest.approx(expected, abs=1e-6)
    assert (cav.name, cav.method, cav.l2) == ("a funny film", "sentence", None)
    assert cav.auc > 0.8
    assert cav.p_value < 1e-4
    assert cav.score(table.vectors).std() == pytest.approx(1, abs=1e-5)
    several = from_sentences(
        WordEncoder(), table, ["funny", "a funny, romantic one"], ["dark", "a dark, romantic one"], name="fun"
    )
    assert several.direction == pytest.approx(expected, abs=1e-6)
    assert several.name == "fun"
    assert np.isnan([several.auc, several.accuracy, several.p_value]).all()


def test_a_sentence_without_labels_leaves_the_report_whole(table: VectorTable, world: Dataset) -> None:
    from elm.cav import CAVs

    fitted = fit(table, {"dark": fact_concepts(world, table)["dark"]})
    both = CAVs({**fitted, "funny": from_sentences(WordEncoder(), table, "funny", "dull")})
    report = both.report()
    assert np.isnan(report.loc["funny", "p_fdr"])
    assert report.loc["dark", "p_holm"] == report.loc["dark", "p_value"]


def test_bad_sentences(table: VectorTable) -> None:
    for sentence, opposite, message in (
        ("", "dark", "neither may be empty"),
        ([], "dark", "needs a sentence and its opposite"),
        ("a funny film", "funny", "mean the same to the encoder"),
    ):
        with pytest.raises(CallError, match=message):
            from_sentences(WordEncoder(), table, sentence, opposite)
    flat = VectorTable(table.ids, np.ones_like(table.vectors), table.space)
    with pytest.raises(CallError, match="the vectors do not vary along concept 'a funny film'"):
        from_sentences(WordEncoder(), flat, "a funny film", "a dark film")
    encoder = WordEncoder()
    encoder.fingerprint = "another"
    with pytest.raises(CallError, match="the encoder did not make space 'toy'"):
        from_sentences(encoder, table, "funny", "dark")
