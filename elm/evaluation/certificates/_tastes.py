"""Whether the tastes that a text states hold for ratings that neither it nor its vector was made from."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from elm.evaluation.rankers._likes_and_dislikes import likes_and_dislikes
from elm.tasks import domain_named


def tastes_hold(
    texts: Sequence[str], users: Sequence[str], hidden: pd.DataFrame, traits: pd.DataFrame, domain: str = "films"
) -> npt.NDArray[np.bool_]:
    """Whether what each text (n) says a user (n) likes is rated above what it says they dislike.

    hidden: ratings that the texts do not know (user, item, rating). traits: how much each item has of each trait, as
    `elm.tasks.trait_matrix` gives it. An item counts by the traits that the text says are liked, less those that it
    says are disliked; the text holds where these counts go up with the user's hidden ratings (their covariance is above
    0). A text that states no taste does not hold, nor does one about a user whose hidden ratings are all alike.

    >>> traits = pd.DataFrame({"War": [1.0, 0.0], "Comedy": [0.0, 1.0]}, index=["a", "b"])
    >>> hidden = pd.DataFrame({"user": "u", "item": ["a", "b"], "rating": [5.0, 2.0]})
    >>> said = ["They love war films. They avoid comedy films.", "They love comedy films."]
    >>> tastes_hold(said, ["u", "u"], hidden, traits).tolist()
    [True, False]
    """
    rated = dict(list(hidden.groupby("user", sort=False)))
    pattern, places = _named(list(traits.columns), domain)
    found = np.zeros(len(texts), dtype=bool)
    for row, (text, user) in enumerate(zip(texts, users, strict=True)):
        if user not in rated:
            continue
        weights = np.zeros(len(traits.columns))
        for side, phrases in zip((1.0, -1.0), likes_and_dislikes(text), strict=True):
            for name in pattern.findall(" ; ".join(phrases).lower()):
                weights[places[name]] += side
        ratings = rated[user]["rating"].to_numpy(float)
        counts = traits.loc[rated[user]["item"]].to_numpy(float) @ weights
        found[row] = (counts - counts.mean()) @ (ratings - ratings.mean()) > 1e-9
    return found


def _named(traits: Sequence[str], domain: str) -> tuple[re.Pattern[str], dict[str, int]]:
    """One alternation over how the traits are said, longest first, and what is said -> its place among them."""
    words = domain_named(domain)
    places = {words.trait(trait).lower(): place for place, trait in enumerate(traits)}
    forms = sorted(places, key=len, reverse=True)
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, forms))})(?!\w)"), places
