from __future__ import annotations

import hashlib
import re
from itertools import permutations

import numpy as np
import pandas as pd
import pytest

from elm._errors import CallError
from elm.data import (
    FILM_VOCABULARY,
    SHOP_VOCABULARY,
    Dataset,
    Vocabulary,
    demo,
    demo_shop,
    film_texts,
    load,
    make_films,
    make_products,
    make_ratings,
    product_texts,
)

ML100K = np.array([0.06110, 0.11370, 0.27145, 0.34174, 0.21201])
ASPECTS, QUALITIES = list(SHOP_VOCABULARY.aspects), list(SHOP_VOCABULARY.qualities)


@pytest.fixture(scope="module")
def shop() -> Dataset:
    return demo_shop(600, 400)


def wordings(words: Vocabulary) -> list[str]:
    """Every phrase of a vocabulary that states an aspect or a quality, in both wordings."""
    aspects = [phrase for values in words.aspects.values() for pair in values.items() for phrase in pair]
    return aspects + [phrase for wordings in words.qualities.values() for levels in wordings for phrase in levels]


def fingerprint(*frames: pd.DataFrame) -> str:
    rounded = (frame.map(lambda v: f"{v:.9g}" if isinstance(v, float) else str(v)) for frame in frames)
    return hashlib.sha256("".join(f.to_csv() for f in rounded).encode()).hexdigest()[:16]


def test_the_films_are_what_they_have_always_been() -> None:
    """The shipped model reads vectors of these films: the recipe that films and products share must not move them."""
    films = make_films(60, seed=0)
    assert fingerprint(films) == "8efd2a1e4e67a981"
    assert fingerprint(film_texts(films)) == "67a16fc13b827855"


def test_the_same_seed_gives_the_same_shop_on_every_machine() -> None:
    shop = demo_shop(60, 20)
    assert shop.facts is not None
    assert fingerprint(shop.facts.items[["title", "genres", *ASPECTS]], shop.texts) == "2fbfa25cc2118d75"
    assert not demo_shop(60, 20, seed=1).texts.equals(shop.texts)


def test_the_shop_loads_by_name() -> None:
    shop = load("demo-shop")
    assert (shop.name, shop.n_items, shop.n_users) == ("demo-shop", 2000, 2000)


@pytest.mark.parametrize("words", [FILM_VOCABULARY, SHOP_VOCABULARY], ids=lambda words: words.name)
def test_no_phrase_says_two_things(words: Vocabulary) -> None:
    phrases = wordings(words)
    assert len(phrases) == len(set(phrases))
    assert not [(a, b) for a, b in permutations(phrases, 2) if re.search(rf"\b{re.escape(a)}\b", b)]


def test_phrases_of_products_name_no_category_and_their_two_wordings_share_no_word() -> None:
    kinds = re.compile(rf"\b({'|'.join(SHOP_VOCABULARY.kind_words.values())})s?\b", re.IGNORECASE)
    assert not [phrase for phrase in wordings(SHOP_VOCABULARY) if kinds.search(phrase)]
    small = {"a", "an", "of", "the", "for", "in", "to", "on", "out", "up", "with"}
    pairs = [pair for values in SHOP_VOCABULARY.aspects.values() for pair in values.items()]
    pairs += [pair for first, second in SHOP_VOCABULARY.qualities.values() for pair in zip(first, second, strict=True)]
    shared = [pair for pair in pairs if set(pair[0].split()) & set(pair[1].split()) - small]
    assert not shared


def test_products_have_about_sixty_values_an_aspect_and_sixteen_categories() -> None:
    assert all(60 <= len(values) <= 64 for values in SHOP_VOCABULARY.aspects.values())
    assert len(SHOP_VOCABULARY.kinds) == 16
    assert set(SHOP_VOCABULARY.kind_words) == set(SHOP_VOCABULARY.kind_texts) == set(SHOP_VOCABULARY.kinds)


def test_facts_follow_the_vocabulary(shop: Dataset) -> None:
    assert shop.facts is not None
    facts = shop.facts.items
    for aspect, values in SHOP_VOCABULARY.aspects.items():
        assert set(facts[aspect]) <= set(values)
    assert facts[QUALITIES].min().min() >= 0
    assert facts[QUALITIES].max().max() <= 1
    assert facts["genres"].map(len).between(1, 3).all()
    assert facts["title"].is_unique
    assert shop.items["year"].isna().all()
    assert {"popularity", "quality"} <= set(facts)
    assert not {"thing", "quality"} & set(shop.items)


