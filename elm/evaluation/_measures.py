"""Every measure of texts, and whose texts are scored: the one table that scores, tests, report, terminal and card read.

A new measure is one `Measure` in its section: it is then among the single scores and the means, has a table in the
report and, where a head is given, a column in the terminal and on the card.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

import numpy as np

from elm.evaluation._json import number
from elm.metrics import entity_p_value, rank_between, ratio_interval

Values = Mapping[str, Any]
"""System -> values (n,), of the first entities where a system was not asked about all."""


@dataclass(frozen=True)
class System:
    """Whose text is scored, or what else orders the same candidates.

    head: of its column. label: in a sentence or a legend. card: its column on a model's card, and hub: its part in the
    name of a result on the Hub, of the {entity} that is described; head and none by default.
    """

    head: str
    label: str
    card: str = ""
    hub: str = ""


SYSTEMS: Mapping[str, System] = {
    "model": System("model", "the model"),
    "teacher": System("teacher", "teacher (ceiling)", hub="the teacher"),
    "probe": System("probe", "linear probe"),
    "cf": System("CF", "the collaborative model"),
    "nn": System("nearest", "nearest training entity's text", "nearest {entity}", "the nearest {entity}"),
    "popular": System("popular", "popularity"),
    "shuffled": System("shuffled", "another entity's text", hub="another {entity}"),
    "random": System("random", "random text"),
    "untrained": System("untrained", "untrained adapter"),
    "teacher_shuffled": System("teacher, shuffled", "teacher about another entity"),
}
"""Every system, in the order of the report's columns."""

CONTROLS = ("shuffled", "nn", "random", "untrained")
"""Texts that a model must beat: its own about another entity, the teacher's about the nearest and about a random
training entity, and those of the same language model behind an untrained adapter."""

COPY = "nn"
"""The control that a model which copies does not beat."""

YARDSTICKS = ("teacher_shuffled", "shuffled")
"""What the teacher must beat, or a measure tells nothing: the first that was scored."""


@dataclass(frozen=True)
class Measure:
    """name: among single scores, where {other} is the other way of drawing candidates. key: of the model's mean; that
    of another system follows as in "sc_nn". read: the scores of a task -> system -> values. means: whether `means_of`
    tells them. terminal, card: head of the model's column there; none by default.
    """

    name: str
    key: str
    read: Callable[[Any], Values]
    means: bool = True
    terminal: str = ""
    card: str = ""


@dataclass(frozen=True)
class Section:
    """Measures of one kind of task. The first is its headline, by which its tasks are judged.

    entity: what a text is about. floor: the system at 0 of the position, whose key is "r" and the headline's; at 1
    stands the teacher. texts: whose texts are scored. shown, carded, on_hub: systems whose headline stands in the
    terminal, on the card, and among the results on the Hub. question, about: of the report, with the words of a domain.
    """

    name: str
    entity: str
    measures: tuple[Measure, ...]
    floor: str
    texts: tuple[str, ...]
    shown: tuple[str, ...]
    question: str
    about: str
    carded: tuple[str, ...] = ()
    on_hub: tuple[str, ...] = ()

    @property
    def headline(self) -> Measure:
        return self.measures[0]

    @property
    def position(self) -> str:
        """The key of the model's position between floor and teacher."""
        return f"r{self.headline.key}"

    def stands(self, values: Values) -> float:
        """(model - floor) / (teacher - floor), of the means; NaN where the teacher is not above the floor."""
        return float(rank_between(*(np.mean(values[name]) for name in ("model", self.floor, "teacher"))))

    def interval(self, values: Values, seed: int) -> tuple[float, float]:
        """95 % bootstrap interval of `stands` over entities."""
        return ratio_interval(values["model"], values[self.floor], values["teacher"], seed)

    def standing(self, values: Values, seed: int) -> dict[str, Any]:
        """Position, interval and test against shuffled texts of the headline, as plain numbers."""
        ends = [number(end) for end in self.interval(values, seed)]
        tested = {"p_value": number(p_value(values))}
        return {self.position: number(self.stands(values)), f"{self.position}_interval": ends, **tested}

    def values(self, scores: object, other: str = "") -> dict[str, Values]:
        """Measure -> system -> values of a task's scores."""
        return {measure.name.format(other=other): measure.read(scores) for measure in self.measures}

    def means_of(self, scores: object) -> dict[str, float | None]:
        """Key -> mean, of every measure and system, as plain numbers."""
        found = (means(measure.key, measure.read(scores)) for measure in self.measures if measure.means)
        return {key: mean for part in found for key, mean in part.items()}

    def columns(self) -> dict[str, str]:
        """Head -> key, of the terminal's table; behind those of the systems the position and further measures."""
        heads = {SYSTEMS[name].head: f"{self.headline.key}_{name}" for name in self.shown if name != "model"}
        return {self.headline.name: self.headline.key, **heads}

    def card_columns(self) -> dict[str, str]:
        """Head -> key, of the card's table."""
        beside = {name: SYSTEMS[name] for name in self.carded if name != "model"}
        heads = {
            (one.card or one.head).format(entity=self.entity): f"{self.headline.key}_{n}" for n, one in beside.items()
        }
        further = {one.card: one.key for one in sorted(self.measures, key=attrgetter("card")) if one.card}
        return {self.headline.name: self.headline.key, **heads, f"r{self.headline.name}": self.position, **further}

    def hub_results(self) -> dict[str, str]:
        """Name of a result on the Hub -> key."""
        name, key = self.headline.name, self.headline.key
        told = {f"{name} of {SYSTEMS[n].hub.format(entity=self.entity)}": f"{key}_{n}" for n in self.on_hub}
        return {name: key, **told, f"r{name}": self.position}


