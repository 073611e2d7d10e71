"""The products of the demo shop: their facts, and the texts that their semantic vectors are made from."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from elm._typing import Floats
from elm.data.generated._demo_items import Recipe, draw_items, item_texts
from elm.data.generated._shop_words import HOMES, MAKERS, MODELS, TITLE_PATTERNS
from elm.data.generated._vocabulary import SHOP_VOCABULARY

_LEANINGS = {
    "Kitchen": ("easy_to_clean", "sturdy"),
    "Garden": ("sturdy", "eco_friendly"),
    "Camping": ("lightweight", "sturdy"),
    "Travel": ("lightweight", "easy_to_use"),
    "Office": ("quiet", "easy_to_use"),
    "Bathroom": ("easy_to_clean", "eco_friendly"),
    "Nursery": ("easy_to_clean", "quiet"),
    "Pets": ("easy_to_clean", "good_value"),
    "Sports": ("lightweight", "sturdy"),
    "Workshop": ("sturdy", "good_value"),
    "Music": ("stylish", "quiet"),
    "Lighting": ("stylish", "quiet"),
    "Toys": ("good_value", "easy_to_use"),
    "Fashion": ("stylish", "lightweight"),
    "Electronics": ("easy_to_use", "stylish"),
    "Crafts": ("eco_friendly", "good_value"),
}

_AT_HOME = 10.0
"""How much likelier a thing's own categories are than any other: a wok now and then turns up among the toys."""


def _kind_weights(values: Sequence[str]) -> Floats:
    return np.array([_AT_HOME if kind in HOMES[values[0]] else 1.0 for kind in SHOP_VOCABULARY.kinds])


_LISTINGS = (
    "{thing} in {finish}, with {feature}.",
    "For sale: {thing}. It comes in {finish} and has {feature}.",
    "This is {thing}, and {feature} sets it apart. The look: {finish}.",
    "The maker dresses {thing} in {finish} and adds {feature}.",
    "{finish} on the outside, {feature} as an extra: here is {thing}.",
    "Take {thing}, give it {feature}, finish it in {finish}.",
    "{thing} that offers {feature}. Appearance: {finish}.",
    "Just in: {thing}, done in {finish}, complete with {feature}.",
)
_SHELVES = (
    "Found under {kinds}.",
    "Departments: {kinds}.",
    "Aisle: {kinds}.",
    "For everyone who thinks of {kinds}.",
    "Sorted into {kinds}.",
    "The catalogue puts it with {kinds}.",
)
_NOTES = (
    "Buyers call it {qualities}. For {kinds}: {thing}, in {finish}, and {feature} on top.",
    "Sold for {kinds}. What people mention is {feature}, then {finish}. All in all {thing} that is {qualities}.",
    "{qualities}, say those who own it: {kinds}, {thing}, {finish}, and then {feature}.",
    "Shop assistant's card: {kinds}. Think of {thing}, of {finish}, of {feature}. Verdict: {qualities}.",
    "From a parcel diary: {thing} came today, {finish} all over, with {feature}. Good for {kinds}, {qualities}.",
    "They asked for {kinds} and got {thing} with {feature}, in {finish}. They found it {qualities}.",
)

PRODUCTS = Recipe(
    SHOP_VOCABULARY,
    kind_weights=_kind_weights,
    leanings=_LEANINGS,
    titles=(MAKERS, MODELS, TITLE_PATTERNS),
    sources={"listing": (_LISTINGS, tuple(f"{shelf} It is {{qualities}}." for shelf in _SHELVES)), "note": (_NOTES,)},
    stream=(0x73686F70,),
)
"""The recipe of the demo shop."""


def make_products(n: int = 2000, seed: int = 0, prefix: str = "p", skip: pd.DataFrame | None = None) -> pd.DataFrame:
    """Draw `n` products with known facts; no two share thing, finish and feature all at once.

    Columns: title, genres (one to three categories), thing, finish, feature, the eight qualities in [0, 1] and
    popularity (a positive weight with a long tail). `skip` names products whose combination of thing, finish and
    feature must not come up: for drawing further products that stay apart from a catalogue.

    >>> products = make_products(3, seed=0)
    >>> products.loc["p1", ["thing", "feature"]].notna().all()
    np.True_
    """
    return draw_items(PRODUCTS, n, seed, prefix, skip)


def product_texts(products: pd.DataFrame, seed: int = 0) -> pd.DataFrame:
    """Two texts per product for its semantic vector: source "listing" and source "note", columns item, source, text.

    They use the second wording of every fact, so that they share few phrases with what a teacher writes.
    """
    return item_texts(PRODUCTS, products, seed)
