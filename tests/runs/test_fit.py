"""`elm.fit`: it learns what can be learned, says what it is worth, and refuses what cannot be."""

from __future__ import annotations

import json
import shutil
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import readable
from small_world import trusted_copy

import elm
from elm._errors import (
    CallError,
    CheckpointError,
    ConsistencyWarning,
    DataFileError,
    ElmError,
    LeakageError,
    UnknownNameError,
)
from elm.embeddings import SentenceEncoder, VectorTable
from elm.runs import Reader, bench_run, certifier, fit, open_table
from elm.runs.readers._bench import bench_reader
from elm.runs.readers._config import ReaderConfig
from elm.runs.readers._lessons import ReaderWorld, lessons
from elm.runs.readers._means import means_of
from elm.runs.readers._pairs import Pairs

pytestmark = pytest.mark.slow  # readers are trained

COLOURS, PLACES, TEXTS = readable.COLOURS, readable.PLACES, readable.texts()


Once = Callable[[str, Callable[[Path], None]], Path]


@pytest.fixture(scope="session")
def parts(once: Once) -> Path:
    """The base and the encoder, made once by whichever worker comes first."""

    def fill(home: Path) -> None:
        readable.base_folder(home / "base")
        shutil.move(readable.encoder_folder(home / "parts"), home / "encoder")

    return once("readable", fill)


def options(parts: Path, **more: Any) -> dict[str, Any]:
    own = {"base": str(parts / "base"), "encoder": str(parts / "encoder"), "task": "text", "epochs": 1.0}
    return {**own, "lora": 0, "hidden": 64, "scored": 21, "progress": False, **more}


def quick_fit(vectors: Any, texts: Any, out: Path, **more: Any) -> Reader:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConsistencyWarning)
        return fit(vectors, texts, out=out, **more)


@pytest.fixture(scope="session")
def fitted(once: Once, parts: Path) -> Reader:
    """A reader that was trained until it can read; not to be changed."""

    def fill(home: Path) -> None:
        reading(home)

    def reading(home: Path) -> Reader:
        return quick_fit(readable.vectors(), TEXTS, home / "run", ids=list(TEXTS), **options(parts, epochs=40.0))

    return reading(once("fitted", fill))


def test_texts_about_held_out_vectors_are_right_where_copied_ones_are_not(fitted: Reader) -> None:
    _, _, test = _split(fitted)
    table = VectorTable.load(fitted.folder / "vectors" / "entities")
    said = fitted.describe(table.subset(test))
    right = [
        np.mean([word in text.strip(".").split() for word in _facts(id)]) for id, text in zip(test, said, strict=True)
    ]
    assert np.mean(right) > 0.8  # the nearest training vector shares two facts of three
    assert fitted.scores["text"]["sc"] > fitted.scores["text"]["sc_nn"]
    assert "better than copying the nearest text" in fitted.verdict


def test_a_readers_folder_is_opened_scored_and_certified_like_a_run(fitted: Reader, tmp_path: Path) -> None:
    model = elm.load(fitted.folder)
    (id,) = _split(fitted)[2][:1]
    vector = open_table(fitted.folder, "films").subset([id])
    assert model.describe(vector, "text") == fitted.describe(vector)
    again = bench_run(fitted.folder, 21, 0, progress=False, out=tmp_path / "report")
    assert again["consistency"]["text"]["sc"] == pytest.approx(fitted.scores["text"]["sc"], abs=1e-6)
    assert again["verdict"] == fitted.verdict
    assert (tmp_path / "report" / "report.html").is_file()
    assert (fitted.folder / "report.html").is_file()
    assert "21 held-out" in (fitted.folder / "model" / "README.md").read_text(encoding="utf-8")
    alone = bench_run(fitted.folder, 5, 0, progress=False, tasks=("text",))
    assert list(alone["consistency"]) == ["text"]
    assert (fitted.folder / "text-report" / "scores.csv").is_file()
    with pytest.raises(UnknownNameError, match="gist"):
        bench_run(fitted.folder, 5, 0, progress=False, tasks=("gist",))
    with pytest.raises(CallError, match="leave --texts"):
        bench_run(fitted.folder, 21, 0, progress=False, training=True)


