"""Tiny Amazon releases, written in their official fields."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

RATED = [("A1", "B1", 5), ("A1", "B2", 2), ("A2", "B1", 4), ("A2", "B2", 3), ("A3", "B1", 1), ("A3", "B3", 5)]
"""user, product, rating: B3 has one rating only."""


def write_lines(path: Path, records: Iterable[Any], write=json.dumps) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    data = "".join(f"{write(record)}\n" for record in records).encode()
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return path


def write_2014(folder: Path) -> Path:
    """JSON reviews, and metadata in literals of Python."""
    write_lines(
        folder / "reviews_Baby_5.json.gz",
        [
            {
                "reviewerID": user,
                "asin": item,
                "reviewerName": "J. Doe",
                "helpful": [2, 3],
                "reviewText": f"{user} says {rating} of {item} &amp; more",
                "overall": float(rating),
                "summary": "A headline",
                "unixReviewTime": 1_252_800_000 + rating,
                "reviewTime": "09 13, 2009",
            }
            for user, item, rating in RATED
        ],
    )
    write_lines(
        folder / "meta_Baby.json.gz",
        [
            {
                "asin": "B1",
                "title": "Rocking Cradle",
                "price": 3.17,
                "imUrl": "http://x/1.jpg",
                "brand": "Coxlures",
                "related": {"also_bought": ["B9"]},
                "salesRank": {"Toys & Games": 211_836},
                "categories": [["Baby", "Nursery"], ["Baby", "Furniture"]],
                "description": "It's a cradle.<br />Made of beech &amp; brass.",
            },
            {"asin": "B2", "categories": [["Baby"]], "title": "Bib"},
            {"asin": "B9", "title": "Nobody rated it", "categories": [["Baby"]]},
        ],
        write=repr,
    )
    return folder


def write_2018(folder: Path) -> Path:
    """Votes as text, styles, descriptions and features in lists, scripts and sentences where they do not belong."""
    write_lines(
        folder / "Baby_5.json.gz",
        [
            {
                "overall": float(rating),
                "vote": "1,200",
                "verified": True,
                "reviewTime": "05 1, 2015",
                "reviewerID": user,
                "asin": item,
                "style": {"Format:": " Hardcover"},
                "reviewerName": "J. Doe",
                "reviewText": f"{user} says {rating} of {item}",
                "summary": "A headline",
                "unixReviewTime": 1_430_438_400 + rating,
            }
            for user, item, rating in RATED
        ],
    )
    write_lines(
        folder / "meta_Baby.json.gz",
        [
            {
                "category": ["Baby", "Nursery", "This whole sentence about the product stands among its categories"],
                "tech1": "",
                "description": ["Made of beech.", "", "Rocks <i>gently</i>."],
                "fit": "",
                "title": "Rocking Cradle",
                "also_buy": ["B9"],
                "tech2": "",
                "brand": "Coxlures",
                "feature": ["Folds flat", "Weighs 3 kg"],
                "rank": ["&gt;#3,780 in Baby"],
                "also_view": [],
                "main_cat": "Baby",
                "similar_item": "",
                "date": "",
                "price": "$3.17",
                "asin": "B1",
                "imageURL": [],
            },
            {"asin": "B2", "title": "var aPageStart = (new Date()).getTime();", "category": [], "description": []},
        ],
    )
    return folder


def write_2023(folder: Path) -> Path:
    """Parent products, times in thousandths of a second; reviews and metadata in folders of their own."""
    write_lines(
        folder / "review_categories" / "Baby_Products.jsonl",
        [
            {
                "rating": float(rating),
                "title": "A headline",
                "text": f"{user} says {rating}<br />of {item}",
                "images": [],
                "asin": "CHILD",
                "parent_asin": item,
                "user_id": user,
                "timestamp": 1_588_687_728_923 + rating * 1000,
                "helpful_vote": 0,
                "verified_purchase": True,
            }
            for user, item, rating in RATED
        ],
    )
    write_lines(
        folder / "meta_categories" / "meta_Baby_Products.jsonl",
        [
            {
                "main_category": "Baby",
                "title": "Rocking Cradle",
                "average_rating": 4.8,
                "rating_number": 10,
                "features": ["Folds flat", "Weighs 3 kg"],
                "description": ["Made of beech."],
                "price": None,
                "images": [],
                "videos": [],
                "store": "Coxlures",
                "categories": ["Baby Products", "Nursery"],
                "details": {"Item Weight": "3 kg"},
                "parent_asin": "B1",
                "bought_together": None,
            },
            {
                "main_category": None,
                "title": "Bib",
                "features": [],
                "description": [],
                "categories": [],
                "details": {},
                "parent_asin": "B2",
                "bought_together": None,
            },
        ],
    )
    return folder
