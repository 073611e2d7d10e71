"""A chat model that chooses among a few words, with how likely it finds each: what a judge is asked with."""

from __future__ import annotations

import json
import math
import re
import zlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tqdm.auto import tqdm

from elm._errors import CallError, TeacherError
from elm.tasks._answer_cache import AnswerCache, answer_key
from elm.tasks._asking import Answer, Asking, spoken
from elm.tasks._chat_endpoint import answer_of, chat_client, completion, filtered
from elm.tasks._secrets import shown_url
from elm.tasks._spending import Spending

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


class ChatJudge:
    """Asks a chat model questions that are answered by one of a few words, such as "1" to "5".

    Answers are kept and failures handled as by `ChatTeacher`. Where the server gives log-probabilities, each option's
    is read at the first token that is one; a server that refuses to is asked without them, from then on.

    >>> ChatJudge("a-model", "http://localhost:8000/v1").spending.line()
    '0 calls'
    """

    def __init__(
        self,
        model: str,
        client: OpenAI | str | None = None,
        *,
        asking: Asking | None = None,
        cache: str | Path | None = None,
        prices: tuple[float, float] | None = None,
        concurrency: int = 8,
        seed: int | None = 0,
    ) -> None:
        """asking: by default temperature 0 and room for 16 tokens; the other arguments are those of `ChatTeacher`."""
        if concurrency < 1:
            raise CallError(f"at least one call is made at a time, got concurrency={concurrency}")
        self.model = model
        self.client = chat_client(client) if client is None or isinstance(client, str) else client
        self.asking = asking or Asking(temperature=0.0, max_tokens=16)
        self.cache = AnswerCache(cache) if cache is not None else None
        self.spending = Spending(prices)
        self.concurrency, self.seed = concurrency, seed
        self._likely: tuple[int | None, ...] = (*_MOST, None)  # what the server may still be asked for

    def choose(self, questions: Sequence[str], options: Sequence[str], progress: bool = False) -> list[Chosen]:
        """One answer a question, in their order, several calls at a time.

        Raises `CallError` for fewer than two options, `TeacherError` where no answer comes.
        """
        if len(set(options)) < 2:
            raise CallError(f"a judge chooses among two options or more, got {list(options)}")
        with ThreadPoolExecutor(self.concurrency, thread_name_prefix="judge") as pool:
            answers = pool.map(lambda question: self._one(question, options), questions)
            return list(tqdm(answers, desc="judging", total=len(questions), disable=not progress, leave=False))

    def _one(self, question: str, options: Sequence[str]) -> Chosen:
        while True:
            likely = self._likely[0]
            try:
                return self._answer(question, options, likely)
            except TeacherError as error:
                if filtered(error.__cause__):
                    return Chosen("", None, {})
                refused = getattr(error.__cause__, "status_code", None) in (400, 422)
                if likely is None or not refused:
                    raise
                if self._likely[0] == likely:  # another thread may have learned it already
                    self._likely = self._likely[1:]

    def _answer(self, question: str, options: Sequence[str], likely: int | None) -> Chosen:
        fields = self._fields(question, likely)
        key = answer_key({"endpoint": str(self.client.base_url), "fields": fields, "judge": list(options)})
        kept = self.cache.find(key) if self.cache is not None else None
        if kept is not None:
            self.spending.add(kept, kept=True)
            return Chosen(**json.loads(kept.text))
        raw, retried = completion(self.client, fields)
        answer = answer_of(raw, shown_url(str(self.client.base_url)))
        chosen = _chosen(raw, spoken(answer), options)
        if self.cache is not None and answer.text:
            told = json.dumps(vars(chosen))
            self.cache.keep(key, Answer(told, answer.finish, answer.tokens_in, answer.tokens_out))
        self.spending.add(answer, retried)
        return chosen

    def _fields(self, question: str, likely: int | None) -> dict[str, Any]:
        fields: dict[str, Any] = {
            "model": self.model,
            "messages": [{"role": "user", "content": question}],
            "temperature": self.asking.temperature,
            "top_p": self.asking.top_p,
            "max_tokens": self.asking.max_tokens,
            "seed": None if self.seed is None else zlib.crc32(str(self.seed).encode()) >> 1,
            "logprobs": None if likely is None else True,
            "top_logprobs": likely,
        }
        extra = {name: value for name, value in self.asking.extra.items() if value is not None}
        fields = {n: value for n, value in fields.items() if value is not None and n not in self.asking.extra}
        return fields | ({"extra_body": extra} if extra else {})


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
        likely = {getattr(one, "token", None): getattr(one, "logprob", None)
                  for one in (place, *_listed(place, "top_logprobs"))}  # fmt: skip
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
