"""A small Llama-shaped language model with its own byte-level BPE tokenizer, in ordinary transformers format."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

_SPECIAL = {"pad_token": "<|pad|>", "bos_token": "<|start|>", "eos_token": "<|end|>"}


@dataclass(frozen=True)
class BaseConfig:
    """The shape of the embedded model: 3.7 million parameters, 7.5 MB in half precision."""

    vocabulary: int = 1536
    width: int = 256
    layers: int = 4
    heads: int = 4
    feed_forward: int = 704
    context: int = 512


def train_tokenizer(texts: Iterable[str], vocabulary: int) -> PreTrainedTokenizerFast:
    """A byte-level BPE tokenizer: every text can be written in it, the given ones briefly."""
    bpe = Tokenizer(models.BPE())
    bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bpe.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(vocab_size=vocabulary, special_tokens=list(_SPECIAL.values()), show_progress=False,
                                  initial_alphabet=pre_tokenizers.ByteLevel.alphabet())  # fmt: skip
    bpe.train_from_iterator(texts, trainer)
    return PreTrainedTokenizerFast(tokenizer_object=bpe, padding_side="left", clean_up_tokenization_spaces=False,
                                   **_SPECIAL)  # fmt: skip


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
    """

    def both() -> Iterator[str]:
        yield from texts
        yield from (tokenizer.convert_tokens_to_string([t]) for t in tokenizer.get_vocab())

    grown = train_tokenizer(both(), vocabulary)
    old = model.get_input_embeddings().weight.detach()
    new = torch.empty(len(grown), old.shape[1], dtype=old.dtype)
    by_name = tokenizer.get_vocab()
    for token, index in grown.get_vocab().items():
        if token in by_name:
            new[index] = old[by_name[token]]
        else:
            pieces = tokenizer(grown.convert_tokens_to_string([token]), add_special_tokens=False)["input_ids"]
            new[index] = old[pieces].mean(0)
    model.resize_token_embeddings(len(grown))
    with torch.no_grad():
        model.get_input_embeddings().weight.copy_(new)
    model.config.update({f"{k}_id": getattr(grown, f"{k}_id") for k in _SPECIAL})
    return model, grown
