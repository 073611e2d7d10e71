"""The Embedding Language Model (ELM, Section 2): a causal LM whose prompts may hold vectors of other spaces."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal, Self, Unpack, overload

import torch
from torch import nn

from elm._errors import CallError, OutsideDataWarning
from elm.adapters import MLPAdapter, is_name
from elm.model._best_of import BestOf, Choosing, best_of
from elm.model._generate import Sample, generate, sample
from elm.model._generate import stream as stream_text
from elm.model._parts import ModelParts
from elm.model._question import asked
from elm.model._reading import AskOptions, Many, One, ReadOptions, Unshaped, Vectors, reading
from elm.model._splice import spliced
from elm.model.base._head import token_loss
from elm.model.base._words import Words
from elm.model.folder._pretrained import HubModel
from elm.tasks import Task


class EmbeddingLanguageModel(HubModel, nn.Module):
    """A base LLM, its tokenizer, and one adapter a space.

    `describe` reads vectors; `forward` gives the loss that training minimises. Made by `elm.load`, `elm.describe`'s
    shipped model, or from parts: `EmbeddingLanguageModel(llm, tokenizer, {"minilm": adapter})`. about: what its folder
    says of it, such as the base. tasks: those that it learned, where their prompts differ from the registry's or are
    not in it; `tasks` holds them by id.
    """

    def __init__(
        self,
        llm: Any,
        tokenizer: Any,
        adapters: Mapping[str, MLPAdapter],
        about: Mapping[str, Any] | None = None,
        tasks: Iterable[Task] = (),
    ) -> None:
        super().__init__()
        width = llm.get_input_embeddings().weight.shape[1]
        for name, adapter in adapters.items():
            if not is_name(name):  # its folder is named so
                raise CallError(
                    f"an adapter cannot have this name ({name!r}): it takes at most 128 letters, digits, spaces and "
                    "- + @ _; give its space another, such as 'all-MiniLM-L6-v2'"
                )
            if adapter.config.token_dim != width:
                raise CallError(
                    f"an adapter writes tokens as wide as the language model's; adapter {name!r} writes "
                    f"{adapter.config.token_dim}, the model reads {width}: use the base it was trained on"
                )
        self.llm = llm
        self.tokenizer = tokenizer
        try:
            self.adapters = nn.ModuleDict(dict(adapters))
        except KeyError as error:  # torch keeps a few names, such as "items" and all with a dot, to itself
            raise CallError(f"an adapter cannot have this name ({error.args[0]}); give its space another") from error
        self.about = dict(about or {})
        self.tasks = {task.id: task for task in tasks}

    @classmethod
    def of(cls, parts: ModelParts) -> Self:
        """The model of these parts; `CallError` where they do not fit each other."""
        return cls(parts.llm, parts.tokenizer, parts.adapters, parts.about, parts.tasks.values())

    @property
    def parts(self) -> ModelParts:
        """What the model is made of, the very same objects."""
        adapters: dict[str, Any] = dict(self.adapters.items())
        return ModelParts(self.llm, self.tokenizer, adapters, self.about, self.tasks)

    @property
    def device(self) -> torch.device:
        """Where the language model is."""
        return self.parts.device

    @property
    def words(self) -> Words | None:
        """The words of its base's vocabulary that it is trained and decoded in, as its folder records them; None: all
        of them. Set to None, it writes in all again.
        """
        return self.parts.words

    @words.setter
    def words(self, words: Words | None) -> None:
        self.about.pop("words", None)
        if words is not None:
            self.about["words"] = str(words)

    def adapter(self, name: str) -> MLPAdapter:
        """The adapter of a space; `UnknownNameError` suggests the nearest name."""
        return self.parts.adapter(name)

    def task(self, task: str | Task) -> Task:
        """A task by its id, asked as this model learned it; else as the registry has it.

        Raises `UnknownNameError` with the nearest id.
        """
        return self.parts.task(task)

    def forward(
        self,
        space: str,
        vectors: torch.Tensor,
        ids: torch.Tensor,
        slots: torch.Tensor,
        labels: torch.Tensor,
        llm: Any = None,
    ) -> torch.Tensor:
        """Mean cross-entropy of the targets in nats per token, given vectors (B, dim), or (B, k, dim) for k vectors a
        prompt, in the slots (B, k * n) of prompts, n soft tokens for each vector.

        ids, labels: (B, T), right-padded, which a causal model never sees; labels are -100 on prompt and padding.
        llm: a compiled twin of what `runs` gives, to run in its place. Where the model has `words`, the softmax is over
        these alone.
        """
        with torch.autocast(vectors.device.type, enabled=False):  # the adapter stays in float32 under a caller's half
            soft = self.adapter(space)(vectors.reshape(-1, vectors.shape[-1]))  # (B * k, n, Z)
            embeds = spliced(self.llm, ids, slots, soft.view(len(ids), -1, soft.shape[-1]))  # (B, T, Z)
        return token_loss(self.llm, embeds, labels, self.words, llm)

    @overload
    def describe(
        self, vectors: Unshaped, task: str | Task, *, return_all: bool = False, **options: Unpack[ReadOptions]
    ) -> Any: ...
    @overload
    def describe(
        self, vectors: One, task: str | Task, *, return_all: Literal[False] = False, **options: Unpack[ReadOptions]
    ) -> str: ...
    @overload
    def describe(
        self, vectors: Many, task: str | Task, *, return_all: Literal[False] = False, **options: Unpack[ReadOptions]
    ) -> list[str]: ...
    @overload
    def describe(
        self, vectors: One, task: str | Task, *, return_all: Literal[True], **options: Unpack[ReadOptions]
    ) -> BestOf: ...
    @overload
    def describe(
        self, vectors: Many, task: str | Task, *, return_all: Literal[True], **options: Unpack[ReadOptions]
    ) -> list[BestOf]: ...
    @overload
    def describe(
        self, vectors: Any, task: str | Task, *, return_all: bool = False, **options: Unpack[ReadOptions]
    ) -> Any: ...
    def describe(
        self,
        vectors: Vectors | Sequence[Vectors],
        task: str | Task,
        *,
        space: str | Sequence[str | None] | None = None,
        seed: int = 0,
        temperature: float | None = None,
        batch_size: int = 64,
        allow_space_mismatch: bool = False,
        return_all: bool = False,
        **options: Any,
    ) -> Any:
        """The text of a task about one vector (dim,) -> str, or about several (n, dim) -> list of n texts.

        A task over two vectors takes a pair of them, (first, second), or of arrays with n each, of one space or two.

        The adapter is the one whose space the vectors fit and that was trained on the task; where two fit, name
        the `space`. temperature 0 takes the likeliest word each time; above 0 it samples, by `seed` and vector alone,
        so that a text is the same in any batch; None is the task's own. allow_space_mismatch: read a table of another
        space all the same, with a warning; the text says what such numbers would mean in the adapter's own space.
        Further options are progress (a bar), and those of best of n:

        n: how many texts are drawn about each vector. Of several the nearest is given (choose="nearest"): each text is
        encoded again by the text encoder of the vectors' space, and the one with the largest cosine to its vector is
        chosen. encoder: that encoder, its name or its folder; by default the one that the space names, where it is on
        this machine. return_all: all texts with their scores, as one `BestOf` per vector. The choice uses what semantic
        consistency measures, which therefore no longer judges such a text. Several texts are drawn at a temperature of
        0.8, or the task's own where that is higher.

        Raises `VectorError` for a wrong size, NaN, infinity or a table of another space, `UnknownNameError` for an
        unknown task or space, `CallError` for a task that was not trained, where several spaces fit, or for options
        that cannot be, `DataFileError` where the encoder is not found; warns `OutsideDataWarning` for vectors far from
        the space's data, or of another space.
        """
        progress, how = bool(options.pop("progress", False)), Choosing(**options)
        read = reading(self.parts, vectors, task, space, allow_space_mismatch)
        drawn = how.temperature(temperature, read.task.temperature)
        _check_drawing(drawn, seed, batch_size)
        way: Any = {"seed": seed, "temperature": drawn, "batch_size": batch_size, "progress": progress}
        found: Sequence[Any]
        if how.n == 1 and not return_all:
            found = generate(self.parts, read, **way)
        else:
            found = best_of(self.parts, read, how, **way)
            found = found if return_all else [one.text for one in found]
        return found[0] if read.single else found

    @overload
    def ask(
        self, vectors: Any, question: str, *, stream: Literal[True], **options: Unpack[AskOptions]
    ) -> Iterator[str]: ...
    @overload
    def ask(
        self, vectors: Unshaped, question: str, *, stream: Literal[False] = False, **options: Unpack[AskOptions]
    ) -> Any: ...
    @overload
    def ask(
        self, vectors: One, question: str, *, stream: Literal[False] = False, **options: Unpack[AskOptions]
    ) -> str: ...
    @overload
    def ask(
        self, vectors: Many, question: str, *, stream: Literal[False] = False, **options: Unpack[AskOptions]
    ) -> list[str]: ...
    @overload
    def ask(self, vectors: Any, question: str, *, stream: bool = False, **options: Unpack[AskOptions]) -> Any: ...
    def ask(
        self,
        vectors: Vectors | Sequence[Vectors],
        question: str,
        *,
        space: str | Sequence[str | None] | None = None,
        seed: int = 0,
        temperature: float = 0.0,
        max_new_tokens: int = 128,
        stream: bool = False,
        free: bool | None = None,
    ) -> Any:
        """The answer to a question about one vector (dim,), several (n, dim), or a pair (first, second).

        The question may say where the vectors go, as {first} and {second}; else it is asked behind the vector. stream:
        the answer to one vector or pair as an iterator of pieces, while it is decoded.

        free: whether the language model answers in its own words. By default those with a chat template do; others have
        learned tasks alone, and would answer with noise. Their answers come from the facts that their own texts state
        ("the setting is a night train"), or say that this cannot be answered.

        Errors and warnings are those of `describe`; also `CallError` for an empty question, or for two vectors in a
        question that does not say where they go. Placeholders of prompts that stand in the question are taken out.

        >>> import elm
        >>> model, films = elm.model.shipped_model(), elm.model.shipped_vectors("films")
        >>> model.ask(films["f7"], "Where is it set?")
        'The setting is a chess academy.'
        """
        if max_new_tokens < 1 or not temperature >= 0 or seed < 0:
            came = f"got {temperature}, {seed} and {max_new_tokens}"
            raise CallError(f"temperature and seed must be 0 or more and max_new_tokens at least 1, {came}")
        read, plan = asked(self.parts, vectors, question, space, max_new_tokens, free)
        if stream and not read.single:
            raise CallError(f"one answer is streamed at a time, got {len(read)} vectors: ask without stream")
        if stream and plan.task is not None and plan.answer is str:
            return stream_text(self.parts, read, seed=seed, temperature=temperature)
        if plan.task is None:
            texts = [""] * len(read)
        else:
            texts = generate(self.parts, read, seed=seed, temperature=temperature, batch_size=64, progress=False)
        texts = [plan.answer(text) for text in texts]
        return iter(texts) if stream else texts[0] if read.single else texts

    def sample(
        self,
        vectors: Vectors | Sequence[Vectors],
        task: str | Task,
        *,
        space: str | Sequence[str | None] | None = None,
        seed: int = 0,
        temperature: float = 1.0,
        batch_size: int = 64,
    ) -> list[Sample]:
        """Texts as `describe` draws them, n for n vectors, each with its token ids and their log-probabilities.

        A vector (dim,) counts as n = 1. Errors and warnings are those of `describe`.
        """
        read = reading(self.parts, vectors, task, space)
        _check_drawing(temperature, seed, batch_size)
        return sample(self.parts, read, seed=seed, temperature=temperature, batch_size=batch_size)

    def space_mismatch(
        self, vectors: Vectors | Sequence[Vectors], task: str | Task, *, space: str | None = None
    ) -> dict[str, str] | None:
        """{"vectors": space and fingerprint, "read_as": the same of the adapter's} where a table is known to be of
        another space than the adapter that `describe` reads it with, if it is allowed to; else None. Errors as there.
        """
        with warnings.catch_warnings(action="ignore", category=OutsideDataWarning):
            return reading(self.parts, vectors, task, space, allow_space_mismatch=True).mismatch


def _check_drawing(temperature: float, seed: int, batch_size: int) -> None:
    if not temperature >= 0 or seed < 0 or batch_size < 1:
        came = f"got {temperature}, {seed} and {batch_size}"
        raise CallError(f"temperature and seed must be 0 or more and batch_size at least 1, {came}")