def test_the_same_call_goes_on_and_other_data_are_refused(fitted: Reader, parts: Path) -> None:
    again = quick_fit(readable.vectors(), TEXTS, fitted.folder, ids=list(TEXTS), **options(parts, epochs=40.0))
    assert again.verdict == fitted.verdict
    with pytest.raises(CallError, match="other values of data"):
        quick_fit(readable.vectors() * 2, TEXTS, fitted.folder, ids=list(TEXTS), **options(parts, epochs=40.0))


def test_certificates_are_calibrated_on_validation_entities(parts: Path, tmp_path: Path) -> None:
    config = {"shares": (0.2, 0.1)}
    reader = quick_fit(readable.vectors(), TEXTS, tmp_path / "r", ids=list(TEXTS), **options(parts, **config, scored=4))
    rule = certifier(reader.folder, "text", progress=False)
    assert "nearer to the true one" in rule.calibration.claim
    assert (reader.folder / "certificates.json").is_file()
    with pytest.raises(CallError, match="for text, and not for"):
        certifier(reader.folder, "topics", progress=False)


def test_nothing_held_out_is_learned_not_even_in_means(parts: Path) -> None:
    pairs = Pairs(
        elm.embeddings.vector_table(readable.vectors(), list(TEXTS)), {id: [text] for id, text in TEXTS.items()}
    )
    config = ReaderConfig.of(
        pairs.digest, "vectors", base="shipped", task=("text", "topics", "common", "difference"), groups=60
    )
    world = ReaderWorld.of(pairs, config)
    held = {*world.split.validation, *world.split.test}
    learned = lessons(world, config)
    assert len(held) > 25
    assert set(learned.learned)
    assert {"common", "difference"} <= set(learned.rows["task"])
    for row in learned.rows:
        members = {one for id in row["entities"] for one in id.rpartition(":")[2].split("+")}
        assert not members & held, row
    poisoned = {
        id: [f"Poison {n} {text}" for n, text in enumerate(some)] if id in held else some
        for id, some in pairs.texts.items()
    }
    other = lessons(ReaderWorld.of(Pairs(pairs.table, poisoned), config), config)
    assert other.rows["text"] == learned.rows["text"]


def test_equal_texts_and_equal_vectors_are_held_out_together() -> None:
    vectors = readable.vectors()
    vectors[1] = 3 * vectors[0]  # of one direction
    texts = dict(TEXTS) | {"v2": TEXTS["v1"].upper()}
    pairs = Pairs(elm.embeddings.vector_table(vectors, list(texts)), {id: [text] for id, text in texts.items()})
    assert pairs.twins()["v0"] == ["v0", "v1", "v2"]
    for seed in range(8):
        split = pairs.split((0.2, 0.3), seed)
        homes = [
            next(k for k, part in enumerate((split.train, split.validation, split.test)) if id in part)
            for id in ("v0", "v1", "v2")
        ]
        assert len(set(homes)) == 1


def test_means_lie_where_their_members_say() -> None:
    table = elm.embeddings.vector_table(readable.vectors(), list(TEXTS))
    found = means_of(Pairs(table, {id: [text] for id, text in TEXTS.items()}), table.ids[:50], 20, seed=0)
    for name in found.near:
        members = name.partition(":")[2].split("+")
        mean = table.rows(members).mean(0)
        assert found.table[name] == pytest.approx(mean / np.linalg.norm(mean), abs=1e-5)
        assert found.texts[name] == [TEXTS[id] for id in members]
    with pytest.raises(CallError, match="two entities or more"):
        means_of(Pairs(table, {id: [text] for id, text in TEXTS.items()}), table.ids[:1], 20, seed=0)


def test_a_sentence_encoder_makes_the_vectors_from_the_texts(parts: Path, tmp_path: Path) -> None:
    encoder = SentenceEncoder(str(parts / "encoder"))
    reader = quick_fit(encoder, TEXTS, tmp_path / "r", name="tiny", **options(parts, scored=4))
    assert VectorTable.load(reader.folder / "vectors" / "entities").space.fingerprint == encoder.fingerprint
    assert reader.scores["text"]["sc_teacher"] == pytest.approx(1.0, abs=1e-4)  # its own text leads back to a vector
    _another_corpus_is_scored(reader, tmp_path)


