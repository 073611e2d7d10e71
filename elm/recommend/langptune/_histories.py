"""Histories of items in words: what a language model reads before it writes a profile."""

from __future__ import annotations

from elm.recommend.judges._cards import Cards
from elm.recommend.langptune._sessions import Sessions

_ASK = (
    "Someone chose the following, one after the other, the newest last, each with their rating out of 5. "
    "Say in a few sentences what kinds of things they like, so that the next choice can be guessed. "
    "Write about their taste and name none of the titles.\n\n{history}"
)


def history_prompts(sessions: Sessions, cards: Cards, ask: str = _ASK, longest: int = 400) -> list[str]:
    """A prompt a session (n): each item's card and rating, oldest first, and what is asked.

    ask: with the place {history}; longest: so many characters of a card. Errors of `Cards.subset`.

    >>> from elm.recommend import Card
    >>> cards = Cards(["a", "b"], [Card("Heat", ("Crime",)), Card("Up", ("Comedy",))])
    >>> sessions = Sessions(["u"], [("a",)], [(4.0,)], [("b",)], ["train"], ["a", "b"])
    >>> print(history_prompts(sessions, cards, "{history}")[0])
    - Heat. Genres: Crime. (4)
    """
    written = {item: card.written() or card.title for item, card in zip(cards.items, cards, strict=True)}
    found = []
    for history, ratings in zip(sessions.histories, sessions.ratings, strict=True):
        lines = [f"- {written[item][:longest]} ({rating:g})" for item, rating in zip(history, ratings, strict=True)]
        found.append(ask.format(history="\n".join(lines)))
    return found
