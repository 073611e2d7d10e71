"""Tiny random checkpoints in the shapes of models that people use, on disk as the Hub hands them out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import tiny_elm
import torch
from transformers import (
    Gemma3ForCausalLM,
    Gemma3TextConfig,
    GPT2Config,
    GPT2LMHeadModel,
    LlamaConfig,
    LlamaForCausalLM,
    MistralConfig,
    MistralForCausalLM,
    PreTrainedTokenizerFast,
    Qwen3Config,
    Qwen3ForCausalLM,
)

from elm.model import train_tokenizer

CHATML = """\
{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>\n' }}\
{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"""
THINKING = CHATML.replace(
    "assistant\\n' }}{% endif %}",
    "assistant\\n' }}{% if not enable_thinking %}{{ '<think>\\n\\n</think>\\n\\n' }}{% endif %}{% endif %}",
)
DATED = """\
{{ bos_token }}<|turn|>system\nToday is {{ strftime_now('%d %b %Y') }}.<|end|>{% for message in messages %}\
<|turn|>{{ message['role'] }}\n{{ message['content'] | trim }}<|end|>{% endfor %}\
{% if add_generation_prompt %}<|turn|>assistant\n{% endif %}"""
TURNS = """\
{{ bos_token }}{% for message in messages %}{% if message['role'] == 'system' %}\
{{ raise_exception('System role not supported') }}{% endif %}<start_of_turn>{{ message['role'] }}\n\
{{ message['content'] | trim }}<end_of_turn>\n{% endfor %}\
{% if add_generation_prompt %}<start_of_turn>model\n{% endif %}"""


def _named(template: str | None = None, more: tuple[str, ...] = (), **names: str) -> Callable[[], Any]:
    """A tokenizer whose special tokens have a family's names, and no others."""

    def make() -> Any:
        backend = train_tokenizer(tiny_elm.TEXTS * 3, tiny_elm.SHAPE.vocabulary).backend_tokenizer
        made = PreTrainedTokenizerFast(tokenizer_object=backend, clean_up_tokenization_spaces=False, **names)
        made.add_special_tokens({"additional_special_tokens": list(more)})
        made.chat_template = template
        return made

    return make


def _gpt2(sizes: dict[str, Any]) -> Any:
    few = {key: sizes[key] for key in ("vocab_size", "bos_token_id", "eos_token_id", "pad_token_id")}
    return GPT2LMHeadModel(GPT2Config(n_embd=sizes["hidden_size"], n_layer=2, n_head=2, n_positions=128, **few))


def _gemma3(sizes: dict[str, Any]) -> Any:
    return Gemma3ForCausalLM(Gemma3TextConfig(head_dim=16, query_pre_attn_scalar=16, sliding_window=8, **sizes))


FAMILIES: dict[str, tuple[Callable[[dict[str, Any]], Any], Callable[[], Any]]] = {
    "llama": (
        lambda sizes: LlamaForCausalLM(LlamaConfig(tie_word_embeddings=False, **sizes)),
        _named(DATED, ("<|turn|>",), bos_token="<|begin|>", eos_token="<|end|>"),
    ),
    "qwen3": (
        lambda sizes: Qwen3ForCausalLM(Qwen3Config(head_dim=16, tie_word_embeddings=True, **sizes)),
        _named(THINKING, ("<|im_start|>",), eos_token="<|im_end|>", pad_token="<|endoftext|>"),
    ),
    "gemma3": (
        _gemma3,
        _named(TURNS, ("<start_of_turn>", "<end_of_turn>"), bos_token="<bos>", eos_token="<eos>", pad_token="<pad>"),
    ),
    "mistral": (
        lambda sizes: MistralForCausalLM(MistralConfig(head_dim=16, sliding_window=16, **sizes)),
        _named(bos_token="<s>", eos_token="</s>"),
    ),
    "gpt2": (_gpt2, _named(eos_token="<|endoftext|>")),
    "smollm": (
        lambda sizes: LlamaForCausalLM(LlamaConfig(tie_word_embeddings=True, **sizes)),
        _named(CHATML, bos_token="<|im_start|>", eos_token="<|im_end|>", pad_token="<|im_end|>"),
    ),
}


def checkpoint(family: str, where: Path, hidden: int = 32) -> Path:
    """Write a checkpoint of a family: config, safetensors, tokenizer."""
    shape, named = FAMILIES[family]
    tokenizer = named()
    sizes = {
        "vocab_size": len(tokenizer),
        "hidden_size": hidden,
        "intermediate_size": 48,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "num_key_value_heads": 1,
        "max_position_embeddings": 128,
        "bos_token_id": tokenizer.bos_token_id,
        "eos_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.pad_token_id,
    }
    torch.manual_seed(0)
    llm = shape(sizes)
    with torch.no_grad():  # a fresh model repeats its last token, whatever it reads
        for parameter in llm.parameters():
            parameter.mul_(4 if parameter.ndim == 2 else 1)
    llm.save_pretrained(where)
    tokenizer.save_pretrained(where)
    return where