def _another_corpus_is_scored(reader: Reader, tmp_path: Path) -> None:
    """Texts that it never learned, in a report of their own; what it learned is left out."""
    learned = [TEXTS[id] for id in _split(reader)[0][:9]]
    new = [f"A {colour} cat lives by the {place}, a {colour} cat." for colour in COLOURS[:3] for place in PLACES[:2]]
    frame = pd.DataFrame({"id": [f"n{k}" for k in range(15)], "text": [*learned, *new]})
    frame.to_csv(tmp_path / "new.csv", index=False)
    found = bench_run(reader.folder, 10, 0, progress=False, corpus=tmp_path / "new.csv")
    written = pd.read_csv(reader.folder / "new-report" / "texts.csv")
    assert set(written["id"]) == {f"new:n{k}" for k in range(9, 15)}
    assert found["consistency"]["text"]["sc_teacher"] == pytest.approx(1.0, abs=1e-4)
    assert found["verdict"].startswith("on 6 held-out")
    with pytest.raises(CallError, match=r"never met, or more; got 0"):
        bench_reader(reader.folder, corpus=dict(enumerate(learned)), progress=False)


def test_another_corpus_is_for_vectors_of_the_readers_encoder(fitted: Reader) -> None:
    with pytest.raises(CallError, match="without --corpus"):
        bench_reader(fitted.folder, corpus=["a", "b"], progress=False)


def test_a_reader_begins_from_a_trained_one(parts: Path, fitted: Reader, tmp_path: Path) -> None:
    table = VectorTable.load(fitted.folder / "vectors" / "entities")
    own = options(parts, epochs=0.5, scored=4)
    reader = quick_fit(table, TEXTS, tmp_path / "r", **own, reader=str(fitted.folder))
    fresh = quick_fit(table, TEXTS, tmp_path / "f", **own)
    losses = [
        json.loads((one.folder / "steps" / "train.json").read_text())["result"]["stage_two"]["loss"]
        for one in (reader, fresh)
    ]
    assert losses[0] < 0.5 * losses[1]
    shutil.copytree(parts / "base", tmp_path / "other")
    with pytest.raises(LeakageError, match="learned the texts of"):
        quick_fit(table, TEXTS, tmp_path / "l", **options(parts, reader=str(fitted.folder), seed=1))
    with pytest.raises(CheckpointError, match="goes on with the base"):
        quick_fit(
            table, TEXTS, tmp_path / "g", **options(parts, reader=str(fitted.folder), base=str(tmp_path / "other"))
        )


def test_few_pairs_are_warned_of_before_anything_is_trained(parts: Path, tmp_path: Path) -> None:
    with (
        pytest.warns(ConsistencyWarning, match="only 216 vectors have texts"),
        pytest.raises(CallError, match="no such setting"),
    ):
        fit(readable.vectors(), list(TEXTS.values()), out=tmp_path / "r", **options(parts, nonsense=1))
    assert not (tmp_path / "r").exists()


@pytest.mark.parametrize(
    ("vectors", "texts", "told"),
    [
        (readable.vectors()[:10], list(TEXTS.values())[:10], "20 vectors with texts at least"),
        (np.ones((30, 4)), [f"text {n}" for n in range(30)], "all alike"),
        (readable.vectors(), ["The same."] * 216, "all say the same"),
        (readable.vectors(), [""] * 216, "no text to learn"),
        (readable.vectors(), list(TEXTS.values())[:200], "200 texts for 216 vectors"),
        (readable.vectors(), {"x": "Another."}, "none is in both"),
        (readable.vectors(), None, "give texts"),
        (readable.vectors(), 7, "texts come as"),
        (readable.vectors(), ["half \ud800"] * 216, "half a letter"),
        (readable.vectors(), [3] * 216, "a text is a string"),
        (np.full((216, 4), np.nan), list(TEXTS.values()), "NaN|finite"),
    ],
)
def test_what_cannot_be_learned_is_one_line_and_writes_nothing(
    vectors: Any, texts: Any, told: str, parts: Path, tmp_path: Path
) -> None:
    with pytest.raises(ElmError, match=told):
        quick_fit(vectors, texts, tmp_path / "r", **options(parts))
    assert not (tmp_path / "r").exists()


def test_a_language_that_the_base_only_spells_is_refused(parts: Path, tmp_path: Path) -> None:
    texts = [f"{chr(0x4E00 + n)}{chr(0x5E00 + n)}{chr(0x4E10 + n)}" for n in range(216)]
    texts = [f"{text} 中文 文字" for text in texts]
    with pytest.raises(CallError, match="tokens a letter"):
        quick_fit(readable.vectors(), texts, tmp_path / "r", **options(parts))


