"""The words by which a text may name a genre, and swapping two genres in a text by rule."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from elm._errors import CallError
from elm.data import BOOK_GENRES


class Words(NamedTuple):
    """A genre's forms, the usual spelling first. `label` is the plain one: "comedy", as in "comedy films"."""

    label: tuple[str, ...]
    plural: tuple[str, ...] = ()
    adjective: tuple[str, ...] = ()


_TABLE: dict[str, Words] = {
    "Action": Words(("action",)),
    "Adventure": Words(("adventure",), ("adventures",), ("adventurous",)),
    "Animation": Words(("animation", "animated"), ("animations", "cartoons")),
    "Children": Words(("children's", "childrens", "children", "kids'", "kids", "family")),
    "Comedy": Words(("comedy",), ("comedies",), ("comedic",)),
    "Crime": Words(("crime",)),
    "Documentary": Words(("documentary",), ("documentaries",)),
    "Drama": Words(("drama",), ("dramas",), ("dramatic",)),
    "Fantasy": Words(("fantasy",), ("fantasies",)),
    "Film-Noir": Words(("film noir", "film-noir", "noir"), ("films noirs", "film noirs", "noirs")),
    "Horror": Words(("horror",)),
    "Musical": Words(("musical",), ("musicals",)),
    "Mystery": Words(("mystery",), ("mysteries",), ("mysterious",)),
    "Romance": Words(("romance",), ("romances",), ("romantic",)),
    "Sci-Fi": Words(("science fiction", "science-fiction", "sci-fi", "scifi", "sci fi")),
    "Thriller": Words(("thriller",), ("thrillers",), ("thrilling",)),
    "War": Words(("war",)),
    "Western": Words(("western",), ("westerns",)),
}
_ALIASES = {
    "children's": "Children",
    "science fiction": "Sci-Fi",
    "scifi": "Sci-Fi",
    "film noir": "Film-Noir",
    "noir": "Film-Noir",
}
_WORD = re.compile(r"\w")
_BOOKS = {genre.lower() for genre in BOOK_GENRES}


def genre_words(genre: str) -> Words:
    """The forms of a genre of MovieLens or Goodbooks, in any case of letters; of any other its name in small letters.

    Data sets bring genres of their own, so a genre that is not known here is no error; one without a word is.

    >>> genre_words("Comedy").plural, genre_words("Toys").label
    (('comedies',), ('toys',))
    """
    for name, words in _TABLE.items():
        if genre.lower() == name.lower():
            return words
    if genre.lower() in _ALIASES:
        return _TABLE[_ALIASES[genre.lower()]]
    if genre.lower() in _BOOKS:
        return Words((genre.lower(),), (f"{genre.lower()} books",))
    if not _WORD.search(genre):
        raise CallError(f"a genre must hold a word, got {genre!r}; pass a name such as 'Comedy'")
    return Words((genre.lower(),))


def known_genres() -> tuple[str, ...]:
    """The genres of MovieLens."""
    return tuple(_TABLE)


def _pattern(words: Words) -> str:
    forms = sorted((form for column in words for form in column), key=len, reverse=True)
    return "|".join(re.escape(form).replace("'", "['’]") for form in forms)


def genre_pattern(genre: str) -> str:
    """A pattern of all forms by which a text may name the genre, the longest first."""
    return _pattern(genre_words(genre))


def names_genre(text: str, genre: str) -> bool:
    """Whether the text names the genre in any of its forms.

    >>> names_genre("Loves romantic comedies.", "Comedy"), names_genre("Star Wars", "War")
    (True, False)
    """
    return _place(text, genre) is not None


def first_named(text: str, genres: Iterable[str]) -> list[str]:
    """The genres that the text names, in the order in which it first does.

    >>> first_named("War films and comedies.", ["Comedy", "Drama", "War"])
    ['War', 'Comedy']
    """
    places = {genre: _place(text, genre) for genre in genres}
    found = [(place, genre) for genre, place in places.items() if place is not None]
    return [genre for _, genre in sorted(found)]


def _place(text: str, genre: str) -> int | None:
    """Where the text first names the genre."""
    match = re.search(rf"(?<!\w)(?:{_pattern(genre_words(genre))})(?!\w)", text, re.IGNORECASE)
    return None if match is None else match.start()


def swap_genres(profile: str, favourite: str, least: str) -> str:
    """Put each genre where the other one was named: the large-scope edit of TEARS, Section 6.1, by rule.

    Forms are matched without regard to case at word boundaries and answered by the same form of the other genre
    ("comedies" by "dramas", or by "horror films" where there is no plural); an article before it is put right. Swapping
    twice gives the first text back wherever it uses the plain names. A genre without known forms goes by its name.

    >>> swap_genres("Loves comedies. Avoids a horror film.", "Comedy", "Horror")
    'Loves horror films. Avoids a comedy film.'
    """
    first, second = genre_words(favourite), genre_words(least)
    if first == second:
        return profile
    pattern = (
        rf"(?<!\w)(?:(?P<article>an?)(?P<gap>\s+))?(?:(?P<one>{_pattern(first)})|(?P<two>{_pattern(second)}))(?!\w)"
    )

    def answer(match: re.Match[str]) -> str:
        found = match["one"] or match["two"]
        source, target = (first, second) if match["one"] else (second, first)
        word = _like(found, _same_form(found.lower().replace("’", "'"), source, target))
        if match["article"] is None:
            return word
        return _like(match["article"], "an" if word[0].lower() in "aeiou" else "a") + match["gap"] + word

    return re.sub(pattern, answer, profile, flags=re.IGNORECASE)


def _same_form(found: str, source: Words, target: Words) -> str:
    if found in source.plural:
        return target.plural[0] if target.plural else f"{target.label[0]} films"
    if found in source.adjective and target.adjective:
        return target.adjective[0]
    return target.label[0]


def _like(model: str, word: str) -> str:
    """`word` with the capitals of `model`."""
    if len(model) > 1 and model.isupper():
        return word.upper()
    return word[0].upper() + word[1:] if model[0].isupper() else word
