"""A small Llama-shaped language model with its own byte-level BPE tokenizer, in ordinary transformers format."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

_SPECIAL = {"pad_token": "<|pad|>", "bos_token": "<|start|>", "eos_token": "<|end|>"}


@dataclass(frozen=True)
class BaseConfig:
    """The shape of the embedded model: 3.7 million parameters, 7.5 MB in half precision."""

    vocabulary: int = 2048
    width: int = 256
    layers: int = 4
    heads: int = 4
    feed_forward: int = 704
    context: int = 512


def train_tokenizer(texts: Iterable[str], vocabulary: int) -> PreTrainedTokenizerFast:
    """A byte-level BPE tokenizer: every text can be written in it, the given ones briefly.

    >>> tokenizer = train_tokenizer(["a storm at sea"], vocabulary=300)
    >>> tokenizer.decode(tokenizer("日本 🎬")["input_ids"])
    '日本 🎬'
    """
    bpe = Tokenizer(models.BPE())
    bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bpe.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=list(_SPECIAL.values()),
        show_progress=False,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    )
    bpe.train_from_iterator(texts, trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=bpe, padding_side="left", clean_up_tokenization_spaces=False, **_SPECIAL
    )


def new_base(tokenizer: PreTrainedTokenizerFast, config: BaseConfig, seed: int = 0) -> LlamaForCausalLM:
    """A freshly initialised model for a tokenizer; the same seed gives the same weights."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = LlamaForCausalLM(
            LlamaConfig(
                vocab_size=len(tokenizer),
                hidden_size=config.width,
                intermediate_size=config.feed_forward,
                num_hidden_layers=config.layers,
                num_attention_heads=config.heads,
                num_key_value_heads=config.heads,
                max_position_embeddings=config.context,
                tie_word_embeddings=True,
                bos_token_id=tokenizer.bos_token_id,
                eos_token_id=tokenizer.eos_token_id,
                pad_token_id=tokenizer.pad_token_id,
            )
        )
    return model


def grow_vocabulary(
    model: LlamaForCausalLM, tokenizer: PreTrainedTokenizerFast, texts: Iterable[str], vocabulary: int
) -> tuple[LlamaForCausalLM, PreTrainedTokenizerFast]:
    """The same model over a larger vocabulary learned from new texts, for data whose words are new to it.

    Each new token starts as the mean of the embeddings of the old tokens that spell it, so what the model knew stays.
    The model is changed in place.
    """

    def both() -> Iterator[str]:
        yield from texts
        yield from (tokenizer.convert_tokens_to_string([t]) for t in tokenizer.get_vocab())

    grown = train_tokenizer(both(), vocabulary)
    table: Any = model.get_input_embeddings().weight  # (V, Z), tied to the output
    old = table.detach().clone()
    new = torch.empty(len(grown), old.shape[1], dtype=old.dtype)
    by_name = tokenizer.get_vocab()
    for token, index in grown.get_vocab().items():
        if token in by_name:
            new[index] = old[by_name[token]]
        else:
            # Straight from the token's bytes: half a character has no text that a tokenizer could be asked about.
            pieces = [piece.id for piece in tokenizer.backend_tokenizer.model.tokenize(token)]
            new[index] = old[pieces].mean(0)
    model.resize_token_embeddings(len(grown), mean_resizing=False)
    table = model.get_input_embeddings().weight
    with torch.no_grad():
        table.copy_(new)
    model.config.update({f"{k}_id": getattr(grown, f"{k}_id") for k in _SPECIAL})
    return model, grown
