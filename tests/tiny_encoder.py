"""A tiny random sentence encoder on disk, in the ordinary sentence-transformers layout."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path


def save_tiny_encoder(folder: Path, words: Sequence[str], seed: int = 0) -> Path:
    """Write a two-layer BERT of width 16, 12 tokens at most, mean-pooled, that knows `words`; returns its folder."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
    from transformers import BertConfig, BertModel, BertTokenizer

    torch.manual_seed(seed)
    base, whole = folder / "bert", folder / "encoder"
    vocab = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", ".", "!", "##s", "##x", *words]
    BertTokenizer(vocab={word: i for i, word in enumerate(vocab)}).save_pretrained(base)
    config = BertConfig(
        vocab_size=len(vocab),
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=32,
        initializer_range=0.5,
    )
    BertModel(config).save_pretrained(base)
    body = Transformer(str(base), max_seq_length=12)
    SentenceTransformer(modules=[body, Pooling(16)], device="cpu").save(str(whole))
    return whole
