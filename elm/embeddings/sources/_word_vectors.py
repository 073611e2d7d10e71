"""Word vectors: gensim's `KeyedVectors`, and files in the text and binary forms of word2vec."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from elm._errors import DataFileError
from elm.data import ids_of
from elm.embeddings.sources._found import Found

_LONGEST = 1_000  # bytes of one word
_MOST = 2**34  # bytes of numbers that a header may announce


def find(source: Any, of: str) -> Found | None:
    """Word vectors of a file ending in .vec, .txt, .w2v or .bin, or of an object that has words and vectors."""
    source = getattr(source, "wv", source)  # a trained Word2Vec or FastText
    if hasattr(source, "index_to_key") and hasattr(source, "vectors"):
        return Found(ids_of(source.index_to_key), source.vectors, "gensim's KeyedVectors")
    if not isinstance(source, str | os.PathLike) or not Path(source).is_file():
        return None
    path = Path(source)
    readers = {".vec": _text, ".txt": _text, ".w2v": _text, ".bin": _binary}
    if (reader := readers.get(path.suffix.lower())) is None:
        return None
    try:
        return reader(path)
    except (ValueError, UnicodeDecodeError) as error:
        raise DataFileError(f"{path} is not a whole file in word2vec's form ({error})") from error


def _text(path: Path) -> Found:
    """One line per word, with or without a first line of counts (GloVe has none)."""
    words, rows = [], []
    with open(path, encoding="utf-8", errors="strict") as file:
        first = file.readline().split()
        counts = [int(part) for part in first] if len(first) == 2 and all(part.isdigit() for part in first) else None
        dim = counts[1] if counts else len(first) - 1
        if dim < 1 or (counts is None and _is_number(first[0])):
            raise ValueError("its first line holds neither two counts nor a word and its numbers")
        if counts is None:
            words.append(first[0])
            rows.append(np.array(first[1:], dtype=np.float32))
        for number, line in enumerate(file, start=2):
            parts = line.rstrip().rsplit(" ", dim)
            if len(parts) != dim + 1:
                raise ValueError(f"line {number} holds {len(parts) - 1} numbers of {dim}")
            words.append(parts[0])
            rows.append(np.array(parts[1:], dtype=np.float32))
    if counts and len(words) != counts[0]:
        raise ValueError(f"its first line counts {counts[0]} words, and it holds {len(words)}")
    return Found(words, np.stack(rows), str(path))


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True


def _binary(path: Path) -> Found:
    with open(path, "rb") as file:
        head = file.readline(_LONGEST).split()
        if len(head) != 2 or not all(part.isdigit() for part in head):
            raise ValueError("its first line should hold two counts")
        count, dim = (int(part) for part in head)
        if not 0 < count * dim * 4 <= min(_MOST, path.stat().st_size):
            raise ValueError(f"its first line counts {count} words of {dim} numbers, and it is too short for them")
        words = []
        vectors = np.empty((count, dim), dtype=np.float32)
        for row in range(count):
            words.append(_word(file))
            numbers = file.read(4 * dim)
            if len(numbers) != 4 * dim:
                raise ValueError(f"it ends in word {row} of {count}")
            vectors[row] = np.frombuffer(numbers, dtype="<f4")
    return Found(words, vectors, str(path))


def _word(file: BinaryIO) -> str:
    letters = bytearray()
    while (letter := file.read(1)) != b" ":
        if not letter or len(letters) > _LONGEST:
            raise ValueError("a word does not end")
        if letter != b"\n":
            letters += letter
    return letters.decode("utf-8")
