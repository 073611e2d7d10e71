"""A tiny random sentence encoder on disk, in the ordinary sentence-transformers layout."""

from pathlib import Path

import pytest

WORDS = ["a", "dog", "runs", "home", "sleeps", "well", "the", "end", "fire", "ice", "storm", "ship", "sails", "away"]


@pytest.fixture(scope="session")
def tiny_encoder_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
    from transformers import BertConfig, BertModel, BertTokenizer

    torch.manual_seed(0)
    base, folder = tmp_path_factory.mktemp("bert"), tmp_path_factory.mktemp("encoder")
    vocab = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", ".", "!", "##s", "##x", *WORDS]
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
    SentenceTransformer(modules=[body, Pooling(16)], device="cpu").save(str(folder))
    return folder
