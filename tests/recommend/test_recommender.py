"""The recommender: alpha, masking, errors, and what lies on disk."""

import json
import shutil

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.torch import load_file, save_file
from taste_groups import TEXTS, HashedWords

from elm import recommend
from elm._errors import CallError, CheckpointError, UnknownNameError
from elm._storage.files import sha256
from elm.recommend import Recommender

FIRST = [f"film{i:02d}" for i in range(6)]  # of group 0
SECOND = [f"film{i:02d}" for i in range(20, 26)]


def group_of(places) -> list[int]:
    return [int(place.item[4:]) // 20 for place in places]


def test_alpha_one_follows_the_text_and_alpha_zero_the_history(recommender):
    for history, group in ((FIRST, 0), (SECOND, 1)):
        against = TEXTS[1 - group]
        assert group_of(recommender.recommend(history, against, alpha=0.0, k=10)) == [group] * 10
        assert group_of(recommender.recommend(history, against, alpha=1.0, k=10)) == [1 - group] * 10


def test_one_side_alone_is_enough(recommender):
    assert group_of(recommender.recommend(profile=TEXTS[1], k=10)) == [1] * 10
    assert group_of(recommender.recommend(SECOND, k=10)) == [1] * 10
    np.testing.assert_array_equal(recommender.z(profile=TEXTS[0]), recommender.z(FIRST, TEXTS[0], alpha=1.0))
    np.testing.assert_array_equal(recommender.z(FIRST), recommender.z(FIRST, TEXTS[0], alpha=0.0))


def test_the_latent_is_the_mixture(recommender):
    text, history = recommender.z(profile=TEXTS[0]), recommender.z(SECOND)
    np.testing.assert_allclose(recommender.z(SECOND, TEXTS[0], 0.3), 0.3 * text + 0.7 * history, atol=1e-6)


@pytest.mark.parametrize("alpha", [0.0, 0.5, 1.0])
def test_seen_items_never_come_back(recommender, alpha):
    places = recommender.recommend(dict.fromkeys(FIRST, 5.0), TEXTS[0], alpha=alpha, k=40)
    assert len(places) == 40 - len(FIRST)
    assert not {place.item for place in places} & set(FIRST)
    assert [place.score for place in places] == sorted((place.score for place in places), reverse=True)
    assert places[0].title == f"Film {int(places[0].item[4:])}"


def test_ratings_matter_and_bare_ids_count_as_liked(recommender):
    assert recommender.recommend(FIRST, k=5) == recommender.recommend(dict.fromkeys(FIRST, 5), k=5)
    low = {**dict.fromkeys(FIRST, 1.0), **dict.fromkeys(SECOND, 5.0)}
    high = {**dict.fromkeys(FIRST, 5.0), **dict.fromkeys(SECOND, 1.0)}
    assert group_of(recommender.recommend(low, k=5)) == [1] * 5
    assert group_of(recommender.recommend(high, k=5)) == [0] * 5


def test_a_history_becomes_a_sparse_row_in_the_order_of_items(recommender):
    rows = recommender.rows([{"film07": 2, "film03": 4.5}, ["film39", "film00"], {"film05": np.float32(1)}])
    expected = np.zeros((3, 40), dtype=np.float32)
    expected[0, [3, 7]], expected[1, [0, 39]], expected[2, 5] = (4.5, 2), 5, 1
    np.testing.assert_array_equal(rows.toarray(), expected)
    assert rows.has_sorted_indices
    assert recommender.rows([]).shape == (0, 40)


@pytest.mark.parametrize("alpha", [0.0, 0.4, 1.0])
def test_the_batch_equals_one_user_at_a_time(recommender, alpha):
    histories = recommender.rows([FIRST, SECOND])
    scores = recommender.scores(histories, list(TEXTS), alpha)
    for user, history in enumerate((FIRST, SECOND)):
        best = recommender.recommend(history, TEXTS[user], alpha, k=1)[0]
        assert scores[user].argmax() == recommender.items.index(best.item)
        assert scores[user].max() == pytest.approx(best.score, abs=1e-5)
    assert np.isinf(scores[0, :6]).all()
    np.testing.assert_allclose(np.exp(recommender.scores(profiles=[TEXTS[0]])).sum(1), 1.0, rtol=1e-5)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({}, CallError, "nothing to recommend from"),
        ({"profile": " \n"}, CallError, "profile is empty"),
        ({"profile": 3}, CallError, "profile must be a text"),
        ({"history": {"film1": 5.0}}, UnknownNameError, "unknown item 'film1'; did you mean 'film"),
        ({"history": ["film01", "zzz"]}, UnknownNameError, "unknown item 'zzz'; there are 40"),
        ({"history": "film01"}, CallError, "got one string"),
        ({"history": {}}, CallError, "history holds no item"),
        ({"history": {"film01": float("nan")}}, CallError, "above 0 .* got nan for item 'film01'"),
        ({"history": {"film01": -1}}, CallError, "above 0"),
        ({"history": {"film01": "5"}}, CallError, "above 0"),
        ({"history": ["film01"], "alpha": 1.5}, CallError, "between 0 and 1, got 1.5"),
        ({"history": ["film01"], "alpha": -0.1}, CallError, "between 0 and 1"),
        ({"history": ["film01"], "alpha": float("nan")}, CallError, "between 0 and 1"),
        ({"history": ["film01"], "k": 0}, CallError, "between 1 and 40"),
        ({"history": ["film01"], "k": 41}, CallError, "got 41"),
    ],
)
def test_a_wrong_call_says_what_is_wrong(recommender, arguments, error, message):
    with pytest.raises(error, match=message):
        recommender.recommend(**arguments)


