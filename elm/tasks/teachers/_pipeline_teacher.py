"""A teacher that is a causal language model on this machine, read by transformers."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from tqdm.auto import tqdm

from elm._errors import CallError, CheckpointError, UnusableTextError
from elm._text.chat_template import render_chat
from elm.chat import Answer, AnswerCache, Asking, Request, Usage, answer_key
from elm.tasks._task import Task, get
from elm.tasks.facts._briefs import Brief, briefs_of
from elm.tasks.teachers._dialogue import Failures, OnFailure, check_on_failure, heard, talk
from elm.tasks.teachers._teacher import Entity

if TYPE_CHECKING:
    import torch


class PipelineTeacher:
    """Writes the text of a task with a causal language model, many entities at a time.

    It asks, checks and asks again as `ChatTeacher` does. A text depends on the seed, what is given about the entity,
    the task and the variant, not on what else is in the batch (up to rounding: in half precision a tie may fall
    otherwise).
    """

    def __init__(
        self,
        briefs: Mapping[str, Brief],
        llm: Any,
        tokenizer: Any,
        *,
        asking: Asking | None = None,
        cache: str | Path | None = None,
        batch_size: int = 16,
        seed: int = 0,
    ) -> None:
        """llm, tokenizer: as `AutoModelForCausalLM` and `AutoTokenizer` give them (`from_folder` loads them); a chat
        template is used where the tokenizer has one. cache: the file that keeps the answers; None keeps none.
        """
        if batch_size < 1:
            raise CallError(f"at least one text is written at a time, got batch_size={batch_size}")
        self.briefs, self.llm, self.tokenizer = briefs, llm.eval(), tokenizer
        self.asking = asking or Asking()
        if self.asking.max_tokens is None:
            raise CallError("a local model needs an end of its answers: give Asking a max_tokens")
        self.cache = AnswerCache(cache) if cache is not None else None
        self.spending = Usage()
        self.failures = Failures()
        self.batch_size, self.seed = batch_size, seed
        self._model = _identity(llm, tokenizer) if cache is not None else ""

    @classmethod
    def from_folder(cls, briefs: Mapping[str, Brief], folder: str | Path, **options: Any) -> PipelineTeacher:
        """The teacher of a model folder, or of a model's name on the Hub; no code of the folder is run.

        The model goes to a GPU where there is one. Raises `CheckpointError` where it cannot be loaded.
        """
        import torch
        from transformers import AutoModelForCausalLM, AutoTokenizer

        try:
            tokenizer = AutoTokenizer.from_pretrained(str(folder))
            llm: Any = AutoModelForCausalLM.from_pretrained(str(folder), dtype="auto", use_safetensors=True)
        except (OSError, ValueError, KeyError) as error:
            raise CheckpointError(f"{folder} must hold a causal language model and its tokenizer: {error}") from error
        device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        if device.type == "cpu":
            llm = llm.float()  # half precision is slow on most processors
        return cls(briefs, llm.to(device), tokenizer, **options)

    def write(self, entity: Entity, task: str | Task, variant: int = 0) -> str:
        """The text of one entity (for a task over two items, a pair of ids); another `variant` is another answer.

        Raises `UnknownNameError` for an entity without a brief or an unknown task, `CallError` for a task that does not
        fit the entity or a prompt that the model has no room for, `UnusableTextError` where no answer keeps the rules.
        """
        return self.write_all([entity], task, variant)[0]

    def write_all(
        self,
        entities: Sequence[Entity],
        task: str | Task,
        variant: int = 0,
        progress: bool = False,
        on_failure: OnFailure = "raise",
    ) -> list[str]:
        """The texts of many entities, in their order.

        on_failure: "skip" gives "" for a text that no attempt brought, and notes it in `failures`.
        """
        check_on_failure(on_failure)
        told = [briefs_of(self.briefs, entity) for entity in entities]
        name = task if isinstance(task, str) else task.id
        talks = [talk(get(task, briefs[0].domain), briefs, self.asking, variant) for briefs in told]
        texts = [""] * len(entities)
        waiting = [(row, next(talking)) for row, talking in enumerate(talks)]
        waiting.sort(key=lambda pair: sum(len(m["content"]) for m in pair[1].messages))  # alike in length: less padding
        with tqdm(total=len(entities), desc=name, disable=not progress, leave=False) as bar:
            while waiting:
                some, waiting = waiting[: self.batch_size], waiting[self.batch_size :]
                for (row, _), answer in zip(some, self._answers([request for _, request in some]), strict=True):
                    try:
                        again = heard(talks[row], answer)
                    except UnusableTextError as error:
                        again = self.failures.give_up(error, entities[row], task, variant, on_failure)
                    if isinstance(again, Request):
                        waiting.append((row, again))
                    else:
                        texts[row] = again
                        bar.update()
                    bar.set_postfix_str(self.spending.line(), refresh=False)
        return texts

    def _answers(self, requests: Sequence[Request]) -> list[Answer]:
        keys = [self._key(request) for request in requests]
        found = {n: kept for n, key in enumerate(keys) if self.cache is not None and (kept := self.cache.find(key))}
        for n, kept in found.items():
            self.spending.add(kept, attempt=requests[n].attempt, kept=True)
        new = [n for n in range(len(requests)) if n not in found]
        if new:
            found |= zip(new, self._generate([requests[n] for n in new]), strict=True)
        for n in new:
            self.spending.add(found[n], attempt=requests[n].attempt)
            if self.cache is not None:
                self.cache.keep(keys[n], found[n])
        return [found[n] for n in range(len(requests))]

    def _key(self, request: Request) -> str:
        return answer_key(
            {
                "model": self._model,
                "messages": request.messages,
                "max_tokens": request.max_tokens,
                "temperature": self.asking.temperature,
                "top_p": self.asking.top_p,
                "seed": self.seed,
                "variant": request.variant,
                "attempt": request.attempt,
            }
        )

    def _generate(self, requests: Sequence[Request]) -> list[Answer]:
        prompts = [self._prompt(request) for request in requests]
        rooms = [self._room(len(prompt), request) for prompt, request in zip(prompts, requests, strict=True)]
        answers = {n: Answer("", "length", len(prompts[n])) for n, room in enumerate(rooms) if room < 1}
        for room in {room for room in rooms if room > 0}:  # mostly one: that of first attempts
            rows = [n for n, own in enumerate(rooms) if own == room]
            found = self._batch([prompts[n] for n in rows], [requests[n] for n in rows], room)
            answers |= zip(rows, found, strict=True)
        return [answers[n] for n in range(len(requests))]

    def _batch(self, prompts: list[list[int]], requests: list[Request], room: int) -> list[Answer]:
        import torch

        width = -(-max(map(len, prompts)) // 8) * 8  # odd widths are risky in some attention kernels
        end = self._ends()
        pad = self.tokenizer.pad_token_id if self.tokenizer.pad_token_id is not None else end[0]
        ids = torch.tensor([[pad] * (width - len(prompt)) + prompt for prompt in prompts])
        mask = torch.tensor([[0] * (width - len(prompt)) + [1] * len(prompt) for prompt in prompts])
        out = self.llm.generate(
            input_ids=ids.to(self.llm.device),
            attention_mask=mask.to(self.llm.device),
            max_new_tokens=room,
            do_sample=False,
            num_beams=1,
            eos_token_id=end,
            pad_token_id=pad,
            logits_processor=self._processors(requests),
        )[:, width:].tolist()
        answers = []
        for prompt, new in zip(prompts, out, strict=True):
            stop = next((n for n, token in enumerate(new) if token in end), None)
            text = self.tokenizer.decode(new[:stop], skip_special_tokens=True)
            finish: Literal["stop", "length"] = "length" if stop is None else "stop"
            answers.append(Answer(text, finish, len(prompt), len(new) if stop is None else stop + 1))
        return answers

    def _room(self, prompt: int, request: Request) -> int:
        """How many tokens the answer to a prompt of so many may take; asked again, it gets what is left."""
        wanted, most = request.max_tokens or 0, getattr(self.llm.config, "max_position_embeddings", None)
        if most is None or prompt + wanted <= most:
            return wanted
        if request.attempt > 0:
            return int(most) - prompt
        raise CallError(
            f"prompt and answer must fit into the {most} tokens that the model reads, not {prompt} and {wanted}: "
            "tell shorter texts, ask for fewer tokens, or take a model with a longer context"
        )

    def _prompt(self, request: Request) -> list[int]:
        messages = list(request.messages)
        if self.tokenizer.chat_template:
            options = self.asking.extra.get("chat_template_kwargs", {})
            text = render_chat(self.tokenizer, messages, **options)
            return list(self.tokenizer(text, add_special_tokens=False).input_ids)  # the template writes its own
        text = "".join(f"{message['content']}\n" for message in messages)
        return list(self.tokenizer(text).input_ids)

    def _ends(self) -> list[int]:
        end = getattr(self.llm.generation_config, "eos_token_id", None)
        ends = [*(end if isinstance(end, list) else [end]), self.tokenizer.eos_token_id]
        known = [token for token in dict.fromkeys(ends) if token is not None]
        if not known:
            raise CallError("a model that ends its answers needs an end-of-text token, and this one has none")
        return known

    def _processors(self, requests: Sequence[Request]) -> list[Any]:
        if self.asking.temperature == 0:
            return []
        from transformers import TemperatureLogitsWarper, TopPLogitsWarper

        shaped: list[Any] = [TemperatureLogitsWarper(float(self.asking.temperature))]
        if self.asking.top_p < 1:
            shaped.append(TopPLogitsWarper(self.asking.top_p))
        return [*shaped, _RowNoise(requests, self.seed)]


class _RowNoise:
    """Gumbel noise on the logits, of a generator for each row: the largest is then a draw from their softmax."""

    def __init__(self, requests: Sequence[Request], seed: int) -> None:
        keys = [zlib.crc32(answer_key({"messages": r.messages}).encode()) for r in requests]
        self._generators = [
            np.random.default_rng([seed, key, r.variant, r.attempt]) for key, r in zip(keys, requests, strict=True)
        ]

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        """scores (B, vocabulary) -> noisy scores of the same shape."""
        import torch

        noise = np.stack([g.gumbel(size=scores.shape[1]).astype(np.float32) for g in self._generators])
        return scores.float() + torch.from_numpy(noise).to(scores.device)


def _identity(llm: Any, tokenizer: Any) -> str:
    """A hash of what decides a model's answers: its configuration, a sample of each weight, and the chat template."""
    about = {name: value for name, value in llm.config.to_dict().items() if name not in _NOT_THE_MODEL}
    digest = hashlib.sha256(answer_key(about | {"template": tokenizer.chat_template}).encode())
    for name, weight in llm.named_parameters():
        some = weight.detach().flatten()
        digest.update(name.encode() + some[:: max(1, len(some) // 256)][:256].float().cpu().numpy().tobytes())
    return digest.hexdigest()


_NOT_THE_MODEL = ("_name_or_path", "transformers_version")
