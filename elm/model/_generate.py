"""Decoding from soft tokens."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import torch
from tqdm.auto import tqdm

from elm._text.tokenizing import tokenizing
from elm.model._parts import ModelParts
from elm.model._prefix import common_states
from elm.model._prompts import Prompts, read_prompts
from elm.model._reading import Reading, Rows
from elm.model.base._context import answer_room
from elm.model.base._head import narrowed
from elm.model.base._repeats import RepetitionGuard
from elm.model.base._sampling import SeededDraw, decoding
from elm.model.base._words import Words


class Stop(Protocol):
    """What ends a decoding early, such as a `threading.Event`."""

    def is_set(self) -> bool: ...


@dataclass(frozen=True)
class Sample:
    """A text as it was decoded. ids (t,): its tokens, the end token included where it came. log_probs (t,) float32: the
    natural logarithm of each token's probability under the language model at the temperature it was drawn at (1 for 0).
    """

    text: str
    ids: npt.NDArray[np.int64]
    log_probs: npt.NDArray[np.float32]


def generate(
    model: ModelParts, read: Reading, *, seed: int, temperature: float, batch_size: int, progress: bool
) -> list[str]:
    """Texts for n vectors, or n pairs, under one prompt. All prompts are of one length: no batch needs padding."""
    texts: list[str] = []
    with torch.inference_mode(), evaluating(model):
        for start in tqdm(range(0, len(read), batch_size), desc="describe", disable=not progress, leave=False):
            out = _decode(model, read, read.some(start, start + batch_size), seed, temperature)
            texts += _texts(model, out)
    return texts


def generate_together(
    model: ModelParts, reads: Sequence[Reading], seeds: Sequence[int], temperature: float, stop: Stop | None = None
) -> list[list[str]]:
    """The texts of `generate` for readings under one prompt, each with a seed of its own, decoded in one batch.

    stop: once it is set, no further token is decoded, and what was written so far comes back.
    """
    own = [read.some(0, len(read)) for read in reads]
    places = zip(*(rows.vectors for rows in own), strict=True)
    rows = Rows([np.concatenate(place) for place in places], np.concatenate([some.draws for some in own]))
    with torch.inference_mode(), evaluating(model):
        seed = np.repeat(np.asarray(seeds), [len(some) for some in own])
        texts = iter(_texts(model, _decode(model, reads[0], rows, seed, temperature, stop=stop)))
    return [[next(texts) for _ in range(len(some))] for some in own]


def sample(model: ModelParts, read: Reading, *, seed: int, temperature: float, batch_size: int) -> list[Sample]:
    """The texts of `generate`, with their tokens and the log-probabilities of these."""
    found: list[Sample] = []
    with torch.inference_mode(), evaluating(model):
        for start in range(0, len(read), batch_size):
            prompts = read_prompts(model, read, read.some(start, start + batch_size))
            found += _sampled(model, prompts, read.task.max_new_tokens, seed, temperature)
    return found


def sample_prompts(
    model: ModelParts, prompts: Prompts, max_new_tokens: int, *, seed: int = 0, temperature: float = 1.0
) -> list[Sample]:
    """A text for each prompt (n), in one batch with a cache; drawn as `sample` does it.

    Raises `CallError` where not one token fits behind the prompts.
    """
    room = answer_room(model.llm, prompts.mask.shape[1], max_new_tokens)
    with torch.inference_mode(), evaluating(model):
        return _sampled(model, prompts, room, seed, temperature)


def _sampled(model: ModelParts, prompts: Prompts, longest: int, seed: int, temperature: float) -> list[Sample]:
    found: list[Sample] = []
    words, vocabulary = model.words, model.llm.get_input_embeddings().weight.shape[0]
    out = _written(model, prompts, longest, seed, temperature, output_logits=True, return_dict_in_generate=True)
    scaled = torch.stack(out.logits, dim=1).float() / (temperature or 1.0)  # (B, t, vocabulary)
    placed = words.places(out.sequences) if words and scaled.shape[-1] != vocabulary else out.sequences
    chosen = scaled.log_softmax(-1).gather(-1, placed[..., None])[..., 0]  # (B, t)
    for text, ids, log_probs in zip(_texts(model, out.sequences), out.sequences, chosen, strict=True):
        length = _length(ids, model.tokenizer.eos_token_id)
        found.append(Sample(text, ids[:length].cpu().numpy(), log_probs[:length].cpu().numpy()))
    return found


def _texts(model: ModelParts, ids: torch.Tensor) -> list[str]:
    with tokenizing("the language model"):
        return [text.strip() for text in model.tokenizer.batch_decode(ids, skip_special_tokens=True)]


def _length(ids: torch.Tensor, end: int | None) -> int:
    """How many tokens (t,) come up to the first end token, that one included; all of them where none came."""
    ends = (ids == end).nonzero() if end is not None else ids.new_zeros((0, 1))
    return int(ends[0, 0]) + 1 if len(ends) else len(ids)


def stream(model: ModelParts, read: Reading, *, seed: int, temperature: float) -> Iterator[str]:
    """The text for one vector (or one pair) in pieces, as they are decoded."""
    from transformers import TextIteratorStreamer

    pieces = TextIteratorStreamer(model.tokenizer, skip_special_tokens=True)
    failed: list[BaseException] = []
    stop = threading.Event()

    def work() -> None:
        try:
            with torch.inference_mode(), evaluating(model):
                _decode(model, read, read.some(0, 1), seed, temperature, pieces, stop)
        except BaseException as error:
            failed.append(error)
            pieces.end()

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        yield from (piece for piece in pieces if piece)
    finally:  # a reader who has read enough ends the decoding, too
        stop.set()
        thread.join()
    if failed:
        raise failed[0]


def _decode(
    model: ModelParts,
    read: Reading,
    rows: Rows,
    seed: int | np.ndarray,
    temperature: float,
    streamer: Any = None,
    stop: Stop | None = None,
) -> Any:
    """New token ids (B, t) for rows of vectors."""
    prompts = read_prompts(model, read, rows)
    return _written(model, prompts, read.task.max_new_tokens, seed, temperature, streamer, stop)


def _written(
    model: ModelParts,
    prompts: Prompts,
    max_new_tokens: int,
    seed: int | np.ndarray,
    temperature: float,
    streamer: Any = None,
    stop: Stop | None = None,
    **more: Any,
) -> Any:
    """New token ids (B, t) behind prompts; `more` are settings of transformers."""
    embeds, words = prompts.embeds, model.words
    drawn: list[Any] = [RepetitionGuard(model.most_repeats)] if model.most_repeats else []
    if temperature > 0:
        drawn.append(SeededDraw(prompts.keys, seed, temperature, prompts.draws))
    settings = decoding(model.tokenizer, max_new_tokens=max_new_tokens, **more)
    own, half = model.llm.generation_config, model.llm.get_input_embeddings().weight.dtype
    with _products_in(half, embeds.device.type):
        states = common_states(model, prompts)
    with narrowed(model.llm, words) as narrow, _products_in(half, embeds.device.type):
        if narrow and words is not None:
            _by_place(settings, words)
            streamer = streamer and _Widened(streamer, words)
        model.llm.generation_config = settings  # which fills in what is not set
        try:
            out = model.llm.generate(
                inputs_embeds=embeds,
                attention_mask=prompts.mask,
                past_key_values=states,
                generation_config=settings,
                logits_processor=drawn,
                streamer=streamer,
                stopping_criteria=[lambda ids, scores: torch.full((len(ids),), stop.is_set())] if stop else None,
            )
        finally:
            model.llm.generation_config = own
    return _widened(out, words) if narrow and words is not None else out


def _products_in(dtype: torch.dtype, device: str) -> contextlib.AbstractContextManager[Any]:
    """Products in the numbers of the weights, where these are of half precision: parts of a model may be in others."""
    halves = (torch.bfloat16, torch.float16)
    return torch.autocast(device, dtype=dtype) if dtype in halves else contextlib.nullcontext()


def _by_place(settings: Any, words: Words) -> None:
    """Have the settings name tokens by their places; one that is no word never comes."""
    for name in ("bos_token_id", "eos_token_id", "pad_token_id"):
        token = getattr(settings, name)
        known = token is not None and token in words
        setattr(settings, name, int(words.places(torch.tensor([token]))[0]) if known else None)


def _widened(out: Any, words: Words) -> Any:
    """Places as token ids, in what transformers gives back."""
    if isinstance(out, torch.Tensor):
        return words.widen(out)
    out.sequences = words.widen(out.sequences)
    return out


@dataclass(frozen=True)
class _Widened:
    """A streamer that is given places."""

    streamer: Any
    words: Words

    def put(self, places: torch.Tensor) -> None:
        self.streamer.put(self.words.widen(places))

    def end(self) -> None:
        self.streamer.end()


@contextlib.contextmanager
def evaluating(model: ModelParts) -> Iterator[None]:
    """Dropout off inside the block; each part goes back to the mode that it had."""
    parts = [model.llm, *model.adapters.values()]
    modes = [(module, module.training) for part in parts for module in part.modules()]
    for part in parts:
        part.eval()
    try:
        yield
    finally:
        for module, mode in modes:
            module.training = mode
