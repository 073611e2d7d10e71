"""What requests for films speak about: genres and moods, how people name them, and what in a film speaks for them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property

from elm.recommend.profiles._genre_words import genre_pattern, genre_words


@dataclass(frozen=True)
class Aspect:
    """One thing that a request may ask for or ask to avoid.

    said, said_otherwise: phrases for it, in the plural, two sets without a common word beside a genre's own name: the
        first for requests that are trained on, the second for those that are measured.
    cues: a pattern of the words that name it in a request.
    kinds: genre -> how far it speaks for the aspect, in [0, 1]. words: stems in a film's texts that do.
    quality: the name of a known fact in [0, 1], where a data set has it.
    """

    name: str
    said: tuple[str, ...]
    said_otherwise: tuple[str, ...]
    cues: str
    kinds: dict[str, float] = field(default_factory=dict)
    words: tuple[str, ...] = ()
    quality: str | None = None

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Where a request names the aspect."""
        return re.compile(rf"(?<![\w'])(?:{self.cues})(?!\w)", re.IGNORECASE)


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

_MOODS = (
    Aspect(
        "funny",
        (
            "funny films",
            "films with jokes",
            "comic stories",
            "humorous films",
            "witty stories",
            "films with humour",
            "amusing films",
            "comical stories",
        ),
        ("hilarious movies", "things that make me laugh"),
        r"amus\w+|comical|funn\w+|jok\w+|hilarious|laugh\w*|humou?r\w*|comic|witty|wit",
        {"Comedy": 0.8, "Children": 0.3, "Animation": 0.35, "Musical": 0.25},
        tuple("comedy comic hilari funny humor prank antics zany wacky mishap spoof parody".split()),
        "funny",
    ),
    Aspect(
        "silly",
        ("silly films", "slapstick", "slapstick films", "silliness", "zany films", "wacky films"),
        ("goofy movies", "dumb gags"),
        r"zany|wacky|sill\w+|slapstick|goofy|dumb|gags?",
        {"Comedy": 0.3, "Children": 0.15},
        tuple("zany wacky spoof parody slapstick idiot dumb bumbling goof dimwit hapless crazy".split()),
    ),
    Aspect(
        "frightening",
        (
            "scary films",
            "frightening films",
            "terrifying stories",
            "spooky films",
            "frightening scenes",
            "eerie films",
            "chilling stories",
        ),
        ("creepy movies", "things that give me nightmares"),
        r"eerie|chilling|scar\w+|frighten\w*|creep\w+|nightmares?|terrif\w+|spook\w+",
        {"Horror": 0.9, "Thriller": 0.35, "Mystery": 0.15, "Sci-Fi": 0.1, "Film-Noir": 0.1},
        tuple("terror haunt monster demon ghost nightmare killer evil stalk vampire psycho zombie".split()),
        "frightening",
    ),
    Aspect(
        "thought_provoking",
        (
            "thoughtful films",
            "films with ideas",
            "intelligent stories",
            "philosophical films",
            "deep stories",
            "profound films",
            "smart films",
            "cerebral stories",
        ),
        ("thought-provoking movies", "things that leave me pondering"),
        r"profound|smart|cerebral|thoughtful|ideas|thought[- ]?provoking|ponder\w*|philosoph\w+|intelligent|deep",
        {"Drama": 0.45, "Documentary": 0.8, "Sci-Fi": 0.2, "War": 0.4, "Mystery": 0.15},
        tuple("identity moral truth society human philosoph politic faith freedom justice question".split()),
        "thought_provoking",
    ),
    Aspect(
        "romantic",
        ("passionate films", "films of passion", "passion", "films with lovers", "amorous stories"),
        ("tender courtships", "movies with people in love"),
        r"lovers|amorous|tender|courtships?|in love|passion\w*",
        {"Romance": 0.9, "Musical": 0.3, "Drama": 0.15},
        tuple("love romance romantic fall wedding marr affair lover relationship".split()),
        "romantic",
    ),
    Aspect(
        "violent",
        (
            "violent films",
            "brutal films",
            "violence",
            "films with fights",
            "brutality",
            "fighting",
            "savage films",
            "films with killing",
        ),
        ("bloody movies", "gory things"),
        r"savage|killing|violen\w+|brutal\w*|blood\w*|gor[ye]\w*|fight\w*",
        {"Action": 0.6, "War": 0.65, "Horror": 0.6, "Crime": 0.5, "Western": 0.45, "Thriller": 0.35},
        tuple("murder kill blood brutal violen gun revenge death slaughter war massacre".split()),
        "violent",
    ),
    Aspect(
        "uplifting",
        (
            "uplifting films",
            "hopeful films",
            "heartwarming stories",
            "inspiring films",
            "cheerful stories",
            "optimistic films",
            "joyful stories",
        ),
        ("feel-good movies", "things that lift my spirits"),
        r"optimistic|joyful|uplifting|hopeful|feel[- ]good|lift\w*|heart-?warming|inspiring|cheerful",
        {"Children": 0.6, "Musical": 0.55, "Animation": 0.55, "Romance": 0.35, "Comedy": 0.4, "Fantasy": 0.2},
        tuple("dream hope friendship triumph inspir heartwarm overcome learn champion christmas".split()),
        "uplifting",
    ),
    Aspect(
        "dark",
        (
            "dark films",
            "gloomy films",
            "depressing stories",
            "heavy films",
            "darkness",
            "gloom",
            "sombre films",
            "disturbing stories",
        ),
        ("bleak movies", "grim things"),
        r"sombre|disturbing|dark\w*|gloom\w*|bleak|grim|heavy|depress\w+",
        {"Film-Noir": 0.8, "Horror": 0.6, "Crime": 0.5, "War": 0.5, "Thriller": 0.45, "Drama": 0.25},
        tuple("murder death suicide addict drug corrupt obsess despair violen abuse prison tragic".split()),
        "dark",
    ),
    Aspect(
        "fast_paced",
        (
            "fast films",
            "fast-paced films",
            "fast stories",
            "films with thrills",
            "films with a fast pace",
            "hectic films",
            "exciting stories",
        ),
        ("breathless movies", "things that race along"),
        r"hectic|exciting|fast(?:[- ]paced)?|breathless|rac(?:e|ing)|pace\w*|thrills",
        {"Action": 0.8, "Thriller": 0.45, "Adventure": 0.55, "Sci-Fi": 0.25, "War": 0.2},
        tuple("chase escape race rescue pursuit explosi terroris deadly clock hostage".split()),
        "fast_paced",
    ),
    Aspect(
        "light",
        (
            "light films",
            "easy films",
            "fun films",
            "light entertainment",
            "relaxing films",
            "carefree films",
            "easygoing stories",
        ),
        ("breezy movies", "things to unwind with"),
        r"carefree|easygoing|light\w*|easy|breezy|unwind|fun|relax\w*",
        {"Comedy": 0.7, "Musical": 0.6, "Children": 0.6, "Animation": 0.6, "Romance": 0.4, "Adventure": 0.15},
        tuple("comedy fun romantic holiday vacation wedding friend party mishap antics".split()),
    ),
    Aspect(
        "sad",
        (
            "sad films",
            "moving films",
            "touching stories",
            "tragic films",
            "sad stories",
            "melancholy films",
            "heartbreaking stories",
        ),
        ("tearjerkers", "things that make me cry"),
        r"melancholy|heartbreaking|sad\w*|moving|tear-?jerk\w*|cry|tragic|touching",
        {"Drama": 0.5, "War": 0.4, "Romance": 0.25},
        tuple("death dying grief loss tragic cancer illness widow suicide struggl lonely mourn".split()),
    ),
)

FILM_ASPECTS: tuple[Aspect, ...] = (*_GENRES, *_MOODS)
"""Genres of MovieLens and moods. Lists of words like these tell much, and miss irony, titles and much else."""

REQUESTED_GENRES = tuple(
    "Drama Comedy Romance Thriller Action Crime Adventure Children Mystery Sci-Fi Fantasy Horror".split()
)
"""The genres that requests of the paper name (its appendix A.2)."""
