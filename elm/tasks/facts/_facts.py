"""What a teacher may know about an item or a user, and how it is put into a prompt for the base model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from elm._errors import UnknownNameError
from elm.data import Dataset, strongest
from elm.tasks._domain import domain_named


@dataclass(frozen=True)
class ItemFacts:
    """Facts of one item. Generated items have aspects (a film: setting, protagonist, conflict) and qualities; real ones
    a text, and themes where they are taken from it.

    kinds: genres or categories. qualities: (name, 0 strong or 1 in part), strongest first. themes: what the text is
    about, in single words; said in its place.

    >>> ItemFacts(kinds=("War", "Sci-Fi"), text="Two moons collide.").line()
    'genres: war, science fiction; plot: Two moons collide.'
    """

    kinds: tuple[str, ...] = ()
    aspects: Mapping[str, str] = field(default_factory=dict)
    qualities: tuple[tuple[str, int], ...] = ()
    text: str | None = None
    themes: tuple[str, ...] = ()
    domain: str = "films"

    def line(self) -> str:
        """The facts with labels in a fixed order: what the base model reads in place of a vector."""
        words = domain_named(self.domain)
        parts = [f"{words.kinds}: {', '.join(map(words.kind_word, self.kinds))}"]
        parts += [
            f"{words.labels.get(name, name)}: {self.aspects[name]}" for name in words.aspects if name in self.aspects
        ]
        if self.qualities:
            parts.append(f"{words.quality}: {', '.join(words.quality_words(*found) for found in self.qualities)}")
        if self.themes:
            parts.append(f"themes: {', '.join(self.themes)}")
        elif self.text is not None:
            parts.append(f"{words.text}: {self.text}")
        return "; ".join(parts)


@dataclass(frozen=True)
class UserFacts:
    """A user's tastes as their ratings show them: traits with a level (0 strong, 1 mild), strongest first.

    A trait is a column of `trait_matrix`: a kind, a quality, for real films an era or a degree of fame.

    >>> UserFacts(likes=(("War", 0), ("dark", 1)), dislikes=(("Musical", 1),)).line()
    'likes: very war films, dark films; dislikes: musical films'
    """

    likes: tuple[tuple[str, int], ...]
    dislikes: tuple[tuple[str, int], ...]
    domain: str = "films"

    def line(self) -> str:
        """The tastes in a fixed order, a strong one marked "very": what the base model reads in place of a vector."""
        words = domain_named(self.domain)

        def listed(traits: tuple[tuple[str, int], ...]) -> str:
            return ", ".join(("very " if level == 0 else "") + words.trait(t) for t, level in traits)

        return f"likes: {listed(self.likes)}; dislikes: {listed(self.dislikes)}"


def generated_facts(row: Any, domain: str = "films") -> ItemFacts:
    """The facts of a generated item, from its row of `make_films` or `make_products`; two qualities count at most.

    Raises `UnknownNameError` for an unknown domain.
    """
    words = domain_named(domain)
    return ItemFacts(
        kinds=tuple(row["genres"]),
        aspects={name: row[name] for name in words.aspects},
        qualities=tuple(strongest(row, 2, tuple(words.vocabulary.qualities))),
        domain=domain,
    )


def item_facts(
    dataset: Dataset, item: str, text: str | None = None, themes: tuple[str, ...] = (), domain: str = "films"
) -> ItemFacts:
    """The facts of one item: the generated ones where the data set knows them, else its kinds and the given text.

    Raises `UnknownNameError` for an item that is not in the data set, or for an unknown domain.
    """
    if item not in dataset.items.index:
        raise UnknownNameError("item", item, dataset.items.index)
    if dataset.facts is not None:
        return generated_facts(dataset.facts.items.loc[item], domain)
    kinds: Any = dataset.items.at[item, "genres"]
    return ItemFacts(kinds=tuple(kinds), text=text, themes=themes, domain=domain)
