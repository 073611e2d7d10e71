"""What a generated world can say of its items, in words: films and products alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from elm.data._constants import GENRES
from elm.data.generated._demo_words import ATTRIBUTE_WORDS, CONFLICTS, GENRE_WORDS, PROTAGONISTS, SETTINGS
from elm.data.generated._shop_words import FEATURES, FINISHES, KIND_TEXTS, KIND_WORDS, QUALITY_WORDS, THINGS

Levels = tuple[str, str]
"""Words for a quality that is strong, and for one that is there in part."""


@dataclass(frozen=True)
class Vocabulary:
    """The facts that items of a generated world have, and their words; the columns of `Facts.items` bear these names.

    An aspect has one value per item; a quality is a number in [0, 1]. The first wording of both is what teachers write;
    the second is what the item's own texts, the source of its vector, say.

    >>> SHOP_VOCABULARY.aspects["thing"]["a wok"], SHOP_VOCABULARY.qualities["quiet"][0]
    ('a deep round pan for stir-frying', ('wonderfully quiet', 'mostly quiet'))
    """

    name: str
    kinds: tuple[str, ...]  # genres or categories, as in the column `genres`
    kind_words: Mapping[str, str]  # kind -> how it is written inside a sentence
    aspects: Mapping[str, Mapping[str, str]]  # aspect -> {first wording: second wording}
    qualities: Mapping[str, tuple[Levels, Levels]]  # quality -> (first wording, second wording)
    kind_texts: Mapping[str, str]  # kind -> how the item's own texts name it


FILM_VOCABULARY = Vocabulary(
    name="films",
    kinds=GENRES,
    kind_words=GENRE_WORDS,
    aspects={"setting": SETTINGS, "protagonist": PROTAGONISTS, "conflict": CONFLICTS},
    qualities=ATTRIBUTE_WORDS,
    kind_texts=GENRE_WORDS,
)
"""The words of the generated films ("demo")."""

SHOP_VOCABULARY = Vocabulary(
    name="products",
    kinds=tuple(KIND_WORDS),
    kind_words=KIND_WORDS,
    aspects={"thing": THINGS, "finish": FINISHES, "feature": FEATURES},
    qualities=QUALITY_WORDS,
    kind_texts=KIND_TEXTS,
)
"""The words of the generated products ("demo-shop")."""
