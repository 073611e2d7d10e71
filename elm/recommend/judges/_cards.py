"""What a judge may know about the items: kinds, qualities in [0, 1], and a text, a card an item."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from elm._errors import CallError, UnknownNameError
from elm.data import Dataset, ids_of


@dataclass(frozen=True)
class Card:
    """One item as a judge sees it. kinds: genres, None where they are not told. qualities: known facts in [0, 1].
    texts: what is written about it, each of its own.

    >>> Card("Heat", ("Crime",), texts=("A thief.", "A policeman.")).written()
    'Heat. Genres: Crime. A thief. A policeman.'
    """

    title: str
    kinds: tuple[str, ...] | None = ()
    qualities: Mapping[str, float] = field(default_factory=dict)
    texts: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """All texts as one."""
        return " ".join(self.texts)

    @property
    def parts(self) -> list[str]:
        """What an encoder reads: the genres where they are told, and each text."""
        return [*([f"Genres: {', '.join(self.kinds)}."] if self.kinds else []), *filter(None, self.texts)]

    def written(self) -> str:
        """The card as a text, "" where nothing beside the title is known."""
        told = " ".join(self.parts)
        return f"{self.title}. {told}" if told else ""


@dataclass(frozen=True, eq=False)
class Cards:
    """The cards of a catalogue, in the order of `items`.

    >>> cards = Cards(["a", "b"], [Card("Heat", ("Crime",)), Card("Unknown")])
    >>> len(cards), cards.told()
    (2, [True, False])
    """

    items: list[str]
    cards: list[Card]

    def __post_init__(self) -> None:
        object.__setattr__(self, "items", ids_of(self.items, "item"))
        if len(self.items) != len(self.cards) or len(set(self.items)) != len(self.items):
            raise CallError(f"one card an item, each id once: {len(self.items)} ids, {len(self.cards)} cards")

    def __len__(self) -> int:
        return len(self.items)

    def __iter__(self) -> Iterator[Card]:
        return iter(self.cards)

    def texts(self) -> list[str]:
        """One text an item, "" where nothing is known but a title."""
        return [card.written() for card in self.cards]

    def told(self) -> list[bool]:
        """Whether anything beside the title is known of each item: without, no judge can say how it fits."""
        return [bool(card.kinds or card.qualities or card.texts) for card in self.cards]

    def without_kinds(self, items: Collection[str] | None = None) -> Cards:
        """The same with the kinds of `items` (default: all) left out: what is scored by kinds must not be told."""
        hidden = set(self.items if items is None else items)
        pairs = zip(self.items, self.cards, strict=True)
        return Cards(self.items, [replace(card, kinds=None) if item in hidden else card for item, card in pairs])

    def subset(self, items: Sequence[str]) -> Cards:
        """The cards of some items, in the order asked; `UnknownNameError` for one without."""
        row = dict(zip(self.items, self.cards, strict=True))
        wanted = ids_of(items, "item")
        if lost := next((item for item in wanted if item not in row), None):
            raise UnknownNameError("item", lost, self.items)
        return Cards(wanted, [row[item] for item in wanted])


def cards_of(
    dataset: Dataset, items: Sequence[str] | None = None, sources: Sequence[str] | None = None, kinds: bool = True
) -> Cards:
    """The cards of a data set's items: title, genres, the facts of a generated world, and texts.

    items: their ids, by default all. sources: of the texts that are joined, by default all. kinds: whether genres are
    told. Raises `UnknownNameError` for an item or source that the data set does not have.
    """
    wanted = list(dataset.items.index) if items is None else ids_of(items, "item")
    chosen = dataset.sources if sources is None else list(sources)
    told: dict[str, list[str]] = {}
    for source in chosen:
        for item, texts in dataset.texts_of(source).items():
            told.setdefault(item, []).extend(texts)
    qualities = _qualities(dataset)
    made = []
    for item in wanted:
        if item not in dataset.items.index:
            raise UnknownNameError("item", item, dataset.items.index)
        row = dataset.items.loc[item]
        made.append(
            Card(
                str(row["title"]),
                tuple(row["genres"]) if kinds else None,
                qualities.get(item, {}),
                tuple(told.get(item, [])),
            )
        )
    return Cards(wanted, made)


def _qualities(dataset: Dataset) -> dict[str, dict[str, float]]:
    """The graded facts of a generated world by item; empty for any other."""
    if dataset.facts is None:
        return {}
    table = dataset.facts.items.select_dtypes("number")
    table = table.loc[:, ((table >= 0) & (table <= 1)).all()]
    rows = table.to_dict("records")
    return {
        str(item): {str(name): float(value) for name, value in row.items()}
        for item, row in zip(table.index, rows, strict=True)
    }
