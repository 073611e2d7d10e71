"""The domain of books: nouns, genres and tastes; texts about single books quote the book's own."""

from elm.data import BOOK_GENRES, Vocabulary
from elm.tasks._domain import Domain, register_domain
from elm.tasks.domains._plain import plain_wordings

_WORDS = {genre: genre.lower() for genre in BOOK_GENRES}

BOOKS = register_domain(
    Domain(
        name="books",
        item="book",
        items="books",
        person="reader",
        kind="genre",
        kinds="genres",
        vocabulary=Vocabulary("books", BOOK_GENRES, _WORDS, aspects={}, qualities={}, kind_texts=_WORDS),
        traits={
            "era:classic": "books from before 1960",
            "era:middle": "books of the sixties and seventies",
            "era:eighties": "books of the eighties",
            "era:new": "books of the last decades",
            "fame:known": "books that everyone knows",
            "fame:obscure": "books that few have read",
        },
        wordings=plain_wordings("book", "books"),
    )
)
