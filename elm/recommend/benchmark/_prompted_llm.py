"""A language model that is asked for a list directly (TEARS, Appendix D): no training, only a prompt and its answer."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import numpy as np
from scipy import sparse

from elm._errors import CallError
from elm.chat import Client, client_around
from elm.recommend._ratings import LIKED, as_histories, masked

_TRIES = 10
_LIST = re.compile(  # after marks such as "- " and "1. ": numbers that no word follows, as it does in "2 films: ..."
    r"\W*(?:\d+[.)]\s+(?=\d))?(\d+\b(?:[\s,;*]+(?:and\s+)?\d+\b)*)(?!\s*[^\W\d_])"
)


class AskedModel:
    """Ranks by what a language model answers to a list of titles and a user's history.

    `failures` counts the users without a usable answer, whose list stays empty and scores 0.
    """

    def __init__(
        self,
        ask: Callable[[str], str] | Client,
        titles: Sequence[str],
        *,
        profiles: Sequence[str] | None = None,
        candidates: Sequence[int] | None = None,
        places: int = 100,
        kind: str = "film",
    ) -> None:
        """
        Args:
            ask: an `elm.chat.Client`, or a function, prompt -> answer.
            titles: one per item, in the order of the columns.
            profiles: one text per user to be scored, in their order; without them the prompt tells the ratings.
            candidates: columns that the prompt lists, where the catalogue is too long for it (default: all).
            places: how many items are asked for. kind: what an item is, in the singular.
        """
        if not titles or places < 1:
            raise CallError(f"titles must not be empty and places be at least 1, got {len(titles)} and {places}")
        self.ask, self._client = ask, client_around(ask)
        self.titles, self.profiles = list(titles), profiles
        self.candidates = list(range(len(titles))) if candidates is None else list(candidates)
        self.places, self.kind, self.failures = places, kind, 0

    def scores(self, histories: sparse.csr_matrix) -> np.ndarray:
        """Scores (users, items): the first item named gets `places`, the next one less; items not named are -inf."""
        histories = as_histories(histories, len(self.titles))
        if self.profiles is not None and len(self.profiles) != histories.shape[0]:
            raise CallError(f"one profile per user: {histories.shape[0]} users, {len(self.profiles)} profiles")
        found = np.full(histories.shape, -np.inf, dtype=np.float32)
        for user in range(histories.shape[0]):
            named = self._answer(self.prompt(histories[user], user))
            self.failures += not named
            found[user, named] = self.places - np.arange(len(named))
        return masked(found, histories)

    def prompt(self, history: sparse.csr_matrix, user: int = 0) -> str:
        """What is asked about one user, whose (1, items) row of ratings `history` is."""
        ratings = dict(zip(history.indices.tolist(), history.data.tolist(), strict=True))
        told = [self.profiles[user]] if self.profiles is not None else self._ratings(ratings)
        numbered = [f"{column}: {self.titles[column]}" for column in self.candidates if column not in ratings]
        return "\n".join(
            [
                f"Recommend {self.kind}s to a person. What is known of them:",
                *told,
                "",
                f"The {self.kind}s to choose from, with a number each:",
                *numbered,
                "",
                f"Name the {min(self.places, len(numbered))} that suit this person best, the best one first. Answer "
                "with their numbers alone, parted by commas, and nothing else.",
            ]
        )

    def _ratings(self, ratings: dict[int, float]) -> list[str]:
        liked = [self.titles[column] for column, rating in ratings.items() if rating >= LIKED]
        others = [self.titles[column] for column, rating in ratings.items() if rating < LIKED]
        return [f"{word}: {'; '.join(names)}" for word, names in (("Liked", liked), ("Did not like", others)) if names]

    def _answer(self, prompt: str) -> list[int]:
        """Columns in the order named, each once; empty where ten answers name none."""
        allowed = set(self.candidates)
        for attempt in range(_TRIES):
            answer = self._client.ask(prompt, attempt)
            named = list(dict.fromkeys(number for number in listed(answer) if number in allowed))
            if named:
                return named[: self.places]
        return []


def listed(answer: str) -> list[int]:
    """The numbers of an answer that stand in a list: at the start of lines, or in a line that leads up to them.

    Where no line starts with numbers, those after the last colon of the first line that has some there. Other numbers,
    of a preamble or a title, count nothing.

    >>> listed("Here are the 2 best: 5, 7"), listed("5: Alien 3")
    ([5, 7], [5])
    """
    lines = answer.splitlines()
    after = (_LIST.match(line.rpartition(":")[2]) for line in lines if ":" in line)
    lists = list(filter(None, map(_LIST.match, lines))) or list(filter(None, after))[:1]
    return [int(number) for found in lists for number in re.findall(r"\d+", found[1]) if len(number) < 10]
