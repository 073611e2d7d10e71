"""Tiny GGUF files as llama.cpp's converter writes them, from the tiny models of `tiny_elm` and `real_bases`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gguf
import numpy as np
import tiny_elm
import torch
from transformers import Gemma3ForCausalLM, Gemma3TextConfig

_NAMES = {
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "self_attn.q_norm": "attn_q_norm",
    "self_attn.k_norm": "attn_k_norm",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
    "input_layernorm": "attn_norm",
}
_NORMS = {
    "llama": {"post_attention_layernorm": "ffn_norm"},
    "gemma3": {
        "post_attention_layernorm": "post_attention_norm",
        "pre_feedforward_layernorm": "ffn_norm",
        "post_feedforward_layernorm": "post_ffw_norm",
    },
}
PIECES = [
    "<pad>",
    "<eos>",
    "<bos>",
    "<unk>",
    *(f"<0x{byte:02X}>" for byte in range(256)),
    *"▁abcdefghijklmnopqrstuvwxyz.",
    "▁a",
    "th",
    "▁th",
    "▁the",
    "st",
    "or",
    "stor",
    "storm",
]
"""A vocabulary in the manner of Gemma's: the shorter pieces come first, and bytes stand for all else."""

_TOP = {"model.embed_tokens": "token_embd", "model.norm": "output_norm", "lm_head": "output"}


def llama(seed: int = 0) -> Any:
    """The tiny Llama of the tests, its layers louder than fresh ones, so that parity says something."""
    made = tiny_elm.base(seed)
    with torch.no_grad():
        for parameter in made.model.layers.parameters():
            parameter.mul_(12 if parameter.ndim == 2 else 1)
    return made.eval()


def gemma3() -> Any:
    torch.manual_seed(0)
    shape = {
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "num_key_value_heads": 1,
        "head_dim": 16,
        "sliding_window": 8,
    }
    made = Gemma3ForCausalLM(
        Gemma3TextConfig(vocab_size=len(PIECES), bos_token_id=2, eos_token_id=1, max_position_embeddings=128, **shape)
    )
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.mul_(4 if parameter.ndim == 2 else 1)
    return made.eval()


def write(
    path: Path,
    llm: Any,
    architecture: str = "llama",
    words: bool = True,
    blocks: bool = False,
    named: str | None = None,
) -> Path:
    """Write a model with the tokenizer of `tiny_elm`, or with `PIECES`, as Gemma has them.

    words: whether the tokenizer goes in; blocks: quantise the matrices (Q8_0); named: another architecture to claim.
    """
    writer = gguf.GGUFWriter(path, named or architecture)
    config, rope = llm.config, llm.config.rope_parameters
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_key_length(config.head_dim)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_rope_freq_base(rope.get("full_attention", rope)["rope_theta"])
    writer.add_vocab_size(config.vocab_size)
    if architecture == "gemma3":
        writer.add_sliding_window(config.sliding_window)
    if words:
        _write_pieces(writer) if architecture == "gemma3" else _write_words(writer)
    for name, value in llm.state_dict().items():
        if name == "lm_head.weight" and config.tie_word_embeddings:
            continue
        data = _as_llama_cpp(name, value.float().numpy(), architecture, config)
        kind = gguf.GGMLQuantizationType.Q8_0 if blocks and data.ndim == 2 else None
        writer.add_tensor(
            _named(name, architecture), gguf.quants.quantize(data, kind) if kind else data, raw_dtype=kind
        )
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def _write_words(writer: Any) -> None:
    import json

    tokenizer = tiny_elm.tokenizer()
    merges = json.loads(tokenizer.backend_tokenizer.to_str())["model"]["merges"]
    control = set(tokenizer.all_special_ids)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(tokenizer.convert_ids_to_tokens(list(range(len(tokenizer)))))
    writer.add_token_types(
        [gguf.TokenType.CONTROL if i in control else gguf.TokenType.NORMAL for i in range(len(tokenizer))]
    )
    writer.add_token_merges([" ".join(merge) for merge in merges])
    writer.add_bos_token_id(tokenizer.bos_token_id)
    writer.add_eos_token_id(tokenizer.eos_token_id)
    writer.add_pad_token_id(tokenizer.pad_token_id)


def _write_pieces(writer: Any) -> None:
    kinds = [gguf.TokenType.CONTROL] * 3 + [gguf.TokenType.UNKNOWN] + [gguf.TokenType.BYTE] * 256
    writer.add_tokenizer_model("llama")
    writer.add_token_list(PIECES)
    writer.add_token_scores([-float(number) for number in range(len(PIECES))])
    writer.add_token_types([*kinds, *[gguf.TokenType.NORMAL] * (len(PIECES) - len(kinds))])
    writer.add_bos_token_id(2)
    writer.add_eos_token_id(1)
    writer.add_pad_token_id(0)
    writer.add_unk_token_id(3)
    writer.add_add_space_prefix(False)


def _named(name: str, architecture: str) -> str:
    stem = name.removesuffix(".weight")
    if stem in _TOP:
        return f"{_TOP[stem]}.weight"
    layer, part = stem.removeprefix("model.layers.").split(".", 1)
    return f"blk.{layer}.{(_NAMES | _NORMS[architecture])[part]}.weight"


def _as_llama_cpp(name: str, value: np.ndarray, architecture: str, config: Any) -> np.ndarray:
    """Its converter turns the halves of Llama's rotary heads into pairs, and adds the 1 to Gemma's norms."""
    if architecture == "gemma3" and "norm" in name:
        return value + 1
    heads = {"q_proj": config.num_attention_heads, "k_proj": config.num_key_value_heads}
    for part, count in heads.items():
        if architecture == "llama" and part in name:
            return value.reshape(count, 2, -1, value.shape[1]).swapaxes(1, 2).reshape(value.shape)
    return value
