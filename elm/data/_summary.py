"""A data set in numbers: what the `elm data` command prints."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from elm.data._dataset import Dataset


def summarize(dataset: Dataset) -> dict[str, Any]:
    """Counts of a data set in plain JSON types, with one example item (the most rated one).

    Keys: name, users, items, ratings, density, has_times, histogram (rating -> share), ratings_per_user and
    ratings_per_item (min, median, mean, max), texts (source -> texts, items), example (item, title, year, genres,
    ratings, texts), facts (whether the truth is known), notes.
    """
    ratings = dataset.interactions["rating"]
    shares = ratings.value_counts(normalize=True).sort_index()
    of_item = dataset.interactions["item"].value_counts()
    of_user = dataset.interactions["user"].value_counts()
    texts = dataset.texts.groupby("source")["item"].agg(["size", "nunique"])
    return {
        "name": dataset.name,
        "users": dataset.n_users,
        "items": dataset.n_items,
        "ratings": len(ratings),
        "density": dataset.density,
        "has_times": dataset.has_times,
        "histogram": {f"{rating:g}": float(share) for rating, share in shares.items()},
        "ratings_per_user": _spread(of_user.reindex(dataset.users.index, fill_value=0).to_numpy()),
        "ratings_per_item": _spread(of_item.reindex(dataset.items.index, fill_value=0).to_numpy()),
        "texts": {
            str(source): {"texts": int(n), "items": int(items)}
            for source, n, items in zip(texts.index, texts["size"], texts["nunique"], strict=True)
        },
        "example": _example(dataset, str(of_item.index[0])) if len(of_item) else None,
        "facts": dataset.facts is not None,
        "notes": list(dataset.notes),
    }


def _example(dataset: Dataset, item: str) -> dict[str, Any]:
    film = dataset.items.loc[[item]].to_dict("records")[0]
    texts = dataset.texts[dataset.texts["item"] == item].drop_duplicates("source")
    return {
        "item": item,
        "title": film["title"],
        "year": None if pd.isna(film["year"]) else int(film["year"]),
        "genres": list(film["genres"]),
        "ratings": int((dataset.interactions["item"] == item).sum()),
        "texts": dict(zip(texts["source"], texts["text"], strict=True)),
    }


def _spread(counts: np.ndarray) -> dict[str, float]:
    if not len(counts):
        return {"min": 0, "median": 0.0, "mean": 0.0, "max": 0}
    return {
        "min": int(counts.min()),
        "median": float(np.median(counts)),
        "mean": float(counts.mean()),
        "max": int(counts.max()),
    }
