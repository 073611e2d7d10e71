"""Best of n: which text is chosen, that a vector's texts are its own in any batch, and what cannot be chosen from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import tiny_elm
from tiny_elm import SAY
from tiny_encoder import save_tiny_encoder

from elm._errors import CallError, DataFileError, UnknownNameError, VectorError
from elm.adapters import AdapterConfig
from elm.embeddings import EmbeddingSpace, SentenceEncoder, VectorTable, encoder_of, semantic
from elm.model import BestOf, EmbeddingLanguageModel, load_model, save_model
from elm.model._best_of import scored
from elm.tasks import SECOND, VECTOR, Task

WORDS = ("storm", "sea", "film", "viewer", "a", "one", "two", *"abcdefghijklmnopqrstuvwxyz")


class Letters:
    """Counts letters: a text's direction is how often it has each of six."""

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        self.asked = list(texts)
        return np.array([[text.lower().count(letter) + 0.01 for letter in "aeiosm"] for text in texts], np.float32)


@pytest.fixture(scope="module")
def model() -> EmbeddingLanguageModel:
    return tiny_elm.model()


def cosines(texts: Sequence[str], vector: np.ndarray) -> np.ndarray:
    rows = Letters().encode(texts)
    return rows @ vector / np.linalg.norm(rows, axis=1) / np.linalg.norm(vector)


def test_the_text_is_the_one_that_is_nearest_of_all_that_were_drawn(model: EmbeddingLanguageModel) -> None:
    vectors = tiny_elm.vectors(3)
    found = model.describe(vectors, SAY, n=5, encoder=Letters(), return_all=True)
    for vector, one in zip(vectors, found, strict=True):
        assert len(one.texts) == 5
        np.testing.assert_allclose(one.scores, cosines(one.texts, vector), atol=1e-5)
        assert one.score == max(one.scores) == one.scores[one.chosen]
    assert model.describe(vectors, SAY, n=5, choose="nearest", encoder=Letters()) == [one.text for one in found]
    assert len({text for one in found for text in one.texts}) > 5


def test_a_vector_gets_the_same_texts_in_any_batch_and_the_first_is_its_single_one(
    model: EmbeddingLanguageModel,
) -> None:
    vectors, encoder = tiny_elm.vectors(4), Letters()
    whole = model.describe(vectors, SAY, n=3, encoder=encoder, seed=4, return_all=True)
    for size in (1, 2, 5):
        assert model.describe(vectors, SAY, n=3, encoder=encoder, seed=4, return_all=True, batch_size=size) == whole
    assert model.describe(vectors[2], SAY, n=3, encoder=encoder, seed=4, return_all=True) == whole[2]
    more = model.describe(vectors, SAY, n=5, encoder=encoder, seed=4, return_all=True)
    assert [one.texts[:3] for one in more] == [one.texts for one in whole]
    assert model.describe(vectors, SAY, temperature=0.8, seed=4) == [one.texts[0] for one in whole]
    assert model.describe(vectors, SAY, n=3, encoder=encoder, seed=5, return_all=True) != whole


def test_all_texts_as_a_table() -> None:
    found = BestOf(("a", "b", "c"), (0.1, 0.7, 0.7), 1)
    assert found.frame().to_dict("list") == {
        "text": ["a", "b", "c"],
        "score": [0.1, 0.7, 0.7],
        "chosen": [False, True, False],
    }
    assert list(pd.DataFrame([found, found]).columns) == ["texts", "scores", "chosen"]


def test_one_text_with_its_score(model: EmbeddingLanguageModel) -> None:
    one = model.describe(tiny_elm.vectors(1)[0], SAY, return_all=True, encoder=Letters())
    assert one.texts == (model.describe(tiny_elm.vectors(1)[0], SAY),)


def test_a_text_that_says_nothing_is_never_near_and_each_text_is_encoded_once() -> None:
    encoder, wanted = Letters(), np.eye(6, dtype=np.float32)[[0, 0, 0, 1]]
    scores = scored(["aaa", "", " …\ufffd", "aaa"], wanted, encoder)
    assert encoder.asked == ["aaa"]
    assert scores[1:3].tolist() == [0.0, 0.0]
    assert scores[0] > 0.99 > 0.1 > scores[3] > 0
    assert scored(["", "!"], wanted[:2], encoder).tolist() == [0.0, 0.0]


