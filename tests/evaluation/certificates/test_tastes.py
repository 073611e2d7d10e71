"""Tastes that a text states, held against hidden ratings."""

import numpy as np
import pandas as pd

from elm.evaluation import tastes_hold
from elm.tasks import trait_matrix


def test_texts_of_the_right_user_hold_more_often_than_those_of_another(user_world):
    held = user_world.held
    ratings = held.groupby("user")["rating"]
    users = [u for u in user_world.folded.ids if ratings.count().get(u, 0) >= 5 and ratings.nunique()[u] > 1]
    traits = trait_matrix(user_world.data)
    for task in ("user_profile", "user_summary"):
        texts = [user_world.teacher.write(user, task) for user in users]
        own = tastes_hold(texts, users, held, traits)
        other = tastes_hold(texts[1:] + texts[:1], users, held, traits)
        assert own.mean() > 0.75
        assert other.mean() < own.mean() - 0.2
        turned = held.assign(rating=6 - held["rating"])
        assert (tastes_hold(texts, users, turned, traits) & own).sum() == 0


def test_what_says_nothing_does_not_hold():
    traits = pd.DataFrame({"War": [1.0, 0.0, 0.0], "Comedy": [0.0, 1.0, 0.0]}, index=list("abc"))
    hidden = pd.DataFrame({"user": "u", "item": list("abc"), "rating": [5.0, 2.0, 3.0]})
    said = [
        "",
        "They enjoy films of every genre.",
        "They love WAR films!",
        "They avoid war films.",
        "They love warm films.",
    ]
    assert tastes_hold(said, ["u"] * 5, hidden, traits).tolist() == [False, False, True, False, False]
    assert not tastes_hold(["They love war films."], ["nobody"], hidden, traits).any()
    level = hidden.assign(rating=3.0)
    assert not tastes_hold(["They love war films."], ["u"], level, traits).any()
    assert np.asarray(tastes_hold([], [], hidden, traits)).shape == (0,)
