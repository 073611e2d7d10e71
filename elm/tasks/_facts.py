"""What a teacher may know about a film or a user, and how it is put into a prompt for the base model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from elm._errors import UnknownNameError
from elm.data import Dataset, strongest
from elm.tasks._phrases import ATTRIBUTE_PHRASES, genre_word, trait_phrase


@dataclass(frozen=True)
class FilmFacts:
    """Facts of one film. Generated films have setting, protagonist, conflict and moods; real ones a plot,
    and themes where they are taken from it.

    >>> FilmFacts(genres=("War", "Sci-Fi"), plot="Two moons collide.").line()
    'genres: war, science fiction; plot: Two moons collide.'
    """

    genres: tuple[str, ...] = ()
    setting: str | None = None
    protagonist: str | None = None
    conflict: str | None = None
    moods: tuple[tuple[str, int], ...] = ()  # (attribute, 0 strong or 1 in part), strongest first
    plot: str | None = None
    themes: tuple[str, ...] = ()  # what the plot is about, in single words; said in place of the plot

    def line(self) -> str:
        """The facts with labels in a fixed order: what the base model reads in place of a vector."""
        parts = [f"genres: {', '.join(genre_word(g) for g in self.genres)}"]
        if self.setting is not None:
            parts += [f"setting: {self.setting}", f"lead: {self.protagonist}", f"conflict: {self.conflict}"]
        if self.moods:
            parts.append(f"mood: {', '.join(ATTRIBUTE_PHRASES[a][level] for a, level in self.moods)}")
        if self.themes:
            parts.append(f"themes: {', '.join(self.themes)}")
        elif self.plot is not None:
            parts.append(f"plot: {self.plot}")
        return "; ".join(parts)


@dataclass(frozen=True)
class UserFacts:
    """A user's tastes as their ratings show them: traits with a level (0 strong, 1 mild), strongest first.

    A trait is a column of `trait_matrix`: a genre, a soft attribute, an era or a degree of fame.

    >>> UserFacts(likes=(("War", 0), ("dark", 1)), dislikes=(("Musical", 1),)).line()
    'likes: very war films, dark films; dislikes: musical films'
    """

    likes: tuple[tuple[str, int], ...]
    dislikes: tuple[tuple[str, int], ...]

    def line(self) -> str:
        """The tastes in a fixed order, a strong one marked "very": what the base model reads in place of a vector."""

        def listed(traits: tuple[tuple[str, int], ...]) -> str:
            return ", ".join(("very " if level == 0 else "") + trait_phrase(t) for t, level in traits)

        return f"likes: {listed(self.likes)}; dislikes: {listed(self.dislikes)}"


def generated_facts(row: Any) -> FilmFacts:
    """The facts of a generated film, from its row of `make_films`; its two strongest attributes are the moods."""
    return FilmFacts(
        genres=tuple(row["genres"]),
        setting=row["setting"],
        protagonist=row["protagonist"],
        conflict=row["conflict"],
        moods=tuple(strongest(row, 2)),
    )


def film_facts(dataset: Dataset, item: str, plot: str | None = None, themes: tuple[str, ...] = ()) -> FilmFacts:
    """The facts of one film: the generated ones where the data set knows them, else genres and the given plot.

    Raises `UnknownNameError` for an item that is not in the data set.
    """
    if item not in dataset.items.index:
        raise UnknownNameError("item", item, dataset.items.index)
    if dataset.facts is not None:
        return generated_facts(dataset.facts.items.loc[item])
    genres: Any = dataset.items.at[item, "genres"]
    return FilmFacts(genres=tuple(genres), plot=plot, themes=themes)
