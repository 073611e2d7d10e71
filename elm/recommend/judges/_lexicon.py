"""What requests for films speak about: genres and moods, how people name them, and what in a film speaks for them."""

from __future__ import annotations

from elm.recommend.judges._aspect import Aspect
from elm.recommend.judges._moods import MOODS
from elm.recommend.profiles._genre_words import genre_pattern, genre_words


def _genre(name: str, also: str, related: dict[str, float], words: str, *otherwise: str) -> Aspect:
    forms = genre_words(name)
    label = forms.label[0]
    said = (
        *forms.plural[:1],
        f"{label} films",
        f"{label} stories",
        f"{label} pictures",
        f"{forms.label[-1]} films",
        label,
    )
    cues = genre_pattern(name) + (f"|{also}" if also else "")
    return Aspect(name, said, otherwise or (f"{label} movies",), cues, {name: 1.0, **related}, tuple(words.split()))


_GENRES = (
    _genre(
        "Action",
        r"shoot-?outs?|explosions?",
        {"Adventure": 0.2, "Thriller": 0.2, "War": 0.15},
        "commando mercenar explosi terroris assassin agent weapon chase fight battle martial rescue",
    ),
    _genre(
        "Adventure",
        r"quests?|expeditions?",
        {"Action": 0.2, "Fantasy": 0.2, "Children": 0.1},
        "quest treasure expedition journey island jungle explor voyage legend pirate",
    ),
    _genre(
        "Animation",
        r"cartoons?",
        {"Children": 0.35},
        "animated cartoon animation disney",
        "cartoons",
        "animated movies",
    ),
    _genre(
        "Children",
        r"family|families|little ones|8[ -]year[ -]olds?|child|youngsters",
        {"Animation": 0.6, "Fantasy": 0.1},
        "child kid boy girl family magic talking toy puppet christmas school",
        "movies for kids",
        "things the little ones can see",
    ),
    _genre(
        "Comedy",
        "",
        {"Musical": 0.1, "Romance": 0.15},
        "comedy comic hilari funny humor prank antics zany wacky mishap spoof parody",
    ),
    _genre(
        "Crime",
        r"gangsters?|mafia|heists?|cops?",
        {"Thriller": 0.25, "Film-Noir": 0.4, "Mystery": 0.15},
        "gangster mafia mob heist robber police detective cop murder criminal drug prison thief",
    ),
    _genre("Documentary", "", {}, "documentary footage interview filmmaker real-life chronicle"),
    _genre(
        "Drama",
        "",
        {"Romance": 0.2, "War": 0.25, "Crime": 0.1},
        "struggl family relationship death marriage grief father mother love life",
    ),
    _genre(
        "Fantasy",
        r"magic|fairy tales?",
        {"Sci-Fi": 0.15, "Animation": 0.15, "Children": 0.15, "Adventure": 0.15},
        "magic wizard fairy enchant dragon kingdom witch curse legend",
    ),
    _genre("Film-Noir", "", {"Crime": 0.2, "Mystery": 0.25, "Thriller": 0.1}, "detective private femme murder dame"),
    _genre(
        "Horror",
        r"slashers?",
        {"Thriller": 0.15, "Mystery": 0.05},
        "horror terror haunt vampire killer monster demon evil ghost zombie slasher bloodthirst",
    ),
    _genre(
        "Musical",
        r"singing|song and dance",
        {"Animation": 0.3, "Children": 0.05},
        "musical song singer dance broadway sing music",
    ),
    _genre(
        "Mystery",
        r"whodunits?",
        {"Film-Noir": 0.4, "Thriller": 0.25, "Crime": 0.15},
        "mystery murder investigat detective disappear secret clue",
    ),
    _genre(
        "Romance",
        r"love stories|love story",
        {"Drama": 0.1, "Comedy": 0.1},
        "love romance romantic fall wedding marr affair lover relationship",
    ),
    _genre(
        "Sci-Fi",
        r"aliens?|outer space|space opera",
        {"Fantasy": 0.1, "Action": 0.1},
        "alien space planet future robot scientist earth cyborg time-travel spaceship experiment",
        "sci-fi",
        "sci-fi movies",
    ),
    _genre(
        "Thriller",
        r"suspense",
        {"Mystery": 0.3, "Crime": 0.25, "Action": 0.2, "Horror": 0.15},
        "murder killer kidnap conspir stalk assassin hostage psycho deadly blackmail",
    ),
    _genre(
        "War",
        r"battlefields?",
        {"Action": 0.05, "Drama": 0.03},
        "war soldier army nazi vietnam battle german troops military general platoon",
    ),
    _genre(
        "Western",
        r"cowboys?|gunslingers?",
        {"Action": 0.03},
        "cowboy sheriff outlaw west gunfighter ranch gunslinger frontier texas",
    ),
)

FILM_ASPECTS: tuple[Aspect, ...] = (*_GENRES, *MOODS)
"""Genres of MovieLens and moods. Lists of words like these tell much, and miss irony, titles and much else."""

REQUESTED_GENRES = tuple(
    "Drama Comedy Romance Thriller Action Crime Adventure Children Mystery Sci-Fi Fantasy Horror".split()
)
"""The genres that requests of the paper name (its appendix A.2)."""
