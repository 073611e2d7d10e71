"""The Embedding Language Model: base LLM, adapters, decoding, and its folder on disk."""

from elm.model._base import BaseConfig, grow_vocabulary, new_base, train_tokenizer
from elm.model._language_model import EmbeddingLanguageModel
from elm.model._lora import is_lora, merged, with_lora
from elm.model._prompt import PromptIds, plain_ids, prompt_ids, without_placeholder
from elm.model._shipped import SHIPPED, shipped_base, shipped_model, shipped_vectors
from elm.model._store import BASE_ID, check_manifest, load_llm, load_model, save_llm, save_model, write_manifest
from elm.model._tensors import read_tensors, write_tensors

__all__ = [
           "BASE_ID",
           "SHIPPED",
           "BaseConfig",
           "EmbeddingLanguageModel",
           "PromptIds",
           "check_manifest",
           "grow_vocabulary",
           "is_lora",
           "load_llm",
           "load_model",
           "merged",
           "new_base",
           "plain_ids",
           "prompt_ids",
           "read_tensors",
           "save_llm",
           "save_model",
           "shipped_base",
           "shipped_model",
           "shipped_vectors",
           "train_tokenizer",
           "with_lora",
           "without_placeholder",
           "write_manifest",
           "write_tensors",
]  # fmt: skip
