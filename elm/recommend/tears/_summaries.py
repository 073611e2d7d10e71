"""Summaries of users, user -> text: by the template, from a file, or by a chat model."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
from tqdm.auto import tqdm

from elm._errors import CallError, DataFileError, UnusableTextError
from elm._storage.files import read_json
from elm.chat import Client, client_around
from elm.data import Dataset
from elm.recommend.benchmark._split import RecommendationSplit
from elm.recommend.tears._text_split import text_split
from elm.tasks import ItemBrief, domain_named, domain_of, item_briefs, names_in

_LARGEST = 2**30  # bytes of a file of texts
_RATED = re.compile(
    r"\b\d(?:[.,]\d+)?\s*(?:/\s*(?:5|10|100)\b|out of\b|(?:-\s*)?stars?\b)|"
    r"\b(?:one|two|three|four|five|half)[\s-]stars?\b|"
    r"\brat(?:ed|ings?) (?:of |as |it )?(?:at )?\d",
    re.IGNORECASE,
)
_WORD = re.compile(r"\w")


def template_summaries(dataset: Dataset, split: RecommendationSplit, domain: str | None = None) -> dict[str, str]:
    """User -> the text that `text_split` writes by template, for every user of the split."""
    found = text_split(dataset, split, domain=domain)
    parts: tuple[Literal["train", "validation", "test"], ...] = ("train", "validation", "test")
    return {user: text for part in parts for user, text in zip(split.users(part), found.texts[part], strict=True)}


def file_summaries(path: str | Path) -> dict[str, str]:
    """User -> text from a JSON file: one object, user id -> text, or user id -> an object of parts, joined in order.

    Raises `DataFileError` for a file that is missing or of another form, and for a text without a word.
    """
    value = read_json(path, limit=_LARGEST)
    if not isinstance(value, dict) or not value:
        raise DataFileError(f"{path} must hold one JSON object, user id -> text; write it so")
    texts = {}
    for user, said in value.items():
        parts = list(said.values()) if isinstance(said, dict) else [said]
        if not parts or not all(isinstance(part, str) for part in parts):
            raise DataFileError(f"{path}: the text of user {user!r} must be a string, or an object of strings")
        texts[user] = "\n".join(part.strip() for part in parts if part.strip())
        if not _WORD.search(texts[user]):
            raise DataFileError(f"{path}: the text of user {user!r} holds no word; write one, or leave the user out")
    return texts


@dataclass(frozen=True)
class SummaryOptions:
    """What `chat_summaries` asks for. Raises `CallError` for a number below 1.

    domain: whose words are used; by default the data set's.
    items: so many of a user's inputs are told at most, drawn by the seed. words: about how long a summary is.
    sources: text sources of the data set that are told, too, 30 words an item.
    attempts: how often a user is asked for.
    cache: a file that keeps a function's answers, so that a stopped run goes on; `model` tells those of one from
        another's. A client has both itself.
    concurrency: calls at once of a function (1), more than one where several threads may call it. A client has its own.
    on_failure: "raise", or "skip", which leaves out a user whose every answer broke the rules.
    """

    domain: str | None = None
    items: int = 50
    words: int = 200
    sources: Sequence[str] = ()
    attempts: int = 3
    cache: str | Path | None = None
    model: str = ""
    concurrency: int | None = None
    on_failure: Literal["raise", "skip"] = "raise"

    def __post_init__(self) -> None:
        counts = (self.items, self.words, self.attempts, 1 if self.concurrency is None else self.concurrency)
        if min(counts) < 1:
            raise CallError(f"items, words, attempts and concurrency are at least 1, got {', '.join(map(str, counts))}")
        if self.on_failure not in ("raise", "skip"):
            raise CallError(f"on_failure is 'raise' or 'skip', got {self.on_failure!r}")


def chat_summaries(
    dataset: Dataset,
    split: RecommendationSplit,
    ask: Callable[[str], str] | Client,
    users: Sequence[str] | None = None,
    options: SummaryOptions | None = None,
    seed: int = 0,
    progress: bool = False,
) -> dict[str, str]:
    """User -> a summary by a language model, from the user's inputs alone (TEARS, Section 3.2 and Appendix A).

    The model is told titles, genres and ratings, and is to say in about `words` words what the user likes and dislikes,
    of genres and of plots, without a title and without a rating. An answer that breaks this, or is not a third to
    twice as long, is asked for again with a firmer word.

    ask: an `elm.chat.Client`, or a function, prompt -> answer; its errors end the run. users: some
    of the split's users; all of them by default.

    Raises `CallError` for a user who is not in the split, `UnusableTextError` where no attempt
    gave a text, `DataFileError` for a cache that holds something else.
    """
    how, rated = options or SummaryOptions(), dict(_inputs(split))
    chosen = list(rated) if users is None else [str(user) for user in users]
    if unknown := next((user for user in chosen if user not in rated), None):
        raise CallError(f"user {unknown!r} has no inputs in the split; name users of split.users(part)")
    domain = how.domain or domain_of(dataset)
    briefs = item_briefs(dataset, how.sources, _TOLD_WORDS, domain)
    client = client_around(ask, how.model, how.cache, how.concurrency)

    def one(user: str) -> str:
        told = [(briefs[item], rating) for item, rating in _some(rated[user], how.items, user, seed)]
        try:
            return _written(told, client.ask, domain, how, user)
        except UnusableTextError:
            if how.on_failure == "raise":
                raise
            return ""

    texts = client.each(one, chosen)
    bar = tqdm(texts, total=len(chosen), desc="summaries", disable=not progress, leave=False)
    return {user: text for user, text in zip(chosen, bar, strict=True) if text}


_TOLD_WORDS = 30


def _inputs(split: RecommendationSplit) -> Iterator[tuple[str, pd.DataFrame]]:
    """Each user of the split with the rows that a text may be written from."""
    known = split.rows["part"] == "train" if split.weak else split.rows["role"] == "input"
    for user, rows in split.rows[known].groupby("user", sort=False):
        yield str(user), rows


def _some(rows: pd.DataFrame, items: int, user: str, seed: int) -> list[tuple[str, float]]:
    """At most so many of a user's items with their ratings, the best first."""
    if len(rows) > items:
        rng = np.random.default_rng([seed, *user.encode()])
        rows = rows.iloc[np.sort(rng.choice(len(rows), items, replace=False))]
    rows = rows.sort_values("rating", ascending=False, kind="stable")
    return list(zip(rows["item"].astype(str), rows["rating"].astype(float), strict=True))


