"""The domain of films: its nouns, its vocabulary, and its wordings of every task."""

from elm.data import FILM_VOCABULARY
from elm.tasks._domain import Domain, register_domain
from elm.tasks.domains._film_opinions import OPINIONS
from elm.tasks.domains._film_pairs import PAIRS
from elm.tasks.domains._film_stories import STORIES

FILMS = register_domain(
    Domain(
        name="films",
        item="film",
        items="films",
        person="viewer",
        kind="genre",
        kinds="genres",
        vocabulary=FILM_VOCABULARY,
        labels={"protagonist": "lead"},
        traits={
            "thought_provoking": "thought-provoking films",
            "fast_paced": "fast-paced films",
            "era:classic": "films from before 1960",
            "era:middle": "films of the sixties and seventies",
            "era:eighties": "films of the eighties",
            "era:new": "films of the nineties",
            "fame:known": "films that everyone knows",
            "fame:obscure": "films that few have seen",
        },
        plurals={
            "Animation": "animated films",
            "Comedy": "comedies",
            "Documentary": "documentaries",
            "Drama": "dramas",
            "Fantasy": "fantasies",
            "Film-Noir": "film noir",
            "Musical": "musicals",
            "Mystery": "mysteries",
            "Romance": "romances",
            "Thriller": "thrillers",
            "Western": "westerns",
        },
        wordings={**STORIES, **OPINIONS, **PAIRS},
        asks={
            "genres": ("genre", "genres", "kind", "sort"),
            "setting": ("where", "set", "setting", "place", "located", "location"),
            "protagonist": ("who", "lead", "hero", "heroine", "protagonist", "character", "star"),
            "conflict": ("about?", "happens", "plot", "story", "conflict", "problem", "trouble"),
            "quality": ("mood", "tone", "feel", "atmosphere", "like?"),
        },
    )
)
