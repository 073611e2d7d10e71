"""The demo shop: generated products with known facts, the people who rate them, and texts about the products."""

from __future__ import annotations

from elm.data._dataset import Dataset
from elm.data.generated._demo_items import make_world
from elm.data.generated._shop_products import PRODUCTS


def demo_shop(n_products: int = 2000, n_users: int = 2000, seed: int = 0) -> Dataset:
    """Make the demo shop in a few seconds; the same seed gives the same shop on every machine.

    It is to products what `demo` is to films. The column `genres` holds the categories, and no product has a year;
    the facts are what each product is (`thing`), its `finish` and standout `feature`, eight qualities in [0, 1],
    popularity and quality, and the users' hidden tastes. Text sources: see `product_texts`.

    >>> shop = demo_shop(n_products=60, n_users=10)
    >>> shop.n_items, shop.sources
    (60, ['listing', 'note'])
    >>> shop.facts.users.filter(like="taste_").shape
    (10, 24)
    """
    return make_world("demo-shop", PRODUCTS, n_products, n_users, seed, "p", ("title", "year", "genres"))
