"""What a person is told about a profile: kinds nobody has, texts of another writer; kept in the folder."""

import numpy as np
import pytest
import torch

from elm._errors import CheckpointError
from elm._storage.files import read_json, write_json
from elm.recommend import KnownTexts, Recommender
from elm.recommend.tears._known_texts import text_distances
from elm.recommend.tears._remarks import remarks

KINDS = ("Comedy", "Horror", "Sci-Fi", "War")


class Plain:
    """A text side without an encoder."""


@pytest.mark.parametrize(
    ("profile", "kind", "nearest"),
    [
        ("They love westerns.", "Western", None),
        ("They love horor films.", "horor", "Horror"),
        ("No more musical films, please.", "Musical", None),
        ("They enjoy comedys films and war films.", "comedys", "Comedy"),
    ],
)
def test_a_kind_that_no_item_has_is_told_with_the_nearest(profile, kind, nearest):
    (line,) = remarks(profile, Plain(), [], KnownTexts(KINDS))
    assert line.startswith(f"no item is of the kind {kind!r}; the nearest is ")
    if nearest:
        assert line.endswith(repr(nearest))


@pytest.mark.parametrize(
    "profile",
    ["They love comedies, sci-fi and war films.", "French films and good movies.", "I like scary movies.", "Horror!"],
)
def test_known_kinds_and_other_words_raise_no_question(profile):
    assert remarks(profile, Plain(), [], KnownTexts(KINDS)) == []


class Side:
    """A text side that has learned from texts about 'a', in a space where 'b' lies elsewhere."""

    class encoder:
        @staticmethod
        def encode(texts):
            return np.asarray([[text.count("a"), text.count("b")] for text in texts], float)

    class head:
        centre, scale = torch.tensor([2.0, 0.0]), torch.tensor(1.0)


def test_texts_of_another_writer_are_noticed_and_those_of_the_same_are_not():
    own = [f"{'a' * (1 + n % 3)} word." for n in range(60)]
    known = KnownTexts.fit(Side, own, ())
    assert known.limit == 1.0
    assert not known.far(Side, own).any()
    (line,) = remarks("bbb bbb.", Side, [], known)
    assert "unlike those that the model was trained on" in line
    assert remarks("aa word.", Side, [], known) == []


def test_without_texts_to_learn_from_nothing_is_far():
    assert KnownTexts.fit(Side, ["a"] * 5, KINDS) == KnownTexts(KINDS, None)
    assert text_distances(Plain(), ["a"]) is None
    assert not KnownTexts().far(Side, ["bbbb"]).any()


def test_the_folder_keeps_what_is_known_and_older_folders_load(tmp_path, recommender, encoder):
    known = KnownTexts(KINDS, 3.5)
    Recommender(recommender.model, recommender.items, recommender.titles, known).save(tmp_path / "new")
    loaded = Recommender.load(tmp_path / "new", encoder)
    assert loaded.known == known
    (line,) = [one for one in loaded.remarks("I love westerns.") if "no item" in one]
    assert "'Western'" in line
    assert any("'Western'" in one for one in loaded.explain_edit("I love war.", "I love westerns.", alpha=1.0).remarks)
    recommender.save(tmp_path / "old")
    assert "known_texts" not in read_json(tmp_path / "old" / "config.json")
    assert Recommender.load(tmp_path / "old", encoder).known == KnownTexts()


@pytest.mark.parametrize("told", [{"kinds": ["War"]}, {"kinds": "War", "limit": 1.0}, {"kinds": [], "limit": -1.0}])
def test_a_damaged_note_is_refused(tmp_path, recommender, encoder, told):
    Recommender(recommender.model, recommender.items, recommender.titles, KnownTexts(KINDS, 3.5)).save(tmp_path / "one")
    config = read_json(tmp_path / "one" / "config.json")
    write_json(tmp_path / "one" / "config.json", {**config, "known_texts": told})
    with pytest.raises(CheckpointError):
        Recommender.load(tmp_path / "one", encoder)
