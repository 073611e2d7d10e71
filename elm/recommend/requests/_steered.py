"""Any recommender under requests: profile, alpha, request, standing wishes and concepts act in one call."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from elm._errors import CallError, UnknownNameError
from elm.recommend._catalogue import Catalogue, History
from elm.recommend._lists import ListDiff, Recommendation, list_diff
from elm.recommend._protocols import AnyRecommender
from elm.recommend.judges._request import warn_of
from elm.recommend.judges._values import RequestValues, checked_values
from elm.recommend.requests._explain import Explanation, explained
from elm.recommend.requests._parts import W_CONTROL, Asked, Part, control_of, left_out_by
from elm.recommend.requests._scoring import Aggregation, check_w_control, combine, ordered
from elm.recommend.requests._standing import StandingWishes
from elm.recommend.requests._steered_store import save


class SteeredRecommender:
    """An `AnyRecommender` around another one, which also takes a request, standing wishes and concepts.

    The base gives engagement, by history, profile and alpha as it always does; `values` gives v(u, i, r). What is asked
    for is one weighted signal beside engagement (equation 2): the request, the standing wishes that ask for something,
    and concepts, ranks averaged. Standing wishes that only leave things out are a filter. Without any of them the list
    is exactly that of the base.
    """

    def __init__(
        self,
        base: AnyRecommender,
        values: RequestValues,
        *,
        judge: RequestValues | None = None,
        concepts: Mapping[str, npt.ArrayLike] | None = None,
        by: Aggregation = "ranks",
    ) -> None:
        """
        Args:
            values: of requests; items that the base ranks and these do not know count as not known.
            judge: gives values from 0 to 1 for standing wishes that leave things out (default: `values`).
            concepts: name -> the score of every item of the base in it, such as `cav.score(table.vectors)`.
            by: how engagement and control are aggregated.

        Raises `CallError` where base and values share no item, or a concept has another number of scores.
        """
        self.base, self.request_values, self.judge, self.by = base, values, judge or values, by
        self._catalogue = Catalogue(base.items, base.titles, len(base.items))
        self.items, self.titles = self._catalogue.items, self._catalogue.titles
        self.concepts = {name: np.asarray(scores, dtype=np.float64) for name, scores in (concepts or {}).items()}
        for name, scores in self.concepts.items():
            if scores.shape != (len(self.items),) or not np.isfinite(scores).all():
                raise CallError(
                    f"a concept has one finite score an item ({len(self.items)}), but {name!r} has shape {scores.shape}"
                )
        if not set(self.items) & set(values.items):
            raise CallError("recommender and request values must be about the same catalogue, and share no item")

    def recommend(
        self,
        history: History | None = None,
        profile: Any = None,
        alpha: float | None = None,
        k: int = 20,
        *,
        request: str | None = None,
        standing: StandingWishes | Iterable[str] | None = None,
        concepts: Mapping[str, float] | None = None,
        w_control: float = W_CONTROL,
    ) -> list[Recommendation]:
        """The k best items that are not in the history, best first; fewer where standing wishes leave fewer.

        Args:
            history, profile, alpha, k: as the base takes them.
            request: a sentence of the moment. standing: `StandingWishes`, as `wishes.at(now, context)` for another
                moment than this one, or sentences. concepts: name -> amount in [-1, 1].
            w_control: weight of what is asked for, from 0 (the base's list) to 1 (engagement breaks ties alone).

        Raises what the base raises; `CallError` for a request that is empty, too long or not understood, a w_control
        outside [0, 1] or a NaN from a signal; `UnknownNameError` for a concept. A contradiction is told by a
        `RequestWarning`.
        """
        asked = Asked(request, standing, concepts, w_control)
        self._catalogue.check_k(k)
        combined, engagement, _, remarks = self.bent(history, profile, alpha, asked)
        for remark in remarks:
            warn_of(remark)
        return self.listed(combined, engagement, k)

    def explain(
        self,
        history: History | None = None,
        profile: Any = None,
        alpha: float | None = None,
        k: int = 20,
        *,
        asked: Asked,
    ) -> Explanation:
        """What each part did to each place of the list that `recommend` gives; arguments and errors as there."""
        self._catalogue.check_k(k)
        return explained(self, history, profile, alpha, k, asked)

    def bent(
        self, history: History | None, profile: Any, alpha: float | None, asked: Asked
    ) -> tuple[np.ndarray, np.ndarray, list[Part], list[str]]:
        """Combined scores (items,), engagement (items,), the parts of control, and remarks on what was overruled."""
        w = check_w_control(asked.w_control)
        row = self._catalogue.row(history)
        engagement = self._engagement(row, None if profile is None else [profile], alpha)[0]
        parts, remarks = self.parts(asked)
        gone = left_out_by(parts)
        engagement = np.where(gone, -np.inf, engagement)
        control = control_of([part for part in parts if not part.filters])
        if control is None:
            return engagement, engagement, parts, remarks
        return combine(engagement, control[None], w, self.by)[0], engagement, parts, remarks

    def parts(self, asked: Asked) -> tuple[list[Part], list[str]]:
        """What is asked for as scores of the items, in the order request, standing wishes, concepts; and remarks."""
        found = []
        remarks: list[str] = []
        if asked.request is not None:
            found.append(Part("request", asked.request, self.values([asked.request])[0]))
        if asked.standing is not None:
            wishes = asked.standing if isinstance(asked.standing, StandingWishes) else StandingWishes(asked.standing)
            active, remarks = wishes.active(asked.request)
            if any(wish.never for wish in active) and not getattr(self.judge, "graded", False):
                raise CallError(
                    "a standing wish that leaves things out needs a judge whose values lie between 0 and 1, which an "
                    "untrained encoder is not; pass judge= (a FactJudge, a language model, or what was distilled)"
                )
            for wish in active:
                values = self._spread(self.judge, [wish.wish])[0]
                found.append(Part(f"standing {wish.number}", wish.text, values, filters=wish.never))
        for name, amount in (asked.concepts or {}).items():
            if name not in self.concepts:
                raise UnknownNameError("concept", name, self.concepts)
            if isinstance(amount, bool) or not isinstance(amount, int | float) or not -1 <= amount <= 1:
                raise CallError(f"the amount of a concept lies between -1 and 1, got {amount!r} for {name!r}")
            if amount:
                scores = np.sign(amount) * self.concepts[name]
                found.append(Part(f"concept {name}", f"{amount:+g}", scores, weight=abs(amount)))
        return found, remarks

    def values(self, requests: Sequence[str], users: Sequence[str] | None = None) -> np.ndarray:
        """v(u, i, r) over the items of the base, (requests, items) float64; NaN where nothing is known of an item."""
        return self._spread(self.request_values, requests, users)

    def scores(
        self,
        histories: sparse.csr_matrix | None = None,
        profiles: Any = None,
        alpha: float | None = None,
        requests: Sequence[str] | None = None,
        w_control: float = W_CONTROL,
    ) -> np.ndarray:
        """Scores of many users at once, (n, items), each with a request of its own; without requests those of the base.

        Items of the history are -inf. Errors of `recommend`; `CallError` unless there is one request a user.
        """
        w = check_w_control(w_control)
        engagement = self._engagement(histories, profiles, alpha)
        if requests is None:
            return engagement
        if len(requests) != len(engagement):
            raise CallError(f"one request a user: {len(engagement)} users, {len(requests)} requests")
        return combine(engagement, self.values(requests), w, self.by)

    def diff(self, before: Any, after: Any, *, k: int = 20) -> ListDiff:
        """What an edit changes in the list of the base: of the profile or, where none is read, of the history."""
        return self.base.diff(before, after, k=k)

    def request_diff(
        self, before: str | None, after: str | None, history: History | None = None, *, k: int = 20, **given: Any
    ) -> ListDiff:
        """What another request changes in the list; None stands for no request, `given` for other arguments of
        `recommend`."""
        lists = (self.recommend(history, k=k, request=request, **given) for request in (before, after))
        return list_diff(*lists)

    def save(self, folder: str | Path) -> None:
        """Write a folder that `elm.recommend.load` reads; `CallError` for values that cannot be written."""
        save(self, Path(folder))

    def listed(self, combined: np.ndarray, engagement: np.ndarray, k: int) -> list[Recommendation]:
        """The k best of one user's combined scores; ties go to what engages more."""
        return [
            Recommendation(self.items[column], float(combined[column]), self.titles[column])
            for column in ordered(combined, engagement, k)
        ]

    def _engagement(self, rows: sparse.csr_matrix | None, profiles: Any, alpha: float | None) -> np.ndarray:
        found = np.asarray(self.base.scores(rows, profiles, alpha), dtype=np.float64)
        if np.isnan(found).any():
            user, item = np.argwhere(np.isnan(found))[0]
            raise CallError(
                f"the recommender scores every item, but returned NaN {int(np.isnan(found).sum())} times (first: user "
                f"{user}, item {self.items[item]!r}); return -inf for an item that is to be left out"
            )
        return found

    def _spread(self, given: RequestValues, requests: Sequence[str], users: Sequence[str] | None = None) -> np.ndarray:
        """Values in the order of the base's items."""
        found = checked_values(given, requests, users)
        if list(given.items) == self.items:
            return found
        column = {item: place for place, item in enumerate(given.items)}
        places = np.array([column.get(item, -1) for item in self.items])
        return np.where(places >= 0, found[:, places], np.nan)