def test_settings_that_cannot_be_are_refused(parts: Path) -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'topics'"):
        ReaderConfig.of("d", "s", base="shipped", task="topic")
    for wrong, told in (
        ({"task": "common"}, "one of text, gist, topics"),
        ({"task": ("text", "common")}, "give groups"),
        ({"epochs": 0.0}, "epochs above 0"),
    ):
        with pytest.raises(CallError, match=told):
            ReaderConfig.of("d", "s", base="shipped", **wrong)


def test_the_command_fits_and_says_how_to_read(elm: Any, parts: Path, tmp_path: Path) -> None:
    frame = pd.DataFrame(readable.vectors(), columns=[f"v{n}" for n in range(18)]).assign(id=list(TEXTS))
    frame.to_parquet(tmp_path / "vectors.parquet")
    frame.head(2).to_csv(tmp_path / "few.csv", index=False)
    pd.DataFrame({"id": list(TEXTS), "plot": list(TEXTS.values())}).to_csv(tmp_path / "texts.csv", index=False)
    words = [
        "fit",
        tmp_path / "vectors.parquet",
        "--texts",
        tmp_path / "texts.csv",
        "--out",
        tmp_path / "r",
        "--lora",
        0,
    ]
    words += ["--base", parts / "base", "--epochs", 0.5, "--scored", 4, "--tasks", "text", "-q"]
    code, out, err = elm(*words)
    assert code == 0, err
    assert "do not use it" in out
    assert f"elm describe --run {tmp_path / 'r'}" in out
    code, out, err = elm("describe", "--run", tmp_path / "r", "--item", "v7", "--task", "text")
    assert code == 0, err
    assert out.strip()
    code, _, err = elm("describe", "--run", tmp_path / "r", "--user", "u1")
    assert code == 1
    assert "holds no vectors of users" in err
    code, out, err = elm("describe", "--run", tmp_path / "r", "--vectors", tmp_path / "few.csv", "--json")
    assert code == 0, err
    assert [row["id"] for row in json.loads(out)["texts"]] == ["v0", "v1"]
    assert json.loads(out)["task"] == "text"
    code, _, err = elm("fit", tmp_path / "none.npy", "--texts", tmp_path / "texts.csv")
    assert code == 1
    assert "there are no vectors at" in err
    assert len(err.splitlines()) == 1


def test_the_command_trains_a_reader_without_texts_that_name_held_out_titles(
    elm: Any, parts: Path, tmp_path: Path
) -> None:
    (tmp_path / "corpus.txt").write_text(
        "\n".join([*TEXTS.values(), "A red fox reads The Long Night."]), encoding="utf-8"
    )
    (tmp_path / "titles.txt").write_text("The Long Night (1999)\n", encoding="utf-8")
    words = ["train", "reader", tmp_path / "corpus.txt", "--without", tmp_path / "titles.txt", "--out", tmp_path / "r"]
    words += ["--encoder", parts / "encoder", "--base", parts / "base", "--lora", 0, "--epochs", 0.2, "--scored", 2]
    words += ["--tasks", "text", "--groups", 0, "-q"]
    code, out, err = elm(*words)
    assert code == 0, err
    table = VectorTable.load(tmp_path / "r" / "vectors" / "entities")
    assert len(table) == 216
    assert "reader in" in out


def test_a_changed_folder_is_noticed(fitted: Reader, tmp_path: Path) -> None:
    copy = trusted_copy(fitted.folder, tmp_path / "copy")
    frame = pd.read_parquet(copy / "texts.parquet")
    frame.loc[0, "text"] = "Another text."
    frame.to_parquet(copy / "texts.parquet", index=False)
    with pytest.raises(DataFileError, match="no longer those that it was begun with"):
        bench_run(copy, 4, 0, progress=False)


def _facts(id: str) -> tuple[str, str, str]:
    return readable.facts()[int(id[1:])]


def _split(reader: Reader) -> tuple[list[str], list[str], list[str]]:
    config = ReaderConfig.from_dict(json.loads((reader.folder / "run.json").read_text()))
    split = Pairs.load(reader.folder).split(config.shares, config.seed)
    return split.train, split.validation, split.test