def _written(
    told: Sequence[tuple[ItemBrief, float]],
    answer: Callable[[str, int], str],
    domain: str,
    how: SummaryOptions,
    user: str,
) -> str:
    """The first answer that keeps the rules."""
    words, attempts = how.words, how.attempts
    first = _prompt(told, domain, words)
    prompt, fault = first, ""
    for attempt in range(attempts):
        text = answer(prompt, attempt)
        fault = _fault(text, told, words)
        if not fault:
            return text
        prompt = f"{first}\n\nAn earlier answer {fault}. Keep all the rules this time."
    raise UnusableTextError(
        f"a summary names no title and no rating and has about {words} words, but {attempts} answers about user "
        f"{user!r} did not keep to that: the last {fault}. Ask another model, or skip failures"
    )


def _prompt(told: Sequence[tuple[ItemBrief, float]], domain: str, words: int) -> str:
    nouns = domain_named(domain)
    lines = []
    for brief, rating in told:
        kinds = f" [{', '.join(map(nouns.kind_word, brief.kinds))}]" if brief.kinds else ""
        about = f" {' '.join(brief.texts)}" if brief.texts else ""
        lines.append(f"- {brief.label}{kinds}: {rating:g}.{about}")
    return (
        f"These are {nouns.items} that one person has rated, from 1 (poor) to 5 (excellent).\n\n"
        + "\n".join(lines)
        + f"\n\nDescribe this person's taste in about {words} words of plain prose, in four parts: which {nouns.kinds} "
        f"they enjoy; what in a {nouns.text} draws them; which {nouns.kinds} they avoid or seldom choose; what in a "
        f'{nouns.text} puts them off. Speak of the person as "they". Be specific to this person.\n'
        f"Rules: mention no title and nobody's name, no rating, number of stars or score; no heading, no list, and "
        "nothing before or after the description."
    )


def _fault(text: str, told: Sequence[tuple[ItemBrief, float]], words: int) -> str:
    """What is wrong with an answer; empty where nothing is."""
    count = len(text.split())
    if count < words / 3 or count > 2 * words:
        return f"had {count} words where about {words} are wanted"
    if found := _RATED.search(text):
        return f"speaks of ratings ({found[0].strip()!r})"
    known = " ".join(part for brief, _ in told for part in (*brief.kinds, *brief.texts))
    named = [name for brief, _ in told for name in names_in(text, brief.title, brief.year, known)]
    return f"names {', '.join(map(repr, dict.fromkeys(named[:5])))}" if named else ""