def means(key: str, values: Values) -> dict[str, float | None]:
    """Means under the names of the report: the model's own is the bare key."""
    return {key if name == "model" else f"{key}_{name}": number(np.mean(found)) for name, found in values.items()}


def p_value(values: Values) -> float:
    """Paired t test over entities: the model's text against that of another held-out entity."""
    return entity_p_value(values["model"], values["shuffled"])


def _facts(side: str) -> Callable[[Any], Values]:
    return lambda scores: {name: getattr(found, f"{side}_each")() for name, found in scores.facts.items()}


def _named(kind: str, side: str) -> Callable[[Any], Values]:
    return lambda scores: {name: getattr(found, f"{side}_each")(kind) for name, found in scores.named.items()}


_CONSISTENCY = Section(
    name="consistency",
    entity="film",
    measures=(
        Measure("SC", "sc", attrgetter("sc")),
        Measure("SC_text", "sc_text", attrgetter("sc_text"), means=False),
        Measure("SC_vector", "sc_vector", attrgetter("sc_vector"), means=False),
        Measure("fact_recall", "fact_recall", _facts("recall"), means=False, card="fact recall"),
        Measure("fact_precision", "fact_precision", _facts("precision"), means=False, card="fact precision"),
        *(
            Measure(f"{kind}_{side}", f"{kind}_{side}", _named(kind, side), means=False)
            for kind in ("names", "years")
            for side in ("recall", "precision")
        ),
    ),
    floor="nn",
    texts=("model", "teacher", "nn", "shuffled", "random", "probe", "untrained"),
    shown=("model", "teacher", "nn", "shuffled", "random", "probe"),
    carded=("model", "teacher", "nn", "shuffled", "random"),
    on_hub=("teacher", "nn", "shuffled"),
    question="Do texts lead back to their vectors?",
    about="Semantic consistency (SC): the text is encoded again, and compared by cosine with the vector that it is "
    "about; of two {items} with the teacher's text in other words, or the mean of the two.",
)

_PROFILE = Section(
    name="profile",
    entity="user",
    measures=(
        Measure("BC", "bc", attrgetter("bc")),
        Measure("NDCG", "ndcg", attrgetter("ndcg")),
        Measure("BC_{other}", "other_bc", attrgetter("other_bc"), means=False),
        Measure("NDCG_{other}", "other_ndcg", attrgetter("other_ndcg"), means=False),
        Measure("BC_predicted", "cf_bc", attrgetter("cf_bc")),
        Measure("NDCG_predicted", "cf_ndcg", attrgetter("cf_ndcg")),
        Measure("SC", "sc", attrgetter("sc")),
    ),
    floor="shuffled",
    texts=("model", "teacher", "shuffled", "random", "nn", "probe", "untrained", "teacher_shuffled"),
    shown=("model", "teacher", "nn", "shuffled", "random", "cf", "popular"),
    carded=("model", "teacher", "nn", "shuffled", "random"),
    on_hub=("teacher", "shuffled"),
    question="Do profiles order what {person}s rated?",
    about="Behavioural consistency (BC): a ranker that reads the text orders {items} that the {person} rated, and "
    "others that count as zero; Spearman's correlation with the ratings, which neither saw.",
)

_BEHAVIOUR = Section(
    name="behaviour",
    entity="film",
    measures=(Measure("BC", "bc", attrgetter("bc")), Measure("NDCG", "ndcg", attrgetter("ndcg"))),
    floor="shuffled",
    texts=(*_CONSISTENCY.texts, "teacher_shuffled"),
    shown=("model", "teacher", "nn", "shuffled", "random", "probe", "cf", "popular"),
    question="Do texts order {person}s as they rated the {item}?",
    about="Behavioural consistency of {items}: a ranker that reads the text orders {person}s; Spearman's correlation "
    "with their ratings, which it never saw.",
)

SECTIONS: Mapping[str, Section] = {section.name: section for section in (_CONSISTENCY, _PROFILE, _BEHAVIOUR)}
"""The sections of a scores table, in the order of the report."""
