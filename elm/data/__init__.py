"""Data sets: the `Dataset` type, loaders, the generated worlds, splits and guards against leakage."""

from elm.data._checks import items_named, rating_rows
from elm.data._constants import ATTRIBUTES, GENRES
from elm.data._dataset import Dataset, Facts
from elm.data._ids import id_column, ids_of, index_ids
from elm.data._k_core import k_core
from elm.data._load import NAMES, load, things_of
from elm.data._splits import PARTS, EntitySplit, guard_disjoint, split_entities, split_ratings
from elm.data._summary import summarize
from elm.data._texts import JoinReport, join_texts
from elm.data._titles import title_keys
from elm.data.generated._demo import demo
from elm.data.generated._demo_films import film_texts, make_films
from elm.data.generated._demo_items import strongest
from elm.data.generated._demo_shop import demo_shop
from elm.data.generated._demo_users import make_ratings
from elm.data.generated._demo_words import CONFLICTS, PROTAGONISTS, SETTINGS
from elm.data.generated._many_ratings import rating_blocks, write_generated
from elm.data.generated._shop_products import make_products, product_texts
from elm.data.generated._vocabulary import FILM_VOCABULARY, SHOP_VOCABULARY, Vocabulary
from elm.data.loaders._amazon import amazon, review_polarity
from elm.data.loaders._film_details import (
    WITH_TEXTS,
    movielens_1m_with_texts,
    movielens_100k_with_texts,
    read_imdb_details,
    read_omdb_plots,
    read_tmdb_details,
)
from elm.data.loaders._goodbooks import BOOK_GENRES, load_goodbooks
from elm.data.loaders._movielens import load_movielens
from elm.data.loaders._netflix import load_netflix
from elm.data.loaders._soft_attributes import load_soft_attributes
from elm.data.loaders._tags import load_genome, load_tags

__all__ = [
    "ATTRIBUTES",
    "BOOK_GENRES",
    "CONFLICTS",
    "FILM_VOCABULARY",
    "GENRES",
    "NAMES",
    "PARTS",
    "PROTAGONISTS",
    "SETTINGS",
    "SHOP_VOCABULARY",
    "WITH_TEXTS",
    "Dataset",
    "EntitySplit",
    "Facts",
    "JoinReport",
    "Vocabulary",
    "amazon",
    "demo",
    "demo_shop",
    "film_texts",
    "guard_disjoint",
    "id_column",
    "ids_of",
    "index_ids",
    "items_named",
    "join_texts",
    "k_core",
    "load",
    "load_genome",
    "load_goodbooks",
    "load_movielens",
    "load_netflix",
    "load_soft_attributes",
    "load_tags",
    "make_films",
    "make_products",
    "make_ratings",
    "movielens_1m_with_texts",
    "movielens_100k_with_texts",
    "product_texts",
    "rating_blocks",
    "rating_rows",
    "read_imdb_details",
    "read_omdb_plots",
    "read_tmdb_details",
    "review_polarity",
    "split_entities",
    "split_ratings",
    "strongest",
    "summarize",
    "things_of",
    "title_keys",
    "write_generated",
]
