"""A language model in the place of a rater: it answers the same forms, by expected score where the server allows it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import pandas as pd

from elm._storage.csv import write_csv
from elm.chat import Chosen
from elm.evaluation.raters._forms import FormItem


class Judge(Protocol):
    """Anything that answers questions by one of a few options, such as `elm.chat.ChatJudge`."""

    def choose(self, questions: Sequence[str], options: Sequence[str], progress: bool = False) -> list[Chosen]: ...


@dataclass(frozen=True)
class Judged:
    """answers: columns rater, output, question, answer, as of `read_answers`. An answer is the expected one, the sum of
    options weighted by their probabilities, or where the server gave none, the one that was answered.

    expected, said, unusable: how many answers came from probabilities, from the words alone, or not at all.
    first: of the choices between two, the share that fell on the first; far from a half, the judge goes by place.
    """

    answers: pd.DataFrame
    expected: int
    said: int
    unusable: int
    first: float | None

    def to_dict(self) -> dict[str, Any]:
        """How the answers came about, as plain values."""
        return {
            "answers": len(self.answers),
            "from_probabilities": self.expected,
            "from_words": self.said,
            "unusable": self.unusable,
            "first_option_chosen": self.first,
        }

    def save(self, path: str | Path, form: str) -> None:
        """Write the answers as a rater's file of that form."""
        columns = ["form", "rater", "output", "question", "answer"]
        write_csv(path, self.answers.assign(form=form)[columns], float_format="%.4f")


def judge_forms(items: Sequence[FormItem], judge: Judge, rater: str, progress: bool = False) -> Judged:
    """Have a judge answer every question of a form (ELM's forms; the LLM judge of LangPTune, Section 4.6).

    rater: the name its answers go by. Each question is asked in a call of its own, which shows one text and never says
    who wrote it. Raises what `judge` raises.
    """
    rows, expected, said, unusable, firsts = [], 0, 0, 0, []
    for kind in dict.fromkeys(item.kind for item in items):
        asked = [(item, n) for item in items if item.kind == kind for n in range(1, len(item.questions) + 1)]
        options = asked[0][0].answers
        found = judge.choose([question(item, n) for item, n in asked], options, progress)
        for (item, n), chosen in zip(asked, found, strict=True):
            answer = expected_answer(chosen)
            expected += bool(chosen.probabilities)
            said += answer is not None and not chosen.probabilities
            unusable += answer is None
            if answer is not None:
                rows.append({"rater": rater, "output": item.output, "question": n, "answer": answer})
                if kind == "choice":
                    firsts.append(answer < 1.5)
    answers = pd.DataFrame(rows, columns=["rater", "output", "question", "answer"])
    return Judged(answers, expected, said, unusable, sum(firsts) / len(firsts) if firsts else None)


def expected_answer(chosen: Chosen) -> float | None:
    """The mean of the options under their probabilities; without these, the option said; None where there is neither.

    >>> expected_answer(Chosen("4", "4", {"1": 0.0, "2": 0.0, "3": 0.25, "4": 0.5, "5": 0.25}))
    4.0
    """
    if chosen.probabilities:
        return sum(float(option) * p for option, p in chosen.probabilities.items())
    return float(chosen.choice) if chosen.choice is not None else None


def question(item: FormItem, number: int) -> str:
    """How one question of a form (from 1) is put to a model."""
    statement = item.questions[number - 1]
    if item.kind == "choice":
        first, second = item.options
        return (
            f"Here is a text:\n\n{item.text}\n\nHere are two options.\n\nOption 1:\n{first}\n\nOption 2:\n{second}\n\n"
            f"{statement} Answer with the number of the option alone: 1 or 2."
        )
    told = f"This is true:\n\n{item.told}\n\n" if item.told else ""
    return (
        f"{told}Here is a text to judge:\n\n{item.text}\n\nHow much do you agree with this statement about the text?\n"
        f"{statement}\n\nAnswer with one number alone, from 1 (strongly disagree) to 5 (strongly agree)."
    )
