"""The domain of anything: plain nouns, no vocabulary; kinds, and what items are about, come from the data alone."""

from elm.data import Vocabulary
from elm.tasks._domain import Domain, register_domain
from elm.tasks.domains._plain import plain_wordings

ITEMS = register_domain(
    Domain(
        name="items",
        item="item",
        items="items",
        person="person",
        kind="category",
        kinds="categories",
        vocabulary=Vocabulary("items", (), {}, aspects={}, qualities={}, kind_texts={}),
        text="text",
        traits={
            "era:classic": "items from before 1960",
            "era:middle": "items of the sixties and seventies",
            "era:eighties": "items of the eighties",
            "era:new": "items of the last decades",
            "fame:known": "items that everyone knows",
            "fame:obscure": "items that few know",
        },
        wordings=plain_wordings("item", "items"),
    )
)
