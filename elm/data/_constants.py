"""Names that the whole toolkit shares: the MovieLens genres, and the soft attributes of the demo films."""

from __future__ import annotations

GENRES: tuple[str, ...] = (
    "Action",
    "Adventure",
    "Animation",
    "Children",
    "Comedy",
    "Crime",
    "Documentary",
    "Drama",
    "Fantasy",
    "Film-Noir",
    "Horror",
    "Musical",
    "Mystery",
    "Romance",
    "Sci-Fi",
    "Thriller",
    "War",
    "Western",
)
"""The 18 genres of MovieLens (its readme files), in their order; the old "Children's" is "Children" here."""

ATTRIBUTES: tuple[str, ...] = (
    "funny",
    "frightening",
    "thought_provoking",
    "romantic",
    "violent",
    "uplifting",
    "dark",
    "fast_paced",
)
"""The graded soft attributes of a demo film, each a number in [0, 1]."""

ML100K_HISTOGRAM: tuple[float, ...] = (0.06110, 0.11370, 0.27145, 0.34174, 0.21201)
"""Share of the ratings 1 to 5 in MovieLens 100K; the demo world has the same."""