def test_no_two_products_share_their_three_aspects_nor_do_further_ones_those_of_a_catalogue() -> None:
    catalogue = make_products(1500, seed=0)
    more = make_products(1500, seed=0, prefix="x", skip=catalogue)
    both = pd.concat([catalogue, more])
    assert not both.duplicated(ASPECTS).any()
    assert both["title"].is_unique
    assert both.index.is_unique


def test_things_are_mostly_at_home_and_now_and_then_a_surprise() -> None:
    products = make_products(2000)
    kettles = products[products["thing"] == "a folding kettle"]["genres"]
    assert kettles.map(lambda kinds: bool({"Kitchen", "Travel"} & set(kinds))).mean() > 0.7
    used = {(row["thing"], kind) for _, row in products.iterrows() for kind in row["genres"]}
    assert len(used) > 400  # of 64 x 16: far more than the homes alone


def test_qualities_lean_on_categories_with_surprises() -> None:
    products = make_products(2000)
    inside = products["genres"].map(lambda kinds: "Workshop" in kinds)
    assert products.loc[inside, "sturdy"].mean() > products.loc[~inside, "sturdy"].mean() + 0.15
    assert (products.loc[~inside, "sturdy"] > 0.65).mean() > 0.1


def test_texts_state_every_fact_in_the_second_wording_only(shop: Dataset) -> None:
    assert shop.facts is not None
    assert shop.sources == ["listing", "note"]
    for text, item in zip(shop.texts["text"], shop.texts["item"], strict=True):
        row = shop.facts.items.loc[item]
        said = text.lower()
        for aspect, values in SHOP_VOCABULARY.aspects.items():
            assert values[row[aspect]].lower() in said
            assert row[aspect].lower() not in said
        assert all(SHOP_VOCABULARY.kind_texts[kind] in said for kind in row["genres"])
        assert "{" not in said
        assert row["title"].lower() not in said


def test_ratings_are_those_of_movielens_in_shape_and_of_the_tastes_in_content(shop: Dataset) -> None:
    shares = shop.interactions["rating"].value_counts(normalize=True).sort_index()
    assert np.abs(shares.to_numpy() - ML100K).max() < 0.005
    assert shop.density == pytest.approx(0.063, abs=0.001)
    ratings = shop.ratings_matrix().toarray()
    seen = ratings > 0
    centred = np.where(seen, ratings - (ratings.sum(1) / seen.sum(1))[:, None], 0)
    assert shop.facts is not None
    for kind in SHOP_VOCABULARY.kinds:
        inside = shop.items["genres"].map(lambda kinds, kind=kind: kind in kinds).to_numpy(bool)
        count = (seen & inside).sum(1)
        mean = (centred * inside).sum(1)[count >= 3] / count[count >= 3]
        taste = shop.facts.users[f"taste_{kind}"].to_numpy()[count >= 3]
        assert np.corrcoef(mean, taste)[0, 1] > 0.3, kind


def test_tastes_are_over_categories_and_qualities(shop: Dataset) -> None:
    assert shop.facts is not None
    expected = [f"taste_{name}" for name in (*SHOP_VOCABULARY.kinds, *QUALITIES)]
    assert list(shop.facts.users.filter(like="taste_")) == expected
    assert (shop.facts.users[expected[:16]] > 0.5).sum(axis=1).between(2, 4).all()


def test_a_shop_survives_the_disk(shop: Dataset, tmp_path) -> None:
    again = Dataset.load(shop.save(tmp_path / "shop"))
    assert again.items.equals(shop.items)
    assert again.texts.equals(shop.texts)
    assert again.facts is not None
    assert shop.facts is not None
    assert again.facts.items.equals(shop.facts.items)


def test_product_texts_are_seeded() -> None:
    products = make_products(20)
    assert product_texts(products, 3).equals(product_texts(products, 3))
    assert not product_texts(products, 3).equals(product_texts(products, 4))


def test_wrong_calls_say_what_a_world_needs() -> None:
    with pytest.raises(CallError, match="at least 5 products, 1 user and a seed of 0 or more, but 2, 10 and 0 came"):
        demo_shop(2, 10)
    with pytest.raises(CallError, match="at least 5 films"):
        demo(2, 10)
    with pytest.raises(CallError, match="at least 5 products, 1 user and a density"):
        make_ratings(make_products(20), 5, density=0.9, vocabulary=SHOP_VOCABULARY)
