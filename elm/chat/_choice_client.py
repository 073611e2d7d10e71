"""A chat model that chooses among a few words, with how likely it finds each: what a judge is asked with."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tqdm.auto import tqdm

from elm._errors import CallError, TeacherError
from elm.chat._client import Asks, Client
from elm.chat._types import Answer, Asking, call_seed, question, spoken

if TYPE_CHECKING:
    from openai import OpenAI

_MOST = (20, 5)
"""How many likely tokens are asked for at a place; servers differ in what they allow."""


@dataclass(frozen=True)
class Chosen:
    """What a judge answered. said: its words. choice: the option among them, or None.

    probabilities: option -> how likely it was as the word at that place, all together 1; empty where the server told
    none.
    """

    said: str
    choice: str | None
    probabilities: dict[str, float]


class ChatJudge(Asks):
    """Asks a chat model questions that are answered by one of a few words, such as "1" to "5".

    Answers are kept and failures handled by its `Client`. Where the server gives log-probabilities, each option's is
    read at the first token that is one; a server that refuses to is asked without them, from then on.

    >>> ChatJudge("a-model", "http://localhost:8000/v1").spending.line()
    '0 calls'
    """

    def __init__(
        self,
        model: str | Client,
        client: OpenAI | str | None = None,
        *,
        asking: Asking | None = None,
        seed: int | None = 0,
        **settings: Any,
    ) -> None:
        """model: a `Client`, or a model's name with the endpoint (`client`) and the `settings` of one. asking: by
        default temperature 0 and room for 16 tokens. seed: sent with each call; None sends none.

        Raises what `Client` raises.
        """
        how = asking or Asking(temperature=0.0, max_tokens=16)
        super().__init__(Client.of(model, client, **settings), how, seed)
        self._likely: tuple[int | None, ...] = (*_MOST, None)  # what the server may still be asked for

    def choose(self, questions: Sequence[str], options: Sequence[str], progress: bool = False) -> list[Chosen]:
        """One answer a question, in their order, several calls at a time.

        Raises `CallError` for fewer than two options, `TeacherError` where no answer comes.
        """
        if len(set(options)) < 2:
            raise CallError(f"a judge chooses among two options or more, got {list(options)}")
        answers = self.chat.each(lambda question: self._one(question, options), questions)
        return list(tqdm(answers, desc="judging", total=len(questions), disable=not progress, leave=False))

    def _one(self, question: str, options: Sequence[str]) -> Chosen:
        while True:
            likely = self._likely[0]
            try:
                return self._answer(question, options, likely)
            except TeacherError as error:
                refused = getattr(error.__cause__, "status_code", None) in (400, 422)
                if likely is None or not refused:
                    raise
                if self._likely[0] == likely:  # another thread may have learned it already
                    self._likely = self._likely[1:]

    def _answer(self, asked: str, options: Sequence[str], likely: int | None) -> Chosen:
        more = {"logprobs": None if likely is None else True, "top_logprobs": likely}
        fields = self.asking.fields(question(asked, self.asking.max_tokens), call_seed(self.seed), more)

        def read(completion: Any, answer: Answer) -> str:
            return "" if completion is None else json.dumps(vars(_chosen(completion, spoken(answer), options)))

        found = self.chat.call(fields, self.chat.key(fields, judge=list(options)), read=read)
        return Chosen(**json.loads(found.text)) if found.text else Chosen("", None, {})


def _chosen(raw: Any, said: str, options: Sequence[str]) -> Chosen:
    words = re.findall(r"\w+", said)
    choice = next((word for word in words if word in options), None)
    return Chosen(said, choice, _probabilities(getattr(raw.choices[0], "logprobs", None), options))


def _probabilities(told: Any, options: Sequence[str]) -> dict[str, float]:
    """Option -> probability at the first token that is one of the options; tokens that differ in spaces add up."""
    places = [place for place in _listed(told, "content") if isinstance(getattr(place, "token", None), str)]
    for place in places[_thoughts(places) :]:
        if place.token.strip() not in options:
            continue
        found = dict.fromkeys(options, 0.0)
        likely = {
            getattr(one, "token", None): getattr(one, "logprob", None)
            for one in (place, *_listed(place, "top_logprobs"))
        }
        for token, logprob in likely.items():
            if isinstance(token, str) and isinstance(logprob, int | float) and token.strip() in found:
                found[token.strip()] += math.exp(min(logprob, 0.0))
        total = sum(found.values())
        return {option: value / total for option, value in found.items()} if total > 0 else {}
    return {}


def _listed(told: Any, name: str) -> list[Any]:
    """A list of a server's answer; empty where it is null or something else."""
    value = getattr(told, name, None)
    return value if isinstance(value, list) else []


def _thoughts(places: Sequence[Any]) -> int:
    """How many tokens some models think before they answer."""
    said = ""
    for number, place in enumerate(places):
        said += place.token
        if "</think>" in said:
            return number + 1
    return 0
