"""Where concepts come from: tags, the tag genome, genres, known facts, or items that a person names."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from elm._errors import CallError, UnknownNameError
from elm.data import ATTRIBUTES, id_column, ids_of

if TYPE_CHECKING:
    from elm.data import Dataset
    from elm.embeddings import VectorTable

KINDS = ("concept", "name", "availability", "personal")
"""What a tag speaks of: the film, a proper name, where the film is to be had, or the tagger."""

_AVAILABILITY = re.compile(
    r"\b(dvds?|vhs|dvr|blu-?ray|netflix|hulu|redbox|library|rented|rental|on (tape|dis[ck])|shopping list|owned|"
    r"in (my )?collection|cdon|clv|torrent|download(ed)?)\b|^own$"
)
_PERSONAL = re.compile(
    r"\b(my|seen|watched|unseen|to (see|watch|buy)|must see|wish ?list|watch ?list|viu|viram|favou?rites?|"
    r"\w+'s (movies|films))\b"
)
_CAPITALS, _ONE_USER = 0.5, 0.8


def tag_table(tags: pd.DataFrame, min_users: int = 5) -> pd.DataFrame:
    """What is known of each tag, one row per tag (in small letters), most items first.

    tags: columns user, item, tag, as `elm.data.load_tags` gives them. Columns: items, users, uses; top_user: share of
    the uses by its busiest user; capitals: share written as a name is, several words each with a capital; disagreement:
    see `tag_disagreement`; kind and why. A tag is "availability" or "personal" by its words ("on dvr", "seen more than
    once"); "personal" too where fewer than `min_users` use it or one user makes more than 80 % of its uses; a "name"
    where at least half of its uses are capitals; else a "concept".
    """
    frame = _clean(tags)
    words = frame["raw"].str.split()
    frame["capitals"] = [len(w) > 1 and all(x[:1].isupper() for x in w if x[:1].isalpha()) for w in words]
    groups = frame.groupby("tag")
    by_user = frame.groupby(["tag", "user"]).size()
    table = pd.DataFrame(
        {
            "items": groups["item"].nunique(),
            "users": groups["user"].nunique(),
            "uses": groups.size(),
            "top_user": by_user.groupby("tag").max() / groups.size(),
            "capitals": groups["capitals"].mean(),
        }
    )
    table["disagreement"] = tag_disagreement(tags).reindex(table.index)
    found = [
        _kind(str(tag), int(users), float(top), float(capitals), min_users)
        for tag, users, top, capitals in table[["users", "top_user", "capitals"]].itertuples()
    ]
    table["kind"], table["why"] = ([pair[i] for pair in found] for i in (0, 1))
    return table.sort_values(["items", "uses"], ascending=False, kind="stable")


def tag_concepts(
    tags: pd.DataFrame, table: VectorTable, min_items: int = 20, min_users: int = 5, kind: str = "concept"
) -> dict[str, pd.Series]:
    """Tag -> 1 or 0 by item, over the items of `table` that have any tag: an untagged item says nothing of a tag.

    Tags of one kind (see `tag_table`) on at least `min_items` of those items, by at least `min_users` users ("personal"
    tags: by any number). Most items first. Raises `CallError` for another kind, or where no tag is left.
    """
    if kind not in KINDS:
        raise CallError(f"kind must be one of {', '.join(map(repr, KINDS))}, got {kind!r}")
    about = tag_table(tags, min_users)
    frame = _clean(tags)
    frame = frame[[item in table for item in frame["item"]]]
    tagged = sorted(set(frame["item"]), key={item: row for row, item in enumerate(table.ids)}.__getitem__)
    counts = frame.groupby("tag")["item"].nunique()
    enough = about[(about["kind"] == kind) & ((about["users"] >= min_users) | (kind == "personal"))]
    kept = counts[(counts >= min_items) & counts.index.isin(enough.index)].sort_values(ascending=False, kind="stable")
    if kept.empty:
        raise CallError(f"no tag of kind {kind!r} is on {min_items} items of the table; lower min_items or min_users")
    items = frame[frame["tag"].isin(kept.index)].groupby("tag")["item"].agg(set)
    index = pd.Index(tagged, dtype=str)
    return {str(tag): pd.Series(index.isin(list(items[tag])).astype(np.float64), index=index) for tag in kept.index}


def tag_disagreement(tags: pd.DataFrame) -> pd.Series:
    """How far the users of each tag disagree about it, 0 (never) to 1 (always); NaN where nothing can be compared.

    A user of a tag judges each item that they tagged at all: it has the tag or not. Over the items on which somebody
    put the tag and at least two of its users have judged: the share of pairs of judges who differ. So an objective
    tag is low and a subjective one high (Göpfert et al. 2022 call them so by degree of agreement). A tag left
    out counts as a no, so tags that few bother to put are high too.
    """
    frame = _clean(tags)[["tag", "user", "item"]].drop_duplicates()
    users = frame[["tag", "user"]].drop_duplicates()
    seen = frame[["user", "item"]].drop_duplicates()
    yes = frame.groupby(["tag", "item"]).size()
    shared = frame[["tag", "item"]].drop_duplicates().merge(users, on="tag").merge(seen, on=["user", "item"])
    judges = shared.groupby(["tag", "item"]).size()
    pairs = pd.DataFrame({"differ": yes * (judges - yes), "all": judges * (judges - 1) / 2}).groupby("tag").sum()
    return (pairs["differ"] / pairs["all"].where(pairs["all"] > 0)).rename("disagreement")


def genome_concepts(
    genome: pd.DataFrame, table: VectorTable, tags: Iterable[str] | None = None
) -> dict[str, pd.Series]:
    """Tag -> relevance by item of the table, from `elm.data.load_genome`; all tags, or the ones named."""
    wanted = list(genome.columns) if tags is None else list(tags)
    unknown = [tag for tag in wanted if tag not in genome.columns]
    if unknown:
        raise UnknownNameError("tag", unknown[0], map(str, genome.columns))
    rows = genome.loc[[item in table for item in genome.index]]
    if rows.empty:
        raise CallError("no item of the genome is in the table; check that both use the same ids")
    return {str(tag): rows[tag].dropna() for tag in wanted}


def genre_concepts(dataset: Dataset, table: VectorTable, min_items: int = 20) -> dict[str, pd.Series]:
    """Genre -> 1 or 0 by item of the table, for genres on at least `min_items`; items without genres left out."""
    genres = dataset.items["genres"]
    genres = genres[[item in table and len(found) > 0 for item, found in genres.items()]]
    names = sorted({name for found in genres for name in found})
    flags = {name: pd.Series([float(name in found) for found in genres], index=genres.index) for name in names}
    return {name: flag for name, flag in flags.items() if flag.sum() >= min_items}


def fact_concepts(dataset: Dataset, table: VectorTable) -> dict[str, pd.Series]:
    """Soft attribute -> its true degree by item of the table, of a generated world such as "demo"."""
    if dataset.facts is None:
        raise CallError(f"{dataset.name!r} has no known facts; only a generated world, such as 'demo', has")
    items = dataset.facts.items
    items = items.loc[[item in table for item in items.index]]
    return {name: items[name].astype(np.float64) for name in ATTRIBUTES}


def named_items(dataset: Dataset, names: Iterable[str]) -> list[str]:
    """Ids of the items that a person names by id or by title, in small or capital letters; each one once.

    Raises `UnknownNameError` with the nearest title. A title that several items have stands for all of them.
    """
    if isinstance(names, str):
        raise CallError(f"items are named in a list, got the one string {names!r}")
    titles: dict[str, list[str]] = {}
    for item, title in dataset.items["title"].items():
        titles.setdefault(str(title).casefold(), []).append(str(item))
    found: list[str] = []
    for name in ids_of(names, "item"):
        ids = [name] if name in dataset.items.index else titles.get(name.casefold().strip())
        if ids is None:
            raise UnknownNameError("item", name, dataset.items["title"], "(give an id or a title)")
        found.extend(ids)
    return list(dict.fromkeys(found))


def _clean(tags: pd.DataFrame) -> pd.DataFrame:
    """Columns user, item, tag in small letters and single spaces, and raw as it was written."""
    absent = {"user", "item", "tag"} - set(tags.columns)
    if absent:
        raise CallError(f"tags need the columns user, item and tag, but {', '.join(sorted(absent))} is missing")
    raw = tags["tag"].astype(str).str.split().str.join(" ")
    frame = pd.DataFrame({what: id_column(tags[what], what).astype(str) for what in ("user", "item")} | {"raw": raw})
    return frame.assign(tag=raw.str.lower())[raw != ""]


def _kind(tag: str, users: int, top: float, capitals: float, min_users: int) -> tuple[str, str]:
    if match := _AVAILABILITY.search(tag):
        return "availability", f"says {match.group()!r}"
    if match := _PERSONAL.search(tag):
        return "personal", f"says {match.group()!r}"
    if users < min_users:
        return "personal", f"{users} {'user' if users == 1 else 'users'}"
    if top > _ONE_USER:
        return "personal", f"one user made {top:.0%} of its uses"
    if capitals >= _CAPITALS:
        return "name", f"written in capitals in {capitals:.0%} of its uses"
    return "concept", f"{users} users"
