"""The domain of products: its nouns, its vocabulary, and its wordings of the tasks of ELM's Appendix A."""

from elm.data import SHOP_VOCABULARY
from elm.tasks._domain import Domain, register_domain
from elm.tasks.domains._product_reviews import REVIEWS
from elm.tasks.domains._product_texts import TEXTS

PRODUCTS = register_domain(
    Domain(
        name="products",
        item="product",
        items="products",
        person="customer",
        kind="category",
        kinds="categories",
        vocabulary=SHOP_VOCABULARY,
        labels={"thing": "item"},
        quality="known as",
        text="listing",
        traits={
            "easy_to_clean": "products that are easy to clean",
            "good_value": "good-value products",
            "eco_friendly": "eco-friendly products",
            "easy_to_use": "products that are easy to use",
            "fame:known": "products that everyone buys",
            "fame:obscure": "products that few have heard of",
        },
        wordings={**TEXTS, **REVIEWS},
        asks={
            "categories": ("category", "categories", "department", "kind", "sort"),
            "thing": ("thing", "what is it?", "what is this?"),
            "finish": ("finish", "colour", "color", "look", "made", "material"),
            "feature": ("feature", "features", "special", "extra"),
            "quality": ("known", "quality", "qualities", "like?"),
        },
    )
)
