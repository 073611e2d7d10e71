"""The tasks of control on a recommender that obeys every word, so that each figure can be worked out by hand."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from worded_films import GENRES, ITEM_GENRES, ITEM_WORDS, ITEMS, TEXTS, WordedFilms, films_held_out

from elm._errors import CallError, UnknownNameError
from elm.evaluation import (
    ControlTasks,
    GuidedMap,
    MapSettings,
    control_means,
    control_scores,
    draw_flips,
    draw_targets,
    fine_grained,
    genre_attributes,
    guided,
    guided_figure,
    guided_map,
    guided_map_figure,
    large_scope,
    largest_genres,
    share_scores,
    trade_off_figure,
)
from elm.evaluation.controllability._fine_grained import ranks
from elm.recommend import RuleEditor


@pytest.fixture
def held_out():
    return films_held_out()


@pytest.fixture
def films():
    return WordedFilms()


@pytest.fixture
def flips(held_out):
    return draw_flips(RuleEditor(), held_out.profiles, GENRES)


def test_the_largest_genres_come_first():
    assert largest_genres(ITEM_GENRES, 2) == ["Comedy", "Horror"]
    assert largest_genres(ITEM_GENRES) == list(GENRES)
    with pytest.raises(CallError, match="at least one genre"):
        largest_genres(ITEM_GENRES, 0)


def test_flips_take_the_genres_of_the_texts(flips):
    assert flips.favourite == ["Comedy", "Horror", "War"]
    assert flips.least == ["War", "Comedy", "Horror"]
    assert flips.edited[0] == TEXTS[0].replace("comedy", "x").replace("war", "comedy").replace("x", "war")
    assert draw_flips(RuleEditor(), ["Sings.", TEXTS[1]], GENRES).users.tolist() == [1]
    with pytest.raises(CallError, match=r"against another \(Comedy, Drama\), and of 1 profiles none does; write"):
        draw_flips(RuleEditor(), ["Sings."], ["Comedy", "Drama"])


@pytest.mark.parametrize(("genres", "have"), [([], "none;"), (["Comedy"], r"1 \(Comedy\);")])
def test_two_genres_are_needed_to_change_places(genres, have):
    with pytest.raises(CallError, match=f"exchanges two genres of a profile, and the items have {have} give"):
        draw_flips(RuleEditor(), [TEXTS[0]], genres)


def test_a_flip_moves_the_whole_list_at_alpha_1_and_nothing_at_0(films, held_out, flips):
    found = large_scope(films, held_out, flips, ITEM_GENRES, alphas=(0.0, 0.25, 1.0), k=5)
    table = found.summary()
    assert table["rise"].tolist() == pytest.approx([0, 0, 1])  # at 0.25 the history weighs more
    assert table["fall"].tolist() == pytest.approx([0, 0, 1])
    assert table["rise_share"].tolist() == [0, 0, 1]
    np.testing.assert_allclose(table["ndcg"], 1)
    assert table["users"].tolist() == [3, 3, 3]
    assert not table["left_out"].any()


def test_a_change_in_the_wrong_direction_is_counted_against(films, held_out, flips):
    wrong = dataclasses.replace(flips, favourite=flips.least, least=flips.favourite)
    table = large_scope(films, held_out, wrong, ITEM_GENRES, alphas=(1.0,), k=5).summary()
    assert table.loc[0, ["rise", "fall", "rise_share", "fall_share"]].tolist() == pytest.approx([-1, -1, 0, 0])


def test_users_without_a_flip_still_count_in_the_cost(films, held_out):
    texts = [TEXTS[0], "Sings.", TEXTS[2]]
    mixed = dataclasses.replace(held_out, profiles=texts)
    found = large_scope(films, mixed, draw_flips(RuleEditor(), texts, GENRES), ITEM_GENRES, alphas=(1.0,), k=4)
    assert found.flips.users.tolist() == [0, 2]
    assert found.summary().loc[0, ["users", "left_out"]].tolist() == [2, 1]
    assert found.ndcg[0, [0, 2]].tolist() == pytest.approx([1, 1])
    assert found.summary().loc[0, "ndcg_users"] == 3
    assert found.ndcg[0, 1] == 0  # a text without a genre ranks by index: comedies first
    everybody = films.scores(mixed.inputs, texts, 1.0)
    assert (np.argsort(-everybody[1])[:4] < 30).all()


def test_shares_of_genres_flip_and_their_bound_is_a_list_of_one_genre(films, held_out, flips):
    shares = np.array([[0.6, 0.0, 0.4], [0.1, 0.8, 0.1], [0.2, 0.1, 0.7]])
    plain, bound = flips.on_shares(shares, GENRES), flips.on_shares(shares, GENRES, bound=True)
    np.testing.assert_allclose(plain.edited, [[0.4, 0, 0.6], [0.8, 0.1, 0.1], [0.2, 0.7, 0.1]])
    np.testing.assert_allclose(bound.edited, [[0, 0, 1], [1, 0, 0], [0, 1, 0]])
    for flipped in (plain, bound):
        table = large_scope(films, held_out, flipped, ITEM_GENRES, (1.0,), k=4, profiles=shares).summary()
        assert table.loc[0, ["rise", "fall", "ndcg"]].tolist() == pytest.approx([1, 1, 1])
    rows = share_scores(films, held_out, shares, GENRES, ITEM_GENRES, alphas=(0.0, 1.0), k=4)
    assert [(row["task"], row["alpha"]) for row in rows] == [("large", 0), ("large", 1), ("bound", 0), ("bound", 1)]
    assert rows[3]["rise"] == pytest.approx(1)
    with pytest.raises(CallError, match="every genre that is flipped, and 'War' has none"):
        flips.on_shares(shares, ("Comedy", "Horror", "Drama"))


def test_ranks_count_from_one_and_ties_go_by_index():
    scores = np.array([[0.5, 0.7, 0.5, -np.inf]])
    assert [ranks(scores, [item]).item() for item in range(4)] == [2, 1, 3, 4]


def test_targets_are_the_users_own_and_lie_in_the_range_at_every_alpha(films, held_out):
    alphas = (0.0, 0.5, 1.0)
    targets = draw_targets([films], held_out, ITEM_WORDS, alphas, between=(2, 3), seed=1)
    for user, target in enumerate(targets):
        assert held_out.targets[user, target] == 1
        for alpha in alphas:
            assert 2 <= ranks(films.scores(held_out.inputs, held_out.profiles, alpha), targets)[user] <= 3
    drawn = {tuple(draw_targets([films], held_out, ITEM_WORDS, alphas, (1, 4), seed)) for seed in range(20)}
    assert len(drawn) > 1
    assert draw_targets([films], held_out, ITEM_WORDS, alphas, (50, 60)).tolist() == [-1, -1, -1]
    silent = [[] if item < 30 else words for item, words in enumerate(ITEM_WORDS)]
    assert draw_targets([films], held_out, silent, alphas, (1, 4))[0] == -1


def test_an_insertion_lifts_the_target(films, held_out):
    targets = np.array([5, 35, -1])  # each fourth of its genre's unseen films
    found = fine_grained(films, held_out, targets, ITEM_WORDS, RuleEditor(), alphas=(0.0, 1.0))
    assert found.before.tolist() == [[4, 4], [4, 4]]
    assert found.after[0].tolist() == [[4, 4, 4]] * 2  # alpha 0 reads no text
    # user 0: edit 0 replaces "slow films", edit 1 the sentence that loves comedies: the film's own words remain
    assert found.after[1].tolist()[0][0] == 1
    table = found.summary()
    assert table["gain"].tolist() == pytest.approx([0, 3])
    assert table["gain_se"].tolist() == pytest.approx([0, 0])
    assert table["share"].tolist() == [0, 1]
    assert table.loc[0, ["users", "no_target", "no_edit"]].tolist() == [2, 1, 0]


def test_users_whose_text_cannot_be_edited_are_counted(films, held_out):
    texts = ["They avoid war films.", *TEXTS[1:]]
    found = fine_grained(
        films, dataclasses.replace(held_out, profiles=texts), [5, 35, -1], ITEM_WORDS, RuleEditor(), (1.0,), edits=1
    )
    assert (len(found.users), found.no_edit, found.no_target) == (1, 1, 1)
    assert np.isnan(found.summary().loc[0, "gain_se"])


def test_guidance_moves_the_list_and_less_needs_the_sign(films, held_out):
    attributes = genre_attributes(ITEM_GENRES, GENRES)
    found = guided(films, held_out.inputs, attributes, alphas=(0.25, 0.75), k=5)
    np.testing.assert_allclose(found.before, np.eye(3), atol=1e-6)
    more = found.more[:, 1]
    np.testing.assert_allclose(more, 1)  # at 0.75 the phrase outweighs the history
    np.testing.assert_allclose(np.diagonal(found.less[:, 1]), 0)
    assert (found.fall[:, 1].diagonal() > 0.999).all()
    table = found.summary()
    assert table["name"].unique().tolist() == ["comedy", "horror", "war", "mean"]
    assert table.query("name == 'mean' and alpha == 0.75")["rise"].item() == pytest.approx(2 / 3)
    assert table.query("name == 'mean' and alpha == 0.75")["fall_share"].item() == pytest.approx(1 / 3)
    as_it_stands = guided(films, held_out.inputs, attributes, alphas=(0.75,), k=5, less="subtracted")
    np.testing.assert_allclose(as_it_stands.less, found.less[:, 1:])  # this text side does not know "less"
    added = guided(films, held_out.inputs, attributes, alphas=(0.75,), k=5, less="added")
    assert added.fall.mean() < 0  # the genre's name alone lifts it


def test_a_text_side_that_understands_less_needs_the_phrase_affirmed(held_out):
    class Reader(WordedFilms):
        def _read(self, profile):
            return -super()._read(profile) if profile.startswith("Less") else super()._read(profile)

    call = (Reader(), held_out.inputs, genre_attributes(ITEM_GENRES, GENRES), (0.75,), 5)
    found = {less: guided(*call, less=less).fall.mean() for less in ("affirmed", "subtracted", "added")}
    assert found["affirmed"] == found["added"] == pytest.approx(1 / 3)  # each user's own genre is gone, of three
    assert found["subtracted"] < 0


def test_a_soft_attribute_is_weighed(films, held_out):
    soft = np.linspace(0, 1, ITEMS)
    found = guided(films, held_out.inputs, {"war": soft}, alphas=(0.75,), k=3, phrases=("More {}.", "No {} films."))
    top = np.argsort(-films.scores(held_out.inputs, ["More war."] * 3, 0.75), axis=1, kind="stable")[:, :3]
    weights = 1 / np.log2([2, 3, 4])
    np.testing.assert_allclose(found.more[0, 0], soft[top] @ weights / weights.sum())


def test_all_tasks_and_their_means_over_seeds(films, held_out):
    soft = {"war": pd.Series(np.linspace(0, 1, ITEMS), films.items)}
    tasks = ControlTasks(attributes=soft, alphas=(0.0, 0.5, 1.0), between=(2, 4), k=5, genres=3)
    found = control_scores(films, held_out, ITEM_GENRES, ITEM_WORDS, tasks)
    rows = found.rows()
    assert {row["task"] for row in rows} == {"large", "fine", "guided", "attributes", "stance", "moods"}
    assert {row["alpha"] for row in rows if row["task"] == "guided"} == {0.5, 1.0}
    assert all(isinstance(row["users"], int) for row in rows if row["task"] in ("large", "fine"))
    means = control_means([rows, rows])
    assert len(means) == len(rows)
    last = next(row for row in means if row["task"] == "large" and row["alpha"] == 1)
    assert last["rise"] == {"mean": pytest.approx(1), "sd": 0}
    assert last["seeds"] == 2
    nowhere = control_scores(films, held_out, ITEM_GENRES, ITEM_WORDS, ControlTasks(alphas=(0.5,), between=(60, 60)))
    assert nowhere.fine is None
    assert nowhere.attributes is None
    base = control_scores(films, held_out, ITEM_GENRES, ITEM_WORDS, ControlTasks(between=(2, 4)), guide=False)
    assert {row["task"] for row in base.rows()} == {"large", "fine", "stance"}
    with pytest.raises(CallError, match="one seed or more"):
        control_means([])


@pytest.mark.parametrize("method", ["pca", "tsne"])
def test_the_map_shows_where_guidance_leads(films, held_out, method):
    inputs = sparse.csr_matrix(sparse.vstack([held_out.inputs] * 2))
    found = guided_map(films, inputs, ITEM_GENRES, GENRES, MapSettings(shown=2, alpha=0.75, method=method, k=5))
    assert list(found.moved) == ["comedy", "horror"]
    assert list(found.phrases) == ["comedy", "horror", "war"]
    assert found.rise["comedy"].tolist() == pytest.approx([0, 1, 1] * 2)
    again = GuidedMap.from_dict(found.to_dict())
    np.testing.assert_allclose(again.moved["horror"], found.moved["horror"], atol=1e-4)
    if method == "pca":  # linear, so that moves towards a phrase stay moves towards it
        for genre, moved in found.moved.items():
            before, after = (np.linalg.norm(p - found.phrases[genre], axis=1) for p in (found.start, moved))
            assert (after < before).all()
    assert len(guided_map_figure(found).axes) == 3


def test_figures_show_every_model(films, held_out):
    tasks = ControlTasks(alphas=(0.0, 0.5, 1.0), between=(2, 9), k=5)
    rows = control_scores(films, held_out, ITEM_GENRES, ITEM_WORDS, tasks).rows()
    means = {"one": control_means([rows]), "two": control_means([rows, rows])}
    figure = trade_off_figure(means, baseline=0.2)
    line = figure.axes[0].get_lines()[0]
    assert list(line.get_xdata()) == [row["rise"]["mean"] for row in means["one"] if row["task"] == "large"]
    bars = guided_figure(means, alpha=0.5)
    assert [text.get_text() for text in bars.axes[1].get_xticklabels()] == ["comedy", "horror", "war", "mean"]
    assert len(bars.axes[0].patches) == 8
    with pytest.raises(CallError, match="one has no results of the task 'guided' at alpha"):
        guided_figure(means, alpha=0.3)


def calls(films, held_out):
    flips = draw_flips(RuleEditor(), held_out.profiles, GENRES)
    silent = dataclasses.replace(held_out, profiles=None)
    aimless = dataclasses.replace(held_out, targets=sparse.csr_matrix((3, ITEMS)))
    empty = dataclasses.replace(held_out, profiles=["", *TEXTS[1:]])
    names = genre_attributes(ITEM_GENRES, GENRES)
    return {
        "no texts": (lambda: large_scope(films, silent, flips, ITEM_GENRES), CallError, "3 users, 0 profiles"),
        "no targets": (lambda: large_scope(films, aimless, flips, ITEM_GENRES), CallError, "no user has a target"),
        "alpha": (lambda: large_scope(films, held_out, flips, ITEM_GENRES, (1.5,)), CallError, "alpha must lie"),
        "no item has it": (
            lambda: large_scope(films, held_out, flips, [["Drama"]] * ITEMS),
            UnknownNameError,
            "unknown genre",
        ),
        "empty profile": (lambda: draw_flips(RuleEditor(), empty.profiles, GENRES), CallError, "profile is empty"),
        "silence": (lambda: draw_targets([films], silent, ITEM_WORDS, between=(2, 9)), CallError, "text per user"),
        "range": (lambda: draw_targets([films], held_out, ITEM_WORDS, between=(9, 3)), CallError, "got 9 to 3"),
        "beyond": (lambda: draw_targets([films], held_out, ITEM_WORDS, between=(99, 500)), CallError, "1 and 60"),
        "words": (lambda: draw_targets([films], held_out, [], between=(2, 9)), CallError, "must hold 60 entries"),
        "nobody": (lambda: draw_targets([], held_out, ITEM_WORDS), CallError, "a recommender and an alpha"),
        "targets": (
            lambda: fine_grained(films, held_out, [1], ITEM_WORDS, RuleEditor()),
            CallError,
            "one target per user",
        ),
        "none left": (
            lambda: fine_grained(films, held_out, [-1] * 3, ITEM_WORDS, RuleEditor()),
            CallError,
            "widen the range",
        ),
        "edits": (
            lambda: fine_grained(films, held_out, [5] * 3, ITEM_WORDS, RuleEditor(), edits=0),
            CallError,
            "one edit",
        ),
        "attribute": (lambda: guided(films, held_out.inputs, {"dark": np.zeros(ITEMS)}), CallError, "of 'dark'"),
        "scale": (lambda: guided(films, held_out.inputs, {"dark": [2.0] * ITEMS}), CallError, "must lie in .0, 1."),
        "length": (lambda: guided(films, held_out.inputs, {"dark": [1.0]}), CallError, "got shape .1,."),
        "none": (lambda: guided(films, held_out.inputs, {}), CallError, "needs an attribute and an alpha"),
        "less": (lambda: guided(films, held_out.inputs, names, less="never"), CallError, "less is 'affirmed'"),
        "phrase": (
            lambda: guided(films, held_out.inputs, names, phrases=("No {}.", "Less {}.")),
            CallError,
            "asking for less",
        ),
        "no such genre": (lambda: genre_attributes(ITEM_GENRES, ["Drama"]), UnknownNameError, "unknown genre 'Drama'"),
        "method": (
            lambda: guided_map(films, held_out.inputs, ITEM_GENRES, GENRES, MapSettings(method="umap")),
            CallError,
            "'pca' or 'tsne'",
        ),
        "one user": (lambda: guided_map(films, held_out.inputs[:1], ITEM_GENRES, GENRES), CallError, "two users"),
        "suite": (lambda: control_scores(films, silent, ITEM_GENRES, ITEM_WORDS), CallError, "users with texts"),
    }


@pytest.mark.parametrize("name", calls(WordedFilms(), films_held_out()))
def test_wrong_calls(films, held_out, name):
    call, error, message = calls(films, held_out)[name]
    with pytest.raises(error, match=message):
        call()