def test_wrong_batches(recommender, world):
    with pytest.raises(CallError, match="40 columns"):
        recommender.scores(world.test.inputs[:, :5])
    with pytest.raises(CallError, match="24 histories, 1 profiles"):
        recommender.scores(world.test.inputs, ["a"])
    with pytest.raises(CallError, match="history 1 holds no item"):
        recommender.scores(recommender.rows([FIRST, FIRST]).multiply([[1], [0]]).tocsr(), list(TEXTS), 0.5)
    with pytest.raises(CallError, match="40 items, got 3 ids"):
        Recommender(recommender.model, ["a", "b", "c"])
    with pytest.raises(CallError, match="unique"):
        Recommender(recommender.model, ["a"] * 40)


@pytest.fixture
def saved(recommender, tmp_path):
    recommender.save(tmp_path / "rec")
    return tmp_path / "rec"


def test_save_and_load_give_the_same_lists(recommender, saved, world):
    again = recommend.load(saved, encoder=HashedWords())
    assert sorted(path.name for path in saved.iterdir()) == ["config.json", "items.parquet", "model.safetensors"]
    histories, profiles = world.test.inputs, world.test.profiles
    np.testing.assert_array_equal(again.scores(histories, profiles), recommender.scores(histories, profiles))
    assert again.recommend(FIRST, TEXTS[1]) == recommender.recommend(FIRST, TEXTS[1])
    again.save(saved)  # over itself
    assert recommend.load(saved, HashedWords()).titles == recommender.titles


def vouch(folder) -> None:
    """Write the hashes of what lies there now, so that only the content is wrong."""
    config = json.loads((folder / "config.json").read_text())
    config["files"] = {name: sha256(folder / name) for name in config["files"]}
    (folder / "config.json").write_text(json.dumps(config))


def change_weights(folder, change) -> None:
    tensors = load_file(folder / "model.safetensors")
    change(tensors)
    save_file(tensors, folder / "model.safetensors")
    vouch(folder)


def change_config(folder, **values) -> None:
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, **values}))


def fewer_items(folder) -> None:
    pd.read_parquet(folder / "items.parquet").head(3).to_parquet(folder / "items.parquet")
    vouch(folder)


def flip_a_byte(folder) -> None:
    data = bytearray((folder / "model.safetensors").read_bytes())
    data[-1] ^= 1
    (folder / "model.safetensors").write_bytes(data)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda f: shutil.rmtree(f), "no recommender in"),
        (lambda f: (f / "config.json").write_text("{"), "not valid JSON"),
        (lambda f: (f / "config.json").write_text("[]"), "must hold exactly"),
        (lambda f: (f / "model.safetensors").unlink(), "model.safetensors is missing"),
        (lambda f: (f / "items.parquet").unlink(), "items.parquet is missing"),
        (flip_a_byte, "damaged or of another save"),
        (lambda f: change_weights(f, lambda t: t.pop("vae.decoder.out.bias")), "decoder.out.bias should be .* absent"),
        (lambda f: change_weights(f, lambda t: t.update(more=torch.ones(1))), "more should be absent"),
        (lambda f: change_weights(f, lambda t: t.update({"text.head.scale": torch.ones(2)})), "head.scale should be"),
        (fewer_items, "should hold 40 rows but has 3"),
        (lambda f: change_config(f, schema=99), "schema 99"),
        (lambda f: change_config(f, extra=1), "must hold exactly"),
        (lambda f: change_config(f, kind=["tears-multivae"]), "has kind"),
        (lambda f: change_config(f, files=3), "must vouch for"),
        (lambda f: change_config(f, files=["model.safetensors", "items.parquet"]), "must vouch for"),
        (lambda f: change_config(f, sentence_encoder=3), "does not hold the recommender"),
        (lambda f: change_config(f, vae=3), "does not hold the recommender"),
        (lambda f: change_config(f, vae={"items": 40, "width": 3}), "it has no field 'hidden'"),
    ],
)
def test_a_damaged_folder_is_refused(saved, damage, message):
    damage(saved)
    with pytest.raises(CheckpointError, match=message):
        recommend.load(saved, HashedWords())


def test_another_sentence_encoder_is_refused(saved):
    class Other(HashedWords):
        fingerprint = "another"

    with pytest.raises(CheckpointError, match="trained on sentence encoder 'hashed-words'"):
        recommend.load(saved, Other())
