"""An engine behind an endpoint: vLLM writes from prompts that are sent as embeddings (`--enable-prompt-embeds`)."""

from __future__ import annotations

import base64
import hashlib
import io
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import torch

from elm._errors import CallError, CheckpointError, EngineError, TeacherError
from elm._storage.fields import is_hash
from elm._typing import Array
from elm.bulk._engine import Told, model_hash, some_of
from elm.bulk._order import Order, Work
from elm.chat import called, chat_client
from elm.embeddings import VectorTable
from elm.model import EmbeddingLanguageModel, context_length, prompt_embeddings, weights_hash

_BLOCK = 256  # prompts that are made at a time


class EndpointEngine:
    """Prompts are made here, by the adapters and the table of token embeddings; the endpoint runs the folder's `llm/`.

    At temperature 0 it writes what `describe` writes. Above 0 it draws by itself, by a seed that follows from the
    order's and the vector, so that a text is the same when it is asked for again, if the server keeps its word.
    """

    def __init__(
        self, model: EmbeddingLanguageModel, folder: str | Path, endpoint: Any = None, served: str | None = None
    ) -> None:
        """folder: the model's, whose `llm/` the endpoint must run. endpoint: its URL, or a client of `openai`. served:
        the model's name there; by default the only one that is served.

        Raises `CallError` for a folder without `llm/` and where it is not clear which model is meant, `EngineError`
        where nothing answers, `CheckpointError` where the endpoint tells that it serves other weights.
        """
        llm = Path(folder) / "llm"
        if not llm.is_dir():
            raise CallError(
                f"an endpoint serves a plain language model, and {folder} has no llm/ but updates of a base: fold them "
                "in with `elm adapter merge`, and serve that"
            )
        self.model = model
        self._client = chat_client(endpoint) if endpoint is None or isinstance(endpoint, str) else endpoint
        entry = self._served(served)
        self._name = str(entry.get("id"))
        known = _hash_told(entry)
        if known is not None and known != weights_hash(llm):
            raise CheckpointError(
                f"an engine writes with the weights of the folder, and {self._name!r} at the endpoint has others than "
                f"{llm} ({known[:12]}): serve that folder, or name the folder that is served"
            )
        words = model.words
        self._words = {} if words is None else {"allowed_token_ids": words.ids.tolist()}
        guarded = model.parts.most_repeats
        self.about = {"engine": "endpoint", "model": model_hash(model.parts), "served": self._name}
        self.remarks = (
            *(("the endpoint does not tell which weights it serves: nothing was checked",) if known is None else ()),
            *(("texts are not watched for repeats there, as they are by describe",) if guarded else ()),
        )

    def shards(self, work: Work, numbers: Iterable[int], told: Told) -> Iterator[tuple[int, Any]]:
        for number in numbers:
            yield number, work.table(number, self.texts, told)

    def texts(self, vectors: Array | VectorTable, order: Order) -> Iterator[str]:
        """The texts in order; so many calls as a batch has rows are always under way."""
        rows = vectors.vectors if isinstance(vectors, VectorTable) else vectors
        waiting: deque[Future[str]] = deque()
        with ThreadPoolExecutor(order.batch_size, thread_name_prefix="endpoint") as pool:
            try:
                for row, prompt in zip(rows, self._prompts(vectors, order), strict=True):
                    waiting.append(pool.submit(self._text, prompt, row, order))
                    if len(waiting) > order.batch_size:
                        yield waiting.popleft().result()
                while waiting:
                    yield waiting.popleft().result()
            finally:
                pool.shutdown(wait=False, cancel_futures=True)

    def _prompts(self, vectors: Array | VectorTable, order: Order) -> Iterator[torch.Tensor]:
        """Prompts (T, Z) in the numbers of the language model, which loses nothing."""
        numbers = self.model.llm.get_input_embeddings().weight.dtype
        for start in range(0, len(vectors), _BLOCK):
            some = some_of(vectors, start, _BLOCK)
            way: Any = {"space": order.space, "allow_space_mismatch": order.allow_space_mismatch}
            yield from prompt_embeddings(self.model, some, order.task, **way).to(numbers)

    def _text(self, prompt: torch.Tensor, row: np.ndarray, order: Order) -> str:
        task = self.model.task(order.task)
        room = context_length(self.model.llm)
        longest = task.max_new_tokens if room is None else min(task.max_new_tokens, room - len(prompt))
        more = {"prompt_embeds": encoded(prompt), **self._words}
        fields = {
            "model": self._name,
            "prompt": "",
            "max_tokens": longest,
            "temperature": task.temperature if order.temperature is None else order.temperature,
            "seed": _row_seed(order.seed, row),
            "extra_body": more,
        }
        try:
            found, _ = called(self._client, self._client.completions, fields, "completion")
            return str(found.choices[0].text).strip()
        except TeacherError as error:
            raise EngineError(str(error)) from error
        except (AttributeError, LookupError, TypeError) as error:
            raise EngineError(
                f"{self._client.base_url} answered a prompt with no text; is it a vLLM server?"
            ) from error

    def _served(self, name: str | None) -> Mapping[str, Any]:
        """What the endpoint tells of the model that is meant."""
        import openai

        try:
            entries = [entry.model_dump() for entry in self._client.models.list().data]
        except (openai.OpenAIError, AttributeError, TypeError, ValueError) as error:
            raise EngineError(
                f"{self._client.base_url} does not list its models ({str(error)[:200]}): start the server, and give "
                'the base of its API, which mostly ends in "/v1"'
            ) from error
        fitting = [entry for entry in entries if name in (None, entry.get("id"))]
        if len(fitting) != 1:
            known = ", ".join(str(entry.get("id")) for entry in entries)[:200]
            raise CallError(f"one model of the endpoint writes, and it serves {known or 'none'}: name it (--served)")
        return fitting[0]


def encoded(prompt: torch.Tensor) -> str:
    """A prompt (T, Z) as vLLM takes it: what `torch.save` writes, in base64."""
    buffer = io.BytesIO()
    torch.save(prompt.clone(), buffer)  # a view would be saved with all that it is a view of
    return base64.b64encode(buffer.getvalue()).decode("ascii")


def _hash_told(entry: Mapping[str, Any]) -> str | None:
    """The hash of the served weights: as the endpoint says, or of the folder that it names, where that is here."""
    if is_hash(entry.get("sha256")):
        return str(entry["sha256"])
    root = entry.get("root")
    if isinstance(root, str) and "\0" not in root and Path(root).is_absolute() and Path(root).is_dir():
        return weights_hash(Path(root))
    return None


def _row_seed(seed: int, row: np.ndarray) -> int:
    """A seed of 31 bits that follows from the order's and the vector."""
    told = hashlib.sha256(f"{seed} ".encode() + np.ascontiguousarray(row, np.float32).tobytes())
    return int.from_bytes(told.digest()[:4]) >> 1