def test_a_pair_is_stood_for_by_the_mean_of_its_two(model: EmbeddingLanguageModel) -> None:
    both = Task("both", "pair", f"Say them: {VECTOR} {SECOND}.", max_new_tokens=8)
    pairs = EmbeddingLanguageModel(model.llm, model.tokenizer, {"toy": tiny_elm.adapter(tiny_elm.table(), ["both"])})
    first, second = tiny_elm.vectors(2, seed=1)
    one = pairs.describe((first, second), both, n=3, encoder=Letters(), return_all=True)
    middle = first / np.linalg.norm(first) + second / np.linalg.norm(second)
    np.testing.assert_allclose(one.scores, cosines(one.texts, middle), atol=1e-5)


@pytest.fixture(scope="module")
def encoder_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_encoder(tmp_path_factory.mktemp("encoder"), WORDS)


@pytest.fixture(scope="module")
def texts_table(encoder_folder: Path) -> VectorTable:
    texts = ["a storm at sea", "one film", "two viewer", "a b c d", "sea sea", "film a storm", "one two"]
    return semantic({f"t{i}": [text] for i, text in enumerate(texts)}, SentenceEncoder(encoder_folder))


def test_the_encoder_is_that_of_the_vectors_space(
    texts_table: VectorTable, encoder_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = tiny_elm.model(texts_table)
    table = texts_table.subset(["t1", "t2"])
    named = model.describe(table, SAY, n=2, encoder=encoder_folder)
    with pytest.raises(DataFileError, match=r"\(encoder\) is not on this machine.*name it, or its folder"):
        model.describe(table, SAY, n=2)  # a folder that is called "encoder" is not here
    monkeypatch.chdir(encoder_folder.parent)
    assert model.describe(table, SAY, n=2) == named
    again = load_model(save_model(model, tmp_path / "model"))  # which knows by name what made its vectors
    assert again.describe(table.vectors, SAY, n=2) == named
    assert again.adapter("semantic").config.encoder == "encoder"


def test_an_encoder_of_another_space_is_refused(texts_table: VectorTable, tmp_path: Path) -> None:
    other = save_tiny_encoder(tmp_path, WORDS, seed=1)
    with pytest.raises(CallError, match=r"by the encoder that made these, which is \w{16} \(16 numbers\)"):
        encoder_of(texts_table.space, other)
    with pytest.raises(CallError, match="by the encoder that made these"):
        tiny_elm.model(texts_table).describe(texts_table, SAY, n=2, encoder=other)
    with pytest.raises(CallError, match=r"writes 16 numbers per text, and this one gave \(\d+, 6\)"):
        tiny_elm.model(texts_table).describe(texts_table, SAY, n=2, encoder=Letters())


@pytest.mark.parametrize("name", ["../encoder", "/etc", ".hidden", "owner/name", ""])
def test_what_a_description_names_is_no_path(texts_table: VectorTable, name: str) -> None:
    space = replace(texts_table.space, made={"by": "semantic", "encoder": name}, fingerprint="0" * 16)
    with pytest.raises(DataFileError, match="is not on this machine"):
        encoder_of(space)


def test_wals_has_no_text_encoder(model: EmbeddingLanguageModel) -> None:
    for made in ({"by": "wals"}, {}):
        space = EmbeddingSpace.fit("wals", tiny_elm.vectors(), "dot", made, "f")
        with pytest.raises(CallError, match="no encoder made those of space 'wals'"):
            encoder_of(space)
    with pytest.raises(CallError, match="no encoder made those of space 'toy'"):
        model.describe(tiny_elm.vectors(), SAY, n=2)


def test_options_that_cannot_be(model: EmbeddingLanguageModel) -> None:
    vectors = tiny_elm.vectors(2)
    for n in (0, -3, 2.5, True, "8"):
        with pytest.raises(CallError, match="n counts the texts"):
            model.describe(vectors, SAY, n=n)  # type: ignore[call-overload]
    with pytest.raises(CallError, match=r"at temperature 0 all 4 texts about a vector are one"):
        model.describe(vectors, SAY, n=4, temperature=0.0, encoder=Letters())
    with pytest.raises(UnknownNameError, match=r"way to choose a text 'neares'; did you mean 'nearest'\?"):
        model.describe(vectors, SAY, n=4, choose="neares")  # type: ignore[call-overload]
    with pytest.raises(VectorError, match="vector 1 is all zeros"):
        model.describe(np.stack([vectors[0], 0 * vectors[0]]), SAY, n=2, encoder=Letters())
    with pytest.raises(TypeError, match="encodr"):
        model.describe(vectors, SAY, n=2, encodr=Letters())  # type: ignore[call-overload]


def test_folders_that_know_no_encoder_read_as_before() -> None:
    config = tiny_elm.adapter(tiny_elm.table()).config
    assert "encoder" not in config.to_dict()
    assert AdapterConfig.from_dict(config.to_dict()) == config
