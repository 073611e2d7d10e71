"""The words that a training needs: those of its texts, and those with which any other text can be written."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from tqdm.auto import tqdm

from elm.model import EmbeddingLanguageModel, Words
from elm.training.data._collate import IGNORED
from elm.training.data._dataset import WrittenLessons
from elm.training.data._generated import Lessons
from elm.training.data._sampler import LessonBatches

_FREQUENT = 16_384  # a tokenizer learns its words from the most frequent on, and numbers them so
_LATIN = "\u024f"  # the last letter of the scripts that European languages are written in


def corpus_words(
    model: EmbeddingLanguageModel,
    lessons: Sequence[Lessons | WrittenLessons],
    batches: Iterable[tuple[int, int]],
    batch_tokens: int,
    progress: bool = True,
) -> Words:
    """The words of all batches that will be trained on, those that a model has already, and a common stock.

    batches: (seed, how many) of each stage. Since a batch follows from seed and number, they are gone through
    beforehand, and no text that is learned has another word. The stock is the tokenizer's special tokens, its first
    16,384, and each letter by itself, so that any text in a European language can be written.
    """
    size = model.llm.get_input_embeddings().weight.shape[0]
    needed = np.zeros(size, bool)
    needed[stock(model.tokenizer, size)] = True
    for seed, count in batches:
        source = LessonBatches(model, lessons, batch_tokens, seed)
        for number in tqdm(range(count), desc="words of the texts", disable=not progress, leave=False):
            labels = source.at(number)[1].labels.numpy()
            needed[labels[labels != IGNORED]] = True
    found = Words(np.flatnonzero(needed), size)
    return found if model.words is None else found | model.words


def stock(tokenizer: Any, size: int) -> np.ndarray:
    """Token ids below `size` that are needed whatever the texts are."""
    known = tokenizer.get_vocab()
    single = [number for token, number in known.items() if _is_letter(token)]
    ids = np.array([*range(min(_FREQUENT, size)), *tokenizer.all_special_ids, *single])
    return ids[ids < size]


def _is_letter(token: str) -> bool:
    """One character, which may stand behind a mark for a space, or a byte as it is spelled, such as <0x0A>."""
    plain = token.lstrip("▁Ġ")
    return (len(plain) <= 1 and plain <= _LATIN) or (len(token) == 6 and token.startswith("<0x"))
