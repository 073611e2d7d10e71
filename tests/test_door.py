"""The Python door: describe with what ships, load a folder, and the parts below them."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import elm
from elm._errors import CallError, CheckpointError, DataFileError, OutsideDataWarning, UnknownNameError, VectorError
from elm.data import Dataset, split_entities
from elm.embeddings import EmbeddingSpace, VectorTable
from elm.evaluation import fact_scores, likes_and_dislikes
from elm.model import SHIPPED, EmbeddingLanguageModel
from elm.runs import RunConfig
from elm.tasks import ItemFacts


@pytest.fixture(scope="module")
def films() -> VectorTable:
    return elm.model.shipped_vectors("films")


@pytest.fixture(scope="module")
def users() -> VectorTable:
    return elm.model.shipped_vectors("users")


@pytest.fixture(scope="module")
def world() -> Dataset:
    return elm.data.load("demo")


@pytest.fixture(scope="module")
def model() -> EmbeddingLanguageModel:
    return elm.load(SHIPPED / "demo")


def held_out_films(world: Dataset) -> list[str]:
    return split_entities(list(world.items.index), *RunConfig().film_shares, seed=0).test


def test_one_vector_gives_a_text_and_several_give_a_list(films: VectorTable) -> None:
    one = elm.describe(films["f7"], "summary")
    assert isinstance(one, str)
    assert elm.describe(films.rows(["f7", "f9"]), "summary")[0] == one
    assert elm.describe(films.vectors[:3].tolist(), "five_positive")[2].count("\n- ") == 4


@pytest.mark.slow
def test_the_shipped_model_says_true_things_about_films_it_has_never_seen(films: VectorTable, world: Dataset) -> None:
    held_out = held_out_films(world)[:24]
    texts = elm.describe(films.rows(held_out), "summary")
    assert world.facts is not None
    truth = [ItemFacts(aspects={"setting": place}) for place in world.facts.items.loc[held_out, "setting"]]
    scores = fact_scores(texts, truth, kinds=("setting",))
    assert scores.recall["setting"] >= 0.9
    assert scores.precision["setting"] >= 0.9


def test_a_user_is_read_by_the_adapter_that_fits(users: VectorTable) -> None:
    profile = elm.describe(users["u4"], "user_profile")
    assert profile.count("\n") == 9
    assert all(line.startswith("- ") for line in profile.splitlines())
    assert len(elm.describe(users["u4"], "user_summary")) > 80


def test_a_seed_decides_what_is_sampled(films: VectorTable) -> None:
    texts = [elm.describe(films["f7"], "positive_review", temperature=1.0, seed=seed) for seed in (1, 1, 2, 3, 4)]
    assert texts[0] == texts[1]
    assert len(set(texts)) > 1


def test_load_gives_the_same_model_from_the_folder_or_the_run_around_it(
    films: VectorTable, model: EmbeddingLanguageModel, tmp_path: Path
) -> None:
    assert model.describe(films["f7"], "summary") == elm.describe(films["f7"], "summary")
    shutil.copytree(SHIPPED / "demo", tmp_path / "run" / "model")
    again = elm.load(str(tmp_path / "run"))
    assert again.describe(films["f7"], "summary") == elm.describe(films["f7"], "summary")


def test_between_two_films(films: VectorTable, model: EmbeddingLanguageModel) -> None:
    half = elm.embeddings.interpolate(films["f7"], films["f9"], 0.5, films.space)
    assert len(model.describe(half, "summary")) > 40
    ends = [elm.embeddings.interpolate(films["f7"], films["f9"], t, films.space) for t in (0.0, 1.0)]
    assert model.describe(np.stack(ends), "summary") == model.describe(films.rows(["f7", "f9"]), "summary")


def said_in_favour(profiles: list[str], word: str) -> int:
    """In how many more profiles the word is liked than disliked."""
    sides = [likes_and_dislikes(profile) for profile in profiles]
    return sum(word in " ".join(likes) for likes, _ in sides) - sum(word in " ".join(against) for _, against in sides)


@pytest.mark.slow
def test_a_concept_moves_a_user_and_the_profile_follows(
    users: VectorTable, world: Dataset, model: EmbeddingLanguageModel
) -> None:
    items = elm.model.shipped_vectors("items")
    assert world.facts is not None
    funny = world.facts.items["funny"].loc[items.ids]
    cavs = elm.cav.fit(items, {"funny": funny})
    concept = cavs["funny"].measured_on(users)
    assert concept.auc > 0.6
    start = users.rows(users.ids[:24])
    moved = concept.move(start, amount=2.0)
    step = np.linalg.norm(moved - start, axis=1, keepdims=True)
    ways = np.random.default_rng(0).normal(size=(8, users.space.dim))
    ways /= np.linalg.norm(ways, axis=1, keepdims=True)

    def funny_after(vectors: np.ndarray) -> int:
        return said_in_favour(model.describe(vectors.astype(np.float32), "user_profile"), "funny")

    along_random = [funny_after(start + step * way) for way in ways]
    assert funny_after(moved) > max(funny_after(start), *along_random)


def test_vectors_of_ones_own_are_made_in_one_line(world: Dataset) -> None:
    few = world.restrict(users=list(world.users.index[:300]))
    users, items = elm.embeddings.wals(few, factors=8)
    assert users.space.matches(items.space)
    assert users.space.dim == 8


@pytest.mark.parametrize(
    ("vector", "message"),
    [
        (np.zeros(100), r"no adapter reads vectors of 100 numbers; known: minilm \(384\), wals \(64\)"),
        (np.full(384, np.nan), "must be finite, but 1 of 1 rows hold NaN or infinity"),
        (np.full((2, 64), np.inf), "must be finite, but 2 of 2 rows hold NaN or infinity"),
        (np.zeros((0, 384)), "not be empty"),
        (np.zeros((1, 2, 384)), r"shape \(dim,\) or \(n, dim\)"),
        (["a"] * 384, "numbers"),
    ],
)
def test_a_vector_that_cannot_be_read(vector: Any, message: str) -> None:
    with pytest.raises(VectorError, match=message) as error:
        elm.describe(vector, "summary" if np.shape(vector)[-1] != 64 else "user_profile")
    assert "\n" not in str(error.value)


def test_a_table_of_another_space_is_refused(films: VectorTable) -> None:
    other = EmbeddingSpace.fit("other", films.vectors, "cosine", {}, "0123456789abcdef")
    table = VectorTable(films.ids[:2], films.vectors[:2], other)
    with pytest.raises(VectorError, match="that the model was trained on; the table's is other 0123456789abcdef"):
        elm.describe(table, "summary")
    assert len(elm.describe(films.subset(films.ids[:2]), "summary")) == 2


def test_a_vector_far_outside_draws_a_warning(films: VectorTable) -> None:
    far = films.space.mean + 30 * films.space.scale
    with pytest.warns(OutsideDataWarning, match="far"):
        assert isinstance(elm.describe(far, "summary"), str)


@pytest.mark.parametrize(
    ("task", "error", "message"),
    [
        ("sumary", UnknownNameError, r"unknown task 'sumary'; did you mean 'summary'\?"),
        ("user_profile", CallError, "task 'user_profile' was not trained for minilm; learned: "),
    ],
)
def test_a_wrong_task(films: VectorTable, task: str, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        elm.describe(films["f7"], task)


def test_a_wrong_space_or_id(films: VectorTable) -> None:
    with pytest.raises(UnknownNameError, match=r"unknown space 'minlm'; did you mean 'minilm'\?"):
        elm.describe(films["f7"], "summary", space="minlm")
    with pytest.raises(UnknownNameError, match=r"unknown id 'f77777'; did you mean 'f777'\?"):
        films["f77777"]


def test_load_refuses_what_is_not_a_whole_model(tmp_path: Path) -> None:
    with pytest.raises(DataFileError, match="a model is a folder; there is none at"):
        elm.load(tmp_path / "nothing")
    with pytest.raises(DataFileError, match=r"config\.json is missing"):
        elm.load(tmp_path)
    copy = tmp_path / "demo"
    shutil.copytree(SHIPPED / "demo", copy)
    weights = copy / "adapters" / "wals" / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1])
    with pytest.raises(CheckpointError, match=r"adapters/wals/model\.safetensors is cut off or changed since"):
        elm.load(copy)
    weights.unlink()
    with pytest.raises(CheckpointError, match=r"model\.safetensors is missing, though the manifest names it"):
        elm.load(copy)


def test_rooms_open_by_name_and_nothing_else_does() -> None:
    assert {"adapters", "cav", "data", "embeddings", "recommend", "runs", "tasks", "describe", "load"} <= set(dir(elm))
    assert elm.tasks.all_tasks("item")
    with pytest.raises(AttributeError, match="module 'elm' has no attribute 'adaptors'"):
        elm.adaptors  # noqa: B018


@pytest.mark.slow
def test_describe_right_after_installation_needs_no_network_and_prints_nothing() -> None:
    script = (
        "import socket\n"
        "def refuse(*a, **k): raise OSError('no network')\n"
        "socket.socket.connect = refuse; socket.getaddrinfo = refuse\n"
        "import elm\n"
        "text = elm.describe(elm.model.shipped_vectors('films')['f7'], 'summary')\n"
        "assert len(text) > 40"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd="/", timeout=120)
    assert done.returncode == 0, done.stderr
    assert not done.stdout


def test_every_error_can_be_caught_by_name() -> None:
    from elm import _errors

    kinds = [kind for kind in vars(_errors).values() if isinstance(kind, type) and kind.__module__ == "elm._errors"]
    assert len(kinds) > 5
    for kind in kinds:
        assert getattr(elm, kind.__name__) is kind


def test_the_names_of_chat_are_found_where_they_were() -> None:
    from elm import chat, tasks

    assert tasks.ChatJudge is chat.ChatJudge
    assert tasks.Spending is chat.Usage
    assert "ChatJudge" not in tasks.__all__
    with pytest.raises(AttributeError, match="no attribute 'Nonsense'"):
        _ = tasks.Nonsense
