"""Wishes in free words: their files, edits in their words, and shares worked out by hand."""

import json

import numpy as np
import pytest
from test_control_command import run
from worded_films import GENRES, ITEM_GENRES, ITEM_WORDS, TEXTS, WordedFilms, films_held_out

from elm._errors import CallError, DataFileError
from elm.data import demo
from elm.evaluation import ControlTasks, control_scores, wish_set
from elm.evaluation.controllability._stance import Asked, stance_scores
from elm.evaluation.controllability._wish_editor import WishEditor
from elm.recommend.stance._grammar import frames


def written(tmp_path, *wishes, **more):
    path = tmp_path / "wishes.json"
    told = [{"text": text, "stance": stance} for text, stance in wishes]
    path.write_text(json.dumps({"wishes": told, **more}))
    return path


@pytest.fixture
def plain(tmp_path):
    """Words that the recommender by hand reads: it knows "avoid"."""
    return wish_set(
        written(
            tmp_path,
            ("Bring {g} films.", 1),
            ("Bring {d} tonight.", 1),
            ("I avoid {g} films.", -1),
            ("I take {g} films.", -1),  # which it takes for a like
            ("Sleep avoids {g} films.", 0),
            descriptions={"Horror": ["horror of the night"]},
        )
    )


def asked(wishes):
    masks = [np.array([genre in found for found in ITEM_GENRES], float) for genre in GENRES]
    return [Asked(g.lower(), mask, wishes.described(g)) for g, mask in zip(GENRES, masks, strict=True)]


@pytest.mark.parametrize("name", ["validation", "held-out"])
def test_shipped_sets_hold_every_stance_with_and_without_the_name_and_no_frame_of_training(name):
    found = wish_set(name)
    assert all(found.of(stance, named) for stance in (1, -1, 0) for named in (True, False))
    genres = {genre for genres in demo(n_films=60, n_users=10).items["genres"] for genre in genres}
    assert genres <= set(found.descriptions)
    known = {frame.casefold().replace("{x}", "*") for stance in (1, -1, 0) for frame in frames(stance)}
    assert not known & {wish.text.casefold().replace("{g}", "*").replace("{d}", "*") for wish in found.wishes}


def test_the_sets_share_no_wish():
    one, other = ({wish.text for wish in wish_set(name).wishes} for name in ("validation", "held-out"))
    assert not one & other


def test_shares_beside_neutral_and_template(plain):
    found = stance_scores(WordedFilms(), plain, asked(plain), k=10).summary().set_index("name")
    neutral = [1.0, 0.0, 0.0]  # the neutral text names no genre: the first ten are comedies
    liked, named = found.loc["for, by name"], found.loc["against, by name"]
    assert liked["share"] == liked["template"] == liked["effect"] == liked["moved"] == 1
    assert liked["neutral"] == pytest.approx(np.mean(neutral))
    assert found.loc["for, without it"]["cases"] == 1
    # half of the dislikes are read as likes: of comedies 1 (neutral 1) and 0, of the others 1 and 0 (neutral 0)
    assert named["share"] == pytest.approx(0.5)
    assert named["template"] == 0
    assert named["effect"] == pytest.approx((0.5 - 1 / 3) / (0 - 1 / 3))
    assert named["moved"] == 0.5  # of the two cases that can fall
    assert named["cases"] == 6
    assert np.isnan(found.loc["neither, by name"]["effect"])
    assert found.loc["neither, by name"]["spread"] == pytest.approx(1 / 3)


def test_wishes_that_fit_no_thing_are_refused(tmp_path):
    only = wish_set(written(tmp_path, ("Bring {d}.", 1), descriptions={"War": ["soldiers"]}))
    with pytest.raises(CallError, match="need what genres are about"):
        stance_scores(WordedFilms(), only, [Asked("dark", np.ones(60))])


def test_edits_take_the_words_of_the_set(plain):
    editor = WishEditor(plain)
    text = editor.flip(TEXTS[0], "Comedy", "Horror")
    assert text == editor.flip(TEXTS[0], "Comedy", "Horror")
    assert text.startswith("They enjoy slow films. They avoid war films. Bring ")
    assert "comedy" in text
    assert "They love" not in text
    assert editor.favourites(TEXTS[1], GENRES) == ("Horror", "Comedy")
    assert "Bring theme3 tonight." in editor.insert(TEXTS[1], ["theme3"], 0)


def test_every_task_runs_in_the_words_of_a_set(plain):
    tasks = ControlTasks(alphas=(0.0, 1.0), between=(2, 60), k=5, genres=3, wordings=plain)
    rows = control_scores(WordedFilms(), films_held_out(), ITEM_GENRES, ITEM_WORDS, tasks).rows()
    assert {row["task"] for row in rows} == {"large", "fine", "guided", "stance"}
    assert {row["name"] for row in rows if row["task"] == "stance"} >= {"for, by name", "neither, by name"}
    more = next(row for row in rows if row["task"] == "guided" and row["name"] == "mean")
    assert more["rise"] > 0


@pytest.mark.parametrize(
    ("told", "message"),
    [
        ("", "is empty"),
        ("not json", "wishes.json"),
        ("[]", '"wishes"'),
        ('{"wishes": []}', "one wish or more"),
        ('{"wishes": [{"text": "Bring {g}.", "stance": 1}], "seed": 3}', "has 'seed'"),
        ('{"wishes": ["Bring {g}."]}', "wish 0 must be an object of text and stance"),
        ('{"wishes": [{"text": "Bring it.", "stance": 1}]}', "wish 0 must hold {g} or {d} once"),
        ('{"wishes": [{"text": "Bring {g} and {d}.", "stance": 1}]}', "once"),
        ('{"wishes": [{"text": "Bring {g}.", "stance": 2}]}', "wish 0 has stance 2; write 1, -1 or 0"),
        ('{"wishes": [{"text": "Bring {g}.", "stance": "1"}]}', "stance"),
        ('{"wishes": [{"text": "Bring {g}.", "stance": true}]}', "stance true"),
        ('{"wishes": [{"text": "Bring {g}.", "stance": 1}, {"text": "bring  {g}.", "stance": -1}]}', "comes twice"),
        ('{"wishes": [{"text": "Bring {g}.", "stance": 1}], "descriptions": {"War": []}}', "genre -> list of phrases"),
    ],
)
def test_files_that_are_no_sets(tmp_path, told, message):
    path = tmp_path / "wishes.json"
    path.write_text(told)
    with pytest.raises(DataFileError) as error:
        wish_set(path)
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_a_set_that_is_no_file_names_what_is_known(tmp_path, monkeypatch):
    with pytest.raises(DataFileError, match="wordings are template, validation, held-out or a JSON file"):
        wish_set("heldout")
    monkeypatch.setattr("elm.runs.TextModels.fit", lambda *_: pytest.fail("trained"))
    with pytest.raises(DataFileError, match="stance 5"):
        run("demo", "--seeds", 1, "--quiet", "--wordings", written(tmp_path, ("Bring {g}.", 5)))


def test_edits_need_both_sides(tmp_path):
    with pytest.raises(CallError, match="a wish for and one against"):
        WishEditor(wish_set(written(tmp_path, ("Bring {g}.", 1))))
