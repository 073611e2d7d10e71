"""Signs that texts were not read from their vectors, whatever they score: each by a name that a report can show."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import stats

from elm._typing import Array
from elm.metrics import cosine, paired_test, partners
from elm.tasks import SECOND, VECTOR

SIGNS = {
    "blind": "texts do not depend on the vector",
    "copy": "no better than copying the nearest neighbour",
    "prompt": "repeats the prompt",
    "ids": "contains ids",
}
"""Name -> what the report says."""

_CHANCE = 0.01  # a relation to the own entity counts as shown below this p value
_SOME = 0.05  # of the texts: from this share on, above the teacher's, they repeat the prompt
_HALF = 0.5  # of a prompt's runs of words: who says so many of them repeats it
_RUN = 3  # words
_WORD = re.compile(r"[\w#&+-]+")
_MARK = re.compile(f"{re.escape(VECTOR)}|{re.escape(SECOND)}")
_COINED = re.compile(r"(?=.*\d).*[^\W\d]")


@dataclass(frozen=True)
class Finding:
    """sign: a name of `SIGNS`. evidence: the figures it rests on."""

    sign: str
    evidence: str

    @property
    def verdict(self) -> str:
        """What the sign means."""
        return SIGNS[self.sign]

    def to_dict(self) -> dict[str, str]:
        """Plain values for JSON."""
        return {"sign": self.sign, "verdict": self.verdict, "evidence": self.evidence}


def fraud_signs(
    texts: Mapping[str, Sequence[str]],
    rows: Mapping[str, Array],
    ids: Sequence[str],
    prompts: Iterable[str] = (),
    other_ids: Iterable[str] = (),
    scores: Mapping[str, npt.ArrayLike] | None = None,
    seed: int = 0,
) -> list[Finding]:
    """What speaks against texts (n) about entities (n ids), by four traps; none for texts read from the vectors.

    Args:
        texts, rows: of the systems "model", "teacher" and "nn", texts (n) and their vectors (n, dim) by one encoder.
        ids: of the entities; a pair is "a,b".
        prompts: what the model was asked with.
        other_ids: those of other entities, such as the training ones.
        scores: of the systems "model", "shuffled" and "nn", (n,) each: what the task is judged by.

    - blind: a text must be nearer to the teacher's text about its own entity than to that about another held-out one,
      or score higher than another entity's text does (paired t tests over entities, p below 0.01).
    - copy: and nearer than to the teacher's text about the nearest training entity, or score higher than that does.
      Nearness is the cosine of vectors from which the mean of the teacher's is taken away.
    - prompt: half of a prompt's runs of three words stand in 5 % more of the texts than of the teacher's.
    - ids: an id with letters and digits stands in a text as a word (unless the teacher writes it, too). Other ids, such
      as "7", may be words or numbers: a text's own id must be there more often than chance has it.

    Few entities show little: with a handful, an honest model may fail the first two.
    """
    centred = {name: rows[name] - rows["teacher"].mean(0) for name in ("model", "teacher", "nn")}
    own, apart = cosine(centred["model"], centred["teacher"]), partners(len(ids), seed)
    relations = (
        ("blind", "another's", centred["teacher"][apart], "shuffled"),
        ("copy", "the neighbour's", centred["nn"], "nn"),
    )
    found = []
    for sign, whose, others, control in relations:
        near = paired_test(own, cosine(centred["model"], others))
        better = paired_test(scores["model"], scores[control]) if scores is not None else near
        if not any(test.difference > 0 and test.p_value < _CHANCE for test in (near, better)):
            means = f"{own.mean():.3f} to its own, {own.mean() - near.difference:.3f} to {whose}"
            told = f"; its score is {better.difference:+.3f} beside {whose}, p = {better.p_value:.2g}" if scores else ""
            evidence = f"nearness to the teacher's text: {means}, p = {near.p_value:.2g}{told}, n = {near.n}"
            found.append(Finding(sign, evidence))
    share, usual = (_repeats(texts[name], prompts) for name in ("model", "teacher"))
    if share > usual + _SOME:
        found.append(Finding("prompt", f"{share:.0%} of the texts say most of it (the teacher's: {usual:.0%})"))
    return found + _ids_told(texts, [id.split(",") for id in ids], set(other_ids))


def _repeats(texts: Sequence[str], prompts: Iterable[str]) -> float:
    """The share of texts that say half of a prompt's runs of words or more."""
    runs = [
        found for prompt in prompts if (found := _runs(*re.split(f"{re.escape(VECTOR)}|{re.escape(SECOND)}", prompt)))
    ]
    said = [any(len(run & _runs(text)) >= _HALF * len(run) for run in runs) for text in texts]
    return float(np.mean(said)) if said else 0.0


def _runs(*parts: str) -> set[tuple[str, ...]]:
    """The runs of three words in each part."""
    words = [[word.lower() for word in _WORD.findall(part)] for part in parts]
    return {tuple(some[i : i + _RUN]) for some in words for i in range(len(some) - _RUN + 1)}


def _ids_told(texts: Mapping[str, Sequence[str]], ids: list[list[str]], others: set[str]) -> list[Finding]:
    words = {name: [set(_WORD.findall(text)) for text in texts[name]] for name in ("model", "teacher")}
    coined = {
        id for id in {*others, *(id for own in ids for id in own)} if re.search(r"\d", id) and re.search(r"[^\W\d]", id)
    }
    coined -= set().union(*words["teacher"])
    told = [sorted(said & coined) for said in words["model"]]
    if any(told):
        first = next(found for found in told if found)
        return [Finding("ids", f"{sum(map(bool, told))} of {len(told)} texts, such as {first[0]!r}")]
    own = sum(not said.isdisjoint(names) for said, names in zip(words["model"], ids, strict=True))
    chance = np.mean([not said.isdisjoint(names) for said in words["model"] for names in _spread(ids)]) if own else 0.0
    if own and stats.binomtest(own, len(ids), max(float(chance), 1e-3), "greater").pvalue < _CHANCE:
        return [Finding("ids", f"{own} of {len(ids)} texts say their own id, {chance * len(ids):.1f} would by chance")]
    return []


def _spread(ids: list[list[str]], most: int = 200) -> list[list[str]]:
    """At most so many ids, evenly taken: chance is estimated from all texts with these."""
    return [ids[row] for row in np.linspace(0, len(ids) - 1, min(most, len(ids))).astype(int)]
