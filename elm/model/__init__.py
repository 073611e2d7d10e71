"""The Embedding Language Model: base LLM, adapters, decoding, and its folder on disk."""

from elm.model._base import BaseConfig, grow_vocabulary, new_base, train_tokenizer
from elm.model._language_model import EmbeddingLanguageModel
from elm.model._prompt import PromptIds, plain_ids, prompt_ids, without_placeholder

__all__ = ["BaseConfig", "EmbeddingLanguageModel", "PromptIds", "grow_vocabulary", "new_base", "plain_ids",
           "prompt_ids", "train_tokenizer", "without_placeholder"]  # fmt: skip
